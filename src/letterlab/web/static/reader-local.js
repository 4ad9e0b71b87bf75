// A reader: reads in the browser itself, in a thread of its own. The page served by `letterlab serve` asks its server
// instead: reader-http.js has the same function `read`.
import { ReadingError } from "./reading-error.js";

const worker = new Worker(new URL("local-worker.js", import.meta.url), { type: "module" });
const waiting = new Map(); // id: {done, failed}
let broken = false;
let asked = 0;

worker.addEventListener("message", ({ data: { id, reading, problem, message } }) => {
  if (reading) waiting.get(id)?.done(reading);
  else waiting.get(id)?.failed(new ReadingError(problem, message));
  waiting.delete(id);
});
// It could not be loaded: nothing will ever come of it.
worker.addEventListener("error", () => {
  broken = true;
  for (const { failed } of waiting.values()) failed(new ReadingError("page"));
  waiting.clear();
});

/**
 * What stands in a picture (a file, or a canvas as it is at this moment): {text, letters}, as POST /v1/read gives it.
 * `single`: the whole picture is one letter. `explain`: with what the network saw and what decided. `signal` stops it.
 */
export function read(picture, { single, explain, signal }) {
  if (broken) return Promise.reject(new ReadingError("page"));
  const id = asked++;
  return new Promise((done, failed) => {
    waiting.set(id, { done, failed });
    signal?.addEventListener("abort", () => {
      if (!waiting.delete(id)) return;
      worker.postMessage({ id, stop: true });
      failed(signal.reason);
    });
    const said = picture instanceof HTMLCanvasElement ? pixels(picture) : picture;
    worker.postMessage({ id, picture: said, single, explain });
  });
}

const pixels = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
