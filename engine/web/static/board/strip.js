/**
 * The alarms, always in sight: one chip each, the gravest first, and a calm word when there is none. A chip
 * leads to what it is about. Chips count down silently; a new alarm is said aloud once. Drawing reads where the
 * chips came to stand, so it is the last thing that is drawn in a second.
 */

import { el, reconcile } from "../lib/dom.js";
import * as i18n from "../lib/i18n.js";
import { mark, put } from "./text.js";
import * as words from "./words.js";

const { t, duration, percent } = i18n;
/** @typedef {import("./alarms.js").Alarm} Alarm */

/** More lines of chips are shown only when asked for. */
const LINES = 2;

export class Strip {
  /** @type {Set<string>} */
  #known = new Set();
  #all = false;

  /** @param {(alarm: Alarm) => void} follow */
  constructor(follow) {
    this.follow = follow;
    this.list = el("ul", { class: "alarms" });
    this.calm = el("p", { class: "calm", data: { t: "alarm.none" } });
    this.more = el("button", { type: "button", class: "button quiet small", "aria-expanded": "false", hidden: true });
    this.more.addEventListener("click", () => {
      this.#all = !this.#all;
      this.element.classList.toggle("all", this.#all);
      mark(this.more, "aria-expanded", String(this.#all));
      this.#cut();
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
  }

  /** @param {Alarm[]} alarms */
  draw(alarms) {
    reconcile(this.list, alarms, (alarm) => alarm.key, () => this.#make(), (node, alarm) => this.#fill(node, alarm));
    this.calm.hidden = alarms.length > 0;
    this.list.hidden = alarms.length === 0;
    this.#speak(alarms);
    this.#cut();
  }

  /** Which chips do not fit: they keep their place, unseen and out of reach, so that nothing moves. */
  #cut() {
    const chips = /** @type {HTMLElement[]} */ ([...this.list.children]);
    const tops = chips.map((chip) => chip.offsetTop);
    const last = [...new Set(tops)][LINES - 1] ?? Infinity;
    chips.forEach((chip, n) => chip.classList.toggle("over", !this.#all && tops[n] > last));
    const over = tops.filter((top) => top > last).length;
    this.more.hidden = over === 0;
    put(this.more, this.#all ? t("alarm.fewer") : t("alarm.more", { count: over }));
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
