/** Rows of [term, text] as a description list; what is the same stays untouched. */

import { el, reconcile, write } from "../lib/dom.js";

/** @param {Element} list a dl @param {[string, string][]} rows */
export function drawFacts(list, rows) {
  const make = ([term]) => el("div", {}, el("dt", { text: term }), el("dd"));
  reconcile(list, rows, ([term]) => term, make, (row, [, text]) => {
    write(row.lastChild, text);
  });
}
