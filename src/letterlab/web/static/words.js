// The page's words, in files of their own: words.en.json, words.ru.json. An element with data-say="key" says that
// sentence, one with data-label="key" has it as its name for those who hear the page.
const LANGUAGES = ["en", "ru"];
const known = {};

export const language = () => document.documentElement.lang;

/** The sentence of a key, its {names} filled in; keys that are missing stand as they are. */
export function say(key, values = {}) {
  return (known[language()][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A share as a percentage; never 0 or 100, of which no network can be sure. */
export function percent(share) {
  const [low, high] = [share < 0.005, share > 0.995];
  return `${low ? "<\u202f1" : high ? ">\u202f99" : Math.round(100 * share)}\u202f%`;
}

/** Speaks the language that was chosen earlier, or that the browser asks for first; calls `spoken` on each change. */
export async function beginToSpeak(spoken) {
  const wanted = [remembered("language"), ...navigator.languages.map((one) => one.slice(0, 2))];
  const buttons = [...document.querySelectorAll("[data-speak]")];
  const speak = async (chosen) => {
    known[chosen] ??= await (await fetch(new URL(`words.${chosen}.json`, import.meta.url))).json();
    document.documentElement.lang = chosen;
    document.title = say("head.name");
    for (const one of document.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
    for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", say(one.dataset.label));
    for (const one of buttons) one.setAttribute("aria-pressed", one.dataset.speak === chosen);
    spoken();
  };
  for (const one of buttons) {
    one.addEventListener("click", () => {
      remember("language", one.dataset.speak);
      speak(one.dataset.speak);
    });
  }
  await speak(wanted.find((one) => LANGUAGES.includes(one)) ?? "en");
  document.documentElement.classList.remove("speechless");
}
