"""Curves over batch sizes and numbers of letters: every mark at its place with its values."""

import re

import numpy as np
import pytest

import made_up
from letterlab.report.batches import batch_sweep, batches_figure
from letterlab.report.sweeps import Curve, sweep_figure, values_of


@pytest.fixture(scope="module")
def sweep(results):
    return batch_sweep(results.family("norm").experiments[0])


def marks(figure: str) -> list[tuple[str, float, float]]:
    found = re.findall(r'<title>([^<]*)</title><circle cx="([\d.]+)" cy="([\d.]+)" r="9"', figure)
    return [(title, float(x), float(y)) for title, x, y in found]


@pytest.mark.parametrize("quantity", ["accuracy", "loss", "seconds"])
def test_every_candidate_is_a_mark_with_all_its_seeds(sweep, english, quantity):
    figure = batches_figure(english, sweep, "fixed", quantity)
    found = {title.partition(":")[0]: title for title, *_ in marks(figure)}
    written = {
        "accuracy": english.percent,
        "loss": lambda value: english.decimal(value, 3),
        "seconds": english.duration,
    }[quantity]
    assert len(found) == 4 * 4
    for name in sweep.normalisations:
        for size, one in sweep.along("fixed", name).items():
            seeds = "; ".join(written(value) for value in values_of(one, quantity))
            assert f"({seeds})" in found[f"{name}, {size}"]
    assert figure.count('class="area ') == figure.count('class="curve ') == 4


def test_higher_is_better_and_batches_stand_evenly(sweep, english):
    found = [one for one in marks(batches_figure(english, sweep, "fixed", "accuracy")) if one[0].startswith("bn,")]
    accuracies = [one.validation_mean for one in sweep.along("fixed", "bn").values()]
    assert np.argsort([-y for *_, y in found]).tolist() == np.argsort(accuracies).tolist()
    steps = np.diff([x for _, x, _ in found])
    assert steps / np.diff(np.log2([2, 8, 32, 256])) == pytest.approx(steps[0] / 2, abs=0.1)


def test_figures_side_by_side_share_their_scale(sweep, english):
    fixed, scaled = (batches_figure(english, sweep, rate, "accuracy") for rate in sweep.rates)
    low, high = (Curve(name, tuple(sweep.along("fixed", name).items()), 0) for name in ("bn", "gn-16"))
    names = {size: str(size) for size in (2, 8, 32, 256)}
    alone = sweep_figure(english, [high], "accuracy", [high], "axis", names, "label")
    beside = sweep_figure(english, [high], "accuracy", [low, high], "axis", names, "label")
    assert marks(alone) != marks(beside)
    grid = [re.findall(r'y1="([\d.]+)" y2="[\d.]+" class="grid"', figure) for figure in (fixed, scaled)]
    assert grid[0] == grid[1]
    assert fixed != scaled


def test_the_band_goes_from_the_worst_seed_to_the_best(english):
    one = made_up.results(made_up.small(made_up.mlp()), each=60).families[0].experiments[0].tried[0]
    worst, best = one.validation_accuracies
    curve = Curve("a", ((2, one), (4, one)), 0)
    figure = sweep_figure(english, [curve], "accuracy", [curve], "axis", {2: "2", 4: "4"}, "label")
    band = [float(y) for y in re.findall(r"[\d.]+,([\d.]+)", re.search(r'points="([^"]*)" class="area', figure)[1])]
    line = [float(y) for y in re.findall(r"[\d.]+,([\d.]+)", re.search(r'points="([^"]*)" class="curve', figure)[1])]
    assert worst < best
    assert min(band) < line[0] < max(band)
    assert line[0] == pytest.approx((min(band) + max(band)) / 2, abs=0.1)


@pytest.mark.parametrize("quantity", ["accuracy", "loss"])
def test_curves_that_collapse_are_drawn_where_they_are(english, quantity):
    collapsed = {"bn": 0.08, "gn-16": 0.40, "gn-all": 0.24, "none": 0.14}

    def share(experiment, candidate):
        return collapsed[candidate.levels["normalisation"]] if candidate.recipe.batch_size == 256 else 0.9

    sweep = batch_sweep(made_up.results(made_up.small(made_up.norm()), share).families[0].experiments[0])
    found = {title.partition(":")[0]: y for title, _, y in marks(batches_figure(english, sweep, "fixed", quantity))}
    pixels, values = [], []
    for name in sweep.normalisations:
        for size, one in sweep.along("fixed", name).items():
            pixels.append(found[f"{name}, {size}"])
            values.append(float(np.mean(values_of(one, quantity))))
    slope, offset = np.polyfit(values, pixels, 1)
    assert np.array(pixels) == pytest.approx(slope * np.array(values) + offset, abs=0.2)
    assert np.ptp(pixels) > 140
    assert 10 < min(pixels) <= max(pixels) < 216


def test_dashed_curves_have_hollow_marks(results, english):
    one = results.family("mlp").experiments[0].tried[0]
    points = ((2, one), (4, one))
    curves = [Curve("a", points, 0), Curve("b", points, 1, dashed=True)]
    figure = sweep_figure(english, curves, "accuracy", curves, "axis", {2: "2", 4: "4"}, "label")
    assert 'class="curve c1 dashed"' in figure
    assert 'class="mark c1 hollow"' in figure
    assert 'class="mark c0"' in figure


def test_names_at_the_ends_do_not_overlap(sweep, english):
    for rate in sweep.rates:
        figure = batches_figure(english, sweep, rate, "loss")
        heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)" class="end"', figure))
        assert len(heights) == 4
        assert min(np.diff(heights)) >= 14.9
