// Without JavaScript the page is whole: in one language and as the system looks, tables as they were written, letters
// folded, the matrix without its pictures. What needs JavaScript is marked data-scripted, and hidden until here.
const pictures = JSON.parse(document.getElementById("cells").textContent);
const all = (within, selector) => [...within.querySelectorAll(selector)];
const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const language = () => document.documentElement.lang;

// Languages: each has a body of its own, with the same ids. What is open, chosen and sorted stays so, and what is read
// stays in sight.
const bodies = { [language()]: document.querySelector(".report") };

function speak(chosen) {
  const [last, next] = [bodies[language()], body(chosen)];
  if (last === next) return;
  all(last, "details").forEach((one, i) => (all(next, "details")[i].open = one.open));
  const above = all(last, "[id]").filter((one) => one.getClientRects().length && one.getBoundingClientRect().top < 90);
  const read = above.at(-1)?.id;
  const top = (id) => document.getElementById(id).getBoundingClientRect().top;
  const before = read && top(read);
  last.replaceWith(next);
  document.documentElement.lang = chosen;
  document.title = next.dataset.title;
  all(last, ".matrix").forEach((one, i) => shows.get(all(next, ".matrix")[i])(one.querySelector(".chosen")?.dataset.cell));
  const headings = all(next, "thead th");
  all(last, "thead th").forEach((one, i) => {
    if (one.hasAttribute("aria-sort")) sort(headings[i], one.getAttribute("aria-sort"));
  });
  if (read) scrollBy({ top: top(read) - before, behavior: "instant" });
  press(next);
}

function body(chosen) {
  if (!(chosen in bodies)) {
    const waiting = document.querySelector(`template[data-language="${chosen}"]`);
    bodies[chosen] = document.adoptNode(waiting.content.firstElementChild);
    enliven(bodies[chosen]);
  }
  return bodies[chosen];
}

// The switches show what is chosen.
function press(report) {
  const { look } = document.documentElement.dataset;
  for (const one of all(report, "[data-look]")) one.setAttribute("aria-pressed", one.dataset.look === look);
}

function switches(report) {
  for (const one of all(report, "[data-speak]")) {
    one.addEventListener("click", () => {
      speak(one.dataset.speak);
      remember(`language:${location.pathname}`, one.dataset.speak);
      bodies[language()].querySelector(`[data-speak="${one.dataset.speak}"]`).focus({ preventScroll: true });
    });
  }
  for (const one of all(report, "[data-look]")) {
    one.addEventListener("click", () => {
      setLook(one.dataset.look);
      remember("look", one.dataset.look);
      press(report);
    });
  }
}

// Tables sort by the heading that is pressed: by what a cell gives as its value, or the number that it begins with, or
// its text. What is not known stays below.
function sortable(table) {
  for (const heading of all(table, "thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      sort(heading, heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
    });
  }
}

function sort(heading, order) {
  const table = heading.closest("table");
  for (const other of all(table, "thead th")) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", order);
  const rows = [...table.tBodies[0].rows].map((row) => [value(row.cells[heading.cellIndex]), row]);
  rows.sort(([one], [other]) => compared(one, other, order === "descending" ? -1 : 1));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function value(cell) {
  if (cell.dataset.value !== undefined) return number(cell.dataset.value);
  const text = cell.textContent.trim();
  if (text === "–") return null;
  const [, written] = /^(?:<\s*)?([-+\u2212]?[\d.,\u202f]+)(?=$|[\s(%])/.exec(text) ?? [];
  if (!written) return text;
  const plain = written.replaceAll("\u202f", "").replace("\u2212", "-");
  return number(language() === "ru" ? plain.replace(",", ".") : plain.replaceAll(",", ""));
}

const number = (text) => (isNaN(text) ? text : Number(text));

function compared(one, other, way) {
  if (one === null || other === null) return (one === null) - (other === null);
  if (typeof one === "number" && typeof other === "number") return way * (one - other);
  return way * String(one).localeCompare(String(other), language(), { numeric: true });
}

// The matrix is a grid, as ARIA knows it: one stop of the Tab key, inside it the arrow keys go to the next cell that
// holds something. A cell that is chosen shows its pictures beside the matrix.
const shows = new WeakMap(); // by matrix: what shows a cell of it, or none

function matrix(whole) {
  const [svg, grid, shown] = [".scroll > svg", ".cells", ".shown"].map((one) => whole.querySelector(one));
  const [title, strip, first] = [".title", ".strip", ".first"].map((one) => shown.querySelector(one));
  const invitation = title.textContent;
  const held = pictures[whole.dataset.family];
  const places = gridded(svg, grid);
  let chosen = null;

  const settle = (to) => {
    for (const one of places.values()) one.setAttribute("tabindex", one === to ? 0 : -1);
  };
  const show = (name) => {
    chosen?.classList.remove("chosen");
    chosen = places.get(name);
    chosen?.classList.add("chosen");
    title.textContent = chosen ? chosen.getAttribute("aria-label") : invitation;
    strip.replaceChildren(...(chosen ? drawn(held[name], name, shown.dataset.told) : []));
    const kind = !chosen ? "keys" : name[0] === name[1] ? "right" : "wrong";
    for (const one of ["keys", "right", "wrong"]) shown.querySelector(`.${one}`).hidden = one !== kind;
    shown.querySelector(".close").hidden = !chosen;
    const n = chosen && Number(chosen.querySelector("text").textContent);
    first.hidden = !chosen || held[name].length === n;
    if (!first.hidden) {
      const values = { shown: held[name].length, n: n.toLocaleString(language()) };
      first.textContent = filled(first.dataset.first, values);
    }
  };
  const choose = (name) => {
    if (!held[name]) return; // nothing was read so
    show(name);
    shown.focus({ preventScroll: true });
  };
  const close = () => {
    const back = chosen;
    show();
    back?.focus();
  };

  shows.set(whole, show);
  settle(places.get("AA"));
  // Not on the grid: an SVG element that listens for the focus can have it in Chromium.
  whole.addEventListener("focusin", (event) => grid.contains(event.target) && settle(places.get(placeOf(event.target))));
  grid.addEventListener("click", (event) => choose(placeOf(event.target)));
  grid.addEventListener("keydown", (event) => {
    const from = placeOf(event.target);
    if (event.key in STEPS) nextTo(places, from, STEPS[event.key])?.focus();
    else if ((event.key === "Enter" || event.key === " ") && held[from]) choose(from);
    else return;
    event.preventDefault();
  });
  whole.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  shown.querySelector(".close").addEventListener("click", close);
}

const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
const BEFORE = "@"; // comes before A: the column in which each row's letter stands

// Gives a matrix its roles: its columns are the rows' own letters, A to Z, and how many letters a row is. Returns what the
// arrow keys go to by row and column: GQ, or G@ for the letter G itself.
function gridded(svg, grid) {
  const places = new Map();
  svg.setAttribute("role", "group");
  grid.setAttribute("role", "grid");
  grid.setAttribute("aria-label", svg.getAttribute("aria-label"));
  grid.setAttribute("aria-colcount", 28);
  const [columns, ...rows] = grid.children;
  for (const row of grid.children) row.setAttribute("role", "row");
  const column = (letter) => letter.charCodeAt(0) - BEFORE.charCodeAt(0) + 1;
  for (const one of columns.children) {
    one.setAttribute("role", "columnheader");
    one.setAttribute("aria-colindex", column(one.textContent));
  }
  for (const row of rows) {
    for (const one of row.children) {
      one.setAttribute("role", "gridcell");
      if (!one.dataset.cell) continue;
      one.setAttribute("aria-label", one.querySelector("title").textContent);
      one.setAttribute("aria-colindex", column(one.dataset.cell[1]));
      places.set(one.dataset.cell, one);
    }
    row.firstChild.setAttribute("role", "rowheader");
    row.firstChild.setAttribute("aria-colindex", 1);
    row.lastChild.setAttribute("aria-colindex", 28);
    places.set(row.firstChild.textContent + BEFORE, row.firstChild.firstChild);
  }
  return places;
}

const placeOf = (within) => within.closest("[data-cell]")?.dataset.cell ?? within.textContent + BEFORE;

function nextTo(places, from, [down, right]) {
  let [row, column] = [from.charCodeAt(0), from.charCodeAt(1)];
  while (row >= 65 && row <= 90 && column >= 64 && column <= 90) {
    [row, column] = [row + down, column + right];
    const found = places.get(String.fromCharCode(row, column));
    if (found) return found;
  }
  return null;
}

// Pictures of a cell, each with the name of its file and how sure the network was, which is given in tenths of a percent.
function drawn(held, name, told) {
  return held.map(([place, file, tenths]) => {
    const sure = (digits) => `${(tenths / 10).toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits })}\u202f%`;
    const [figure, picture, caption, below] = ["figure", "span", "figcaption", "small"].map((one) => document.createElement(one));
    picture.className = "ink pic";
    picture.title = filled(told, { name: file, letter: name[0], answer: name[1], sure: sure(1) });
    picture.setAttribute("role", "img");
    picture.style.setProperty("--column", place % COLUMNS);
    picture.style.setProperty("--row", Math.floor(place / COLUMNS));
    below.textContent = file;
    caption.append(sure(0), below);
    figure.append(picture, caption);
    return figure;
  });
}

function enliven(report) {
  for (const one of all(report, "[data-scripted]")) one.hidden = false;
  all(report, "table.sortable").forEach(sortable);
  all(report, ".matrix").forEach(matrix);
  switches(report);
  press(report);
}
enliven(bodies[language()]);

// A link to what is folded away opens it.
function reveal(id) {
  for (let one = document.getElementById(id); one; one = one.parentElement) {
    if (one.tagName === "DETAILS") one.open = true;
  }
}
function target() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return ""; // a mangled address leads nowhere
  }
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link) reveal(link.getAttribute("href").slice(1));
});
addEventListener("hashchange", () => reveal(target()));
reveal(target());
if (remembered(`language:${location.pathname}`)) speak(remembered(`language:${location.pathname}`));

// What is folded away on the screen stands open on paper. Not what else was found of the other networks, which would
// double the pages: that is printed, unfolded as all else, where a reader opened it. Of the letters' own pages only the
// one asked about is.
let opened = [];
addEventListener("beforeprint", () => {
  opened = all(document, "details:not([open])").filter((one) => !one.closest(".others, .findings:not([open])"));
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
});
