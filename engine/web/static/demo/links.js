/** The links that sign in: one for each guest, with what he does just now if he is an agent. */

import { el, icon, write } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

const NEW_TAB = "M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5";
const TONES = { ready: "good", offered: "warn", on_call: "accent", wrap_up: "accent" };

/** @typedef {{page: string, id: string, name: string, token: string}} Guest */

export class Links {
  #places;
  /** @type {Map<string, {guest: Guest, link: any, who: any, state: any}>} */
  #shown = new Map();
  /** @type {Map<string, {state: string}>} */
  #agents = new Map();

  /** @param {Record<string, Element>} places where the link of a guest goes: by his id, else by his page */
  constructor(places) {
    this.#places = places;
    document.addEventListener("giliran:language", () => this.#draw());
  }

  /** @param {Guest[]} guests with fresh tokens */
  show(guests) {
    for (const guest of guests) {
      const shown = this.#shown.get(guest.id) ?? this.#make(guest);
      shown.guest = guest;
      shown.link.href = `${guest.page}#token=${guest.token}`;
    }
    this.#draw();
  }

  /** @param {Map<string, {state: string}>} agents who are logged in, by id */
  tell(agents) {
    this.#agents = agents;
    this.#draw();
  }

  /** @param {Guest} guest */
  #make(guest) {
    const who = el("span");
    const state = el("span", { class: "badge" });
    const place = this.#places[guest.id] ?? this.#places[guest.page];
    const link = el("a", { class: `button wide ${place.dataset.button ?? ""}`, target: "_blank", rel: "noopener" }, who, state, icon(NEW_TAB));
    place.append(link);
    const shown = { guest, link, who, state };
    this.#shown.set(guest.id, shown);
    return shown;
  }

  #draw() {
    for (const { guest, who, state } of this.#shown.values()) {
      const now = this.#agents.get(guest.id)?.state ?? "offline";
      write(who, t(`open.${guest.page}`, { name: guest.name }));
      state.hidden = now === "offline";
      state.dataset.tone = TONES[now] ?? "";
      write(state, state.hidden ? "" : t(`state.${now}`));
    }
  }
}
