"""Colours of curves and marks: told from the ground in each look, and from one another also where hues are not seen."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

LOOKS = ("light", "dark", "print")


def colours() -> dict[str, dict[str, np.ndarray]]:
    """Of each look the variables as linear red, green, blue: what dark and paper leave out is as in light."""
    light, paper = blocks("style.css")
    (dark,) = blocks("dark.css")
    return dict(zip(LOOKS, (light, light | dark, light | paper), strict=True))


def blocks(name: str) -> list[dict[str, np.ndarray]]:
    css = files("letterlab.report").joinpath("templates", name).read_text(encoding="utf-8")
    found = []
    for block in re.findall(r":root \{(.*?)\}", css, re.S):
        raw = {name: np.array([int(hexa[i : i + 2], 16) for i in (0, 2, 4)]) / 255 for name, hexa in variables(block)}
        found.append({name: np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for name, c in raw.items()})
    return found


def test_the_dark_look_has_its_own_of_every_colour():
    (dark,) = blocks("dark.css")
    # The rule beside a notice is the same amber in both.
    assert blocks("style.css")[0].keys() - dark.keys() <= {"notice-rule"}


def variables(block: str) -> list[tuple[str, str]]:
    return re.findall(r"--([\w-]+): #([0-9a-f]{6})", block)


def luminance(rgb: np.ndarray) -> float:
    return float(rgb @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("look", LOOKS)
def test_marks_stand_out_from_the_ground(look):
    of = colours()[look]
    for i in range(8):
        low, high = sorted([luminance(of[f"c{i}"]), luminance(of["ground"])])
        assert (high + 0.05) / (low + 0.05) >= 4.5, (look, i)


# Deuteranopia as Viénot, Brettel and Mollon (1999) have it, on linear red, green, blue.
DEUTERANOPIA = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])


@pytest.mark.parametrize("look", LOOKS)
def test_the_first_colours_differ_also_to_those_who_do_not_see_green(look):
    of = colours()[look]
    seen = [np.clip(DEUTERANOPIA @ of[f"c{i}"], 0, 1) ** (1 / 2.2) for i in range(4)]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 0.1
