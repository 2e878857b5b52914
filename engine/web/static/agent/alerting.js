/**
 * How an offer reaches an agent who looks elsewhere: ring tone, tab title, favicon, and a notification while
 * the tab is hidden. All of it begins with `start` and is undone by `stop`.
 *
 * A notification is seen by whoever passes the screen, so it names the queue and never the customer.
 */

import { Tone } from "./tone.js";

const FLASH_MS = 1000;
const MUTED = "giliran.agent.muted";

export class Alerting {
  tone = new Tone();
  #words = null;
  #flash = null;
  #notification = null;
  #title = document.title;
  #icon = icon()?.getAttribute("href");

  /** @param {{alertIcon: string}} options  the favicon while an offer pends */
  constructor({ alertIcon }) {
    this.alertIcon = alertIcon;
    this.tone.muted = localStorage.getItem(MUTED) === "yes";
    document.addEventListener("visibilitychange", () => this.#notify());
  }

  /** The tab's title while nothing alerts. */
  set title(title) {
    this.#title = title;
    if (this.#words === null) document.title = title;
  }

  get muted() {
    return this.tone.muted;
  }

  set muted(muted) {
    this.tone.muted = muted;
    localStorage.setItem(MUTED, muted ? "yes" : "no");
  }

  /** In a gesture: sound from now on, and the question whether notifications may be shown. */
  permit() {
    this.tone.unlock();
    if (globalThis.Notification?.permission === "default") Notification.requestPermission();
  }

  /** @param {{title: string, body: string}} words @param {number} ms  how long the offer may last */
  start(words, ms) {
    this.stop();
    this.#words = words;
    this.tone.ring(ms);
    icon()?.setAttribute("href", this.alertIcon);
    document.title = words.title;
    this.#flash = setInterval(() => {
      document.title = document.title === words.title ? this.#title : words.title;
    }, FLASH_MS);
    this.#notify();
  }

  stop() {
    if (this.#words === null) return;
    this.#words = null;
    this.tone.hush();
    clearInterval(this.#flash);
    document.title = this.#title;
    icon()?.setAttribute("href", this.#icon);
    this.#unnotify();
  }

  #notify() {
    if (this.#words === null || !document.hidden || globalThis.Notification?.permission !== "granted") return;
    this.#unnotify();
    const { title, body } = this.#words;
    this.#notification = new Notification(title, { body, tag: "giliran.offer", requireInteraction: true, silent: true });
    this.#notification.addEventListener("click", () => window.focus());
  }

  #unnotify() {
    this.#notification?.close();
    this.#notification = null;
  }
}

function icon() {
  return document.querySelector('link[rel="icon"]');
}
