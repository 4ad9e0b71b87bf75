// A reader: asks the server that gave this page. A reader in the browser itself has the same function `read`.
import { ReadingError } from "./reading-error.js";

// The problems, as the server names them, that the page has words of its own for.
const TOLD = ["not-a-picture", "unsupported", "damaged", "too-small", "too-large", "busy", "slow", "token"];

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
  if (!response.ok) throw new ReadingError(TOLD.includes(said.problem) ? said.problem : "server", said.error);
  return said.pictures[0];
}

const png = (canvas) => new Promise((done) => canvas.toBlob(done, "image/png"));
