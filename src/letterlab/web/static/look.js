"use strict";
// A plain script that runs before anything is drawn, so that a look chosen earlier does not flash up in the other. What
// it declares is there for the modules too.
const remember = (key, value) => {
  try {
    localStorage.setItem(`letterlab-${key}`, value);
  } catch {} // a browser may keep nothing
};
const remembered = (key) => {
  try {
    return localStorage.getItem(`letterlab-${key}`);
  } catch {
    return null;
  }
};
// Nothing is shown without its words, which come later: it would move when they do. words.js ends this.
document.documentElement.classList.add("speechless");
// The dark colours stand in a style sheet of their own; the look is when that applies.
{
  const dark = document.getElementById("dark");
  const LOOKS = { system: dark.media, light: "not all", dark: "screen" };
  // What is painted rather than styled is painted anew on the event "look".
  const changed = () => document.dispatchEvent(new Event("look"));
  const set = (look) => {
    dark.media = LOOKS[look];
    for (const one of document.querySelectorAll("[data-look]")) {
      one.setAttribute("aria-pressed", one.dataset.look === look);
    }
    changed();
  };
  const chosen = () => (remembered("look") in LOOKS ? remembered("look") : "system");
  set(chosen());
  document.addEventListener("DOMContentLoaded", () => set(chosen()));
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-look]");
    if (!button) return;
    remember("look", button.dataset.look);
    set(button.dataset.look);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}
