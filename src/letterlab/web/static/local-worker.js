// A thread beside the page's, so that strokes are drawn while pictures are read. It is told {id, picture, single,
// explain} or {id, stop: true}, and says {id, reading} or {id, problem, message}.
import { decode, greyOf } from "./decoding.js";
import { ReadingError } from "./reading-error.js";
import { openRecogniser } from "./recogniser.js";

const underWay = new Map(); // id: AbortController
const recogniser = openRecogniser();

addEventListener("message", async ({ data: { id, stop, picture, ...how } }) => {
  if (stop) return underWay.get(id)?.abort();
  const stopping = new AbortController();
  underWay.set(id, stopping);
  try {
    const grey = picture instanceof ImageData ? greyOf(picture) : await decode(picture);
    const reading = await (await recogniser).read(grey, { ...how, signal: stopping.signal });
    postMessage({ id, reading });
  } catch (error) {
    if (!stopping.signal.aborted) postMessage({ id, problem: "page", message: "", ...refusal(error, picture) });
  } finally {
    underWay.delete(id);
  }
});

function refusal(error, { name }) {
  if (!(error instanceof ReadingError)) return console.error(error);
  return { problem: error.problem, message: `${name}: ${error.message}.` };
}
