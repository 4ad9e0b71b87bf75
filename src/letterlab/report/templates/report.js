"use strict";
// Tables sort by the heading that is pressed; without JavaScript they stay in the order they were written in.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const compare = (one, other) => {
        const [a, b] = [value(one), value(other)];
        return isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
      };
      const rows = [...body.rows].sort(compare);
      body.append(...(descending ? rows.reverse() : rows));
    });
  });
}
// What is folded away on the screen stands open on paper.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
});
