"""The Pareto frontier, by eye."""

from letterlab.findings.frontier import frontier


def test_what_costs_more_must_gain_more():
    assert frontier([3.0, 1.0, 2.0, 4.0], [0.9, 0.7, 0.6, 0.95]) == [1, 0, 3]


def test_of_equal_cost_the_better_and_of_equal_gain_the_cheaper():
    assert frontier([1.0, 1.0, 2.0], [0.7, 0.8, 0.8]) == [1]


def test_equals_stay_together():
    assert frontier([2.0, 1.0, 2.0, 1.0], [0.9, 0.8, 0.9, 0.8]) == [1, 3, 0, 2]


def test_nothing_and_one():
    assert frontier([], []) == []
    assert frontier([5.0], [0.1]) == [0]
