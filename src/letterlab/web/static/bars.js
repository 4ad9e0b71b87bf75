// The likeliest letters as bars.
import { percent } from "./words.js";

const ROWS = 3;

export function makeBars(list) {
  const rows = Array.from({ length: ROWS }, () => {
    const row = document.createElement("li");
    const [letter, bar, share] = ["letter", "bar", "share"].map((name) => {
      const part = document.createElement("span");
      part.className = name;
      return part;
    });
    row.append(letter, bar, share);
    list.append(row);
    return { row, letter, share };
  });
  return (candidates) => {
    rows.forEach(({ row, letter, share }, i) => {
      const one = candidates[i];
      letter.textContent = one?.letter ?? "";
      share.textContent = one ? percent(one.probability) : "";
      row.style.setProperty("--share", one?.probability ?? 0);
    });
  };
}
