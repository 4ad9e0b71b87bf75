/** What a reader throws when a picture cannot be read: `problem` names why, `message` says it in English. */
export class ReadingError extends Error {
  constructor(problem, message = "") {
    super(message);
    this.problem = problem;
  }
}
