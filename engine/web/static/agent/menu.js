/**
 * A menu button after the ARIA authoring practices: one of several choices, by mouse or keyboard alone
 * (arrows, Home, End, first letters, Escape). What is chosen now carries a mark; what to choose from may
 * change while it is closed.
 */

import { el } from "../lib/dom.js";

/** @typedef {{id: string, text: string, checked?: boolean, separated?: boolean, choose: () => void}} Choice */

export class Menu {
  #choices = [];

  /** @param {{id: string, class?: string}} options */
  constructor({ id, class: className = "" }) {
    this.button = el("button", {
      type: "button",
      class: `button ${className}`,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
      on: { click: () => this.toggle(), keydown: (event) => this.#fromButton(event) },
    });
    this.list = el("ul", { id, role: "menu", class: "menu-list", on: { keydown: (event) => this.#within(event) } });
    this.list.hidden = true;
    this.element = el("div", { class: "menu", on: { focusout: (event) => this.#left(event) } }, this.button, this.list);
    document.addEventListener("pointerdown", (event) => {
      if (this.open && !this.element.contains(event.target)) this.toggle(false);
    });
  }

  get open() {
    return !this.list.hidden;
  }

  /** @param {string} text @param {Choice[]} choices */
  update(text, choices) {
    if (this.button.textContent !== text) this.button.textContent = text;
    this.list.setAttribute("aria-label", text);
    const same = JSON.stringify(choices) === JSON.stringify(this.#choices);
    this.#choices = choices;
    if (!same) this.list.replaceChildren(...choices.map((choice, at) => this.#item(choice, at)));
  }

  toggle(open = !this.open) {
    this.list.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.#focus(Math.max(0, this.#choices.findIndex(({ checked }) => checked)));
  }

  #item({ text, checked, separated }, at) {
    return el("li", {
      role: checked === undefined ? "menuitem" : "menuitemradio",
      ...(checked === undefined ? {} : { "aria-checked": String(checked) }),
      class: separated ? "menu-item separated" : "menu-item",
      tabindex: "-1",
      text,
      on: { click: () => this.#choose(at) },
    });
  }

  #choose(at) {
    this.toggle(false);
    this.button.focus();
    this.#choices[at].choose();
  }

  #focus(at) {
    const items = this.list.children;
    items[(at + items.length) % items.length]?.focus();
  }

  #fromButton(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    this.toggle(true);
    if (event.key === "ArrowUp") this.#focus(-1);
  }

  #within(event) {
    const at = [...this.list.children].indexOf(document.activeElement);
    const deed = {
      ArrowDown: () => this.#focus(at + 1),
      ArrowUp: () => this.#focus(at - 1),
      Home: () => this.#focus(0),
      End: () => this.#focus(-1),
      Enter: () => this.#choose(at),
      " ": () => this.#choose(at),
      Escape: () => (this.toggle(false), this.button.focus()),
    }[event.key];
    if (deed === undefined) return this.#seek(event.key, at);
    event.preventDefault();
    event.stopPropagation();
    deed();
  }

  #seek(key, from) {
    if (key.length !== 1) return;
    const order = [...this.list.children].map((_, n) => (from + 1 + n) % this.#choices.length);
    const found = order.find((at) => this.#choices[at].text.toLowerCase().startsWith(key.toLowerCase()));
    if (found !== undefined) this.#focus(found);
  }

  #left(event) {
    if (this.open && !this.element.contains(event.relatedTarget)) this.toggle(false);
  }
}
