"""What is the best to be had at each cost."""

from collections.abc import Sequence


def frontier(costs: Sequence[float], gains: Sequence[float]) -> list[int]:
    """Positions on the Pareto frontier, by rising cost: no other costs at most as much and gains at least as much.

    One that does both to the same measure takes nobody's place: equals stay together, in their order.
    """
    found: list[int] = []
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -gains[i])):
        if not found or gains[i] > gains[found[-1]] or (costs[i], gains[i]) == (costs[found[-1]], gains[found[-1]]):
            found.append(i)
    return found
