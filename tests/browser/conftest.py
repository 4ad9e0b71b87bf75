"""Chromium, as Debian brings it, and a made-up study's report opened in it with the network off."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import made_up
from letterlab.report.page import write_report

CHROMIUM = Path("/usr/bin/chromium")
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
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory) -> dict[str, Path]:
    """A report in each language."""
    folder = tmp_path_factory.mktemp("reports")
    results = made_up.results(letter="I", surname="Иванов")
    for language in ("en", "ru"):
        write_report(results, folder / f"{language}.html", language)
    return {language: folder / f"{language}.html" for language in ("en", "ru")}


@pytest.fixture
def open_report(browser, reports) -> Iterator[Callable[..., Page]]:
    """Opens a report; fails the test that used it when the page asked for anything or complained of anything."""
    contexts, requests, complaints = [], [], []

    def opened(language: str = "en", width: int = 1280, look: str = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=look, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(reports[language].as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", reports["en"].parent.as_uri()))] == []
