// Reads letters with the network, which ONNX Runtime runs in the browser: recognise/recogniser.py in the browser's
// language. What is done and why stands there.
import { env, InferenceSession, Tensor } from "./onnxruntime-web/ort.js";
import { readLine } from "./grouping.js";
import { boxOf, findInk, prepare, SIDE } from "./ink.js";
import { occlusion } from "./saliency.js";
import { findLines } from "./segment.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ONE_LETTER = 64;
const CANDIDATES = 3;
const BATCH = 16; // pictures that the network sees at a time: between two batches something newer can come first
const EXPLAINED = 256; // letters of a picture that are explained; those after them come without

const here = (name) => new URL(name, import.meta.url).href;
const rounded = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits;

// Many web servers know no .mjs, and none of them several cores for a page without headers of its own.
env.wasm.numThreads = 1;
env.wasm.wasmPaths = { mjs: here("onnxruntime-web/ort-wasm.js"), wasm: here("onnxruntime-web/ort-wasm.wasm") };

/** Opens the network. */
export async function openRecogniser() {
  const said = await fetch(here("network.json"));
  return new Recogniser(await InferenceSession.create(here("letters.onnx")), await said.json());
}

class Recogniser {
  #session;
  #said; // what the network's file says of itself: {no_letter, refusal}
  #free = Promise.resolve(); // when the network is

  constructor(session, said) {
    this.#session = session;
    this.#said = said;
  }

  /** What the network says of each of some prepared pictures; `signal` stops it between batches. */
  async probabilities(pictures, signal) {
    const said = [];
    for (let start = 0; start < pictures.length; start += BATCH) {
      await new Promise((heard) => setTimeout(heard)); // whether something was said to this thread meanwhile
      signal?.throwIfAborted();
      const asked = this.#free.then(() => this.#run(pictures.slice(start, start + BATCH)));
      this.#free = asked.catch(() => {});
      said.push(...(await asked));
    }
    return said;
  }

  async #run(pictures) {
    const all = new Uint8Array(pictures.length * SIDE * SIDE);
    pictures.forEach(({ data }, i) => all.set(data, i * SIDE * SIDE));
    const asked = new Tensor("uint8", all, [pictures.length, SIDE, SIDE]);
    const { data, dims } = (await this.#session.run({ pictures: asked })).probabilities;
    return pictures.map((_, i) => data.slice(i * dims[1], (i + 1) * dims[1]));
  }

  /** The letters of a grey picture, upright: {text, letters}, as POST /v1/read gives them. */
  async read(grey, { single, explain, signal }) {
    const { ink, shrink } = findInk(grey);
    const [text, letters] =
      single || Math.max(grey.width, grey.height) < ONE_LETTER
        ? await this.#oneLetter(ink, shrink, grey, signal)
        : await this.#lines(ink, shrink, grey, signal);
    for (const letter of explain ? letters.slice(0, EXPLAINED) : []) await this.#explain(letter, signal);
    return { text, letters: letters.map(({ prepared, ...said }) => said) };
  }

  async #lines(ink, shrink, grey, signal) {
    const [text, letters] = [[], []];
    for (const line of findLines(ink)) {
      let said = "";
      for (const group of await readLine(line, (pictures) => this.probabilities(pictures, signal))) {
        const letter = this.#letter(group.probabilities, group.picture, enlarged(group.mark.box, shrink, grey));
        said += (group.spaceBefore ? " " : "") + (letter.letter ?? "?");
        letters.push(letter);
      }
      if (said) text.push(said);
    }
    return [text.join("\n"), letters];
  }

  async #oneLetter(ink, shrink, grey, signal) {
    const prepared = prepare(ink);
    const box = boxOf(ink);
    if (box) {
      const [probabilities] = await this.probabilities([prepared], signal);
      const letter = this.#letter(probabilities, prepared, enlarged(box, shrink, grey));
      return [letter.letter ?? "?", [letter]];
    }
    const candidates = [...LETTERS].slice(0, CANDIDATES).map((letter) => ({ letter, probability: 0 }));
    return ["?", [{ letter: null, probability: 0, candidates, box: [0, 0, grey.width, grey.height], prepared }]];
  }

  #letter(probabilities, prepared, box) {
    const order = [...LETTERS].map((_, i) => i).sort((one, other) => probabilities[other] - probabilities[one]);
    const candidates = order
      .slice(0, CANDIDATES)
      .map((i) => ({ letter: LETTERS[i], probability: rounded(probabilities[i], 6) }));
    const refused = this.#said.no_letter && probabilities.at(-1) > this.#said.refusal;
    const [{ letter, probability }] = candidates;
    return { letter: refused ? null : letter, probability, candidates, box, prepared };
  }

  // What the network saw, and which of it decided for the likeliest letter.
  async #explain(letter, signal) {
    const index = LETTERS.indexOf(letter.candidates[0].letter);
    const probability = async (pictures) => (await this.probabilities(pictures, signal)).map((said) => said[index]);
    const saliency = await occlusion(letter.prepared, probability);
    letter.picture = rows(letter.prepared.data);
    letter.saliency = rows(saliency.map((fall) => rounded(fall, 3)));
  }
}

const rows = (values) => Array.from({ length: SIDE }, (_, y) => [...values.slice(y * SIDE, (y + 1) * SIDE)]);

// A box in pixels of the ink, in pixels of the picture.
function enlarged(box, shrink, { width, height }) {
  const [left, top, wide, high] = box.map((length) => length * shrink);
  return [left, top, Math.min(wide, width - left), Math.min(high, height - top)];
}
