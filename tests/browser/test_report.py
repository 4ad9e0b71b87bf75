"""The report as it is seen: opened from a file with the network off, at two widths, in two looks, in two languages."""

from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe

import made_up
from letterlab.alphabet import LETTERS
from letterlab.findings.pairs import mistakes
from letterlab.report.page import write_report

SECTIONS = ["answer", "letters", "s1-1", "s1-2", "s1-3", "s1-4", "s2-1", "s2-2", "s3", "doubt", "costs", "s4", "method"]

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
    if (!own || element.closest("script, style, title, template, [hidden]")) continue;
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
    assert page.get_by_role("grid", name="Confusion matrix", include_hidden=True).count() >= 2
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
    assert background(page) == (LIGHT if look == "light" else DARK)


LIGHT, DARK = "rgb(251, 250, 248)", "rgb(21, 23, 27)"


def background(page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_a_table_sorts_by_mouse_and_by_keyboard(open_report):
    page = open_report()
    table = page.locator("#evenness-mlp table").first
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


def test_what_is_not_known_stays_below(browser, tmp_path):
    written = tmp_path / "report.html"
    write_report(made_up.results(absent="Q"), written)
    page = browser.new_page()
    page.goto(written.as_uri())
    # Of each column in which some cells hold a dash: where they stand when it is sorted up, and down.
    columns = page.evaluate("""() => [...document.querySelectorAll("table.sortable")].flatMap((table) =>
      [...table.querySelectorAll("thead button")].flatMap((button, i) => {
        const dashes = () => [...table.tBodies[0].rows].map((row) => row.cells[i].textContent.trim() === "–");
        if (dashes().every((one) => one === dashes()[0])) return [];
        const name = `${table.closest("[id]").id} ${button.textContent}`;
        return [1, 2].map(() => { button.click(); return [name, dashes()]; });
      }))""")
    page.close()
    found = {name for name, _ in columns}
    assert found >= {"evenness-mlp Rank", "evenness-mlp Accuracy (recall)", "s1-1 p (Holm)", "s1-1 p over seeds"}
    assert [name for name, dashes in columns if dashes != sorted(dashes)] == []


def test_folded_parts_open_by_keyboard_and_for_printing(open_report):
    page = open_report()
    closed = page.locator("details:not([open])")
    before = closed.count()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert closed.count() == before - 1
    # What else was found of other networks stays as it is, and so do the pages of letters that were not asked about.
    kept = page.locator(":is(.findings, .findings details, .others details):not([open])").count()
    assert page.locator(".others details").count() == 25 * 2
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert closed.count() == kept < before - 1
    page.emulate_media(media="print")
    assert page.locator(".others >> visible=true").count() == 0
    assert page.locator("#asked-mlp").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert closed.count() == before - 1


def test_what_a_reader_opened_is_printed_unfolded(open_report):
    page = open_report()
    page.locator("#s2-1 > .findings > summary").first.click()
    inside = page.locator("#s2-1 > .findings").first.locator("details")
    assert inside.count() > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert all(one.get_attribute("open") is not None for one in inside.all())
    assert page.locator("#s2-1 > .findings >> visible=true").count() == 1
    assert page.locator(".findings:not([open]) > summary >> visible=true").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert all(one.get_attribute("open") is None for one in inside.all())


@pytest.mark.parametrize("system", ["light", "dark"])
def test_it_prints_light_whatever_the_look(open_report, tmp_path, system):
    page = open_report(look=system)
    page.get_by_role("button", name="Dark").click()
    page.emulate_media(media="print")
    assert background(page) == "rgb(255, 255, 255)"
    assert page.locator(".ink").first.evaluate("one => getComputedStyle(one).filter") == "none"
    assert not page.locator("nav").is_visible()
    assert not page.locator(".matrix .shown").first.is_visible()
    # An A4 page less its margins is 688 pixels wide: what is wider would be cut.
    page.set_viewport_size({"width": 688, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 688
    paper = tmp_path / "report.pdf"
    page.pdf(path=paper, prefer_css_page_size=True)
    assert paper.read_bytes().startswith(b"%PDF")


def test_the_look_is_chosen_and_kept(open_report):
    page = open_report(look="dark")
    assert background(page) == DARK
    assert page.get_by_role("button", name="Auto").get_attribute("aria-pressed") == "true"
    assert page.locator(".ink").first.evaluate("one => getComputedStyle(one).filter") == "invert(1)"
    page.get_by_role("button", name="Light").focus()
    page.keyboard.press("Enter")
    assert background(page) == LIGHT
    assert page.locator(".ink").first.evaluate("one => getComputedStyle(one).filter") == "none"
    page.reload()
    assert background(page) == LIGHT
    assert page.get_by_role("button", name="Light").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Auto").click()
    assert background(page) == DARK


def test_the_language_is_chosen_and_kept(open_report):
    page = open_report()
    english = page.title()
    page.get_by_role("button", name="Русский").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.lang") == "ru"
    assert page.title() == page.locator("h1").inner_text() != english
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.activeElement.textContent") == "Русский"
    assert page.get_by_role("button", name="Русский").get_attribute("aria-pressed") == "true"
    page.reload()
    assert page.evaluate("document.documentElement.lang") == "ru"
    page.get_by_role("button", name="English").click()
    assert page.title() == english
    assert page.get_by_role("button", name="English").get_attribute("aria-pressed") == "true"


def test_another_language_keeps_the_place_and_what_is_open(open_report):
    page = open_report()
    page.locator("#s2-1 > details > summary").first.click()
    page.evaluate("document.getElementById('pairs-cnn').scrollIntoView({behavior: 'instant'})")
    top = "document.getElementById('pairs-cnn').getBoundingClientRect().top"
    before = page.evaluate(top)
    page.get_by_role("button", name="Русский").evaluate("one => one.click()")
    assert page.evaluate(top) == pytest.approx(before, abs=1)
    assert page.locator("#s2-1 > details").first.get_attribute("open") is not None


def test_another_language_keeps_what_is_chosen_and_sorted(open_report, made):
    page = open_report()
    name, _ = a_mistake(made, "mlp")
    page.locator(f'#s1-2 [data-cell="{name}"]').click()
    pictures = page.locator("#s1-2 .shown .pic").count()
    table = page.locator("#evenness-mlp table").first
    for _ in ("ascending", "descending"):
        table.locator("thead button").nth(3).click()
    letters = table.locator("tbody th")
    shares = "all => all.map((one) => Number(one.dataset.value))"
    before = table.locator("tbody td:nth-child(4)").evaluate_all(shares)
    top = "document.querySelector('#s1-2 .matrix figure').getBoundingClientRect().top"
    page.evaluate(
        "document.querySelector('#s1-2 [data-cell=MM]').scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    place = page.evaluate(top)
    page.get_by_role("button", name="Русский").evaluate("one => one.click()")
    assert page.evaluate(top) == pytest.approx(place, abs=1)
    assert page.evaluate("document.activeElement.textContent") == "Русский"
    assert page.locator(".chosen").count() == 1
    assert page.locator("#s1-2 .chosen").get_attribute("data-cell") == name
    assert page.locator("#s1-2 .shown .pic").count() == pictures > 0
    told = page.locator("#s1-2 .shown .title").inner_text()
    assert told == page.locator("#s1-2 .chosen title").text_content()
    assert page.locator("th[aria-sort]").count() == 1
    assert table.locator("th[aria-sort=descending]").evaluate("one => one.cellIndex") == 3
    assert table.locator("tbody td:nth-child(4)").evaluate_all(shares) == before == sorted(before, reverse=True)
    # What is chosen anew or given up here is so there too.
    page.locator("#s1-2 .close").click()
    table.locator("thead button").first.click()
    page.get_by_role("button", name="English").click()
    assert page.locator(".chosen").count() == page.locator(".shown .pic").count() == 0
    assert "".join(letters.all_inner_texts()) == LETTERS


def test_all_works_in_the_language_chosen_later(open_report, made):
    page = open_report("ru")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Dark").click()
    page.get_by_role("button", name="Русский").click()
    assert page.get_by_role("button", name="Тёмное").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="English").click()
    table = page.locator("#evenness-mlp table").first
    table.get_by_role("button", name="Accuracy").click()
    assert table.locator("th[aria-sort=ascending]").count() == 1
    name, i = a_mistake(made, "mlp")
    page.locator(f'#s1-2 [data-cell="{name}"]').click()
    told = page.locator("#s1-2 .shown .pic").first.get_attribute("title")
    assert told.startswith(f"{made.test.names[i]}: labelled {name[0]}, read as {name[1]}, ")


def test_nothing_is_kept_where_a_browser_keeps_nothing(open_report):
    refuse = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    page = open_report(before=refuse)
    page.get_by_role("button", name="Русский").click()
    page.get_by_role("button", name="Тёмное").click()
    assert page.evaluate("document.documentElement.lang") == "ru"
    assert background(page) == DARK


def test_without_javascript_it_is_whole(open_report):
    page = open_report("ru", java_script_enabled=False)
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "ru"
    assert not page.locator(".switches").is_visible()
    assert not page.locator(".shown").first.is_visible()
    page.locator("#s1-4 .alphabet summary").first.click()
    assert page.locator("#letter-mlp-A").is_visible()
    assert page.locator("#s1-2 svg[role=img]").first.is_visible()


def a_mistake(results, family) -> tuple[str, int]:
    """The cell of the commonest mistake, and its surest picture."""
    one = results.family(family)
    counts = one.findings.counts.copy()
    counts[range(26), range(26)] = 0
    letter, answer = (LETTERS[i] for i in divmod(int(counts.argmax()), 26))
    return letter + answer, int(mistakes(one.best_trial.test, letter, answer)[0])


@pytest.mark.parametrize(
    ("which", "family", "section"), [("en", "mlp", "s1-2"), ("en", "cnn", "s2-1"), ("small", "mlp", "s1-2")]
)
def test_a_cell_shows_its_pictures(open_report, request, which, family, section):
    results = request.getfixturevalue("made" if which == "en" else "small")
    page = open_report(which)
    matrix = page.locator(f'#{section} .matrix[data-family="{family}"]')
    name, i = a_mistake(results, family)
    found = results.family(family)
    cell = matrix.locator(f'[data-cell="{name}"]')
    cell.click()
    pictures = matrix.locator(".shown .pic")
    counts = found.findings.counts
    assert pictures.count() == counts[LETTERS.index(name[0]), LETTERS.index(name[1])]
    assert matrix.locator(".shown .title").inner_text() == cell.locator("title").text_content()
    test = found.best_trial.test
    sure = f"{100 * test.probabilities[i].max():.1f}\u202f%"
    assert (
        pictures.first.get_attribute("title") == f"{test.names[i]}: labelled {name[0]}, read as {name[1]}, {sure} sure"
    )
    assert test.names[i] in matrix.locator(".shown figcaption").first.inner_text()
    # What is shown is that letter, not its neighbour in the sheet: the same place as where a strip shows it.
    place = pictures.first.evaluate("one => getComputedStyle(one).backgroundPosition")
    strip = page.locator(f'#letter-{family}-{name[0]} .strip [title^="{test.names[i]}:"]').first
    assert strip.evaluate("one => getComputedStyle(one).backgroundPosition") == place
    matrix.get_by_role("button", name="Close").click()
    assert pictures.count() == 0


def test_the_matrix_is_read_by_keyboard(open_report, made):
    page = open_report()
    matrix = page.locator("#s1-2 .matrix")
    focused = "document.activeElement.dataset.cell"
    # One stop of the Tab key after the region that scrolls.
    matrix.locator(".scroll").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "AA"
    counts = made.family("mlp").findings.counts
    for key, step in (("ArrowRight", (0, 1)), ("ArrowDown", (1, 0)), ("ArrowLeft", (0, -1)), ("ArrowUp", (-1, 0))):
        matrix.locator('[data-cell="MM"]').focus()
        row, column = 12 + step[0], 12 + step[1]
        while 0 <= row < 26 and 0 <= column < 26 and not counts[row, column] and row != column:
            row, column = row + step[0], column + step[1]
        page.keyboard.press(key)
        if 0 <= row < 26 and 0 <= column < 26:
            assert page.evaluate(focused) == LETTERS[row] + LETTERS[column], key
        elif column < 0:
            assert page.evaluate("document.activeElement.getAttribute('href')") == "#letter-mlp-M"
        else:
            assert page.evaluate(focused) == "MM", key
    matrix.locator('[data-cell="MM"]').focus()
    page.keyboard.press("Enter")
    assert matrix.locator(".shown").evaluate("one => one === document.activeElement")
    assert 0 < matrix.locator(".shown .pic").count() <= 12
    page.keyboard.press("Escape")
    assert page.evaluate(focused) == "MM"
    assert matrix.locator(".shown .pic").count() == 0
    # What has the focus last is where the Tab key comes back to.
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "MM"


def test_a_cell_has_a_name_for_those_who_hear_it(open_report, made):
    page = open_report()
    name, _ = a_mistake(made, "mlp")
    told = page.get_by_role("gridcell", name=f"{name[0]} read as {name[1]}:")
    assert told.first.get_attribute("data-cell") == name
    assert page.get_by_role("grid").first.get_by_role("row").count() == 27
    assert page.get_by_role("grid").first.get_by_role("rowheader", name="G", exact=True).count() == 1


def test_each_cell_knows_its_column(open_report):
    page = open_report()
    grid = page.get_by_role("grid").first
    assert grid.get_attribute("aria-colcount") == "28"
    columns = "all => all.map((one) => [one.textContent, Number(one.getAttribute('aria-colindex'))])"
    heads = grid.get_by_role("columnheader").evaluate_all(columns)
    assert heads == [[letter, 2 + i] for i, letter in enumerate(LETTERS)]
    assert {index for _, index in grid.get_by_role("rowheader").evaluate_all(columns)} == {1}
    cells = "all => all.map((one) => [one.dataset.cell, Number(one.getAttribute('aria-colindex'))])"
    for cell, index in grid.get_by_role("gridcell").evaluate_all(cells):
        assert index == (28 if cell is None else 2 + LETTERS.index(cell[1])), cell


def test_a_mangled_address_stops_nothing(open_report):
    page = open_report()
    page.goto(f"{page.url}#%E0%A4%A")
    page.reload()
    # What comes last in the script still works.
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details[open]").count() > 0
    page.get_by_role("button", name="Русский").click()
    page.reload()
    assert page.evaluate("document.documentElement.lang") == "ru"


def test_a_row_leads_to_its_letters_page(open_report):
    page = open_report()
    letter = page.locator("#letter-mlp-Q")
    assert not letter.is_visible()
    page.locator('#s1-2 a[href="#letter-mlp-Q"]').click()
    assert letter.is_visible()
    assert 0 <= letter.bounding_box()["y"] < 900
    # Its summary, which says of which letter it is, stands above it in sight.
    assert page.locator("details:has(> #letter-mlp-Q) > summary").bounding_box()["y"] >= 0
    inside = page.locator("#letter-cnn-Q")
    page.evaluate("location.hash = '#letter-cnn-Q'")
    inside.wait_for(state="visible")


def test_all_letters_are_reached_and_the_asked_one_stands_open(open_report):
    page = open_report()
    assert page.locator("#letter-mlp-I").is_visible()
    folded = page.locator("#s1-4 .alphabet summary b").all_inner_texts()
    assert "".join(folded) == LETTERS.replace("I", "")


@pytest.mark.parametrize(
    ("language", "ordered"),
    [
        ("en", ["\u22120.5", "< 0.001", "12", "94.6\u202f% (93.8 to 95.3)", "3,640", "–"]),
        ("ru", ["\u22120,5", "< 0,001", "12", "94,6\u202f% (93,8–95,3)", "3\u202f640", "–"]),
    ],
)
def test_numbers_in_cells_are_sorted_as_a_language_writes_them(open_report, language, ordered):
    page = open_report(language)
    table = page.locator("#evenness-mlp table").first
    cut = "(body, n) => { while (body.rows.length > n) body.rows[n].remove(); }"
    table.locator("tbody").evaluate(cut, len(ordered))
    cells = table.locator("tbody td:last-child")
    for i, text in enumerate(sorted(ordered)):
        cells.nth(i).evaluate("(one, text) => { one.textContent = text; }", text)
    button = table.locator("thead button").last
    button.click()
    assert cells.all_inner_texts() == ordered
    button.click()
    assert cells.all_inner_texts() == [*ordered[-2::-1], "–"]


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize(("which", "width"), [("small", 1280), ("ru", 390)])
def test_axe_finds_no_serious_fault(open_report, which, width, look):
    page = open_report(which, width, look)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.locator('#s1-2 [data-cell="GG"]').click()
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []
