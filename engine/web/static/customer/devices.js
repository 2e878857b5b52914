/**
 * The customer's camera and microphone during one visit. What he agreed to and what he switched off is
 * remembered for this tab, so that a reload in the middle of a call brings his picture back without asking
 * him again; it is never remembered beyond the tab, nor for whoever signs in there after him.
 */

import { acquire, release } from "../lib/media.js";

const STORED = "giliran.devices";
const AGAIN_MS = 500; // after a device was unplugged

export class Devices extends EventTarget {
  /** @type {MediaStream | null} */ stream = null;
  /** @type {"off" | "asking" | "on"} */ state = "off";
  /** @type {string | null} why there is no picture or sound: t("device." + problem) */ problem = null;
  #asked = 0;
  #kept = { person: null, agreed: null, wanted: false, audio: true, video: true, audioId: null, videoId: null };

  /** @param {string} person whose visit it is */
  constructor(person) {
    super();
    const kept = JSON.parse(sessionStorage.getItem(STORED) ?? "{}");
    Object.assign(this.#kept, kept.person === person ? kept : { person });
  }

  /** The version of the consent he gave in this tab, or null. */
  get agreed() {
    return this.#kept.agreed;
  }

  set agreed(version) {
    this.#keep({ agreed: version });
  }

  /** Whether microphone and camera are on. */
  get on() {
    return { audio: this.#kept.audio, video: this.#kept.video };
  }

  has(kind) {
    return (this.stream?.getTracks() ?? []).some((track) => track.kind === kind);
  }

  /** Which of these devices is in use. @param {"audio" | "video"} kind @param {MediaDeviceInfo[]} among */
  using(kind, among) {
    const { deviceId, groupId } = this.stream?.getTracks().find((track) => track.kind === kind)?.getSettings() ?? {};
    return among.find((device) => device.deviceId === deviceId) ?? among.find((device) => device.groupId === groupId);
  }

  /** Turn the devices on, as far as they are there. */
  async open() {
    if (this.state === "asking") return;
    this.#become("asking", null);
    const asked = ++this.#asked;
    const { audioId, videoId } = this.#kept;
    let found = await acquire({ audio: audioId ?? true, video: videoId ?? true });
    if (found.problem && (audioId || videoId)) {
      this.#keep({ audioId: null, videoId: null });
      release(found.stream);
      found = await acquire();
    }
    if (asked !== this.#asked) return release(found.stream); // closed while the browser asked
    release(this.stream);
    this.stream = found.stream;
    this.#keep({ wanted: this.stream !== null });
    for (const track of this.stream?.getTracks() ?? []) {
      track.enabled = this.#kept[track.kind];
      track.addEventListener("ended", () => setTimeout(() => this.stream?.getTracks().includes(track) && this.open(), AGAIN_MS));
    }
    this.#become(this.stream ? "on" : "off", found.problem);
  }

  /** Turn them on without a question, if he had them on in this tab before. */
  async reopen() {
    if (this.#kept.agreed && this.#kept.wanted && !this.stream) await this.open();
  }

  /** @param {"audio" | "video"} kind */
  async use(kind, deviceId) {
    this.#keep({ [`${kind}Id`]: deviceId });
    await this.open();
  }

  /** @param {"audio" | "video"} kind */
  toggle(kind) {
    this.#keep({ [kind]: !this.#kept[kind] });
    for (const track of this.stream?.getTracks() ?? []) if (track.kind === kind) track.enabled = this.#kept[kind];
    this.#become(this.state, this.problem);
  }

  /** The visit is over, or goes on elsewhere: nobody is looked at any longer. */
  close() {
    this.#asked += 1;
    release(this.stream);
    this.stream = null;
    this.#become("off", null);
  }

  #keep(what) {
    Object.assign(this.#kept, what);
    sessionStorage.setItem(STORED, JSON.stringify(this.#kept));
  }

  #become(state, problem) {
    this.state = state;
    this.problem = problem;
    this.dispatchEvent(new Event("change"));
  }
}
