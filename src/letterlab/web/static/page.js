// The page: what is drawn or chosen goes to a reader, and what it answers is shown.
import { makeBars } from "./bars.js";
import { makeBoxes } from "./boxes.js";
import { Drawing, SHEET } from "./canvas.js";
import { paintDecided, paintSeen } from "./grid.js";
import { makeLetters } from "./letters.js";
import { Newest } from "./newest.js";
import { Pictures, unread } from "./pictures.js";
import { beginToSpeak, language, percent, say } from "./words.js";

const kind = document.querySelector("meta[name=letterlab-reader]").content;
const { read } = await import(`./reader-${kind}.js`);

const $ = (id) => document.getElementById(id);
const CALM = 700; // milliseconds without a change before an answer is told to those who hear the page

// What is shown: the drawing, or a picture. Each has its own answer to whether it is one letter or several.
const drawn = unread();
let shown = drawn;
const source = () => (shown === drawn ? "drawing" : "pictures");
const several = { drawing: false, pictures: true };
const widths = { false: 14, true: 7 }; // of the pen, for one letter and for several

const drawing = new Drawing($("pen"), $("cross"), (grown) => {
  if (!grown) forget();
  if (newest.asked?.explain) newest.forget(); // of what is no longer so
  if (drawing.strokes.length) newest.want({ explain: false });
  if (!drawn.reading && !drawn.error) $("verdict").textContent = verdict();
  showTools();
});

// While one draws the answer alone is asked for; when that is there, and no newer one wanted, also what the network saw
// and what decided.
const newest = new Newest(
  ({ explain }, signal) => read(drawing.paper(), { single: !several.drawing, explain, signal }),
  (reading, { explain }) => {
    // The letter drawn last is chosen; the same letters once more leave the choice alone.
    const selected = reading.text === drawn.reading?.text ? drawn.selected : reading.letters.length - 1;
    Object.assign(drawn, { reading, explained: explain, selected, error: null });
    if (!explain && !newest.waits) newest.want({ explain: true });
    show();
  },
  (error) => {
    Object.assign(drawn, unread(), { error });
    show();
  },
);

function forget() {
  newest.forget();
  Object.assign(drawn, unread());
  show();
}

const pictures = new Pictures(
  $("pictures"),
  (file, explain, signal) => read(file, { single: !several.pictures, explain, signal }),
  (one) => {
    if (one === pictures.chosen) turnTo(one);
    else pictures.say(shown);
  },
);

function take(files) {
  if (files.length) pictures.take([...files]);
  else $("error").textContent = say("error.no-picture");
}

function turnTo(one) {
  shown = one;
  const isDrawing = one === drawn;
  for (const id of ["pen", "tools"]) $(id).hidden = !isDrawing;
  for (const id of ["picture", "draw"]) $(id).hidden = isDrawing;
  if (!isDrawing && $("picture").getAttribute("src") !== one.address) {
    $("picture").src = one.address;
    $("picture").alt = one.file.name;
  }
  show();
}

const showBars = makeBars($("bars"));
const showLetters = makeLetters($("letters"), choose);
const showBoxes = makeBoxes($("boxes"), choose);

function choose(letter) {
  shown.selected = letter;
  show();
}

function show() {
  const { reading, selected, error } = shown;
  const letters = reading?.letters ?? [];
  const letter = letters[selected];
  const many = several[source()] || letters.length > 1;
  $("error").textContent = error ? sentence(error) : "";
  $("text").hidden = !many || !letters.length;
  if (!$("text").hidden) showLetters(reading, selected);
  $("glyph").textContent = letter ? (letter.letter ?? "?") : "";
  $("glyph").classList.toggle("none", letter?.letter === null);
  $("verdict").textContent = verdict(letter);
  $("verdict").classList.toggle("idle", !letter);
  $("candidates").textContent = say(letter?.letter === null ? "bars.nearest" : "bars.title");
  showBars(letter?.candidates ?? []);
  showGrids(letter);
  showSheet(many ? letters : [], selected);
  pictures.say(shown);
  showTools();
  if (!reading) $("told").textContent = "";
  tell();
}

function verdict(letter) {
  if (letter) return letter.letter ? say("verdict.sure", { share: percent(letter.probability) }) : say("verdict.none");
  if (shown.error) return "";
  if (shown.reading) return say("verdict.empty");
  return say(drawing.strokes.length || shown !== drawn ? "verdict.reading" : "verdict.waiting");
}

function showGrids(letter) {
  // What was painted of a drawing stays until the newer one is there, or it would flicker.
  const old = shown === drawn && letter && !shown.explained;
  $("grids").classList.toggle("old", old);
  if (old) return;
  paintSeen($("seen"), letter?.picture);
  paintDecided($("decided"), letter?.picture, letter?.saliency);
  const name = letter?.letter ?? letter?.candidates[0]?.letter;
  const fell = letter?.saliency?.some((row) => row.some((drop) => drop > 0));
  const key = !letter?.saliency ? "decided.about" : fell ? "decided.fall" : "decided.nothing";
  $("fall").textContent = say(key, { letter: name });
}

function showSheet(letters, selected) {
  const isDrawing = shown === drawn;
  const { naturalWidth: width, naturalHeight: height } = $("picture");
  const size = isDrawing ? SHEET : { width, height };
  $("sheet").classList.toggle("drawn", isDrawing);
  $("sheet").classList.toggle("unseen-picture", !isDrawing && !width); // a kind that the browser does not know
  $("sheet").classList.toggle("small", !isDrawing && Math.max(width, height) < 200);
  $("sheet").style.aspectRatio = isDrawing || !width ? "" : Math.min(Math.max(width / height, 0.7), 2.5);
  showBoxes(size.width ? letters : [], size, selected);
}

function showTools() {
  $("hint").hidden = shown !== drawn || drawing.strokes.length > 0;
  $("undo").disabled = !drawing.canUndo;
  $("redo").disabled = !drawing.canRedo;
  $("clear").disabled = !drawing.strokes.length;
  for (const one of document.querySelectorAll("[data-many]")) {
    one.setAttribute("aria-pressed", (one.dataset.many === "several") === several[source()]);
  }
  $("width").value = drawing.width;
  $("width").setAttribute("aria-valuetext", say("pen.units", { width: drawing.width }));
}

// The reader's own words where they are in the page's language; else the page's, by the kind of problem.
function sentence({ problem, message }) {
  if (language() === "en" && message) return message;
  const what = say(`error.${problem ?? "page"}`);
  return shown === drawn ? what : `${shown.file.name}: ${what}`;
}

let telling;
function tell(now = null) {
  clearTimeout(telling);
  telling = setTimeout(
    () => {
      if (drawing.underWay) return tell();
      const { reading, selected } = shown;
      const one = reading?.letters[selected];
      const said = now ?? (reading?.letters.length > 1 ? reading.text : (one?.letter ? `${one.letter}, ` : "") + verdict(one));
      if (reading && $("told").textContent !== said) $("told").textContent = said;
    },
    now ? 0 : CALM,
  );
}

async function copy() {
  const { text } = shown.reading;
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyAsBefore(text);
  $("copy").textContent = say("letters.copied");
  tell(say("letters.copied"));
  setTimeout(() => ($("copy").textContent = say("letters.copy")), 1500);
}

// Browsers give the clipboard only to pages from this machine or over TLS.
function copyAsBefore(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  $("copy").focus();
}

$("undo").addEventListener("click", () => drawing.undo());
$("redo").addEventListener("click", () => drawing.redo());
$("clear").addEventListener("click", () => drawing.clear());
$("width").addEventListener("input", () => {
  drawing.width = widths[several.drawing] = Number($("width").value);
  showTools();
});
for (const button of document.querySelectorAll("[data-many]")) {
  button.addEventListener("click", () => {
    several[source()] = button.dataset.many === "several";
    drawing.width = widths[several.drawing];
    if (shown !== drawn) return pictures.again();
    forget();
    if (drawing.strokes.length) newest.want({ explain: false });
  });
}
$("draw").addEventListener("click", () => {
  turnTo(drawn);
  $("pen").focus();
});
$("copy").addEventListener("click", copy);
$("choose").addEventListener("click", () => $("files").click());
$("files").addEventListener("change", () => {
  take($("files").files);
  $("files").value = ""; // the same file can be chosen again
});
for (const event of ["load", "error"]) $("picture").addEventListener(event, show);

document.addEventListener("keydown", (event) => {
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (shown !== drawn || event.altKey) return;
  if (control && key === "z") event.shiftKey ? drawing.redo() : drawing.undo();
  else if (control && key === "y") drawing.redo();
  else if (!control && event.key === "Delete") drawing.clear();
  else return;
  event.preventDefault();
});
document.addEventListener("paste", ({ clipboardData }) => take(clipboardData.files));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", ({ relatedTarget }) => {
  if (!relatedTarget) document.body.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  take(event.dataTransfer.files);
});
document.addEventListener("look", () => show());

await beginToSpeak(() => {
  $("privacy").textContent = say(`privacy.${kind}`);
  $("copy").textContent = say("letters.copy");
  show();
});
