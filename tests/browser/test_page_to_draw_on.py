"""The page of `letterlab serve` as it is used: by mouse, finger, pen and keys, with pictures, in two languages."""

import base64
import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page, Route, expect

import letterlab.web
from letterlab.recognise.recogniser import Recogniser
from letterlab.sources.strokes import forms_of
from letterlab.web.app import application
from letterlab.web.limits import ServerLimits

STATIC = Path(letterlab.web.__file__).parent / "static"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
READ = "**/v1/read?*"

PATIENCE = 120_000
"""Milliseconds: a busy machine is no reason to fail."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the real application listens."""
    app = application(Recogniser(), ServerLimits())
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join()


@dataclass
class Heard:
    """What the pages of a test asked for, and complained of."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def open_page(browser, address, heard) -> Iterator[Callable[..., Page]]:
    """Opens the page; fails the test that used it when the page asked elsewhere or complained of anything."""
    contexts = []

    def opened(language: str = "en", look: str = "light", **context) -> Page:
        context = {"viewport": {"width": 1280, "height": 900}, "color_scheme": look, "locale": language, **context}
        contexts.append(browser.new_context(reduced_motion="reduce", **context))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.on("request", lambda request: heard.requests.append(request.url))
        # Chromium would have a page that asks for pixels as often as `inked` and `pixels` do here draw in another way.
        page.on("console", lambda said: "willReadFrequently" in said.text or heard.complaints.append(said.text))
        page.on("pageerror", lambda error: heard.complaints.append(str(error)))
        page.goto(address)
        expect(page.locator("#verdict")).not_to_be_empty()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert heard.complaints == []
    assert [url for url in heard.requests if not url.startswith((address, f"blob:{address}"))] == []


def draw(page: Page, letter: str, left: float = 0.35, top: float = 0.15, size: float = 0.7, lift: bool = True) -> None:
    """Draws the first form of a letter by mouse; `size`, `left` and `top` are parts of the sheet's height and width."""
    sheet = page.locator("#pen").bounding_box()
    for stroke in forms_of(letter)[0]:
        points = [point for curve in stroke for point in curve]
        for i, (column, row) in enumerate(points):
            x = sheet["x"] + left * sheet["width"] + size * sheet["height"] * column / 9
            y = sheet["y"] + top * sheet["height"] + size * sheet["height"] * row / 9
            page.mouse.move(x, y, steps=3 if i else 1)
            if i == 0:
                page.mouse.down()
        if lift:
            page.mouse.up()


def inked(page: Page) -> int:
    """Number of pixels of the sheet that hold ink."""
    return page.evaluate("""() => {
      const pen = document.getElementById("pen");
      const { data } = pen.getContext("2d").getImageData(0, 0, pen.width, pen.height);
      return data.filter((value, i) => i % 4 === 3 && value > 128).length;
    }""")


def answer(letter: str | None, *, box: tuple[int, int, int, int] = (0, 0, 400, 300), explained: bool = False) -> dict:
    """One letter as the server says it; the explanation is a dot of ink at (10, 5), which decided all."""
    likeliest = zip(f"{letter or 'O'}QC", (0.7, 0.2, 0.05), strict=True)
    candidates = [{"letter": one, "probability": share} for one, share in likeliest]
    said = {"letter": letter, "probability": 0.7, "candidates": candidates, "box": list(box)}
    if explained:
        picture, saliency = np.zeros((28, 28), dtype=int), np.zeros((28, 28))
        picture[5, 10], saliency[5, 10] = 255, 1.0
        said |= {"picture": picture.tolist(), "saliency": saliency.tolist()}
    return said


def say(route: Route, *letters: dict, text: str = "") -> None:
    text = text or "".join(letter["letter"] or "?" for letter in letters)
    route.fulfill(json={"pictures": [{"file": "drawing.png", "text": text, "letters": letters}]})


@pytest.fixture(scope="module")
def sheet() -> bytes:
    """A picture with T X and L in one line and, below, O and Z, as a PNG."""
    paper = np.full((400, 600), 255, dtype=np.uint8)
    for letter, left, top in (("T", 40, 40), ("X", 200, 40), ("L", 360, 40), ("O", 40, 240), ("Z", 200, 240)):
        for stroke in forms_of(letter)[0]:
            for curve in stroke:
                points = np.array(curve) * 100 // 9 + (left, top)
                cv2.polylines(paper, [points.astype(np.int32)], isClosed=False, color=0, thickness=9)
    return cv2.imencode(".png", paper)[1].tobytes()


def png(content: bytes, name: str = "sheet.png") -> dict:
    return {"name": name, "mimeType": "image/png", "buffer": content}


@pytest.mark.parametrize("letter", "LTXOZ")
def test_a_letter_that_is_drawn_is_read(open_page, letter):
    page = open_page()
    draw(page, letter)
    expect(page.locator("#glyph")).to_have_text(letter)
    expect(page.locator("#bars li").first).to_contain_text(letter)
    expect(page.locator("#verdict")).to_have_text(re.compile(r"^>?\s?\d+\s% sure$"))
    expect(page.locator("#fall")).to_contain_text(letter)
    expect(page.get_by_role("status")).to_have_text(re.compile(f"^{letter}, "))
    expect(page.locator("#text")).to_be_hidden()


def test_it_reads_along_while_one_draws(open_page):
    page = open_page()
    draw(page, "L", lift=False)
    expect(page.locator("#glyph")).to_have_text("L")
    # The pen is still down: nothing is told yet to those who hear the page.
    page.wait_for_timeout(900)
    expect(page.get_by_role("status")).to_be_empty()
    page.mouse.up()
    expect(page.get_by_role("status")).to_have_text(re.compile("^L, "))


def test_a_stroke_waits_for_nobody(open_page):
    page = open_page()
    page.route(READ, lambda route: None)  # never answers
    assert inked(page) == 0
    draw(page, "L", lift=False)
    drawn = inked(page)
    assert drawn > 3000
    page.mouse.up()
    assert inked(page) == pytest.approx(drawn, rel=0.05)
    expect(page.locator("#verdict")).to_have_text("Reading …")


def test_strokes_are_undone_redone_and_cleared(open_page):
    page = open_page()
    undo, redo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Redo", "Clear"))
    for button in (undo, redo, clear):
        expect(button).to_be_disabled()
    draw(page, "T")
    whole = inked(page)
    page.keyboard.press("Control+z")
    half = inked(page)
    assert 0 < half < whole
    page.keyboard.press("Control+Shift+z")
    assert inked(page) == whole
    undo.click()
    undo.click()
    assert inked(page) == 0
    expect(page.locator("#glyph")).to_be_empty()
    expect(undo).to_be_disabled()
    redo.click()
    page.keyboard.press("Control+y")
    assert inked(page) == whole
    expect(page.locator("#glyph")).to_have_text("T")
    page.keyboard.press("Delete")
    assert inked(page) == 0
    expect(page.locator("#glyph")).to_be_empty()
    expect(page.locator("#verdict")).to_have_text("What you draw is read here.")
    # Clearing can be undone too; after a new stroke nothing can be redone.
    undo.click()
    assert inked(page) == whole
    undo.click()
    draw(page, "I")
    expect(redo).to_be_disabled()
    clear.click()
    assert inked(page) == 0


def test_a_drawing_keeps_its_strokes_when_the_window_changes(open_page):
    page = open_page()
    draw(page, "L")
    before = inked(page) / page.evaluate("document.getElementById('pen').width") ** 2
    width = page.evaluate("document.getElementById('pen').width")
    page.set_viewport_size({"width": 500, "height": 900})
    expect(page.locator("#pen")).not_to_have_js_property("width", width)
    after = inked(page) / page.evaluate("document.getElementById('pen').width") ** 2
    assert after == pytest.approx(before, rel=0.03)


def test_the_pen_has_a_width(open_page):
    page = open_page()
    draw(page, "L")
    before = inked(page)
    page.keyboard.press("Delete")
    page.get_by_label("Pen", exact=True).fill("28")
    draw(page, "L")
    assert inked(page) > 1.6 * before


def test_a_pen_that_presses_draws_thicker(open_page):
    page = open_page()
    sheet = page.locator("#pen").bounding_box()
    devtools = page.context.new_cdp_session(page)

    def stroke(force: float) -> int:
        for kind, share in (("mousePressed", 0.2), ("mouseMoved", 0.5), ("mouseMoved", 0.8), ("mouseReleased", 0.8)):
            x, y = sheet["x"] + share * sheet["width"], sheet["y"] + 0.5 * sheet["height"]
            pen = {"pointerType": "pen", "force": force, "button": "left", "buttons": 1, "clickCount": 1}
            devtools.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **pen})
        ink = inked(page)
        page.keyboard.press("Delete")
        return ink

    assert stroke(0.9) > 1.5 * stroke(0.2) > 0


def test_a_finger_draws_and_does_not_scroll(open_page):
    page = open_page(**PHONE)
    sheet = page.locator("#pen").bounding_box()
    devtools = page.context.new_cdp_session(page)
    points = [(0.35, 0.15 + 0.07 * i) for i in range(11)] + [(0.35 + 0.03 * i, 0.85) for i in range(11)]
    for i, (x, y) in enumerate(points):
        touched = [{"x": sheet["x"] + x * sheet["width"], "y": sheet["y"] + y * sheet["height"]}]
        devtools.send("Input.dispatchTouchEvent", {"type": "touchMove" if i else "touchStart", "touchPoints": touched})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("#glyph")).to_have_text("L")
    assert page.evaluate("scrollY") == 0


def test_keys_draw(open_page):
    page = open_page()
    page.locator("#pen").focus()
    expect(page.locator("#cross")).to_be_hidden()
    for key, times in (("ArrowUp", 10), ("ArrowLeft", 6), (" ", 1), ("ArrowDown", 20), ("ArrowRight", 12), (" ", 1)):
        for _ in range(times):
            page.keyboard.press(key)
    expect(page.locator("#cross")).to_be_visible()
    expect(page.locator("#glyph")).to_have_text("L")
    ink = inked(page)
    page.keyboard.press("ArrowUp")
    assert inked(page) == ink
    # Left in the middle of a stroke, the pen is lifted.
    page.keyboard.press(" ")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    assert inked(page) > ink
    page.keyboard.press("Control+z")
    assert inked(page) == ink


def test_the_tab_key_reaches_all_that_can_be_done(open_page):
    page = open_page()
    draw(page, "L")
    page.keyboard.press("Control+z")
    draw(page, "L")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    draw(page, "L")
    page.keyboard.press("Control+z")
    wanted = page.locator("a, button:enabled, input:not([hidden]), canvas#pen, summary").evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one) => one.id || one.textContent.trim())"
    )
    assert {"pen", "undo", "redo", "clear", "width", "choose", "Русский", "Dark", "Several letters"} <= set(wanted)
    page.locator("a.skip").focus()
    reached = []
    for _ in wanted:
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        page.keyboard.press("Tab")
    assert sorted(reached) == sorted(wanted)


def test_letters_of_a_picture_are_chosen_one_by_one(open_page, sheet):
    page = open_page()
    page.locator("#files").set_input_files(png(sheet))
    letters = page.get_by_role("option")
    expect(letters).to_have_text(["T", "X", "L", "O", "Z"])
    assert page.locator(".letters div").count() == 2
    expect(page.locator("#picture")).to_be_visible()
    expect(page.locator("#pen")).to_be_hidden()
    boxes = page.locator("#boxes .box")
    expect(boxes).to_have_count(5)
    expect(page.locator("#fall")).to_contain_text("probability of T;")
    letters.first.click()
    for key, chosen in (("ArrowRight", 1), ("End", 4), ("ArrowUp", 1), ("ArrowDown", 4), ("Home", 0), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        expect(letters.nth(chosen)).to_be_focused()
        assert letters.evaluate_all("all => all.findIndex((one) => one.ariaSelected === 'true')") == chosen
        expect(page.locator("#glyph")).to_have_text("TXLOZ"[chosen])
        expect(boxes.nth(chosen)).to_have_class(re.compile("selected"))
    seen = pixels(page, "seen")
    boxes.nth(3).click()
    expect(page.locator("#glyph")).to_have_text("O")
    assert pixels(page, "seen") != seen
    # The box lies where the letter is: the O fills a part of the picture that it knows.
    picture, box = page.locator("#picture").bounding_box(), boxes.nth(3).bounding_box()
    scale = min(picture["width"] / 600, picture["height"] / 400)
    left, top = (picture["width"] - 600 * scale) / 2, (picture["height"] - 400 * scale) / 2
    assert box["x"] == pytest.approx(picture["x"] + left + 40 * scale, abs=12)
    assert box["y"] == pytest.approx(picture["y"] + top + 240 * scale, abs=12)
    page.get_by_role("button", name="Back to the drawing").click()
    expect(page.locator("#pen")).to_be_focused()
    expect(page.locator("#picture")).to_be_hidden()
    expect(page.locator("#glyph")).to_be_empty()


def pixels(page: Page, canvas: str) -> list[list[int]]:
    """The colour of the middle of each of the 28x28 cells, row by row."""
    return page.evaluate(
        """(id) => {
          const canvas = document.getElementById(id);
          const cell = canvas.width / 28;
          const context = canvas.getContext("2d");
          const at = (i) => [i % 28, Math.floor(i / 28)].map((one) => (one + 0.5) * cell);
          return Array.from({ length: 28 * 28 }, (_, i) => [...context.getImageData(...at(i), 1, 1).data]);
        }""",
        canvas,
    )


def test_what_the_network_saw_and_what_decided_are_painted(open_page):
    page = open_page()
    page.route(READ, lambda route: say(route, answer("O", explained="explain=true" in route.request.url)))
    draw(page, "I")
    expect(page.locator("#fall")).to_have_text(re.compile(r"probability of O;"))
    dot = 5 * 28 + 10
    for canvas, colour in (("seen", [29, 31, 35, 255]), ("decided", None)):
        found = pixels(page, canvas)
        assert [i for i, (*_, alpha) in enumerate(found) if alpha] == [dot]
        if colour:
            assert found[dot] == colour
        else:
            red, green, blue, _ = found[dot]
            assert red > green > blue
    # What decided is outlined too: colour alone tells nothing.
    edge = "document.getElementById('decided').getContext('2d').getImageData(10 * 24, 5 * 24 + 12, 1, 1).data.join()"
    assert page.evaluate(edge) == "29,31,35,255"


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_pictures_are_pasted_and_dropped(open_page, sheet, way):
    page = open_page()
    event = {
        "paste": "new ClipboardEvent('paste', { clipboardData: data, bubbles: true })",
        "drop": "new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })",
    }[way]
    page.evaluate(
        f"""(content) => {{
          const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "sheet.png", {{ type: "image/png" }}));
          document.body.dispatchEvent({event});
        }}""",
        base64.b64encode(sheet).decode(),
    )
    expect(page.get_by_role("option")).to_have_text(["T", "X", "L", "O", "Z"])


def test_text_that_is_pasted_is_no_picture(open_page):
    page = open_page("ru")
    page.evaluate("document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: new DataTransfer() }))")
    expect(page.get_by_role("alert")).to_contain_text("нет файла с картинкой")
    expect(page.locator("#pen")).to_be_visible()


def test_the_text_is_copied(open_page, sheet):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.locator("#files").set_input_files(png(sheet))
    page.get_by_role("button", name="Copy text").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace(" ", "").split() == ["TXL", "OZ"]


def test_many_pictures_are_listed(open_page, sheet, heard):
    page = open_page()
    page.locator("#files").set_input_files(
        [png(sheet, "one.png"), png(b"no picture", "two.png"), png(sheet, "three.png")]
    )
    rows = page.locator(".pictures button")
    expect(rows.nth(0)).to_contain_text(re.compile("one.png.*O ?Z"))
    expect(rows.nth(1)).to_contain_text("cannot be read")
    expect(rows.nth(2)).to_contain_text(re.compile("three.png.*O ?Z"))
    expect(page.get_by_role("alert")).to_be_empty()
    rows.nth(1).click()
    expect(page.get_by_role("alert")).to_contain_text("two.png")
    expect(page.get_by_role("option")).to_have_count(0)
    rows.nth(2).click()
    expect(page.get_by_role("alert")).to_be_empty()
    expect(page.get_by_role("option")).to_have_count(5)
    assert rows.evaluate_all("all => all.map((one) => one.ariaPressed)") == ["false", "false", "true"]
    refused(heard, 415)


def refused(heard: Heard, *statuses: int) -> None:
    """Chromium says so itself when a request is refused: that much, and no more, was complained of."""
    assert len(heard.complaints) == len(statuses)
    assert all(f"status of {status}" in said for status, said in zip(statuses, heard.complaints, strict=True))
    heard.complaints.clear()


def test_what_cannot_be_read_is_said_in_a_sentence(open_page, heard):
    page = open_page()
    page.locator("#files").set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    expect(page.get_by_role("alert")).to_contain_text("notes.txt")
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("^notes.txt: Это не картинка"))
    page.get_by_role("button", name="Вернуться к рисунку").click()
    expect(page.get_by_role("alert")).to_be_empty()
    refused(heard, 415)


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"no picture", 415, "Это не картинка"),
        (b"GIF89a", 415, "такого вида"),
        (b"\x89PNG\r\n\x1a\n", 422, "повреждена"),
        (cv2.imencode(".png", np.zeros((4, 4), dtype=np.uint8))[1].tobytes(), 422, "мала"),
    ],
    ids=["none", "gif", "damaged", "small"],
)
def test_each_problem_has_its_own_words_in_russian(open_page, heard, content, status, said):
    page = open_page("ru")
    page.locator("#files").set_input_files(png(content))
    expect(page.get_by_role("alert")).to_contain_text(said)
    refused(heard, status)


def test_it_does_not_move_when_its_words_arrive(open_page):
    """Before that there is nothing to draw on: a stroke would be torn."""
    page = open_page()
    held: list[Route] = []
    page.route("**/words.*.json", lambda route: held.append(route))
    page.reload()
    while not held:
        page.wait_for_timeout(20)
    expect(page.locator("#pen")).to_be_hidden()
    held[0].continue_()
    expect(page.locator("#pen")).to_be_visible()
    moved = """new Promise((done) => new PerformanceObserver((list) => done(list.getEntries().map((one) => one.value)))
      .observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done([]), 300))"""
    assert sum(page.evaluate(moved)) < 0.01  # of the window's height and width; where it moves it is 0.1
    draw(page, "L")
    expect(page.locator("#glyph")).to_have_text("L")


def test_a_drawing_is_sent_without_transparency(open_page):
    """It is read in less time: the colour type of its PNG is 2, not 6."""
    page = open_page()
    asked: list[Route] = []
    page.route(READ, lambda route: asked.append(route))
    draw(page, "L")
    body = asked[0].request.post_data_buffer
    assert body[body.index(b"IHDR") + 13] == 2


def test_a_server_that_is_gone_or_busy_is_said(open_page, heard):
    page = open_page()
    page.route(READ, lambda route: route.abort())
    draw(page, "L")
    expect(page.get_by_role("alert")).to_have_text("The server does not answer: is it still running?")
    assert inked(page) > 0
    page.unroute(READ)
    page.route(READ, lambda route: route.fulfill(status=429, json={"error": "The server reads all it can."}))
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    expect(page.get_by_role("alert")).to_have_text("The server reads all it can.")
    page.unroute(READ)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#glyph")).to_have_text("L")
    expect(page.get_by_role("alert")).to_be_empty()
    heard.complaints.clear()


@pytest.mark.parametrize(
    ("language", "said", "nearest"),
    [("en", "Not a letter I know", "closest to"), ("ru", "Такой буквы я не знаю", "похоже на")],
)
def test_what_is_no_letter_is_said_plainly(open_page, language, said, nearest):
    page = open_page(language)
    page.route(READ, lambda route: say(route, answer(None, explained=True)))
    draw(page, "L")
    expect(page.locator("#verdict")).to_have_text(said)
    expect(page.locator("#glyph")).to_have_text("?")
    expect(page.locator("#candidates")).to_contain_text(nearest)
    expect(page.locator("#bars li").first).to_contain_text("O")
    expect(page.get_by_role("status")).to_have_text(said)


def held(page: Page) -> Callable[[int], list[Route]]:
    """Holds what the page asks; gives the questions once so many have come, and a moment later no more have."""
    waiting: list[Route] = []
    page.route(READ, lambda route: waiting.append(route))

    def come(count: int) -> list[Route]:
        while len(waiting) < count:
            page.wait_for_timeout(10)
        page.wait_for_timeout(100)
        assert len(waiting) == count
        return waiting

    return come


def test_one_question_at_a_time_and_the_newest_last(open_page):
    page = open_page()
    come = held(page)
    for _ in range(3):
        draw(page, "T")
    say(come(1)[0], answer("A"))
    expect(page.locator("#glyph")).to_have_text("A")
    # All that was drawn meanwhile is one question, about the whole drawing.
    first, second = come(2)
    assert len(second.request.post_data_buffer) > len(first.request.post_data_buffer)
    say(second, answer("B"))
    expect(page.locator("#glyph")).to_have_text("B")
    waiting = come(3)
    assert [("explain=true" in route.request.url) for route in waiting] == [False, False, True]
    say(waiting[2], answer("B", explained=True))
    expect(page.locator("#fall")).to_contain_text("probability of B")
    come(3)


def test_an_answer_to_what_is_gone_is_dropped(open_page):
    page = open_page()
    come = held(page)
    draw(page, "L")
    come(1)
    page.keyboard.press("Delete")
    expect(page.locator("#verdict")).to_have_text("What you draw is read here.")
    expect(page.get_by_role("alert")).to_be_empty()
    draw(page, "O")
    first, second = come(2)
    say(second, answer("O", explained=True))
    expect(page.locator("#glyph")).to_have_text("O")
    with contextlib.suppress(Error):  # the page no longer waits for it
        say(first, answer("L"))
    page.wait_for_timeout(200)
    expect(page.locator("#glyph")).to_have_text("O")


def test_a_word_is_read_where_several_letters_are_asked_for(open_page, heard):
    page = open_page()
    page.get_by_role("button", name="Several letters").click()
    for i, letter in enumerate("LOT"):
        draw(page, letter, left=0.1 + 0.28 * i, top=0.3, size=0.25)
    expect(page.get_by_role("option")).to_have_text(["L", "O", "T"])
    expect(page.locator("#glyph")).to_have_text("T")
    expect(page.locator("#boxes .box")).to_have_count(3)
    page.get_by_role("option").first.click()
    expect(page.locator("#glyph")).to_have_text("L")
    expect(page.get_by_role("status")).to_have_text(re.compile("^L ?O ?T$"))
    # The boxes are in nobody's way.
    ink = inked(page)
    draw(page, "X", left=0.1, top=0.3, size=0.25)
    assert inked(page) > ink
    assert not [url for url in heard.requests if "single=true" in url]
    with page.expect_request(re.compile("single=true")):
        page.get_by_role("button", name="One letter").click()
    expect(page.get_by_role("option")).to_have_count(0)
    expect(page.locator("#boxes .box")).to_have_count(0)


LIGHT, DARK = "rgb(251, 250, 248)", "rgb(21, 23, 27)"


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_the_look_is_chosen_and_kept(open_page):
    page = open_page(look="dark")
    draw(page, "L")
    assert background(page) == DARK
    assert colour_of_ink(page) == [232, 230, 225]
    page.get_by_role("button", name="Light").click()
    assert background(page) == LIGHT
    assert colour_of_ink(page) == [29, 31, 35]
    page.reload()
    assert background(page) == LIGHT
    expect(page.get_by_role("button", name="Light")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Auto").click()
    assert background(page) == DARK
    draw(page, "L")
    page.emulate_media(color_scheme="light")
    assert background(page) == LIGHT
    # The page hears of it when it is next painted, just before this.
    page.evaluate("new Promise(requestAnimationFrame)")
    assert colour_of_ink(page) == [29, 31, 35]


def colour_of_ink(page: Page) -> list[int]:
    return page.evaluate("""() => {
      const pen = document.getElementById("pen");
      const { data } = pen.getContext("2d").getImageData(0, 0, pen.width, pen.height);
      const full = data.findIndex((value, i) => i % 4 === 3 && value === 255);
      return [...data.slice(full - 3, full)];
    }""")


def test_the_language_is_the_browsers_then_the_chosen(open_page):
    page = open_page("ru-RU")
    assert page.evaluate("document.documentElement.lang") == "ru"
    expect(page.get_by_role("heading", level=1)).to_have_text("Нарисуйте букву или покажите её")
    draw(page, "L")
    expect(page.locator("#verdict")).to_contain_text("уверенность")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#verdict")).to_contain_text("sure")
    assert page.title() == "letterlab: draw a letter"
    expect(page.get_by_role("button", name="English")).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a letter, or show one")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_a_browser_of_another_language_gets_english(open_page):
    assert open_page("fr-FR").evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_everyone_can_use_it(open_page, sheet, language, look):
    page = open_page(language, look)
    draw(page, "L")
    expect(page.locator("#fall")).to_contain_text("L")
    page.locator("summary").click()
    assert Axe().run(page).response["violations"] == []
    page.locator("#files").set_input_files([png(sheet, "one.png"), png(sheet, "two.png")])
    expect(page.get_by_role("option")).to_have_count(5)
    assert Axe().run(page).response["violations"] == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_fits_a_phone(open_page, sheet, language):
    page = open_page(language, **PHONE)
    pen = page.locator("#pen").bounding_box()
    assert pen["width"] >= 390 - 2 * 16 - 2
    assert pen["y"] + pen["height"] < 844
    for picture in (None, [png(sheet, "one.png"), png(sheet, "two.png")]):
        if picture:
            page.locator("#files").set_input_files(picture)
            expect(page.get_by_role("option")).to_have_count(5)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        small = page.locator("button, summary, input:not([hidden]), [role=option]").evaluate_all(
            """all => all.filter((one) => one.checkVisibility())
              .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < 44).map((one) => one.outerHTML)"""
        )
        assert small == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_word_that_is_asked_for_is_there(language):
    words = json.loads((STATIC / f"words.{language}.json").read_text(encoding="utf-8"))
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'data-(?:say|label)="([^"]+)"', page))
    for script in (STATIC / f"{name}.js" for name in ("page", "letters", "pictures", "reader-http")):
        written = re.sub(r"^ *(?://|\*|/\*).*$", "", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
        asked |= set(re.findall(r'"((?:verdict|pen|pictures|letters|bars|decided|error|head)\.[\w-]+)"', written))
        problems = re.findall(r'ReadingError\("([\w-]+)"\)', written)
        for told in re.findall(r"TOLD = \[(.*)\]", written):
            problems += re.findall(r'"([\w-]+)"', told)
        asked |= {f"error.{problem}" for problem in problems}
    other = json.loads((STATIC / "words.en.json").read_text(encoding="utf-8"))
    assert asked <= words.keys() == other.keys()
    for key, sentence in words.items():
        assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", other[key])), key
