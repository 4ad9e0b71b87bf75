// The 28 by 28 pixels that the network sees, and over them how much hiding each place lowers the answer's probability.
const SIDE = 28;
const CELL = 24; // backing pixels: the canvas is shown at 6 or 8 CSS pixels a cell, which divide it evenly
const MARKED = 0.5; // of the largest drop: places that drop as much are outlined, so that colour alone tells nothing

function begun(canvas) {
  canvas.width = canvas.height = SIDE * CELL; // also clears it
  const context = canvas.getContext("2d");
  const colour = (name) => getComputedStyle(canvas).getPropertyValue(name);
  return [context, colour];
}

const each = (rows, draw) => rows.forEach((row, y) => row.forEach((value, x) => draw(x, y, value)));

function shade(context, rows, colour, most) {
  context.fillStyle = colour;
  each(rows, (x, y, value) => {
    context.globalAlpha = value * most;
    if (value > 0) context.fillRect(x * CELL, y * CELL, CELL, CELL);
  });
  context.globalAlpha = 1;
}

const shares = (picture) => picture.map((row) => row.map((value) => value / 255));

/** Paints what the network sees: `picture` is 28 rows of 28 grey levels, or nothing. */
export function paintSeen(canvas, picture) {
  const [context, colour] = begun(canvas);
  if (picture) shade(context, shares(picture), colour("--ink"), 1);
}

/** Paints what decided: `saliency` is 28 rows of 28 shares of the largest drop in probability, 0 where there is none. */
export function paintDecided(canvas, picture, saliency) {
  const [context, colour] = begun(canvas);
  if (!saliency) return;
  shade(context, shares(picture), colour("--ink"), 0.35);
  shade(context, saliency, colour("--hot"), 0.85);
  outline(context, saliency.map((row) => row.map((drop) => drop >= MARKED)), colour("--ink"));
}

// Along the edges of pixels, between those that are marked and those that are not.
function outline(context, marked, colour) {
  context.beginPath();
  for (let y = 0; y <= SIDE; y++) {
    for (let x = 0; x <= SIDE; x++) {
      const here = marked[y]?.[x] ?? false;
      if (here !== (marked[y]?.[x - 1] ?? false)) line(context, x, y, x, y + 1);
      if (here !== (marked[y - 1]?.[x] ?? false)) line(context, x, y, x + 1, y);
    }
  }
  context.strokeStyle = colour;
  context.lineWidth = CELL / 4;
  context.lineCap = "square";
  context.stroke();
}

function line(context, ...ends) {
  const [x0, y0, x1, y1] = ends.map((end) => end * CELL);
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
}
