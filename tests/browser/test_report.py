"""The report as it is seen: opened from a file with the network off, at two widths, in two looks, in two languages."""

from itertools import pairwise

import pytest

SECTIONS = ["answer", "letters", "s1-1", "s1-2", "s1-3", "s1-4", "s2-1", "s2-2", "s3", "costs", "s4", "method"]

# Contrast by WCAG 2.2 of every piece of text with what lies behind it; a cell of the matrix is blended with the page.
CONTRAST = """() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const over = (top, a, ground) => top.map((value, i) => a * value + (1 - a) * ground[i]);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const c = value / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    if (element === null) return [255, 255, 255];
    const { rgb, a } = parse(getComputedStyle(element).backgroundColor);
    return a === 0 ? ground(element.parentElement) : over(rgb, a, ground(element.parentElement));
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("script, style, title")) continue;
    const style = getComputedStyle(element);
    let behind = ground(element.closest("svg") ?? element);
    const box = element.previousElementSibling;
    if (box?.matches("rect.heat, rect.matrix-right")) {
      const fill = getComputedStyle(box);
      behind = over(parse(fill.fill).rgb, Number(fill.fillOpacity), behind);
    }
    const ink = parse(element.closest("svg") ? style.fill : style.color).rgb;
    found.push([ratio(ink, behind), element.textContent.slice(0, 40)]);
  }
  return found;
}"""


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_section_stands_in_order(open_report, language):
    page = open_report(language)
    tops = [page.locator(f"#{section}").bounding_box()["y"] for section in SECTIONS]
    assert tops == sorted(tops)
    links = page.locator("nav a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert links == [f"#{section}" for section in SECTIONS]
    assert page.locator("h1").count() == 1
    headings = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert all(after <= before + 1 for before, after in pairwise(headings))


def test_every_picture_and_figure_has_a_name(open_report):
    page = open_report()
    pictures = page.locator("img, svg").count()
    assert pictures > 100
    # Chromium's own accessibility tree: what a screen reader is told.
    assert page.get_by_role("img", name="Confusion matrix", include_hidden=True).count() >= 2
    unnamed = page.locator("img:not([alt]), img[alt=''], svg:not([aria-label]), svg[aria-label='']")
    assert unnamed.count() == 0
    shown = page.locator("img").evaluate_all("all => all.every(one => one.complete && one.naturalWidth >= 28)")
    assert shown


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_runs_over_the_edge(open_report, language, width):
    page = open_report(language, width)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    # What is wider than the page scrolls in a region of its own, which the keyboard reaches.
    over = page.evaluate(
        """(width) => [...document.querySelectorAll("body *")]
          .filter((one) => one.getBoundingClientRect().right > width + 1 && !one.closest(".scroll"))
          .map((one) => one.outerHTML.slice(0, 200))""",
        width,
    )
    assert over == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".scroll:not([tabindex='0'][role=region][aria-label])").count() == 0


@pytest.mark.parametrize("look", ["light", "dark"])
def test_text_can_be_read(open_report, look):
    page = open_report(look=look)
    found = page.evaluate(CONTRAST)
    assert len(found) > 500
    assert [one for one in found if one[0] < 4.5] == []
    assert len({background(page)} & {"rgb(251, 250, 248)"}) == (look == "light")


def background(page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_a_table_sorts_by_mouse_and_by_keyboard(open_report):
    page = open_report()
    table = page.locator("#evenness-mlp table")
    shares = "all => all.map((one) => Number(one.dataset.value))"
    column = table.locator("tbody tr td:nth-child(4)")
    table.get_by_role("button", name="Accuracy").click()
    values = column.evaluate_all(shares)
    assert values == sorted(values)
    assert values[0] < values[-1]
    page.keyboard.press("Enter")
    assert column.evaluate_all(shares) == sorted(values, reverse=True)
    assert table.locator("th[aria-sort=descending]").inner_text().startswith("Accuracy")
    table.get_by_role("button", name="Letter").focus()
    page.keyboard.press("Enter")
    assert "".join(table.locator("tbody th").all_inner_texts()) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_folded_parts_open_by_keyboard_and_for_printing(open_report):
    page = open_report()
    closed = page.locator("details:not([open])")
    before = closed.count()
    assert before >= 3
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert closed.count() == before - 1
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert closed.count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert closed.count() == before - 1


def test_it_prints(open_report, tmp_path):
    page = open_report(look="dark")
    page.emulate_media(media="print")
    assert background(page) == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    # An A4 page less its margins is 688 pixels wide: what is wider would be cut.
    page.set_viewport_size({"width": 688, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 688
    paper = tmp_path / "report.pdf"
    page.pdf(path=paper, prefer_css_page_size=True)
    assert paper.read_bytes().startswith(b"%PDF")


def test_the_dark_look_prints_letters_as_dark_ink(open_report):
    page = open_report(look="dark")
    assert page.locator("img.ink").first.evaluate("one => getComputedStyle(one).filter") == "invert(1)"
    page.emulate_media(media="print")
    assert page.locator("img.ink").first.evaluate("one => getComputedStyle(one).filter") == "none"
