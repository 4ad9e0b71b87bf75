// Pictures that were chosen, dropped or pasted: read one after another, each a line in a list to choose from.
import { say } from "./words.js";

/** What is known of a picture, or of the drawing: what was read, which letter is chosen, why it cannot be read. */
export const unread = () => ({ reading: null, explained: false, selected: 0, error: null });

export class Pictures {
  all = [];
  chosen = null;
  #stop = new AbortController();
  #working = false;

  /**
   * @param list where their names and texts stand
   * @param read (file, explain, signal) => Promise of a reading
   * @param changed (picture) => called when it is chosen, was read, or cannot be
   */
  constructor(list, read, changed) {
    Object.assign(this, { list, read, changed });
  }

  /** Takes these files instead of those there were, and chooses the first. */
  take(files) {
    for (const { address } of this.all) URL.revokeObjectURL(address);
    this.all = files.map((file) => ({ ...unread(), file, address: URL.createObjectURL(file) }));
    this.list.replaceChildren(...(files.length > 1 ? this.all.map((one) => this.#line(one)) : []));
    this.chosen = this.all[0];
    this.again();
  }

  choose(one) {
    this.chosen = one;
    this.changed(one);
    this.#work();
  }

  /** Reads all of them anew. */
  again() {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#working = false;
    for (const one of this.all) Object.assign(one, unread());
    this.choose(this.chosen);
  }

  /** Says in its line what is known of each. */
  say(shown) {
    for (const one of this.all) {
      if (!one.line) return; // a single picture needs no list
      const text = one.error ? say("pictures.refused") : one.reading ? one.reading.text : say("pictures.waiting");
      one.line.text.textContent = text.replaceAll("\n", " ");
      one.line.button.setAttribute("aria-pressed", one === shown);
    }
  }

  // What is chosen comes first: its text, then what decided, which takes longer.
  #next() {
    const { chosen } = this;
    if (chosen.reading?.letters.length && !chosen.explained && !chosen.error) return chosen;
    return [chosen, ...this.all].find((one) => !one.reading && !one.error);
  }

  async #work() {
    if (this.#working) return;
    this.#working = true;
    const { signal } = this.#stop;
    for (let one = this.#next(); one; one = this.#next()) {
      const explain = one.reading !== null;
      try {
        const reading = await this.read(one.file, explain, signal);
        if (signal.aborted) return;
        Object.assign(one, { reading, explained: explain });
      } catch (error) {
        if (signal.aborted) return;
        one.error = error;
      }
      this.changed(one);
    }
    this.#working = false;
  }

  #line(one) {
    const item = document.createElement("li");
    const [button, name, text] = ["button", "span", "span"].map((tag) => document.createElement(tag));
    button.type = "button";
    name.className = "name";
    name.textContent = one.file.name;
    text.className = "text";
    button.append(name, text);
    button.addEventListener("click", () => this.choose(one));
    one.line = { button, text };
    item.append(button);
    return item;
  }
}
