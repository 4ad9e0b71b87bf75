"use strict";
// Runs before anything is drawn, so that a look chosen earlier does not flash up in the other.
const remember = (key, value) => {
  try {
    localStorage.setItem(`letterlab-${key}`, value);
  } catch {} // a browser may keep nothing for files
};
const remembered = (key) => {
  try {
    return localStorage.getItem(`letterlab-${key}`);
  } catch {
    return null;
  }
};
// The dark colours stand in a style sheet of their own; the look is when that applies. Paper is always light.
const dark = document.getElementById("dark");
const LOOKS = { system: dark.media, light: "not all", dark: "screen" };
const setLook = (look) => {
  document.documentElement.dataset.look = look;
  dark.media = LOOKS[look];
};
setLook(remembered("look") in LOOKS ? remembered("look") : "system");
