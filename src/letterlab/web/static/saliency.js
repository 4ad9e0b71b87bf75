// Which strokes decided: recognise/saliency.py in the browser's language. What is done and why stands there.
import { crop, sum } from "./raster.js";
import { SIDE } from "./ink.js";

const STRIDE = 3;
const REACH = 2; // to each side of a window's middle
const LEAST = 2 * 255;

/**
 * By how much hiding each place of a prepared picture lowers a probability: 28x28 shares of the greatest fall.
 *
 * @param probability (pictures) => Promise of that of the letter in question, for each of these prepared pictures
 */
export async function occlusion(picture, probability) {
  const windows = [];
  for (let y = STRIDE >> 1; y < SIDE; y += STRIDE) {
    for (let x = STRIDE >> 1; x < SIDE; x += STRIDE) {
      const [left, top] = [Math.max(x - REACH, 0), Math.max(y - REACH, 0)];
      const box = [left, top, Math.min(x + REACH + 1, SIDE) - left, Math.min(y + REACH + 1, SIDE) - top];
      if (sum(crop(picture, box)) >= LEAST) windows.push({ x, y, box });
    }
  }
  const said = await probability([...windows.map(({ box }) => hidden(picture, box)), picture]);
  const whole = said.at(-1);
  const fell = windows.map((_, i) => Math.max(Math.fround(whole - said[i]), 0));
  const found = new Float64Array(SIDE * SIDE);
  if (!fell.some((fall) => fall)) return found;
  const near = (distance) => Math.exp(-(distance ** 2) / (2 * REACH ** 2));
  for (let i = 0; i < found.length; i++) {
    if (!picture.data[i]) continue;
    let [sums, shares] = [0, 0];
    windows.forEach(({ x, y }, k) => {
      const share = near(y - Math.floor(i / SIDE)) * near(x - (i % SIDE));
      sums += fell[k] * share;
      shares += share;
    });
    found[i] = sums / shares;
  }
  const most = Math.max(...found);
  return found.map((fall) => fall / most);
}

function hidden({ width, height, data }, [left, top, wide, high]) {
  const made = data.slice();
  for (let y = top; y < top + high; y++) made.fill(0, y * width + left, y * width + left + wide);
  return { width, height, data: made };
}
