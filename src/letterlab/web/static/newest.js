/**
 * Asks about something that keeps changing: one question at a time. What is wanted meanwhile waits, and only the last
 * of it is asked.
 *
 * @param ask (what, signal) => Promise of an answer
 * @param answered (answer, what) => shows it
 * @param failed (error, what) => shows that
 */
export class Newest {
  asked = null; // under way
  #asking = null; // stops it
  #waiting = null;

  constructor(ask, answered, failed) {
    Object.assign(this, { ask, answered, failed });
  }

  want(what) {
    this.#waiting = what;
    if (!this.#asking) this.#go();
  }

  get waits() {
    return this.#waiting !== null;
  }

  /** What was asked about is gone: its answer is not shown, whenever it comes. */
  forget() {
    this.#asking?.abort();
    this.#asking = this.asked = this.#waiting = null;
  }

  async #go() {
    const asking = (this.#asking = new AbortController());
    const what = (this.asked = this.#waiting);
    this.#waiting = null;
    let show;
    try {
      const answer = await this.ask(what, asking.signal);
      show = () => this.answered(answer, what);
    } catch (error) {
      show = () => this.failed(error, what);
    }
    if (this.#asking !== asking) return; // forgotten
    this.#asking = this.asked = null;
    show();
    if (this.#waiting !== null && !this.#asking) this.#go();
  }
}
