// Grey pixels to ink, and ink to the 28x28 that the network sees: recognise/ink.py in the browser's language, number
// for number. What is done and why stands there.
import { blank, crop, grow, map, pieces, sum, windowMax, windowMin, windowSums } from "./raster.js";

export const SIDE = 28;
export const EDGE = 32;
const LONGEST = 2048;
const GRID = 256;
const CELLS = 64;
const DARKEST = 64;
const FAINTEST = 40;
const INNER = 24;
const WORK = 72;
const THIN = 7;
const LOWEST = Math.floor((255 * 255) / DARKEST) + 1; // more than depth can be below 0

const longest = ({ width, height }) => Math.max(width, height);
const clip = (value, low, high) => Math.min(Math.max(value, low), high);
const inverted = (picture) => map((value) => 255 - value, picture);

/** {ink, shrink} of a grey picture: 0 paper, 255 full ink; pixels of the picture to a pixel of the ink. */
export function findInk(picture) {
  const shrink = Math.ceil(longest(picture) / LONGEST);
  let grey = blockMeans(picture, shrink);
  const block = Math.ceil(longest(grey) / GRID);
  let grid = blockMeans(grey, block);
  if (!isDarkOnLight(grid)) [grey, grid] = [inverted(grey), inverted(grid)];
  const pool = Math.ceil(longest(grid) / CELLS);
  const depth = depthOf(grey, spread(paperOf(blockMaxima(grid, pool)), block * pool, grey));
  const counts = new Uint32Array(LOWEST + 256); // of pixels of each depth, from -LOWEST on
  for (const value of depth.data) counts[value + LOWEST]++;
  const quarter = quantile(counts, 25) - LOWEST;
  const scatter = quarter - (quantile(counts, 5) - LOWEST);
  const least = Math.max(16, quarter + 6 * scatter);
  const full = least < 256 ? quantile(counts.subarray(least + LOWEST), 95) + least : 0;
  if (full < Math.max(FAINTEST, quarter + 9 * scatter)) return { ink: blank(grey.width, grey.height), shrink };
  const deep = Math.max(least, full >> 2);
  const { labels, areas } = pieces(map((value) => value >= deep, depth));
  const certain = new Uint8Array(areas.length + 1);
  labels.data.forEach((label, i) => (certain[label] |= 3 * depth.data[i] > full));
  const fewest = Math.min(longest(grey) >> 5, 8);
  const kept = blank(grey.width, grey.height);
  labels.data.forEach((label, i) => (kept.data[i] = label && certain[label] && areas[label - 1] >= fewest));
  const ink = grow(kept);
  const share = (value) => clip(Math.floor((value * 255 + (full >> 1)) / full), 0, 255);
  ink.data.forEach((is, i) => (ink.data[i] = is && share(depth.data[i])));
  return { ink, shrink };
}

/** The letter as the network sees it: 28x28, all zeros without ink. */
export function prepare(ink) {
  const picture = blank(SIDE, SIDE);
  const box = boxOf(ink);
  if (!box) return picture;
  const [, , width, height] = box;
  const side = Math.max(width, height);
  const square = blank(side, side);
  paste(square, crop(ink, box), (side - width) >> 1, (side - height) >> 1);
  const inner = byArea(evenPen(byArea(square, WORK)), INNER);
  const brightest = Math.max(...inner.data);
  paste(picture, map((value) => Math.floor((value * 255 + (brightest >> 1)) / brightest), inner), 2, 2);
  return picture;
}

/** [x, y, width, height] around the ink of a letter; none where there is none. */
export function boxOf({ width, data }) {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  data.forEach((value, i) => {
    if (value < EDGE) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  return right < 0 ? null : [left, top, right - left + 1, bottom - top + 1];
}

function isDarkOnLight(grid) {
  const { width, height } = grid;
  const { highest, lowest, most } = extremes(grid);
  const votes = Array.from(grid.data, (value, i) => {
    const [high, low] = [highest.data[i], lowest.data[i]];
    return 2 * (high - low) >= most ? Math.sign(2 * value - high - low) : 0;
  });
  let [light, cast, border] = [0, 0, 0];
  for (const vote of votes) [light, cast] = [light + vote, cast + Math.abs(vote)];
  if (3 * Math.abs(light) >= cast) return light >= 0;
  const last = (height - 1) * width;
  for (let x = 0; x < width; x++) border += votes[x] + votes[last + x];
  for (let y = width; y < last; y += width) border += votes[y] + votes[y + width - 1];
  return light * 2 * (width + Math.max(height - 2, 0)) + border * cast >= 0;
}

function extremes(grid) {
  const radius = Math.ceil(longest(grid) / 4);
  const [highest, lowest] = [windowMax(grid, radius), windowMin(grid, radius)];
  return { highest, lowest, most: Math.max(...map((high, low) => high - low, highest, lowest).data) };
}

function paperOf(cells) {
  const { highest, lowest, most } = extremes(cells);
  const tolerance = Math.max(4, most >> 3);
  const isPaper = (value, high, low) => 2 * (high - low) < most || 2 * value >= high + low;
  let paper = map(isPaper, cells, highest, lowest);
  for (let i = 0; i < CELLS; i++) {
    const { means, counts } = meansOf(cells, paper, 2);
    const grown = map((value, mean, count) => count > 0 && value >= mean - tolerance, cells, means, counts);
    if (grown.data.every((value, j) => value === paper.data[j])) break;
    paper = grown;
  }
  let { means, counts } = meansOf(cells, paper, 1);
  for (let radius = 1; radius < longest(cells) && counts.data.some((count) => count < 4); ) {
    const more = meansOf(cells, paper, (radius *= 2));
    means = map((mean, count, wider) => (count < 4 ? wider : mean), means, counts, more.means);
    counts = map((count, wider) => (count < 4 ? wider : count), counts, more.counts);
  }
  return { ...cells, data: Uint8Array.from(means.data) };
}

// Of the cells that are paper in the squares about each, rounded half up, and how many they are.
function meansOf(values, paper, radius) {
  const counts = windowSums(paper, radius);
  const sums = windowSums(map((value, is) => value * is, values, paper), radius);
  return { means: map((total, n) => Math.floor((total + (n >> 1)) / Math.max(n, 1)), sums, counts), counts };
}

// How much darker than the paper, as a share of 255; below 0 where it is brighter.
function depthOf(grey, paper) {
  const depth = blank(grey.width, grey.height, Int16Array);
  for (let i = 0; i < depth.data.length; i++) {
    const base = Math.max(paper.data[i], DARKEST);
    depth.data[i] = Math.floor(((paper.data[i] - grey.data[i]) * 255 + (base >> 1)) / base);
  }
  return depth;
}

// The least value that so many percent of all, or more, do not exceed; 0 where nothing is counted.
function quantile(counts, percent) {
  const all = counts.reduce((one, other) => one + other, 0);
  let [value, upto] = [0, counts[0]];
  while (upto * 100 < all * percent) upto += counts[++value];
  return value;
}

function evenPen(work) {
  const squared = sum({ data: Array.from(work.data, (value) => value * value) });
  const level = Math.floor(squared / sum(work));
  if (level < 128) work = map((value) => Math.min(Math.floor((value * 128 ** 2) / Math.max(level, 1) ** 2), 255), work);
  const roomy = blank(work.width + 8, work.height + 8);
  paste(roomy, work, 4, 4);
  const area = sum(roomy);
  const grown = sum(grow(roomy)) + sum(grow(roomy, true)) - 2 * area;
  const lacking = THIN * 128 - Math.floor((4 * area * 128) / grown);
  if (lacking <= 0) return work;
  const [steps, share] = [lacking >> 8, lacking & 255];
  let thick = roomy;
  for (let step = 0; step < steps; step++) thick = grow(thick, step % 2 === 1);
  const mixed = (value, thicker) => (value * (256 - share) + thicker * share + 128) >> 8;
  const cut = 3 - steps;
  const side = thick.width - 2 * cut;
  return crop(map(mixed, thick, grow(thick, steps % 2 === 1)), [cut, cut, side, side]);
}

function paste(onto, { width, height, data }, left, top) {
  for (let y = 0; y < height; y++) {
    onto.data.set(data.subarray(y * width, (y + 1) * width), (top + y) * onto.width + left);
  }
}

// A square at another size: each pixel is the mean of what it covers, by area, rounded half up.
function byArea(square, size) {
  const side = square.width;
  const weights = overlaps(side, size);
  const rows = new Float64Array(size * side); // of whole numbers above 2 ** 31
  weights.forEach((covered, y) => {
    for (const [row, share] of covered) {
      for (let x = 0; x < side; x++) rows[y * side + x] += share * square.data[row * side + x];
    }
  });
  const made = blank(size, size);
  for (let y = 0; y < size; y++) {
    weights.forEach((covered, x) => {
      let total = Math.floor((side * side) / 2);
      for (const [column, share] of covered) total += share * rows[y * side + column];
      made.data[y * size + x] = Math.floor(total / (side * side));
    });
  }
  return made;
}

// How much of m pixels lies in each of n, both laid over the length m * n: [[pixel, how much], ...] of each.
function overlaps(m, n) {
  return Array.from({ length: n }, (_, i) => {
    const covered = [];
    for (let j = Math.floor((i * m) / n); j * n < (i + 1) * m; j++) {
      covered.push([j, Math.min((i + 1) * m, (j + 1) * n) - Math.max(i * m, j * n)]);
    }
    return covered;
  });
}

// Means over blocks, rounded half up; what is left over at the right and at the bottom is left out.
function blockMeans(grey, block) {
  if (block === 1) return grey;
  return overBlocks(grey, block, (values) => {
    let total = values.length >> 1;
    for (const value of values) total += value;
    return Math.floor(total / values.length);
  });
}

function blockMaxima(grid, block) {
  return overBlocks(grid, block, (values) => Math.max(...values));
}

function overBlocks({ width, height, data }, block, one) {
  const made = blank(Math.max(Math.floor(width / block), 1), Math.max(Math.floor(height / block), 1));
  const [wide, high] = [Math.min(block, width), Math.min(block, height)];
  const values = new Uint8Array(wide * high);
  for (let y = 0, i = 0; y < made.height; y++) {
    for (let x = 0; x < made.width; x++, i++) {
      for (let row = 0; row < high; row++) {
        const from = (y * block + row) * width + x * block;
        values.set(data.subarray(from, from + wide), row * wide);
      }
      made.data[i] = one(values);
    }
  }
  return made;
}

// Cells brought back to pixels, linearly between (and beyond) their middles, rounded half up, 0 to 255.
function spread(cells, block, { width, height }) {
  if (block === 1) return cells;
  const [rows, columns] = [between(cells.height, height, block), between(cells.width, width, block)];
  const made = blank(width, height);
  const half = 2 * block * block;
  const line = new Int32Array(cells.width);
  for (let y = 0, i = 0; y < height; y++) {
    const [first, next, share] = rows[y];
    for (let x = 0; x < cells.width; x++) {
      const [above, below] = [first, next].map((row) => cells.data[row * cells.width + x]);
      line[x] = above * (2 * block - share) + below * share;
    }
    for (let x = 0; x < width; x++, i++) {
      const [left, right, part] = columns[x];
      const total = line[left] * (2 * block - part) + line[right] * part;
      made.data[i] = clip(Math.floor((total + half) / (2 * half)), 0, 255);
    }
  }
  return made;
}

// Of each pixel the two cells that it lies between, or beside, and how many of 2 * block parts the second one gives.
function between(n, length, block) {
  return Array.from({ length }, (_, i) => {
    if (n === 1) return [0, 0, 0];
    const at = 2 * i + 1 - block;
    const first = clip(Math.floor(at / (2 * block)), 0, n - 2);
    return [first, first + 1, at - first * 2 * block];
  });
}
