/** A ring that empties towards an instant of the server, with what is left of it in figures. */

import { el, write } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 26;
const AROUND = 2 * Math.PI * RADIUS;
const URGENT_MS = 5_000;

export class Countdown {
  #from = null;
  #until = null;
  #rest = circle("countdown-rest");
  #figures = el("span", { class: "countdown-figures" });

  /** @param {string} label key of what it counts, for those who do not see it */
  constructor(label) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 64 64");
    svg.setAttribute("aria-hidden", "true");
    this.#rest.setAttribute("stroke-dasharray", String(AROUND));
    svg.append(circle("countdown-whole"), this.#rest);
    const said = { "aria-live": "off", "aria-label": t(label), data: { tLabel: label } };
    this.element = el("div", { class: "countdown", role: "timer", ...said }, svg, this.#figures);
  }

  /** @param {number|null} from @param {number|null} until  instants of the server; without an end it is hidden */
  set(from, until) {
    this.#from = from;
    this.#until = until;
    this.element.hidden = until === null;
  }

  /** @returns {number} ms left, never below 0 */
  tick(now) {
    if (this.#until === null) return Infinity;
    const left = Math.max(0, this.#until - now);
    const whole = this.#until - (this.#from ?? now);
    const share = whole > 0 ? Math.min(1, left / whole) : 0;
    this.#rest.setAttribute("stroke-dashoffset", String(AROUND * (1 - share)));
    write(this.#figures, clock(Math.ceil(left / 1000) * 1000));
    this.element.classList.toggle("urgent", left <= URGENT_MS);
    return left;
  }
}

function circle(className) {
  const made = document.createElementNS(SVG, "circle");
  const attributes = { class: className, cx: 32, cy: 32, r: RADIUS };
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
