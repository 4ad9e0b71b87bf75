"""Chromium, as Debian brings it, and reports opened in it with the network off: of a made-up study, of a real one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import letterlab
import made_up
from letterlab.letterset import Letters, LetterSet, Orientation
from letterlab.report.page import write_report
from letterlab.sources.drawn import draw_letters
from letterlab.study.results import Results
from small_plan import mlp, norm, plan

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 120_000
"""Milliseconds: a busy machine is no reason to fail."""
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def made() -> Results:
    """Of a made-up study."""
    return made_up.results(letter="I", surname="Иванов")


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Results:
    """Of a real study, small as it is: networks that were trained on drawn letters."""
    train, test = (np.repeat(np.arange(26, dtype=np.uint8), each) for each in (20, 8))
    letters = Letters(drawn(train, 0), drawn(test, 1), "drawn", Orientation("upright", 1.0, "Drawn so."), drawn=True)
    folder = tmp_path_factory.mktemp("study")
    return letterlab.begin_study(letters, plan(mlp(), norm()), folder, letter="G", keep_leaks=True).run()


def drawn(labels: np.ndarray, seed: int) -> LetterSet:
    return LetterSet.of(draw_letters(labels, seed), labels, [f"{seed}-{i:04}.png" for i in range(len(labels))])


@pytest.fixture(scope="session")
def reports(made, small, tmp_path_factory) -> dict[str, Path]:
    """A report of the made-up study in each language, and one of the real study."""
    folder = tmp_path_factory.mktemp("reports")
    for name, results, language in (("en", made, "en"), ("ru", made, "ru"), ("small", small, "en")):
        write_report(results, folder / f"{name}.html", language)
    return {name: folder / f"{name}.html" for name in ("en", "ru", "small")}


@pytest.fixture
def open_report(browser, reports) -> Iterator[Callable[..., Page]]:
    """Opens a report; fails the test that used it when the page asked for anything or complained of anything."""
    contexts, requests, complaints = [], [], []

    def opened(which: str = "en", width: int = 1280, look: str = "light", before: str = "", **context) -> Page:
        """`before` is JavaScript that runs before the page's own."""
        viewport = {"width": width, "height": 900}
        context = browser.new_context(
            viewport=viewport, color_scheme=look, offline=True, reduced_motion="reduce", **context
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(before)
        page.goto(reports[which].as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", reports["en"].parent.as_uri()))] == []
