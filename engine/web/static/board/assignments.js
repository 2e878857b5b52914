/**
 * The last assignments, newest first. While somebody points at the list or moves in it, it stands still, so
 * that nothing slips away under the hand; what came meanwhile is counted.
 */

import { el, reconcile } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { put } from "./text.js";
import * as words from "./words.js";

/** @typedef {import("./model.js").Assignment} Assignment */

/** @param {Assignment} each */
const keyOf = (each) => `${each.at} ${each.call_id}`;

export class Assignments {
  /** @type {Assignment|undefined} the newest that is drawn */
  #newest;
  #held = false;

  /**
   * @param {import("./model.js").Board} board
   * @param {{open: (assignment: Assignment) => void, moved: () => void}} does
   */
  constructor(board, { open, moved }) {
    this.board = board;
    this.open = open;
    this.list = el("ol", { class: "assigned", tabindex: "0", "aria-labelledby": "assigned-title" });
    this.paused = el("span", { class: "count" });
    this.empty = el("p", { class: "empty muted", data: { t: "assigned.none" }, hidden: true });
    this.element = el(
      "section",
      { class: "panel assigned-panel", "aria-labelledby": "assigned-title" },
      el("header", {}, el("h2", { id: "assigned-title", data: { t: "assigned.title" } }), this.paused),
      this.list,
      this.empty,
    );
    for (const event of ["pointerenter", "focusin"]) this.list.addEventListener(event, () => (this.#held = true));
    for (const event of ["pointerleave", "focusout"]) {
      this.list.addEventListener(event, () => {
        this.#held = this.list.matches(":hover, :focus-within");
        moved();
      });
    }
  }

  draw() {
    const { assigned } = this.board;
    const newest = this.#newest === undefined ? "" : keyOf(this.#newest);
    const missed = this.#held && newest ? assigned.findIndex((each) => keyOf(each) === newest) : 0;
    const count = missed < 0 ? assigned.length : missed;
    put(this.paused, count > 0 ? t("assigned.paused", { count }) : "");
    if (count === 0) this.redraw();
  }

  /** Draw what there is, whoever looks. */
  redraw() {
    const { assigned } = this.board;
    this.#newest = assigned[0];
    reconcile(this.list, assigned, keyOf, () => this.#make(), (node, each) => this.#fill(node, each));
    this.empty.hidden = assigned.length > 0;
  }

  #make() {
    const parts = ["at", "whom", "which"].map((name) => el("span", { class: name }));
    return el("li", {}, el("button", { type: "button" }, ...parts));
  }

  /** @param {any} node @param {Assignment} each */
  #fill(node, each) {
    const button = node.firstElementChild;
    button.onclick = () => this.open(each);
    const [at, whom, which] = button.children;
    put(at, words.moment(each.at));
    put(whom, this.board.nameOf(each.agent_id));
    put(which, t("assigned.which", { queue: words.queue(each.queue), tier: words.tier(each.tier) }));
  }
}
