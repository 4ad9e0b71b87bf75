"""The page as plain files: the browser reads as `Recogniser` does, from the picture's bytes to the answer."""

import base64
import re
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

import letterlab
from letterlab.errors import LetterlabError
from letterlab.letterset import Letters
from letterlab.recognise.decoding import PictureError, decode
from letterlab.recognise.grouping import read_line
from letterlab.recognise.ink import find_ink, prepare
from letterlab.recognise.recogniser import Recogniser
from letterlab.recognise.segment import find_lines
from letterlab.sources.drawn import draw_letters
from letterlab.web.site import STATIC, write_site
from pages import compose

PATIENCE = 120_000
"""Milliseconds: a busy machine is no reason to fail."""
NEAR = 1e-3  # probabilities that differ by no more are the same


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """Where the site is served, as any web server would."""
    folder = tmp_path_factory.mktemp("static") / "site"
    try:
        write_site(folder)
    except LetterlabError as error:
        if "could not be fetched" not in str(error):
            raise
        pytest.skip(str(error))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@dataclass
class Heard:
    """What a page asked for, and complained of."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    may_complain: bool = False

    def of(self, page: Page) -> Page:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def check(self, address: str) -> None:
        assert self.may_complain or self.complaints == []
        assert [url for url in self.requests if not url.startswith((address, f"blob:{address}"))] == []


HELPERS = """async () => {
  const module = (name) => import(new URL(`static/${name}.js`, document.baseURI));
  for (const name of ["reader-local", "ink", "segment", "grouping"]) Object.assign(window, await module(name));
  window.bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  window.text = ({ data }) => {
    let all = "";
    for (const value of data) all += String.fromCharCode(value);
    return btoa(all);
  };
  window.picture = (width, height, data) => ({ width, height, data: bytes(data) });
}"""


@pytest.fixture(scope="module")
def page(browser, address) -> Iterator[Page]:
    """The site, opened once; its modules' functions can be called from the tests."""
    heard = Heard()
    context = browser.new_context(locale="en")
    context.set_default_timeout(PATIENCE)
    opened = heard.of(context.new_page())
    opened.goto(address)
    opened.evaluate(HELPERS)
    yield opened
    context.close()
    heard.check(address)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read(page: Page, content: bytes, *, single: bool = False, explain: bool = False) -> dict[str, Any]:
    """What the browser reads in a file; {"problem", "message"} if it refuses."""
    return page.evaluate(
        """async ([data, how]) => read(new File([bytes(data)], "some.png"), how)
          .catch(({ problem, message }) => ({ problem, message }))""",
        [text(content), {"single": single, "explain": explain}],
    )


def difference(found: dict[str, Any], wanted: dict[str, Any]) -> float:
    """The greatest between two probabilities; all else is the same."""
    assert found["text"] == wanted["text"]
    worst = 0.0
    for one, other in zip(found["letters"], wanted["letters"], strict=True):
        assert one["letter"] == other["letter"]
        assert one["box"] == other["box"]
        pairs = list(zip(one["candidates"], other["candidates"], strict=True))
        assert one["probability"] == pytest.approx(other["probability"], abs=NEAR)
        for mine, theirs in pairs:
            # Two that are equally likely may change places.
            assert mine["letter"] == theirs["letter"] or theirs["probability"] < 0.01
            worst = max(worst, abs(mine["probability"] - theirs["probability"]))
    return worst


def check(page: Page, recogniser: Recogniser, content: bytes, *, single: bool = False) -> None:
    wanted = recogniser.read(content, single=single).as_json("some.png")
    assert difference(read(page, content, single=single), wanted) <= NEAR


def png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def letter(name: str, size: int = 300) -> np.ndarray:
    """Dark ink on light paper."""
    index = np.array([ord(name) - ord("A")], dtype=np.uint8)
    return cv2.resize(255 - draw_letters(index, seed=3)[0], (size, size), interpolation=cv2.INTER_CUBIC)


def transparent(name: str) -> np.ndarray:
    """Black strokes of every opacity on nothing, and of a colour where they are thin."""
    ink = 255 - letter(name)
    colours = np.zeros((*ink.shape, 3), np.uint8)
    colours[ink < 200] = (90, 20, 140)
    return np.dstack([colours, ink])


def noisy(pixels: np.ndarray) -> np.ndarray:
    return np.clip(pixels + np.random.default_rng(5).normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)


def shaded(pixels: np.ndarray) -> np.ndarray:
    light = np.linspace(1, 0.5, pixels.shape[1])
    return (pixels * light).astype(np.uint8)


def word() -> np.ndarray:
    return np.hstack([letter(name, 160) for name in "HELLO"])


MADE = {
    "dark on light": letter("A"),
    "light on dark": 255 - letter("B"),
    "noise and a gradient": noisy(shaded(letter("C"))),
    "tiny": letter("L", 8),
    "28x28": 255 - draw_letters(np.array([4], dtype=np.uint8), seed=1)[0],
    "one side under 64": letter("S", 200)[:, 60:120],
    "large": letter("R", 2500)[900:1700],
    "grey of a colour": np.dstack([letter("K") // 2, letter("K"), 255 - letter("K") // 3]),
    "transparent": transparent("T"),
    "white on nothing": np.dstack([np.full((300, 300, 3), 255, np.uint8), 255 - letter("H")]),
    "a word": word(),
    "light on dark, a word": noisy(255 - word()),
    "nothing": np.full((120, 90), 200, np.uint8),
    "nothing, transparent": np.zeros((90, 120, 4), np.uint8),
    "noise alone": noisy(np.full((200, 300), 120)),
    "lines of a page": compose(draw_letters(np.arange(26, dtype=np.uint8), 7), np.arange(26), 3, words=4, size=50).grey,
}


@pytest.mark.parametrize("name", MADE)
def test_made_pictures_are_read_alike(page, recogniser, name):
    check(page, recogniser, png(MADE[name]))


def test_one_letter_is_read_alike_when_it_is_said_to_be_one(page, recogniser):
    check(page, recogniser, png(word()), single=True)


def turned(orientation: int) -> bytes:
    """A JPEG that says in its EXIF which way is up."""
    jpeg = encoded(".jpg")
    entry = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(entry) + 8) + b"Exif\0\0" + entry + jpeg[2:]


def encoded(kind: str) -> bytes:
    return cv2.imencode(kind, np.dstack([noisy(word())] * 3))[1].tobytes()


@pytest.mark.parametrize("kind", [".jpg", ".bmp", ".webp"])
def test_every_kind_of_picture_is_read_alike(page, recogniser, kind):
    check(page, recogniser, encoded(kind))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_alike(page, orientation):
    grey_is_the_same(page, turned(orientation))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claiming(width: int, height: int) -> bytes:
    """A PNG of which the header says that it is so large."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


PNG = png(word())
REFUSED = {
    "empty": b"",
    "text": b"no picture at all",
    "a GIF": b"GIF89a" + bytes(40),
    "a TIFF": b"II*\0" + bytes(40),
    "a PDF": b"%PDF-1.7" + bytes(40),
    "an AVIF": bytes(4) + b"ftypavif" + bytes(40),
    "a HEIC": bytes(4) + b"ftypheic" + bytes(40),
    "an SVG": b"<?xml version='1.0'?>\n<SVG xmlns='http://www.w3.org/2000/svg'/>",
    "animated": PNG[:33] + chunk(b"acTL", bytes(8)) + PNG[33:],
    "too large by its header": claiming(10_000, 10_000),
    "too small by its header": claiming(7, 100),
    "of no width": claiming(0, 100),
    "a PNG cut short": PNG[: len(PNG) // 2],
    "a PNG that was changed": PNG[:-20] + bytes([PNG[-20] ^ 1]) + PNG[-19:],
    "a PNG without a picture": claiming(100, 100),
    "a PNG's first bytes": PNG[:12],
    "a JPEG cut short": encoded(".jpg")[:-2000],
    "a JPEG's first bytes": encoded(".jpg")[:5],
    "a JPEG without a frame": b"\xff\xd8\xff\xd9",
    "a WebP cut short": encoded(".webp")[:-2000],
    "a BMP cut short": encoded(".bmp")[:-2000],
    "a BMP's first bytes": encoded(".bmp")[:20],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_with_the_same_words(page, name):
    with pytest.raises(PictureError) as refused:
        decode(REFUSED[name])
    assert read(page, REFUSED[name]) == {"problem": refused.value.problem, "message": f"some.png: {refused.value}."}


def test_a_file_of_too_many_bytes_is_refused_unread(page):
    with pytest.raises(PictureError) as refused:
        decode(bytes(32 * 1024 * 1024 + 1))
    found = page.evaluate(
        """() => read(new File([new Uint8Array(32 * 1024 * 1024 + 1)], "some.png"), {})
          .catch(({ problem, message }) => ({ problem, message }))"""
    )
    assert found == {"problem": refused.value.problem, "message": f"some.png: {refused.value}."}


def grey_is_the_same(page: Page, content: bytes) -> None:
    """Of a file, to the last level."""
    found = page.evaluate(
        """async (data) => {
          const { decode } = await import(new URL("static/decoding.js", document.baseURI));
          const grey = await decode(new Blob([bytes(data)]));
          return [grey.height, grey.width, text(grey)];
        }""",
        text(content),
    )
    wanted = decode(content)
    assert tuple(found[:2]) == wanted.shape
    assert np.array_equal(np.frombuffer(base64.b64decode(found[2]), np.uint8), wanted.ravel())


@pytest.mark.parametrize("name", ["dark on light", "transparent", "white on nothing", "grey of a colour"])
def test_grey_is_the_same_to_the_last_level(page, name):
    grey_is_the_same(page, png(MADE[name]))


def test_a_picture_of_many_pixels_is_read_in_strips(page):
    grey_is_the_same(page, png(cv2.resize(noisy(word()), (2500, 1700))))


def test_the_upper_half_of_16_bits_is_taken(page):
    grey_is_the_same(page, png(noisy(word()).astype(np.uint16) * 256 + 200))


def score(pictures: np.ndarray) -> np.ndarray:
    """What a network might say, by no more than the sum of the pixels."""
    sums = pictures.reshape(len(pictures), -1).sum(axis=1, dtype=np.int64)
    return np.repeat((sums * 7919 % 1000 / 1000).astype(np.float32)[:, None], 26, axis=1)


def compare_ink(page: Page, grey: np.ndarray) -> None:
    """Ink, lines, their groups and the prepared letter, in the browser and here, pixel for pixel."""
    found = page.evaluate(
        """async ([width, height, data]) => {
          const { ink, shrink } = findInk(picture(width, height, data));
          const sum = ({ data }) => data.reduce((one, other) => one + other, 0);
          const score = async (pictures) =>
            pictures.map((one) => new Float32Array(26).fill(((sum(one) * 7919) % 1000) / 1000));
          const lines = findLines(ink);
          const groups = [];
          for (const line of lines) {
            for (const { mark, spaceBefore } of await readLine(line, score)) groups.push([mark.box, spaceBefore]);
          }
          const marks = lines.map((line) => line.map(({ box, ink }) => ({ box, ink: text(ink) })));
          return { ink: text(ink), shrink, marks, groups, prepared: text(prepare(ink)) };
        }""",
        [grey.shape[1], grey.shape[0], text(grey.tobytes())],
    )
    ink, shrink = find_ink(grey)
    assert found["shrink"] == shrink
    assert base64.b64decode(found["ink"]) == ink.tobytes()
    assert base64.b64decode(found["prepared"]) == prepare(ink).tobytes()
    lines = find_lines(ink)
    marks = [[{"box": list(mark.box), "ink": text(mark.ink.tobytes())} for mark in line] for line in lines]
    assert found["marks"] == marks
    groups = [[list(group.mark.box), group.space_before] for line in lines for group in read_line(line, score)]
    assert found["groups"] == groups


@pytest.mark.parametrize("name", [name for name in MADE if MADE[name].ndim == 2])
def test_ink_and_lines_are_the_same_to_the_last_pixel(page, name):
    compare_ink(page, MADE[name])


@pytest.mark.parametrize("seed", range(40))
def test_scribbles_are_the_same_to_the_last_pixel(page, seed):
    """Strokes at random, where nothing is as in writing: pieces within pieces, dots, rules, specks."""
    generator = np.random.default_rng(seed)
    height, width = (int(side) for side in generator.integers(20, 600, 2))
    grey = np.full((height, width), 230, np.uint8)

    def point() -> tuple[int, int]:
        return int(generator.integers(width)), int(generator.integers(height))

    for _ in range(generator.integers(1, 40)):
        x, y = point()
        end = (x + int(generator.integers(-60, 60)), y + int(generator.integers(-60, 60)))
        cv2.line(grey, (x, y), end, int(generator.integers(0, 120)), int(generator.integers(1, 9)))
    for _ in range(generator.integers(0, 40)):
        cv2.circle(grey, point(), int(generator.integers(0, 8)), 30, -1)
    compare_ink(page, grey)


@pytest.mark.parametrize("slant", [-6.0, 3.0, 9.0, 14.0])
def test_slanted_lines_are_the_same_to_the_last_pixel(page, slant):
    images = draw_letters(np.arange(26, dtype=np.uint8), 11)
    compare_ink(page, compose(images, np.arange(26), 5, words=6, per_line=2, size=40, slant=slant).grey)


def test_of_too_many_pieces_the_same_are_looked_at(page):
    generator = np.random.default_rng(2)
    grey = np.full((900, 900), 230, np.uint8)
    for y in range(4, 896, 11):
        for x in range(4, 896, 11):
            grey[y : y + generator.integers(2, 7), x : x + generator.integers(2, 7)] = 20
    compare_ink(page, grey)


def test_what_was_seen_and_what_decided_are_the_same(page, recogniser):
    reading = recogniser.read(png(word()))
    found = read(page, png(word()), explain=True)
    assert difference(found, reading.as_json("some.png")) <= NEAR
    for one, wanted in zip(found["letters"], reading.letters, strict=True):
        assert one["picture"] == wanted.picture.tolist()
        saliency = recogniser.saliency(wanted.picture, wanted.candidates[0].letter)
        assert np.allclose(one["saliency"], saliency, atol=0.01)
        assert set(one) == {"letter", "probability", "candidates", "box", "picture", "saliency"}


@pytest.fixture(scope="module")
def real_letters(real) -> Letters:
    return letterlab.open_letters(real / "letters")


def test_real_pictures_are_read_alike(page, recogniser, real, record_property):
    worst = 0.0
    for file in sorted((real / "pictures").glob("*.png"))[::22]:
        content = file.read_bytes()
        worst = max(worst, difference(read(page, content), recogniser.read(content).as_json("some.png")))
    record_property("greatest difference of two probabilities", worst)
    assert worst <= NEAR


@pytest.mark.parametrize("seed", [1, 2])
def test_real_pages_are_read_alike(page, recogniser, real_letters, seed):
    test = real_letters.test
    check(page, recogniser, png(compose(test.images, test.labels, seed).grey))


@pytest.fixture
def open_page(browser, address) -> Iterator[Callable[..., Page]]:
    """Opens the page as a visitor, without one of its files."""
    heard, contexts = Heard(), []

    def opened(missing: str = "") -> Page:
        contexts.append(browser.new_context(locale="en", reduced_motion="reduce"))
        contexts[-1].set_default_timeout(PATIENCE)
        page = heard.of(contexts[-1].new_page())
        if missing:
            heard.may_complain = True
            contexts[-1].route(f"**/{missing}", lambda route: route.abort())
        page.goto(address)
        expect(page.locator("#verdict")).not_to_be_empty()
        return page

    yield opened
    for context in contexts:
        context.close()
    heard.check(address)


def draw_l(page: Page) -> None:
    sheet = page.locator("#pen").bounding_box()
    for i, (x, y) in enumerate([(0.4, 0.15), (0.4, 0.85), (0.65, 0.85)]):
        page.mouse.move(sheet["x"] + x * sheet["width"], sheet["y"] + y * sheet["height"], steps=3)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_drawing_is_read_in_the_browser(open_page):
    page = open_page()
    expect(page.locator("#privacy")).to_have_text(re.compile("stays on this device"))
    draw_l(page)
    expect(page.locator("#glyph")).to_have_text("L")
    expect(page.locator("#fall")).to_contain_text("L")
    # Nothing is asked of the web server any more: it may go away.
    page.context.set_offline(True)
    page.keyboard.press("Delete")
    expect(page.locator("#glyph")).to_be_empty()
    draw_l(page)
    expect(page.locator("#glyph")).to_have_text("L")


def test_pictures_are_read_in_the_browser(open_page):
    page = open_page()
    files = [
        {"name": "word.png", "mimeType": "image/png", "buffer": png(word())},
        {"name": "broken.png", "mimeType": "image/png", "buffer": PNG[:500]},
    ]
    page.locator("#files").set_input_files(files)
    expect(page.get_by_role("option")).to_have_count(5)
    page.get_by_role("button", name="broken.png").click()
    expect(page.get_by_role("alert")).to_have_text("broken.png: damaged or cut short: copy or download it again.")


def test_what_is_not_wanted_any_more_is_stopped(page):
    """A page of many letters, explained, takes long; what is asked after it comes first, and nothing comes of it."""
    order = page.evaluate(
        """async ([data, small]) => {
          const order = [];
          const stop = new AbortController();
          const long = read(new File([bytes(data)], "long.png"), { explain: true, signal: stop.signal })
            .catch((error) => order.push(error.name));
          await read(new File([bytes(small)], "small.png"), { single: true });
          order.push("small");
          stop.abort();
          await long;
          await read(new File([bytes(small)], "small.png"), { single: true });
          return order;
        }""",
        [text(png(MADE["lines of a page"])), text(png(MADE["28x28"]))],
    )
    assert order == ["small", "AbortError"]


def test_reading_ends_when_it_is_stopped(page):
    stopped = page.evaluate(
        """async ([width, height, data]) => {
          const { openRecogniser } = await import(new URL("static/recogniser.js", document.baseURI));
          const recogniser = await openRecogniser();
          const stop = new AbortController();
          const reading = recogniser.read(picture(width, height, data), { explain: true, signal: stop.signal });
          stop.abort();
          return reading.catch(({ name }) => name);
        }""",
        [28, 28, text(MADE["28x28"].tobytes())],
    )
    assert stopped == "AbortError"


@pytest.mark.parametrize("missing", ["local-worker.js", "letters.onnx", "onnxruntime-web/ort-wasm.wasm"])
def test_a_site_that_lost_a_file_says_so(open_page, missing):
    page = open_page(missing)
    draw_l(page)
    expect(page.get_by_role("alert")).to_have_text("This page could not read it: load the page again.")


def test_the_page_of_the_server_loads_nothing_of_this():
    loaded = {"page.js"}
    for _ in range(4):
        scripts = [(STATIC / name).read_text(encoding="utf-8") for name in loaded]
        loaded |= {name for script in scripts for name in re.findall(r'from "\./([\w-]+\.js)"', script)}
    assert "canvas.js" in loaded
    assert not loaded & {"ink.js", "segment.js", "recogniser.js", "decoding.js", "raster.js", "local-worker.js"}
