/** The screens that only say something: opening, and the two ends of a session. */

import { el } from "../lib/dom.js";
import { actions } from "../lib/link.js";
import { heading, says } from "./words.js";

export const openingView = () => ({
  root: el("section", { class: "column opening" }, el("div", { class: "lead" }, heading("opening.title"), says("p", "opening.text", { class: "muted" }))),
  update() {},
});

const said = (name, does) => (page) => ({
  root: el("section", { class: "column" },
    el("div", { class: "lead" }, heading(`${name}.title`), says("p", `${name}.text`, { class: "muted" })),
    says("button", `link.do.${does}`, { type: "button", class: "button primary wide", on: { click: () => actions(page.client)[does]() } })),
  update() {},
});

export const replacedView = said("replaced", "here");
export const refusedView = said("refused", "signin");
