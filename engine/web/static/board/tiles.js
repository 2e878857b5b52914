/** The queues, one tile each: the numbers that matter are large enough to be read across a room. */

import { el, reconcile } from "../lib/dom.js";
import * as i18n from "../lib/i18n.js";
import { TOO_LONG } from "./alarms.js";
import { Sparkline } from "./sparkline.js";
import { mark, put } from "./text.js";
import * as words from "./words.js";

const { t, clock, duration, percent } = i18n;
/** @typedef {import("./model.js").QueueRow} QueueRow */

const STATE_TONES = { open: "good", paused: "warn", closed: "" };
const FIGURES = ["waiting", "longest", "level", "abandonment", "ewt"];
const LARGE = new Set(["waiting", "longest", "level"]);

export class Tiles {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();

  /**
   * @param {HTMLElement} parent
   * @param {import("./model.js").Board} board
   * @param {(id: string, pause: boolean) => void} pause
   */
  constructor(parent, board, pause) {
    this.parent = parent;
    this.board = board;
    this.pause = pause;
  }

  /**
   * Draw these queues; a queue seen for the first time gets its tile.
   * @param {Iterable<string>} ids
   * @param {Map<string, any>} rules
   * @param {number} now
   */
  draw(ids, rules, now) {
    if (this.board.queues.size !== this.#tiles.size) this.#arrange();
    for (const id of ids) {
      const row = this.board.queues.get(id);
      if (row !== undefined) this.#tiles.get(id)?.draw(row, this.board.minutes(id), rules.get(id), now);
    }
  }

  /** Only what moves with time. @param {Map<string, any>} rules @param {number} now */
  tick(rules, now) {
    for (const [id, tile] of this.#tiles) {
      const row = this.board.queues.get(id);
      if (row !== undefined) tile.tick(row, rules.get(id), now);
    }
  }

  #arrange() {
    const rows = [...this.board.queues.values()];
    const tiles = new Map(rows.map(({ id }) => [id, this.#tiles.get(id) ?? new Tile(id, this.pause)]));
    this.#tiles = tiles;
    reconcile(this.parent, tiles.values(), (tile) => tile, (tile) => tile.element);
    mark(this.parent, "data-many", tiles.size > 8 ? "very" : tiles.size > 4 ? "yes" : "");
    this.parent.style.setProperty("--columns", String(tiles.size > 4 ? Math.ceil(tiles.size / 2) : tiles.size));
  }
}

class Tile {
  /** @param {string} id @param {(id: string, pause: boolean) => void} pause */
  constructor(id, pause) {
    this.state = el("span", { class: "badge" });
    this.button = el("button", { type: "button", class: "button quiet small act" });
    this.button.addEventListener("click", () => pause(id, this.button.dataset.pauses === "yes"));
    this.name = el("h2", { id: `queue-${id}` });
    this.spark = new Sparkline();
    this.legend = ["waiting", "answered", "abandoned"].map((name) => el("span", { class: `legend ${name}` }));
    /** @type {Record<string, {box: any, term: any, value: any, note: any}>} */
    this.figures = Object.fromEntries(FIGURES.map((name) => [name, figure(name)]));
    this.element = el(
      "article",
      { class: "tile", "aria-labelledby": `queue-${id}` },
      el("header", {}, this.name, this.state, this.button),
      el("dl", { class: "tile-figures" }, ...Object.values(this.figures).map(({ box }) => box)),
      this.spark.element,
      el("p", { class: "legends", "aria-hidden": "true" }, ...this.legend),
    );
  }

  /** @param {QueueRow} row @param {import("./minutes.js").Minutes} minutes @param {any} rules @param {number} now */
  draw(row, minutes, rules, now) {
    put(this.name, words.queue(row.id));
    put(this.state, t(`queue.state.${row.state}`));
    mark(this.state, "data-tone", STATE_TONES[row.state]);
    mark(this.element, "data-state", row.state);
    this.#offer(row);
    this.#say("waiting", i18n.number(row.waiting));
    this.#level(row, rules);
    this.#say("abandonment", ratio(row.abandonment), t("queue.abandonment.note", { count: row.abandoned }));
    this.#say("ewt", range(row.ewt_ms), measured(row.ewt_error));
    this.#picture(row, minutes, now);
    this.tick(row, rules, now);
  }

  /** @param {QueueRow} row @param {any} rules @param {number} now */
  tick(row, rules, now) {
    const longest = row.longest_at === null ? null : now - row.longest_at;
    const late = longest !== null && rules !== undefined && longest > TOO_LONG * rules.service_level_ms;
    this.#say("longest", longest === null ? "–" : clock(longest), "", late ? "bad" : "");
  }

  /** @param {QueueRow} row */
  #offer(row) {
    const pauses = row.state === "open";
    put(this.button, t(pauses ? "queue.pause" : "queue.resume"));
    mark(this.button, "data-pauses", pauses ? "yes" : "no");
    const label = pauses ? "queue.pause.label" : "queue.resume.label";
    mark(this.button, "aria-label", t(label, { queue: words.queue(row.id) }));
  }

  /** @param {QueueRow} row @param {any} rules */
  #level(row, rules) {
    if (rules === undefined) return this.#say("level", ratio(row.service_level));
    const target = { target: percent(rules.service_target / 100), time: duration(rules.service_level_ms) };
    const under = row.service_level !== null && row.service_level * 100 < rules.service_target;
    const tone = row.service_level === null ? "" : under ? "bad" : "good";
    this.#say("level", ratio(row.service_level), t("queue.level.note", target), tone);
  }

  /** @param {QueueRow} row @param {import("./minutes.js").Minutes} minutes @param {number} now */
  #picture(row, minutes, now) {
    const sum = this.spark.draw(minutes.hour(now));
    put(this.legend[0], t("spark.waiting", { peak: sum.peak }));
    put(this.legend[1], t("spark.answered", { count: sum.answered }));
    put(this.legend[2], t("spark.abandoned", { count: sum.abandoned }));
    const told = { ...sum, waiting: row.waiting, queue: words.queue(row.id) };
    mark(this.spark.element, "aria-label", t("spark.label", told));
  }

  /** @param {string} name @param {string} value @param {string} [note] @param {string} [tone] */
  #say(name, value, note = "", tone = "") {
    const parts = this.figures[name];
    put(parts.term, t(`queue.${name}`));
    put(parts.value, value);
    put(parts.note, note);
    mark(parts.box, "data-tone", tone);
  }
}

/** @param {string} name */
function figure(name) {
  const [term, value, note] = [el("dt"), el("span", { class: "value" }), el("small")];
  const size = LARGE.has(name) ? "large" : "";
  const box = el("div", { class: `figure ${size} ${name}` }, term, el("dd", {}, value, note));
  return { box, term, value, note };
}

/** @param {number|null} value */
const ratio = (value) => (value === null ? "–" : percent(value));

/** @param {QueueRow["ewt_ms"]} ewt */
function range(ewt) {
  if (ewt === null) return "–";
  const [low, high] = [duration(rounded(ewt.p50)), duration(rounded(ewt.p90))];
  return low === high ? low : t("queue.ewt.range", { low, high });
}

/** An expectation is not known to the second. @param {number} ms */
const rounded = (ms) => (ms < 60_000 ? Math.round(ms / 5_000) * 5_000 : Math.round(ms / 60_000) * 60_000);

/** @param {QueueRow["ewt_error"]} error */
function measured(error) {
  if (error === null || error.calls === 0) return t("queue.ewt.unmeasured");
  const params = { off: duration(error.median_ms), within: percent(error.within_p90), count: error.calls };
  return t("queue.ewt.error", params);
}
