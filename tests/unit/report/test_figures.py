"""Figures are checked by their data: what stands in them, and where."""

import re

import numpy as np
import pytest

import made_up
from letterlab.findings.network import Findings
from letterlab.recipe import Recipe
from letterlab.report.figures import learning_curves, letters_figure
from letterlab.study.plan import Candidate


def tried(recipe: Recipe, share: float):
    return made_up.tried("cnn-factors", Candidate("base", {}, "base", recipe), share, range(1), 3)


def circles(figure: str, part: str) -> list[tuple[float, float, str]]:
    found = re.findall(rf'<circle cx="([\d.]+)" cy="([\d.]+)" r="[\d.]+" class="dot {part}"><title>([^<]*)', figure)
    return [(float(x), float(y), title) for x, y, title in found]


def test_learning_curves_hold_every_epoch_of_each_part(results, english):
    trial = results.family("mlp").best_trial
    figure = learning_curves(english, [trial], "accuracy")
    for part in ("train", "validation", "test"):
        marks = circles(figure, part)
        values = [getattr(epoch, part).accuracy for epoch in trial.record.epochs]
        assert [title.split(": ")[1].split(" of")[0] for _, _, title in marks] == [english.percent(v) for v in values]
        heights = [y for _, y, _ in marks]
        assert heights == sorted(heights, reverse=True)  # accuracy rises, and upwards is a smaller y
        assert np.allclose(np.diff([x for x, _, _ in marks]), np.diff([x for x, _, _ in marks])[0], atol=0.15)


def test_learning_curves_of_loss_fall(results, english):
    heights = [y for _, y, _ in circles(learning_curves(english, [results.family("cnn").best_trial], "loss"), "test")]
    assert heights == sorted(heights)


def test_other_seeds_are_thin_lines(results, english):
    trials = list(results.family("mlp").best.trials)
    assert learning_curves(english, trials, "loss").count('class="line thin') == 3 * (len(trials) - 1)


def test_one_epoch_is_drawn(results, english):
    trial = tried(Recipe(epochs=1), 0.9).trials[0]
    assert len(circles(learning_curves(english, [trial], "loss"), "train")) == 1


def test_names_at_the_ends_do_not_overlap_and_stay_above_the_axis(results, english):
    figure = learning_curves(english, [results.family("mlp").best_trial], "loss")
    heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)" class="end', figure))
    assert min(np.diff(heights)) >= 14.9
    assert heights[-1] <= 216


def test_letters_stand_in_order_of_accuracy(results, english):
    findings = results.family("mlp").findings
    figure = letters_figure(english, findings)
    order = re.findall(r'class="tick strong">(\w)</text>', figure)
    accuracy = {score.letter: score.recall.share for score in findings.letters}
    assert len(order) == 26
    assert [accuracy[letter] for letter in order] == sorted(accuracy.values(), reverse=True)


def test_letters_that_do_not_occur_are_left_out(predictions, english):
    order = re.findall(r'class="tick strong">(\w)</text>', letters_figure(english, Findings.of(predictions)))
    assert order == ["C", "A", "B"]


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_a_network_that_is_always_right_or_wrong(english, share):
    findings = Findings.of(tried(Recipe(epochs=2), share).trials[0].test)
    assert letters_figure(english, findings).count("<circle") == 26
