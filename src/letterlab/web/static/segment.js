// The ink of a page taken apart, into pieces and lines: recognise/segment.py in the browser's language, with the same
// orders and ties. What is done and why stands there. A mark is {box: [x, y, width, height], ink}.
import { blank, crop, grow, map, pieces } from "./raster.js";

const INKED = 64;
const MOST = 5000;

const longer = ({ box: [, , width, height] }) => Math.max(width, height);
const shorter = ({ box: [, , width, height] }) => Math.min(width, height);
const total = (values) => values.reduce((one, other) => one + other, 0);
/** In the order of the first number that differs. */
const byNumbers = (numbers) => (one, other) => {
  const those = numbers(other);
  const differences = numbers(one).map((number, i) => number - those[i]);
  return differences.find((difference) => difference) ?? 0;
};

/** The marks of every line of writing, lines from top to bottom, marks from left to right by their middles. */
export function findLines(ink) {
  const marks = withoutSpecks(withoutRules(piecesOf(ink), ink));
  const hosts = hostsOf(marks);
  const bodies = [...hosts.keys()].filter((number) => hosts[number] === null);
  let slant = [0, 1];
  let lines;
  for (let time = 0; time < 2; time++) {
    lines = linesAlong(slant, bodies, marks);
    slant = slantOf(lines, marks);
  }
  lines = withoutDots(lines, hosts, marks);
  const ends = (line) => total(line.flatMap((number) => topAndBottom(marks[number], slant)));
  const height = (line) => Math.floor(ends(line) / line.length);
  lines.sort((one, other) => height(one) - height(other));
  return withoutStrays(lines.map((numbers) => lineOf(numbers, hosts, marks)));
}

/** Several marks as one: the box around them all, and the ink of each. */
export function join(marks) {
  const [left, top] = [0, 1].map((axis) => Math.min(...marks.map(({ box }) => box[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...marks.map(({ box }) => box[axis] + box[axis + 2])));
  const ink = blank(right - left, bottom - top);
  for (const { box: [x, y], ink: own } of marks) {
    own.data.forEach((value, i) => {
      const [row, column] = [y - top + Math.floor(i / own.width), x - left + (i % own.width)];
      const place = row * ink.width + column;
      ink.data[place] = Math.max(ink.data[place], value);
    });
  }
  return { box: [left, top, right - left, bottom - top], ink };
}

/** How large the writing is: the median of the longer sides, each weighed by the root of the box's area. */
export function typical(marks) {
  const weight = ({ box: [, , width, height] }) => Math.floor(Math.sqrt(width * height));
  const sides = marks.map((mark) => [longer(mark), weight(mark)]).sort(byNumbers((both) => both)).reverse();
  let lacking = total(sides.map(([, share]) => share));
  return sides.find(([, share]) => (lacking -= 2 * share) <= 0)[0];
}

function piecesOf(ink) {
  const { labels, boxes, areas } = pieces(map((value) => value >= INKED, ink));
  const found = boxes.map((box, i) => ({ box, area: areas[i], label: i + 1 }));
  found.sort(byNumbers(({ box: [x, y], area }) => [-area, y, x]));
  const largest = found.slice(0, MOST).sort(byNumbers(({ box: [x, y], area }) => [x, y, area]));
  return largest.map(({ box, label }) => {
    const own = grow(map((value) => value === label, crop(labels, box)));
    return { box, ink: map((value, is) => value * is, crop(ink, box), own) };
  });
}

function withoutRules(marks, page) {
  const within = marks.filter(({ box: [, , width, height] }) => 2 * width < page.width && 2 * height < page.height);
  if (!within.length) return marks;
  const size = typical(within);
  return marks.filter((mark) => !isRule(mark, size));
}

function isRule(mark, size) {
  const [, , width, height] = mark.box;
  const thickness = Math.floor(mark.ink.data.filter((value) => value >= INKED).length / (width + height));
  const asHighAsALetter = size < 2 * height && 2 * height < 4 * size;
  return longer(mark) >= 4 * size && 4 * size >= 8 * thickness && !asHighAsALetter;
}

function withoutSpecks(marks) {
  const least = marks.length ? typical(marks) : 0;
  return marks.filter((mark) => 16 * longer(mark) >= least);
}

// For a dot or bar the number of the piece that it stands at; null for the others.
function hostsOf(marks) {
  const distance = (number, other) => {
    const [[x, y, width, height], [otherX, otherY, otherWidth, otherHeight]] = [marks[number].box, marks[other].box];
    const aside = Math.max(otherX - (x + width), x - (otherX + otherWidth), 0);
    const below = Math.max(otherY - (y + height), 0);
    const above = Math.max(y - (otherY + otherHeight), 0);
    const larger = otherHeight >= 3 * height && longer(marks[other]) >= longer(marks[number]);
    return larger && 2 * Math.max(aside, below + above) <= otherHeight ? aside + below + 2 * above : Infinity;
  };
  const size = marks.length ? typical(marks) : 0;
  const isThin = (mark) => 3 * shorter(mark) <= size;
  const isNear = (number) => marks.some((_, other) => distance(number, other) < Infinity);
  const small = marks.map((mark, number) => isThin(mark) && isNear(number));
  return marks.map((_, number) => {
    let [host, least] = [null, Infinity];
    if (!small[number]) return host;
    marks.forEach((_, other) => {
      const away = small[other] ? Infinity : distance(number, other);
      if (away < least) [host, least] = [other, away];
    });
    return host;
  });
}

function withoutDots(lines, hosts, marks) {
  return lines.filter((line) => {
    const stems = line.map((number) => stemUnder(marks[number], marks, hosts));
    if (stems.includes(null)) return true;
    line.forEach((number, i) => (hosts[number] = stems[i]));
    return false;
  });
}

function stemUnder(dot, marks, hosts) {
  const [, y, , height] = dot.box;
  const found = marks.findIndex((mark, number) => {
    const [, top, , high] = mark.box;
    const below = top - y - height;
    const close = below >= 0 && 2 * below <= high && 3 * height <= 2 * high;
    return hosts[number] === null && close && isOver(dot, mark, 4);
  });
  return found < 0 ? null : found;
}

// The numbers of each line's marks from left to right.
function linesAlong(slant, bodies, marks) {
  const lines = [];
  for (const number of bodies) {
    const [top, bottom] = topAndBottom(marks[number], slant);
    let [best, most] = [null, 0];
    for (const line of lines) {
      if (line.highest >= bottom || top >= line.lowest) continue;
      const shares = line.last.map((other) => share([top, bottom], other));
      const mean = Math.floor(total(shares) / shares.length);
      if (Math.max(...shares) >= 30 && mean > most) [best, most] = [line, mean];
    }
    if (!best) lines.push((best = { numbers: [], last: [] }));
    best.numbers.push(number);
    best.last = [...best.last.slice(-3), [top, bottom]];
    best.highest = Math.min(...best.last.map(([upper]) => upper));
    best.lowest = Math.max(...best.last.map(([, lower]) => lower));
  }
  return lines.map(({ numbers }) => numbers);
}

// How much of the lower of two marks is beside the other, in percent.
function share([top, bottom], [upper, lower]) {
  const common = Math.max(Math.min(bottom, lower) - Math.max(top, upper), 0);
  return Math.floor((100 * common) / Math.min(bottom - top, lower - upper));
}

// By how much the lines fall and over which length; level where they are too short to tell.
function slantOf(lines, marks) {
  const ends = lines.map((line) => [line[0], line.at(-1)].map((number) => marks[number].box));
  const fall = total(ends.map(([first, last]) => 2 * (last[1] - first[1]) + last[3] - first[3]));
  const length = total(ends.map(([first, last]) => 2 * (last[0] - first[0])));
  return 5 * Math.abs(fall) < length ? [fall, length] : [0, 1];
}

function topAndBottom({ box: [x, y, width, height] }, [fall, length]) {
  const top = y - Math.floor(((2 * x + width) * fall) / (2 * length));
  return [top, top + height];
}

function lineOf(numbers, hosts, marks) {
  const parts = new Map(numbers.map((number) => [number, [marks[number]]]));
  hosts.forEach((host, number) => {
    if (!parts.has(host)) return;
    const over = numbers.filter((other) => isOver(marks[number], marks[other], 8));
    if (over.length === 1) parts.get(over[0]).push(marks[number]);
    else parts.set(number, [marks[number]]);
  });
  return [...parts.values()].map(join).sort(byNumbers(({ box: [x, y, width] }) => [2 * x + width, y]));
}

function isOver(small, mark, part) {
  const middles = 2 * small.box[0] + small.box[2] - 2 * mark.box[0] - mark.box[2];
  return Math.abs(middles) <= mark.box[2] + Math.floor((2 * mark.box[3]) / part);
}

function withoutStrays(lines) {
  if (!lines.length) return lines;
  const size = typical(lines.flat());
  return lines.filter((line) => line.length > 2 || 3 * Math.max(...line.map(longer)) >= size);
}
