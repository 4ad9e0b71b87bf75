// A reader: asks the server that gave this page. A reader in the browser itself has the same function `read`.
import { ReadingError } from "./reading-error.js";

const PROBLEMS = { 401: "token", 408: "slow", 413: "too-large", 415: "not-a-picture", 422: "damaged", 429: "busy" };

/**
 * What stands in a picture (a file, or a canvas as it is at this moment): {text, letters}, as POST /v1/read gives it.
 * `single`: the whole picture is one letter. `explain`: with what the network saw and what decided. `signal` stops it.
 */
export async function read(picture, { single, explain, signal }) {
  const body = new FormData();
  if (picture instanceof HTMLCanvasElement) body.append("picture", await png(picture), "drawing.png");
  else body.append("picture", picture, picture.name);
  const address = new URL(`v1/read?${new URLSearchParams({ single, explain })}`, document.baseURI);
  const response = await fetch(address, { method: "POST", body, signal }).catch((error) => {
    throw signal?.aborted ? error : new ReadingError("unreachable");
  });
  const said = await response.json().catch(() => ({}));
  const message = said.error ?? said.pictures?.[0].error;
  if (!response.ok || message) throw new ReadingError(PROBLEMS[response.status] ?? "server", message);
  return said.pictures[0];
}

const png = (canvas) => new Promise((done) => canvas.toBlob(done, "image/png"));
