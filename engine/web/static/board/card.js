/**
 * A dialog about one thing: its facts, kept up to date while it is open, and what can be done with it.
 *
 * @typedef {[string, string]} Fact term and explanation
 * @typedef {{text: string, danger?: boolean, disabled?: boolean, does: () => void}} Action
 * @typedef {{title: string, facts: Fact[], actions: Action[], gone?: string}} Content
 */

import { el, reconcile } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { put } from "./text.js";

export class Card {
  /** @type {(() => Content)|null} */
  #content = null;

  constructor() {
    this.title = el("h2", { id: "card-title" });
    this.facts = el("dl", { class: "facts" });
    this.gone = el("p", { class: "note", role: "status", hidden: true, data: { tone: "warn" } });
    this.actions = el("div", { class: "row", role: "group", "aria-labelledby": "card-title" });
    const close = el("button", { type: "button", class: "button quiet", data: { t: "close" } });
    close.addEventListener("click", () => this.close());
    this.dialog = el(
      "dialog",
      { class: "dialog board-card", "aria-labelledby": "card-title" },
      el("header", { class: "row spread" }, this.title, close),
      this.gone,
      this.facts,
      this.actions,
    );
    this.dialog.addEventListener("close", () => (this.#content = null));
    this.dialog.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      if (event.target === this.dialog) this.close();
    });
  }

  /** @param {() => Content} content what to show, asked for at each drawing */
  open(content) {
    this.#content = content;
    this.draw();
    if (!this.dialog.open) this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  draw() {
    if (this.#content === null) return;
    const { title, facts, actions, gone = "" } = this.#content();
    put(this.title, title);
    put(this.gone, gone);
    this.gone.hidden = gone === "";
    reconcile(this.facts, facts.entries(), ([n]) => n, makeFact, fillFact);
    reconcile(this.actions, actions, ({ text }) => text, makeAction, fillAction);
  }
}

const makeFact = () => el("div", {}, el("dt"), el("dd"));

/** @param {any} node @param {[number, Fact]} fact */
function fillFact(node, [, [term, explanation]]) {
  put(node.firstElementChild, term);
  put(node.lastElementChild, explanation);
}

const makeAction = () => el("button", { type: "button", class: "button" });

/** @param {any} button @param {Action} action */
function fillAction(button, { text, danger = false, disabled = false, does }) {
  put(button, text);
  button.disabled = disabled;
  button.classList.toggle("danger", danger);
  button.onclick = does;
}
