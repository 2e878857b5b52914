/**
 * The alarms, always in sight: one chip each, the gravest first, and a calm word when there is none. A chip
 * leads to what it is about. Chips count down silently; a new alarm is said aloud once.
 */

import { el, reconcile } from "../lib/dom.js";
import * as i18n from "../lib/i18n.js";
import { mark, put } from "./text.js";
import * as words from "./words.js";

const { t, duration, percent } = i18n;
/** @typedef {import("./alarms.js").Alarm} Alarm */

/** How wide a chip is at most likely to be, in rem; two lines of chips are shown. */
const CHIP_REM = 24;
const LINES = 2;

export class Strip {
  /** @type {Set<string>} */
  #known = new Set();
  #all = false;
  #room = LINES;
  /** @type {Alarm[]} */
  #alarms = [];

  /** @param {(alarm: Alarm) => void} follow */
  constructor(follow) {
    this.follow = follow;
    this.list = el("ul", { class: "alarms" });
    this.calm = el("p", { class: "calm", data: { t: "alarm.none" } });
    this.more = el("button", { type: "button", class: "button quiet small act", hidden: true });
    this.more.addEventListener("click", () => {
      this.#all = !this.#all;
      this.draw(this.#alarms);
    });
    this.voice = el("div", { class: "unseen", role: "status" });
    this.element = el(
      "section",
      { class: "strip", data: { tLabel: "alarm.title" } },
      this.calm,
      this.list,
      this.more,
      this.voice,
    );
    new ResizeObserver(([{ contentRect }]) => this.#measure(contentRect.width)).observe(this.element);
  }

  /** @param {number} widthPx */
  #measure(widthPx) {
    const remPx = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const room = LINES * Math.max(1, Math.floor(widthPx / (CHIP_REM * remPx)));
    if (room === this.#room) return;
    this.#room = room;
    this.draw(this.#alarms);
  }

  /** @param {Alarm[]} alarms */
  draw(alarms) {
    this.#alarms = alarms;
    const shown = this.#all ? alarms : alarms.slice(0, this.#room);
    reconcile(this.list, shown, (alarm) => alarm.key, () => this.#make(), (node, alarm) => this.#fill(node, alarm));
    this.calm.hidden = alarms.length > 0;
    this.list.hidden = alarms.length === 0;
    this.more.hidden = alarms.length <= this.#room;
    put(this.more, this.#all ? t("alarm.fewer") : t("alarm.more", { count: alarms.length - this.#room }));
    mark(this.element, "data-tone", alarms.length === 0 ? "" : alarms[0].grave ? "bad" : "warn");
    this.#speak(alarms);
  }

  /** @param {Alarm[]} alarms */
  #speak(alarms) {
    const fresh = alarms.filter((alarm) => !this.#known.has(alarm.key));
    this.#known = new Set(alarms.map((alarm) => alarm.key));
    if (fresh.length > 0) put(this.voice, fresh.slice(0, 3).map(said).join(" "));
  }

  #make() {
    return el("li", {}, el("button", { type: "button", class: "alarm" }));
  }

  /** @param {any} node @param {Alarm} alarm */
  #fill(node, alarm) {
    const chip = node.firstElementChild;
    put(chip, said(alarm));
    mark(chip, "data-tone", alarm.grave ? "bad" : "warn");
    chip.onclick = () => this.follow(alarm);
  }
}

/** An alarm in a sentence. @param {Alarm} alarm */
function said({ kind, queue, params }) {
  const { left_ms, wait_ms, level, target, ...rest } = params;
  return t(`alarm.${kind}`, {
    ...rest,
    queue: queue === undefined ? "" : words.queue(queue),
    ...(left_ms === undefined ? {} : { left: duration(left_ms) }),
    ...(wait_ms === undefined ? {} : { wait: duration(wait_ms) }),
    ...(level === undefined ? {} : { level: percent(level), target: percent(target) }),
  });
}
