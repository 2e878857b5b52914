/**
 * Wall mode: the whole screen, larger type, nothing to press, no pointer. It is in the address (?wall), so a
 * screen on the wall can be started with it; a browser lets a page take the whole screen only when somebody
 * asked for it by hand. Moving the pointer shows the way out, and so does Escape.
 */

import { t } from "../lib/i18n.js";

const IDLE_MS = 3_000;
const NAME = "wall";

export class Wall {
  #timer = 0;

  /** @param {HTMLElement} button @param {() => void} changed */
  constructor(button, changed) {
    this.button = button;
    this.changed = changed;
    button.addEventListener("click", () => this.#toggle());
    document.addEventListener("fullscreenchange", () => {
      if (document.fullscreenElement === null) this.#set(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.on && document.querySelector("dialog[open]") === null) this.#set(false);
    });
    for (const event of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(event, () => this.#stir());
    this.#set(new URLSearchParams(location.search).has(NAME));
  }

  get on() {
    return document.documentElement.classList.contains(NAME);
  }

  async #toggle() {
    const on = !this.on;
    this.#set(on);
    if (!on && document.fullscreenElement !== null) await document.exitFullscreen();
    if (on && document.fullscreenEnabled) await document.documentElement.requestFullscreen().catch(() => {});
  }

  /** @param {boolean} on */
  #set(on) {
    document.documentElement.classList.toggle(NAME, on);
    this.button.dataset.t = on ? "wall.close" : "wall.open";
    this.button.textContent = t(this.button.dataset.t);
    const address = new URL(location.href);
    if (on) address.searchParams.set(NAME, "");
    else address.searchParams.delete(NAME);
    history.replaceState(history.state, "", address.href.replace(`${NAME}=`, NAME));
    this.#stir();
    this.changed();
  }

  #stir() {
    clearTimeout(this.#timer);
    delete document.documentElement.dataset.idle;
    if (this.on) this.#timer = setTimeout(() => (document.documentElement.dataset.idle = "yes"), IDLE_MS);
  }
}
