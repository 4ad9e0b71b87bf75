"""Written forms, in clouds of points that are known."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from letterlab.evaluation import Predictions, rate
from letterlab.findings.forms import FEWEST, forms, pixel_space, silhouette
from letterlab.letterset import LetterSet


def clouds(*sizes, apart=10.0):
    """Points of the letter A in so many clouds, and one B; the first cloud is read as A, the others as C."""
    generator = np.random.default_rng(0)
    cloud = np.repeat(np.arange(len(sizes)), sizes)
    points = generator.normal(size=(len(cloud) + 1, 5)) + apart * np.append(cloud, 0)[:, None] * [1, 0, 0, 0, 0]
    labels = np.append(np.zeros(len(cloud), np.uint8), np.uint8(1))
    probabilities = np.full((len(labels), 26), 0.01, np.float32)
    probabilities[np.arange(len(labels)), np.append(np.where(cloud == 0, 0, 2), 1)] = 0.75
    return points.astype(np.float32), Predictions(probabilities, labels, labels.astype(str)), cloud


@pytest.mark.parametrize("sizes", [(20, 12), (12, 20), (30, 20, 10), (25, 20, 15, 10)])
def test_clouds_are_forms_the_commonest_first(sizes):
    space, predictions, cloud = clouds(*sizes)
    found = forms(space, predictions, "A")
    assert [form.share for form in found] == [rate(size, sum(sizes)) for size in sorted(sizes, reverse=True)]
    for form in found:
        (which,) = set(cloud[form.positions])
        assert form.positions.tolist() == np.flatnonzero(cloud == which).tolist()
        assert form.accuracy == rate(len(form.positions) if which == 0 else 0, len(form.positions))
        assert form.read_as == (() if which == 0 else (("C", len(form.positions)),))
        among = np.linalg.norm(space[form.positions][:, None] - space[form.positions], axis=2).sum(axis=1)
        assert form.medoid == form.positions[among.argmin()]


@pytest.mark.parametrize(
    ("sizes", "apart"),
    [((40,), 10.0), ((30, 30), 0.5), ((40, FEWEST - 1), 10.0), ((7, 7), 10.0), ((300, 10), 10.0)],
    ids=["one cloud", "no gap", "a form of seven", "too few in all", "less than a twentieth"],
)
def test_what_does_not_fall_apart_is_one_form(sizes, apart):
    space, predictions, _ = clouds(*sizes, apart=apart)
    (found,) = forms(space, predictions, "A")
    assert found.share == rate(sum(sizes), sum(sizes))


def test_a_letter_of_one_picture_and_of_none():
    space, predictions, _ = clouds(20)
    (found,) = forms(space, predictions, "B")
    assert (found.medoid, found.accuracy.n) == (20, 1)
    assert forms(space, predictions, "Z") == ()


def test_the_silhouette_is_that_of_sklearn():
    points, parts = np.random.default_rng(1).normal(size=(30, 3)), np.repeat([1, 2, 3], [4, 10, 16])
    square = np.linalg.norm(points[:, None] - points, axis=2)
    assert silhouette(square, parts) == pytest.approx(silhouette_score(points, parts))
    assert silhouette(np.zeros((4, 4)), np.array([1, 1, 2, 2])) == 0


def test_pixels_that_are_near_make_pictures_that_are_near():
    """A line is nearer to itself moved by a pixel than to one across it."""
    images = np.zeros((60, 28, 28), np.uint8)
    images[0, 4:24, 13], images[1, 4:24, 14], images[2, 13, 4:24] = 255, 255, 255
    images[3:] = np.random.default_rng(0).integers(0, 2, (57, 28, 28), np.uint8) * 255
    letters = LetterSet.of(images, np.zeros(60, np.uint8), ["x"] * 60)
    space = pixel_space(letters)
    assert space.shape == (60, 40)
    assert np.linalg.norm(space[0] - space[1]) < 0.6 * np.linalg.norm(space[0] - space[2])
    assert pixel_space(letters) is space
