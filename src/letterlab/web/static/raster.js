// Pictures of one number a pixel, {width, height, data}, and what is done with them in several places:
// recognise/raster.py in the browser's language, number for number. Nothing lies beyond a picture's border.

export const blank = (width, height, Kind = Uint8Array) => ({ width, height, data: new Kind(width * height) });

/** A picture of the first one's kind whose pixels are `one(value, second's, third's)`; all are of one size. */
export function map(one, first, second = first, third = first) {
  const made = blank(first.width, first.height, first.data.constructor);
  for (let i = 0; i < made.data.length; i++) made.data[i] = one(first.data[i], second.data[i], third.data[i]);
  return made;
}

export function crop({ width, data }, [left, top, wide, high]) {
  const made = blank(wide, high, data.constructor);
  for (let y = 0; y < high; y++) {
    const from = (top + y) * width + left;
    made.data.set(data.subarray(from, from + wide), y * wide);
  }
  return made;
}

export function sum({ data }) {
  let total = 0;
  for (const value of data) total += value;
  return total;
}

/** Each pixel as bright as the brightest of it and its eight neighbours, or its four with `cross`. */
export function grow(image, cross = false) {
  if (!cross) return windowMax(image, 1);
  const { width, height, data } = image;
  const grown = data.slice();
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (x > 0) grown[i] = Math.max(grown[i], data[i - 1]);
      if (x < width - 1) grown[i] = Math.max(grown[i], data[i + 1]);
      if (y > 0) grown[i] = Math.max(grown[i], data[i - width]);
      if (y < height - 1) grown[i] = Math.max(grown[i], data[i + width]);
    }
  }
  return { width, height, data: grown };
}

/** The greatest pixel of the square of 2 radius + 1 about each. */
export function windowMax({ width, height, data }, radius) {
  const rows = slide(data, radius, width, 1, height, width);
  return { width, height, data: slide(rows, radius, height, width, width, 1) };
}

/** The least pixel of the square of 2 radius + 1 about each. */
export function windowMin(image, radius) {
  const turned = (picture) => map((value) => 255 - value, picture);
  return turned(windowMax(turned(image), radius));
}

// The greatest of 2 radius + 1 pixels in a row: of 1, 2, 4 and so on, and of two such that overlap. The pixels of a row
// are `step` apart, the rows `apart`.
function slide(data, radius, length, step, rows, apart) {
  const wanted = 2 * radius + 1;
  const found = new Uint8Array(data.length);
  const line = new Uint8Array(length + 2 * radius);
  for (let row = 0; row < rows; row++) {
    line.fill(0);
    for (let i = 0; i < length; i++) line[i + radius] = data[row * apart + i * step];
    let window = 1;
    for (; 2 * window <= wanted; window *= 2) {
      for (let i = 0; i + window < line.length; i++) line[i] = Math.max(line[i], line[i + window]);
    }
    for (let i = 0; i < length; i++) found[row * apart + i * step] = Math.max(line[i], line[i + wanted - window]);
  }
  return found;
}

/** Sums over the squares of 2 radius + 1 pixels, from a table of the sums of all rectangles at the first corner. */
export function windowSums({ width, height, data }, radius) {
  const wide = width + 1;
  const table = new Int32Array(wide * (height + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0, row = 0; x < width; x++) {
      row += data[y * width + x];
      table[(y + 1) * wide + x + 1] = table[y * wide + x + 1] + row;
    }
  }
  const sums = blank(width, height, Int32Array);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(y - radius, 0) * wide, Math.min(y + radius + 1, height) * wide];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(x - radius, 0), Math.min(x + radius + 1, width)];
      sums.data[y * width + x] = table[bottom + right] - table[bottom + left] - table[top + right] + table[top + left];
    }
  }
  return sums;
}

/**
 * Pieces of pixels that are set and touch, at a side or a corner: labels from 1 on, 0 where there is none, in the order
 * of their first pixels, row by row; and of each its box [x, y, width, height] and its number of pixels.
 */
export function pieces({ width, height, data }) {
  const labels = blank(width, height, Int32Array);
  const parents = [0];
  const root = (label) => {
    while (parents[label] !== label) label = parents[label] = parents[parents[label]];
    return label;
  };
  const of = labels.data;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!data[i]) continue;
      let own = 0;
      const neighbours = [
        x > 0 && of[i - 1],
        y > 0 && x > 0 && of[i - width - 1],
        y > 0 && of[i - width],
        y > 0 && x < width - 1 && of[i - width + 1],
      ];
      for (const neighbour of neighbours) {
        if (!neighbour) continue;
        const other = root(neighbour);
        if (own && own !== other) parents[Math.max(own, other)] = Math.min(own, other);
        own = own ? Math.min(own, other) : other;
      }
      if (!own) parents.push((own = parents.length));
      of[i] = own;
    }
  }
  const names = new Int32Array(parents.length);
  const found = [];
  for (let i = 0; i < of.length; i++) {
    if (!of[i]) continue;
    const first = root(of[i]);
    const [x, y] = [i % width, Math.floor(i / width)];
    if (!names[first]) {
      found.push({ left: x, top: y, right: x, bottom: y, area: 0 });
      names[first] = found.length;
    }
    const piece = found[(of[i] = names[first]) - 1];
    piece.left = Math.min(piece.left, x);
    piece.right = Math.max(piece.right, x);
    piece.bottom = y;
    piece.area++;
  }
  const boxes = found.map(({ left, top, right, bottom }) => [left, top, right - left + 1, bottom - top + 1]);
  return { labels, boxes, areas: found.map(({ area }) => area) };
}
