/**
 * The agent's camera and microphone: had from when he looks at himself or goes ready, let go when he takes a
 * break or leaves, so that the lamp of the camera tells the truth. `on` is how a call begins; what is switched
 * during a call is that call's own.
 */

import { acquire, devices, release } from "../lib/media.js";

const CHOSEN = "giliran.agent.devices";

export class Devices extends EventTarget {
  /** @type {MediaStream | null} */ stream = null;
  /** What is missing, as a code of lib/media.js. @type {string | null} */ problem = null;
  /** @type {"none" | "asking" | "had"} */ state = "none";
  on = { audio: true, video: true };
  /** What there is to choose from. */
  known = { audio: [], video: [] };

  #chosen = JSON.parse(localStorage.getItem(CHOSEN) ?? "{}");
  #asking = null;
  #asked = 0;

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#look());
  }

  has(kind) {
    return this.stream?.getTracks().some((track) => track.kind === kind && track.readyState === "live") ?? false;
  }

  chosen(kind) {
    return this.stream?.getTracks().find((track) => track.kind === kind)?.getSettings().deviceId;
  }

  /** Have what can be had; asked twice at once it asks the person once. Never rejects. */
  async get() {
    if (this.stream !== null) return;
    const asking = (this.#asking ??= this.#ask(++this.#asked));
    await asking;
    if (this.#asking === asking) this.#asking = null;
  }

  /** @param {"audio" | "video"} kind @param {string} id */
  async choose(kind, id) {
    this.#chosen = { ...this.#chosen, [kind]: id };
    localStorage.setItem(CHOSEN, JSON.stringify(this.#chosen));
    release(this.stream);
    this.stream = null;
    await this.get();
  }

  /** How a call begins. */
  set(kind, on) {
    this.on = { ...this.on, [kind]: on };
    this.apply(this.on);
  }

  /** Send or do not, for now. @param {{audio: boolean, video: boolean}} on */
  apply(on) {
    for (const track of this.stream?.getTracks() ?? []) track.enabled = on[track.kind];
    this.#changed();
  }

  letGo() {
    if (this.state === "none") return;
    this.#asking = null;
    this.#asked += 1;
    release(this.stream);
    Object.assign(this, { stream: null, problem: null, state: "none" });
    this.#changed();
  }

  /** @param {number} asked which time this is: what was let go meanwhile is not taken */
  async #ask(asked) {
    Object.assign(this, { state: "asking", problem: null });
    this.#changed();
    let got = await acquire(this.#chosen);
    if (got.problem !== null && Object.keys(this.#chosen).length > 0) {
      release(got.stream);
      got = await acquire();
    }
    if (asked !== this.#asked) return release(got.stream);
    Object.assign(this, got, { state: got.stream === null ? "none" : "had" });
    this.apply(this.on);
    for (const track of this.stream?.getTracks() ?? []) track.addEventListener("ended", () => this.#lost(track));
    await this.#look();
  }

  async #look() {
    this.known = await devices();
    this.#changed();
  }

  /** Unplugged, or taken back in the browser's own settings. */
  #lost({ kind }) {
    this.problem = kind === "audio" ? "no_microphone" : "no_camera";
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
