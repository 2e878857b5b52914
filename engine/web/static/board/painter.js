/**
 * Draws once a frame what was touched since the last one, whatever number of deltas that was, and tells the
 * document which `rev` is on the page. Parts draw themselves; here is only when.
 */

import { Touched } from "./model.js";

/**
 * @typedef {object} Parts
 * @property {(queues: Set<string>, now: number) => void} queues
 * @property {(now: number) => void} calls
 * @property {() => void} agents
 * @property {() => void} assigned
 * @property {(now: number) => void} second once a second
 */

const SECOND_MS = 1_000;

export class Painter {
  #touched = new Touched();
  #second = false;
  #asked = false;
  #heard = false;

  /**
   * @param {import("./model.js").Board} board
   * @param {() => number} now
   * @param {Parts} parts
   */
  constructor(board, now, parts) {
    this.board = board;
    this.now = now;
    this.parts = parts;
  }

  /** @param {Partial<Touched>} touched */
  touch({ queues = new Set(), calls = false, agents = false, assigned = false }) {
    for (const id of queues) this.#touched.queues.add(id);
    this.#touched.calls ||= calls;
    this.#touched.agents ||= agents;
    this.#touched.assigned ||= assigned;
    this.#ask();
  }

  /** What a frame of the engine touched. @param {Touched} touched */
  hear(touched) {
    this.#heard = true;
    this.touch(touched);
  }

  /** Everything is to be drawn: another language, another mode. */
  touchAll() {
    this.touch(Object.assign(Touched.everything(), { queues: new Set(this.board.queues.keys()) }));
    this.#second = true;
  }

  /** Begin to tick, on the server's seconds. */
  start() {
    this.#second = true;
    this.#ask();
    setTimeout(() => this.start(), SECOND_MS - (this.now() % SECOND_MS));
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    const [touched, second, now] = [this.#touched, this.#second, this.now()];
    this.#asked = this.#second = false;
    this.#touched = new Touched();
    if (this.board.rev === null) return this.parts.second(now);
    if (touched.queues.size > 0) this.parts.queues(touched.queues, now);
    if (touched.calls || second) this.parts.calls(now);
    if (touched.agents || touched.calls || second) this.parts.agents();
    if (touched.assigned) this.parts.assigned();
    if (second) this.parts.second(now);
    if (this.#heard) document.dispatchEvent(new CustomEvent("board:drawn", { detail: { rev: this.board.rev } }));
    this.#heard = false;
  }
}
