/**
 * A queue's last hour as a small picture: above, how many waited; below, how many a minute were answered and
 * abandoned. One path each, redrawn by its `d` alone. It is told in words to those who do not see it.
 */

import { SHOWN } from "./minutes.js";
import { mark } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 4 * SHOWN;
const LINE_TOP = 2;
const LINE_BOTTOM = 30;
const BARS_TOP = 34;
const BARS_BOTTOM = 52;

/** What the picture says in numbers. @typedef {{peak: number, answered: number, abandoned: number}} Sum */

export class Sparkline {
  constructor() {
    const viewBox = `0 0 ${WIDTH} ${BARS_BOTTOM}`;
    this.element = make("svg", { viewBox, preserveAspectRatio: "none", class: "spark", role: "img" });
    this.area = make("path", { class: "spark-area" });
    this.line = make("path", { class: "spark-line", "vector-effect": "non-scaling-stroke" });
    this.answered = make("path", { class: "spark-answered" });
    this.abandoned = make("path", { class: "spark-abandoned" });
    this.element.append(this.area, this.line, this.answered, this.abandoned);
  }

  /** @param {(import("./minutes.js").Minute|null)[]} hour @returns {Sum} */
  draw(hour) {
    const waiting = carried(hour);
    const peak = Math.max(0, ...waiting.map((value) => value ?? 0));
    const busiest = Math.max(1, ...hour.map((minute) => (minute ? minute.answered + minute.abandoned : 0)));
    const first = waiting.findIndex((value) => value !== null);
    const known = first < 0 ? [] : waiting.slice(first);
    const scale = 1 / Math.max(1, peak);
    const points = known.map((value, n) => `${middle(first + n)} ${level(Number(value) * scale)}`).join("L");
    mark(this.line, "d", points && `M${points}`);
    mark(this.area, "d", points && `M${middle(first)} ${LINE_BOTTOM}L${points}V${LINE_BOTTOM}Z`);
    const unit = (BARS_BOTTOM - BARS_TOP) / busiest;
    mark(this.answered, "d", bars(hour, (minute) => [0, minute.answered * unit]));
    mark(this.abandoned, "d", bars(hour, (minute) => [minute.answered * unit, minute.abandoned * unit]));
    return { peak, answered: total(hour, "answered"), abandoned: total(hour, "abandoned") };
  }
}

/** A minute without news is as the one before it. @param {(import("./minutes.js").Minute|null)[]} hour */
function carried(hour) {
  /** @type {number|null} */
  let last = null;
  return hour.map((minute) => (last = minute?.waiting ?? last));
}

/** Where a minute's column has its middle. @param {number} n */
const middle = (n) => n * 4 + 2;

/** @param {number} share 0 to 1 */
const level = (share) => Math.round(10 * (LINE_BOTTOM - share * (LINE_BOTTOM - LINE_TOP))) / 10;

/**
 * @param {(import("./minutes.js").Minute|null)[]} hour
 * @param {(minute: import("./minutes.js").Minute) => number[]} span from where and how high
 */
function bars(hour, span) {
  const paths = hour.map((minute, n) => {
    const [from, high] = minute ? span(minute) : [0, 0];
    if (high === 0) return "";
    const top = (BARS_BOTTOM - from - high).toFixed(1);
    return `M${n * 4} ${top}h3v${high.toFixed(1)}h-3Z`;
  });
  return paths.join("");
}

/** @param {(import("./minutes.js").Minute|null)[]} hour @param {"answered"|"abandoned"} name */
const total = (hour, name) => hour.reduce((sum, minute) => sum + (minute?.[name] ?? 0), 0);

/** @param {string} tag @param {Record<string, string>} attributes */
function make(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
