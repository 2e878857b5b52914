/**
 * Single keys for what an agent does a hundred times a day. They count while nobody writes and no dialog is
 * open; the offer listens for its own two itself. They can be switched off, for those whose voice or hand
 * types letters they did not mean (WCAG 2.1.4).
 */

import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

const KEYS = {
  ready: "R",
  accept: "A",
  decline: "D",
  audio: "M",
  video: "C",
  transfer: "T",
  hangup: "Shift+H",
  sound: "S",
  finish: "Ctrl+Enter",
  list: "?",
};
const OFF = "giliran.agent.shortcuts";
const WRITING = "input:not([type=radio], [type=checkbox]), textarea, select";

const $ = (id) => document.getElementById(id);

export class Shortcuts {
  #on = localStorage.getItem(OFF) !== "off";

  /** @param {Record<string, () => void>} deeds by the names above @param {() => void} changed */
  constructor(deeds, changed) {
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.repeat) return;
      if (event.target.closest(WRITING) || document.querySelector("dialog[open]")) return;
      const name = Object.keys(deeds).find((each) => this.means(event, each));
      if (name === undefined) return;
      event.preventDefault();
      deeds[name]();
    });
    $("keys").addEventListener("click", () => this.show());
    $("shortcuts-on").addEventListener("change", (event) => {
      this.#on = event.target.checked;
      localStorage.setItem(OFF, this.#on ? "on" : "off");
      changed();
    });
  }

  means(event, name) {
    if (!this.#on || event.ctrlKey || event.altKey || event.metaKey) return false;
    const shifted = KEYS[name].startsWith("Shift+");
    const key = KEYS[name].replace("Shift+", "").toLowerCase();
    return event.key.toLowerCase() === key && (key === "?" || event.shiftKey === shifted);
  }

  /** The key of a control, to be seen within it. */
  hint(name) {
    return this.#on ? el("kbd", { "aria-hidden": "true", text: KEYS[name] }) : "";
  }

  /** Say a control's key in its title, and to those who hear the page. */
  mark(control, name, text) {
    const key = this.#on ? KEYS[name] : undefined;
    control.title = key === undefined ? text : `${text} (${key})`;
    if (key === undefined) control.removeAttribute("aria-keyshortcuts");
    else control.setAttribute("aria-keyshortcuts", key);
  }

  show() {
    $("shortcuts-on").checked = this.#on;
    const row = ([name, key]) =>
      el("div", {}, el("dt", {}, el("kbd", { text: key })), el("dd", { text: t(`keys.${name}`) }));
    $("shortcut-list").replaceChildren(...Object.entries(KEYS).map(row));
    $("shortcuts").showModal();
  }
}
