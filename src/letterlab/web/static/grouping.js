// Which marks of a line are one letter: recognise/grouping.py in the browser's language. What is done and why stands
// there.
import { prepare } from "./ink.js";
import { join, typical } from "./segment.js";

const LETTERS = 26;
const MOST_MARKS = 4;
const LEAST_PROBABILITY = Math.fround(1e-6);
const JOINING = 0.3;
const JOINING_OVER_A_GAP = 4.0;
const JOINING_OVERLAPPED = -2.0;
const LEAVING_OUT = 2.0;

/**
 * The letters of a line from left to right, each {mark, picture, probabilities, spaceBefore}.
 *
 * @param marks one line of `findLines`
 * @param score (pictures) => Promise of what the network says of each of these prepared pictures
 */
export async function readLine(marks, score) {
  if (!marks.length) return [];
  const size = typical(marks);
  const spans = marks.flatMap((_, i) => spansTo(i + 1, marks, size));
  const joined = spans.map(({ first, end }) => join(marks.slice(first, end)));
  const pictures = joined.map(({ ink }) => prepare(ink));
  const probabilities = await score(pictures);
  const gains = spans.map(({ first, end }, i) => {
    const best = Math.max(...probabilities[i].slice(0, LETTERS), LEAST_PROBABILITY);
    return Math.log(best) * (end - first);
  });
  const path = bestPath(spans, gains, marks.map((mark) => isSmall(mark, size)));
  const spaces = spacesBefore(path.map((number) => joined[number].box), size);
  return path.map((number, i) => ({
    mark: joined[number],
    picture: pictures[number],
    probabilities: probabilities[number],
    spaceBefore: spaces[i],
  }));
}

const isSmall = ({ box: [, , width, height] }, size) => 3 * Math.max(width, height) < size;

// The spans that end before a mark's number, the shortest first.
function spansTo(end, marks, size) {
  const [x, , width] = marks[end - 1].box;
  let [left, right, price] = [x, x + width, 0];
  const spans = isSmall(marks[end - 1], size) ? [] : [{ first: end - 1, end, price }];
  for (let first = end - 2; first > Math.max(end - 1 - MOST_MARKS, -1); first--) {
    const [x, , width] = marks[first].box;
    const gap = left - x - width;
    const over = Math.min(Math.max(-gap, 0), width, right - left);
    [left, right] = [Math.min(left, x), Math.max(right, x + width)];
    if (3 * gap > size || 2 * (right - left) > 3 * size) break;
    price += JOINING + (JOINING_OVER_A_GAP * Math.max(gap, 0)) / size;
    price += (JOINING_OVERLAPPED * over) / Math.min(width, right - left);
    spans.push({ first, end, price });
  }
  return spans;
}

// Numbers of the spans that make up the likeliest way through all marks, from left to right.
function bestPath(spans, gains, small) {
  const likelihood = [0, ...small.map(() => -Infinity)];
  const last = likelihood.map(() => null);
  let number = 0;
  for (let end = 1; end <= small.length; end++) {
    if (small[end - 1]) likelihood[end] = likelihood[end - 1] - LEAVING_OUT;
    for (; spans[number]?.end === end; number++) {
      const through = likelihood[spans[number].first] + gains[number] - spans[number].price;
      if (through > likelihood[end]) [likelihood[end], last[end]] = [through, number];
    }
  }
  const path = [];
  for (let end = small.length; end; end = last[end] === null ? end - 1 : spans[last[end]].first) {
    if (last[end] !== null) path.unshift(last[end]);
  }
  return path;
}

// Before which letters a word begins.
function spacesBefore(boxes, size) {
  const gaps = boxes.slice(1).map(([x], i) => x - boxes[i][0] - boxes[i][2]);
  const usual = [...gaps].sort((one, other) => one - other)[(gaps.length - 1) >> 1] ?? 0;
  return [false, ...gaps.map((gap) => 5 * gap >= 3 * size && (gap >= 2 * usual || 2 * gap >= 3 * size))];
}
