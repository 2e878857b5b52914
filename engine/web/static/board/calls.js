/** The line: who waits, in the order in which they will be served, and why there. */

import { el, reconcile } from "../lib/dom.js";
import * as i18n from "../lib/i18n.js";
import { isNearLimit } from "./alarms.js";
import { mark, put } from "./text.js";
import { Windowed } from "./windowed.js";
import * as words from "./words.js";

const { t, clock, number } = i18n;
const COLUMNS = ["place", "waited", "queue", "tier", "state", "due", "id"];
const ALL = "";

export class Calls {
  /** @type {string|null} */
  queue = null;

  /**
   * @param {import("./model.js").Board} board
   * @param {() => number} now
   * @param {{open: (id: string) => void, moved: () => void}} does
   */
  constructor(board, now, { open, moved }) {
    this.board = board;
    this.now = now;
    this.filter = el("select", { id: "calls-queue" });
    this.filter.addEventListener("change", () => this.only(this.filter.value || null));
    this.count = el("span", { class: "count" });
    this.first = el("span", { class: "first" });
    this.empty = el("p", { class: "empty muted", data: { t: "calls.none" }, hidden: true });
    this.grid = new Windowed({
      name: "calls",
      columns: COLUMNS,
      keyOf: (call) => call.call_id,
      fill: (slot, call, index) => this.#fill(slot, call, index),
      open,
      moved,
    });
    this.element = el(
      "section",
      { class: "panel calls-panel", "aria-labelledby": "calls-title" },
      el(
        "header",
        {},
        el("h2", { id: "calls-title", data: { t: "calls.title" } }),
        this.count,
        this.first,
        el("label", { class: "filter act" }, el("span", { data: { t: "calls.filter" } }), this.filter),
      ),
      this.grid.element,
      this.empty,
    );
  }

  /** Show one queue's line, or everybody's. @param {string|null} queue */
  only(queue) {
    this.queue = queue !== null && this.board.queues.has(queue) ? queue : null;
    this.filter.value = this.queue ?? ALL;
    this.grid.element.scrollTop = 0;
    this.grid.moved();
  }

  /** Bring a call into sight. @param {string} queue @param {string} id */
  reveal(queue, id) {
    if (this.queue !== null && this.queue !== queue) this.only(null);
    this.draw();
    this.grid.reveal(id);
    this.grid.element.focus();
  }

  draw() {
    this.#offerQueues();
    const line = this.board.line(this.queue).items;
    this.grid.draw(line);
    const seen = Math.min(this.grid.capacity, line.length);
    put(this.count, number(line.length));
    put(this.first, seen < line.length ? t("calls.first", { count: line.length, seen }) : "");
    mark(this.count, "data-more", seen < line.length ? "yes" : "");
    this.empty.hidden = line.length > 0;
  }

  #offerQueues() {
    const choices = [ALL, ...this.board.queues.keys()];
    reconcile(this.filter, choices, (id) => id, (id) => el("option", { value: id }), (option, id) =>
      put(option, id === ALL ? t("calls.filter.all") : words.queue(id)),
    );
  }

  /** @param {import("./windowed.js").Slot} slot @param {import("./model.js").CallRow} call @param {number} index */
  #fill({ row, cells }, call, index) {
    const now = this.now();
    put(cells[0], number(index + 1));
    put(cells[1], clock(now - call.enqueued_at));
    put(cells[2], [words.queue(call.queue), words.skills(call.skills)].filter(Boolean).join(" · "));
    put(cells[3], words.tier(call.tier));
    put(cells[4], stateOf(call, this.board, now));
    put(cells[5], words.dueOf(call));
    put(cells[6], words.shortId(call.call_id));
    mark(row, "data-state", call.link === "lost" ? "lost" : call.state);
    mark(row, "data-near", isNearLimit(call, now) ? "yes" : "");
    mark(row, "data-band", call.band > 0 ? "yes" : "");
  }
}

/**
 * What a call is doing, in words.
 * @param {import("./model.js").CallRow} call
 * @param {import("./model.js").Board} board
 * @param {number} now
 */
export function stateOf(call, board, now) {
  const name = board.nameOf(call.agent_id);
  if (call.link === "lost") return t("call.state.lost");
  if (call.state === "connected") return t("call.state.connected", { name });
  if (call.state === "offered") {
    const left = i18n.duration((call.deadline_at ?? now) - now, "narrow");
    return t("call.state.offered", { name, left });
  }
  if (!isNearLimit(call, now)) return t("call.state.waiting");
  return t("call.state.near", { left: i18n.duration(Number(call.limit_at) - now, "narrow") });
}
