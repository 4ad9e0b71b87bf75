// What was read, as a list of letters to choose from, in their lines and words: one stop of the Tab key, inside it the
// arrow keys.
import { percent, say } from "./words.js";

export function makeLetters(list, choose) {
  let boxes = [];
  let lines = []; // of positions of letters
  let text = null;

  list.addEventListener("click", ({ target }) => {
    const option = target.closest("[role=option]");
    if (option) choose(Number(option.dataset.letter));
  });
  list.addEventListener("keydown", (event) => {
    const [from, to] = [Number(document.activeElement.dataset.letter), next(event.key)];
    if (to === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (to !== from) choose(to);
    list.querySelector("[aria-selected=true]").focus();
  });

  function next(key) {
    const at = Number(document.activeElement.dataset.letter);
    const row = lines.findIndex((line) => line.includes(at));
    const middle = ([x, , width]) => x + width / 2;
    const nearest = (line) => {
      const far = (i) => Math.abs(middle(boxes[i]) - middle(boxes[at]));
      return line?.reduce((one, other) => (far(other) < far(one) ? other : one)) ?? at;
    };
    const end = boxes.length - 1;
    return (
      {
        ArrowLeft: Math.max(at - 1, 0),
        ArrowRight: Math.min(at + 1, end),
        ArrowUp: nearest(lines[row - 1]),
        ArrowDown: nearest(lines[row + 1]),
        Home: 0,
        End: end,
      }[key] ?? null
    );
  }

  return (reading, selected) => {
    boxes = reading.letters.map(({ box }) => box);
    if (reading.text !== text) list.replaceChildren(...laid(reading)); // else the focus stays where it is
    text = reading.text;
    list.querySelectorAll("[role=option]").forEach((option, i) => {
      option.setAttribute("aria-selected", i === selected);
      option.tabIndex = i === selected ? 0 : -1;
      const { letter, probability } = reading.letters[i];
      option.setAttribute("aria-label", letter ? `${letter}, ${percent(probability)}` : say("verdict.none"));
    });
  };

  function laid({ text, letters }) {
    lines = [];
    let i = 0;
    return text.split("\n").map((line) => {
      const [row, places] = [document.createElement("div"), []];
      row.role = "presentation";
      for (const word of line.split(" ")) {
        const group = document.createElement("span");
        group.role = "presentation";
        for (const sign of word) {
          const option = document.createElement("span");
          option.role = "option";
          option.textContent = sign;
          option.dataset.letter = i;
          option.classList.toggle("none", letters[i].letter === null);
          group.append(option);
          places.push(i++);
        }
        row.append(group);
      }
      if (places.length) lines.push(places);
      return row;
    });
  }
}
