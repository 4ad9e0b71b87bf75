"""The report's figures as files: each SVG by itself, its looks written into its elements."""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup, escape

from letterlab.files import write_text

FIGURES: Final = "figures"
"""Their folder, beside the report."""
_OF_PAGE: Final = re.compile(r"aria-hidden|class|data-.*|href|role|style|tabindex")
"""Attributes that mean something in the page alone."""
_SHORTHAND: Final = re.compile(r"(?P<size>\S+px) (?P<family>.+)")


def named(figure: Markup, name: str) -> Markup:
    """A figure with the name of its file: templates say `{{ confusion_figure(...)|named("confusion-mlp") }}`."""
    return Markup(str(figure).replace("<svg", f'<svg data-figure="{escape(name)}"', 1))


def write_figures(page: Path, folder: Path) -> None:
    """Writes every named figure of a report, in the language that it opens in, as NAME.svg.

    What the page holds is what is written: there is no second list of figures.
    """
    shown = re.sub(r"<template\b.*?</template>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for figure, name in re.findall(r'(<svg data-figure="([^"]+)".*?</svg>)', shown, flags=re.DOTALL):
        write_text(folder / f"{name}.svg", standalone(figure))


def standalone(figure: str) -> str:
    """A figure of the report's as an SVG file: in its own size, on white, without any style sheet.

    The page's rules for figures become attributes, as which Word, Inkscape and LaTeX know them too; of the page's looks
    it has that of paper. Its titles stay: they are shown on hover where it is opened in a browser.
    """
    root = ElementTree.fromstring(figure)
    _dress(root, _looks().colours)
    _, _, width, height = root.attrib["viewBox"].split()
    label = root.attrib.pop("aria-label")
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": width,
        "height": height,
        "role": "img",
        "aria-label": label,
        **root.attrib,
    }
    root.insert(0, ElementTree.Element("rect", width=width, height=height, fill="#ffffff"))
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _dress(element: ElementTree.Element, variables: dict[str, str]) -> None:
    """Writes the looks of an element and all in it into attributes; `variables` are those of what it stands in."""
    declared = _declared(element.tag, frozenset(element.get("class", "").split()))
    variables = variables | {name: value for name, value in declared.items() if name.startswith("--")}
    for name in [name for name in element.attrib if _OF_PAGE.fullmatch(name)]:
        del element.attrib[name]
    if element.tag == "a":
        element.tag = "g"
    for name, value in declared.items():
        if name in _ATTRIBUTES:
            element.set(name, _resolved(value, variables).replace("transparent", "none"))
    for child in element:
        _dress(child, variables)


_ATTRIBUTES: Final = {
    "fill",
    "fill-opacity",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "opacity",
    "stroke",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
}
"""Properties that SVG knows as attributes."""


def _resolved(value: str, variables: dict[str, str]) -> str:
    """A value with its variables, and theirs, put in."""
    while "var(" in value:
        value = re.sub(r"var\((--[\w-]+)\)", lambda found: variables[found[1]], value)
    return value


class _Rule(NamedTuple):
    """`svg text.tick { ... }`"""

    tag: str
    """Empty where it is about any."""
    classes: frozenset[str]
    """An element must have all of them."""
    declared: dict[str, str]


class _Looks(NamedTuple):
    """What the style sheet says of figures."""

    colours: dict[str, str]
    rules: tuple[_Rule, ...]
    """Those with fewer classes first, which others overrule."""


@cache
def _looks() -> _Looks:
    """Of the page's style sheet the colours of paper, and the rules that begin with `svg` and ask for no pointer."""
    sheet = files("letterlab.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    paper = sheet[sheet.index("@media print") :]
    colours: dict[str, str] = {}
    for part in (sheet, paper):
        [block, *_] = re.findall(r":root \{(.*?)\}", part, flags=re.DOTALL)
        colours |= _declarations(block)
    rules = []
    for selectors, body in re.findall(
        r"([^{}]+)\{([^{}]*)\}", re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", sheet)
    ):
        for selector in selectors.split(","):
            if about := re.fullmatch(r"svg(?: ([a-z]*)((?:\.[\w-]+)*))?", selector.strip()):
                tag, classes = (about[1], about[2][1:].split(".")) if about[1] is not None else ("svg", [])
                rules.append(_Rule(tag, frozenset(filter(None, classes)), _declarations(body)))
    return _Looks(colours, tuple(sorted(rules, key=lambda rule: len(rule.classes))))


def _declarations(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.split(";") if ":" in line)
    found = {name.strip(): value.strip() for name, _, value in pairs}
    if font := _SHORTHAND.fullmatch(found.pop("font", "")):
        found |= {"font-size": font["size"], "font-family": font["family"]}
    return found


@cache
def _declared(tag: str, classes: frozenset[str]) -> dict[str, str]:
    """What the rules say of an element, the strongest last."""
    found: dict[str, str] = {}
    for rule in _looks().rules:
        if rule.tag in ("", tag) and rule.classes <= classes:
            found |= rule.declared
    return found
