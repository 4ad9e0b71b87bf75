"""Figures as files: all of the report's, by themselves, in its colours."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from letterlab.report.figure_files import named, standalone, write_figures
from letterlab.report.matrix import confusion_figure
from letterlab.report.page import write_report
from letterlab.report.svg import figure, tag

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module", params=["en", "ru"])
def written(request, results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_report(results, folder / "report.html", request.param)
    write_figures(folder / "report.html", folder / "figures")
    return folder


def test_every_figure_of_the_report_is_there_by_a_name_of_its_own(written):
    html = (written / "report.html").read_text(encoding="utf-8")
    shown = re.sub(r"<template\b.*?</template>", "", html, flags=re.S)
    figures = [one for one in re.findall(r"<svg\b[^>]*>", shown) if 'class="key"' not in one]
    names = [found[1] for one in figures if (found := re.search(r'data-figure="([^"]+)"', one))]
    assert len(names) == len(figures), [one for one in figures if "data-figure" not in one]
    assert len(set(names)) == len(names)
    assert sorted(f"{name}.svg" for name in names) == sorted(one.name for one in (written / "figures").iterdir())
    assert {
        "confusion-mlp",
        "letters-cnn",
        "candidates-mlp-factors",
        "candidates-mlp-finals",
        "importances-mlp-factors",
        "accuracy-norm-batches-fixed",
        "loss-norm-batches-scaled",
        "accuracy-transfer-letters",
        "costs-parameters",
        "loss-mlp",
        "accuracy-cnn-seeds",
    } <= set(names)


def test_they_are_in_the_language_of_the_report(written):
    matrix = (written / "figures" / "confusion-mlp.svg").read_text(encoding="utf-8")
    russian = '<html lang="ru"' in (written / "report.html").read_text(encoding="utf-8")
    assert ("прочитана как" in matrix) is russian


def test_each_stands_by_itself(written):
    for path in (written / "figures").iterdir():
        text = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert (float(root.get("width")), float(root.get("height"))) > (0, 0)
        assert root.get("aria-label")
        assert "var(" not in text, path.name
        assert "transparent" not in text
        for element in root.iter():
            assert {"class", "style", "href", "tabindex", "data-figure"}.isdisjoint(element.attrib), path.name


def test_its_looks_are_those_of_paper():
    drawn = figure(
        100,
        50,
        "Two curves & a name",
        tag("g", tag("polyline", points="0,0 1,1", class_="curve dashed"), class_="c1"),
        tag("circle", cx=1, cy=2, r=3, class_="mark hollow c2"),
        tag("rect", x=0, y=0, width=5, height=5, class_="hover"),
        tag("rect", x=0, y=0, width=5, height=5, class_="heat", fill_opacity="0.25"),
        tag("text", "left", x=1, y=2, class_="tick to-left"),
        tag("a", tag("text", "A", x=1, y=2), href="#letter-a"),
        tag("line", tag("title", "94.6 %"), x1=0, x2=1, y1=0, y2=1, class_="nothing-known"),
    )
    root = ElementTree.fromstring(standalone(drawn))
    ground, group, circle, hover, heat, text, link, line = root
    assert (ground.tag, ground.get("fill"), ground.get("width")) == (f"{SVG}rect", "#ffffff", "100")
    assert (root.get("font-size"), root.get("aria-label")) == ("12px", "Two curves & a name")
    [curve] = group
    assert (curve.get("stroke"), curve.get("fill"), curve.get("stroke-dasharray")) == ("#b34700", "none", "6 4")
    assert (circle.get("fill"), circle.get("stroke")) == ("#ffffff", "#00795a")
    assert hover.get("fill") == "none"
    assert (heat.get("fill"), heat.get("fill-opacity")) == ("#00385c", "0.25")
    assert (text.get("text-anchor"), text.get("fill")) == ("end", "#444444")
    assert (link.tag, link.attrib, link[0].get("fill")) == (f"{SVG}g", {}, "#000000")
    assert (line[0].text, set(line.attrib)) == ("94.6 %", {"x1", "x2", "y1", "y2"})


def test_a_name_is_escaped_and_changes_nothing_else(english):
    drawn = confusion_figure(english, np.eye(26, dtype=np.int64))
    assert named(drawn, "confusion-mlp").replace(' data-figure="confusion-mlp"', "", 1) == drawn
    assert named(drawn, 'a"b').startswith('<svg data-figure="a&#34;b"')
