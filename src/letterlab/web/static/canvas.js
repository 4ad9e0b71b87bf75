// The drawing: strokes of a mouse, a finger, a pen or the arrow keys, on a sheet with units of its own, so that it is
// the same whatever size it is shown at. A stroke is {width, points: [{x, y, press}]}.
export const SHEET = { width: 400, height: 300 };
const STEP = 10; // of the arrow keys; a fifth of it with Shift
const APART = 0.7; // points nearer than this add nothing
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Drawing {
  width = 14; // of the pen
  #history = [[]]; // all that can be gone back to, each a list of strokes; clearing is one of them
  #now = 0;
  #stroke = null; // under way
  #pointer = null; // that draws it
  #touched = false; // it is a finger's
  #ink = ""; // its colour
  #cross = { x: SHEET.width / 2, y: SHEET.height / 2 };
  #paper = Object.assign(document.createElement("canvas"), SHEET);

  /**
   * @param canvas where it is drawn
   * @param cross an element that the arrow keys move
   * @param changed (grown) => called whenever the drawing is another; `grown` when it is the same with more ink
   */
  constructor(canvas, cross, changed) {
    Object.assign(this, { canvas, cross, changed });
    this.context = canvas.getContext("2d");
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointercancel", ({ pointerId }) => pointerId === this.#pointer && this.#drop());
    // Comes after every pointerup, and also when that is never heard of.
    canvas.addEventListener("lostpointercapture", ({ pointerId }) => pointerId === this.#pointer && this.#lift());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => {
      if (this.#pointer === null) this.#lift();
      cross.hidden = true;
    });
    new ResizeObserver(() => this.#redraw()).observe(canvas);
    addEventListener("resize", () => this.#redraw()); // also when zoomed, which changes the density of pixels
    document.addEventListener("look", () => this.#redraw());
  }

  get strokes() {
    return this.#stroke ? [...this.#history[this.#now], this.#stroke] : this.#history[this.#now];
  }

  get underWay() {
    return this.#stroke !== null;
  }

  get canUndo() {
    return this.#now > 0;
  }

  get canRedo() {
    return this.#now < this.#history.length - 1;
  }

  undo() {
    this.#lift();
    this.#go(this.#now - 1);
  }

  redo() {
    this.#go(this.#now + 1);
  }

  clear() {
    this.#drop();
    if (!this.strokes.length) return;
    this.#become([]);
    this.#redraw();
    this.changed(false);
  }

  /**
   * The drawing as a picture: black ink on white paper. It is the same canvas each time, painted anew. As it says that
   * nothing of it is transparent, its PNG holds three colours and not four, which are read more quickly.
   */
  paper() {
    const context = this.#paper.getContext("2d", { willReadFrequently: true, alpha: false });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SHEET.width, SHEET.height);
    for (const stroke of this.strokes) trace(context, stroke, "#000");
    return this.#paper;
  }

  #go(to) {
    if (!this.#history[to]) return;
    this.#now = to;
    this.#redraw();
    this.changed(false);
  }

  #become(strokes) {
    this.#history.length = ++this.#now;
    this.#history.push(strokes);
  }

  #begin(point) {
    this.#stroke = { width: this.width, points: [point] };
    trace(this.context, this.#stroke, this.#ink);
    this.changed(true);
  }

  #extend(points) {
    const all = this.#stroke.points;
    const from = all.length - 1;
    for (const point of points) {
      if (Math.hypot(point.x - all.at(-1).x, point.y - all.at(-1).y) >= APART) all.push(point);
    }
    if (all.length === from + 1) return;
    trace(this.context, this.#stroke, this.#ink, from);
    this.changed(true);
  }

  #lift() {
    if (!this.#stroke) return;
    const strokes = this.strokes;
    this.#stroke = this.#pointer = null;
    this.cross.classList.remove("down");
    this.#become(strokes);
    this.#redraw();
    this.changed(true);
  }

  // Gives up the stroke under way, as if it had not been begun.
  #drop() {
    if (!this.#stroke) return;
    this.#stroke = this.#pointer = null;
    this.cross.classList.remove("down");
    this.#redraw();
    this.changed(false);
  }

  #down(event) {
    if (event.button !== 0) return;
    if (this.#pointer === null) this.#lift(); // of the arrow keys
    else if (this.#touched && event.pointerType === "pen") this.#drop(); // a palm that rests on the sheet
    else return; // a second finger
    this.#touched = event.pointerType === "touch";
    this.cross.hidden = true;
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.#begin(this.#place(event));
  }

  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    this.#extend((all.length ? all : [event]).map((one) => this.#place(one)));
  }

  #place({ clientX, clientY, pointerType, pressure }) {
    const seen = this.canvas.getBoundingClientRect();
    const press = pointerType === "pen" && pressure > 0 ? 0.4 + 1.2 * pressure : 1;
    const scale = SHEET.width / seen.width;
    return { x: (clientX - seen.left) * scale, y: (clientY - seen.top) * scale, press };
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#pointer !== null) return;
    if (event.key === "Escape") return this.#lift();
    const arrow = ARROWS[event.key];
    if (!arrow && event.key !== " ") return;
    event.preventDefault();
    const step = arrow ? (event.shiftKey ? STEP / 5 : STEP) : 0;
    const [x, y] = arrow ?? [0, 0];
    this.#cross = {
      x: Math.min(Math.max(this.#cross.x + x * step, 0), SHEET.width),
      y: Math.min(Math.max(this.#cross.y + y * step, 0), SHEET.height),
    };
    this.cross.hidden = false;
    this.cross.style.left = `${(100 * this.#cross.x) / SHEET.width}%`;
    this.cross.style.top = `${(100 * this.#cross.y) / SHEET.height}%`;
    const point = { ...this.#cross, press: 1 };
    if (arrow && this.#stroke) this.#extend([point]);
    else if (event.key === " " && !event.repeat) {
      if (this.#stroke) return this.#lift();
      this.#begin(point);
      this.cross.classList.add("down");
    }
  }

  #redraw() {
    const { canvas, context } = this;
    const scale = (canvas.clientWidth * devicePixelRatio) / SHEET.width;
    const [width, height] = [SHEET.width, SHEET.height].map((side) => Math.round(side * scale));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, SHEET.width, SHEET.height);
    this.#ink = getComputedStyle(canvas).color;
    for (const stroke of this.strokes) trace(context, stroke, this.#ink);
  }
}

// Draws a stroke from its point `from` on: curves from the middle of one piece to the middle of the next, bent towards
// the point between them, so that the line has no corners; its two ends are straight.
function trace(context, { width, points }, ink, from = 0) {
  context.strokeStyle = context.fillStyle = ink;
  context.lineCap = context.lineJoin = "round";
  if (points.length === 1) {
    context.beginPath();
    context.arc(points[0].x, points[0].y, (width * points[0].press) / 2, 0, 2 * Math.PI);
    context.fill();
  }
  // Pieces of one width are one path, whose edge is smoother than that of pieces laid over each other.
  for (let i = from; i < points.length; i++) {
    const [before, here, after] = [points[i - 1] ?? points[i], points[i], points[i + 1] ?? points[i]];
    if (i === from || here.press !== before.press) {
      context.beginPath();
      context.moveTo((before.x + here.x) / 2, (before.y + here.y) / 2);
      context.lineWidth = width * here.press;
    }
    context.quadraticCurveTo(here.x, here.y, (here.x + after.x) / 2, (here.y + after.y) / 2);
    if (here.press !== after.press || i === points.length - 1) context.stroke();
  }
}
