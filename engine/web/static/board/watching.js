/**
 * Keeps a board in step with the engine: asks to watch after every welcome, and again when a delta does not
 * follow what is known. While a snapshot is on its way, deltas are not missed: they belong to the past.
 */

/** Refusals that pass by themselves; the pause is the engine's, or this. */
const PASSING = new Set(["unavailable", "too_fast"]);
const AGAIN_MS = 1_000;

export class Watching {
  #client;
  #board;
  #changed;
  #refused;
  /** asked, not answered: the client itself asks again on a new link */
  #asking = false;
  /** answered, but the snapshot is not here yet */
  #coming = false;

  /**
   * @param {any} client
   * @param {import("./model.js").Board} board
   * @param {(touched: import("./model.js").Touched) => void} changed
   * @param {(code: string) => void} refused
   */
  constructor(client, board, changed, refused) {
    this.#client = client;
    this.#board = board;
    this.#changed = changed;
    this.#refused = refused;
    client.on("welcome", () => this.#ask());
    client.on("board.snapshot", (/** @type {any} */ frame) => this.#show(frame));
    client.on("board.delta", (/** @type {any} */ frame) => this.#apply(frame));
  }

  /** @param {any} frame */
  #show(frame) {
    this.#coming = false;
    this.#changed(this.#board.show(frame));
  }

  /** @param {any} frame */
  #apply(frame) {
    const touched = this.#board.apply(frame);
    if (touched !== null) this.#changed(touched);
    else if (!this.#coming) this.#ask();
  }

  async #ask() {
    if (this.#asking) return;
    this.#asking = this.#coming = true;
    try {
      await this.#client.request("board.watch");
    } catch (refusal) {
      this.#coming = false;
      this.#again(/** @type {any} */ (refusal));
    } finally {
      this.#asking = false;
    }
  }

  /** @param {{code: string, retryMs?: number}} refusal */
  #again({ code, retryMs }) {
    this.#refused(code);
    if (PASSING.has(code)) setTimeout(() => this.#ask(), retryMs ?? AGAIN_MS);
  }
}
