/**
 * A grid of very many rows of which only those in sight exist.
 *
 * The rows in sight are slots, in the order of the page, filled with whatever stands there now: scrolling or a
 * new order rewrites texts and moves nothing, and a text is written only where it differs. Sizes are read when
 * they may have changed (ResizeObserver), never while drawing. Assistive technology is told how many rows
 * there are (aria-rowcount) and which one each slot is (aria-rowindex).
 *
 * Keyboard: the grid is one tab stop, its active row is known by key and keeps its key while the order
 * changes; arrows, Page Up and Down, Home and End move it, Enter opens it.
 */

import { el } from "../lib/dom.js";
import { mark } from "./text.js";

const SPARE = 3; // rows kept beyond each edge, so that scrolling does not uncover bare ground

/**
 * One drawn row and what stands in it now.
 * @typedef {{key: string, row: HTMLElement, cells: HTMLElement[]}} Slot
 */

/** @param {string} id @param {string[]} columns @returns {Slot} */
function newSlot(id, columns) {
  const cells = columns.map((name) => el("span", { role: "gridcell", class: `cell ${name}` }));
  return { key: "", cells, row: el("div", { role: "row", class: "grid-row", id }, ...cells) };
}

/** @template T */
export class Windowed {
  /** @type {T[]} */
  #items = [];
  /** @type {Slot[]} */
  #slots = [];
  #shown = 0;
  #rowPx = 0;
  #viewPx = 0;
  #scrollPx = 0;
  #heightPx = -1;
  #offsetPx = -1;
  #active = "";

  /**
   * @param {object} options
   * @param {string} options.name prefix of the rows' element ids
   * @param {string[]} options.columns their classes; a header's text is `${name}.column.${column}`
   * @param {(item: T) => string} options.keyOf
   * @param {(slot: Slot, item: T, index: number) => void} options.fill
   * @param {(key: string) => void} options.open a row was chosen
   * @param {() => void} options.moved the grid needs to be drawn again soon
   */
  constructor({ name, columns, keyOf, fill, open, moved }) {
    this.name = name;
    this.columns = columns;
    this.keyOf = keyOf;
    this.fill = fill;
    this.open = open;
    this.moved = moved;
    const heads = columns.map((column) =>
      el("span", { role: "columnheader", class: `cell ${column}`, data: { t: `${name}.column.${column}` } }),
    );
    this.body = el("div", { role: "rowgroup", class: "grid-slots" });
    this.space = el("div", { role: "presentation", class: "grid-space" }, this.body);
    this.element = el(
      "div",
      { role: "grid", class: `grid ${name}`, tabindex: "0", data: { tLabel: `${name}.title` } },
      el("div", { role: "rowgroup", class: "grid-head" }, el("div", { role: "row", "aria-rowindex": "1" }, ...heads)),
      this.space,
    );
    this.#listen();
  }

  #listen() {
    const grid = this.element;
    grid.addEventListener("scroll", () => {
      this.#scrollPx = grid.scrollTop;
      this.moved();
    });
    grid.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      const row = /** @type {Element} */ (event.target).closest(".grid-row");
      const slot = this.#slots.find((each) => each.row === row);
      if (slot) this.#choose(slot.key);
    });
    grid.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    grid.addEventListener("focus", () => this.moved());
    grid.addEventListener("blur", () => this.moved());
    const measure = new ResizeObserver(() => this.#measure());
    measure.observe(grid);
    measure.observe(this.#slot(0).row);
  }

  #measure() {
    const head = this.element.firstElementChild.offsetHeight;
    this.#rowPx = this.#slots[0].row.offsetHeight || this.#rowPx; // a hidden row has none
    this.#viewPx = this.element.clientHeight - head;
    this.moved();
  }

  /** The list to draw; it is read while drawing, never kept in step. @param {T[]} items */
  draw(items) {
    this.#items = items;
    const rowPx = this.#rowPx || 1;
    const first = Math.max(0, Math.min(Math.floor(this.#scrollPx / rowPx), items.length) - SPARE);
    const inSight = this.#rowPx === 0 ? 1 : Math.ceil(this.#viewPx / rowPx) + 2 * SPARE;
    const count = Math.max(0, Math.min(inSight, items.length - first));
    this.#stretch(items.length, first);
    let active = "";
    for (let n = 0; n < count; n++) {
      const item = items[first + n];
      const slot = this.#slot(n);
      slot.key = this.keyOf(item);
      mark(slot.row, "aria-rowindex", String(first + n + 2));
      this.fill(slot, item, first + n);
      const isActive = slot.key === this.#active;
      mark(slot.row, "data-active", isActive ? "yes" : "");
      if (isActive) active = slot.row.id;
    }
    for (let n = count; n < this.#shown; n++) this.#slots[n].row.hidden = true;
    for (let n = this.#shown; n < count; n++) this.#slots[n].row.hidden = false;
    this.#shown = count;
    mark(this.element, "aria-activedescendant", active);
  }

  /** How many whole rows are in sight. */
  get capacity() {
    return this.#rowPx === 0 ? 0 : Math.max(0, Math.floor(this.#viewPx / this.#rowPx));
  }

  /** Make the row of that key the active one and bring it into sight. @param {string} key */
  reveal(key) {
    const index = this.#items.findIndex((item) => this.keyOf(item) === key);
    if (index < 0) return;
    this.#active = key;
    const top = index * this.#rowPx;
    if (top < this.#scrollPx) this.element.scrollTop = top;
    const over = top + this.#rowPx - this.#scrollPx - this.#viewPx;
    if (over > 0) this.element.scrollTop = this.#scrollPx + over;
    this.moved();
  }

  /** @param {number} n */
  #slot(n) {
    while (this.#slots.length <= n) {
      const slot = newSlot(`${this.name}-row-${this.#slots.length}`, this.columns);
      this.#slots.push(slot);
      this.body.append(slot.row);
    }
    return this.#slots[n];
  }

  /** @param {number} rows @param {number} first */
  #stretch(rows, first) {
    const height = rows * this.#rowPx;
    const offset = first * this.#rowPx;
    if (height !== this.#heightPx) this.space.style.height = `${(this.#heightPx = height)}px`;
    if (offset !== this.#offsetPx) this.body.style.transform = `translateY(${(this.#offsetPx = offset)}px)`;
    mark(this.element, "aria-rowcount", String(rows + 1));
  }

  /** @param {string} key */
  #choose(key) {
    this.#active = key;
    this.moved();
    this.open(key);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.#items.length - 1;
    const at = this.#items.findIndex((item) => this.keyOf(item) === this.#active);
    const start = at < 0 ? Math.floor(this.#scrollPx / (this.#rowPx || 1)) - 1 : at;
    const page = Math.max(1, this.capacity - 1);
    /** @type {Record<string, number>} */
    const moves = {
      ArrowDown: start + 1, ArrowUp: start - 1, PageDown: start + page, PageUp: start - page, Home: 0, End: last,
    };
    if (event.key in moves) {
      const item = this.#items[Math.max(0, Math.min(last, moves[event.key]))];
      if (item !== undefined) this.reveal(this.keyOf(item));
    } else if ((event.key === "Enter" || event.key === " ") && at >= 0) this.open(this.#active);
    else return;
    event.preventDefault();
  }
}
