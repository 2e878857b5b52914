/**
 * The customer's page behind its screens: holds the model, asks the server, keeps the meeting in step with the
 * call and the devices with the visit. What must outlive a reload is in this tab's sessionStorage: the resume
 * token, what he agreed to (devices.js), and the calls whose end he has left behind.
 */

import { Client } from "../giliran.js";
import { t } from "../lib/i18n.js";
import { reach } from "../lib/link.js";
import { claims } from "../lib/signin.js";
import { Meeting } from "../lib/video.js";
import { Devices } from "./devices.js";
import { heard, meetingOf, NOTHING, TYPES } from "./model.js";

const STORED = "giliran.customer";
const SETTLE_MS = 250; // how long a call that ended may take to be told after `welcome`
const SAFE_TO_REPEAT = ["unavailable", "disconnected"];

const stored = () => JSON.parse(sessionStorage.getItem(STORED) ?? "{}");

export class Page {
  /** @type {Meeting | null} */ meeting = null;
  model;
  #changed;
  #met = null;
  #asking = null;

  /** @param {string} token @param {() => void} changed called whenever something is to be shown anew */
  static async open(token, changed) {
    const { resume = null } = stored();
    return new Page(new Client({ urls: await reach(), role: "customer", token, resume }), token, changed);
  }

  constructor(client, token, changed) {
    this.client = client;
    const { sub = "", name = "" } = claims(token);
    this.name = name;
    this.devices = new Devices(sub);
    this.model = { ...NOTHING, past: stored().past ?? [] };
    this.#changed = changed;
    for (const type of TYPES) client.on(type, (frame) => this.act(type, frame));
    this.devices.addEventListener("change", () => this.#lookAtDevices());
  }

  /** Something happened: a frame, or an act of the customer. */
  act(type, frame = {}) {
    const before = this.model;
    this.model = heard(before, type, frame, this.client.now());
    if (this.model === before) return;
    if (this.model.unsettled && !before.unsettled) setTimeout(() => this.act("page.settled"), SETTLE_MS);
    this.#keep();
    this.#meet();
    if (this.model.screen !== before.screen) this.#entered(this.model.screen);
    this.#changed();
  }

  /** Ask for a call. The same request is sent again until it is known what became of it. */
  async ask() {
    const { queue } = this.model;
    if (this.#asking?.queue !== queue) this.#asking = { queue, request_id: freshId() };
    this.act("page.asked");
    try {
      await this.client.request("call.request", { ...this.#asking, consent: { version: t("consent.version") } });
      this.#asking = null;
    } catch ({ code, retryMs }) {
      if (!SAFE_TO_REPEAT.includes(code)) this.#asking = null;
      this.act("page.refused", { code, retryMs });
      if (code === "already_waiting") this.#lookAgain();
    }
  }

  /** End the call, before it or in it. @param {"call.cancel" | "call.hangup"} how */
  async leave(how) {
    this.act("page.leaving");
    try {
      await this.client.request(how);
    } catch ({ code }) {
      this.act("page.stayed");
      if (code !== "disconnected") this.#lookAgain();
    }
  }

  async rate(score, comment) {
    this.act("page.rated", { rated: "sending" });
    try {
      const { id } = this.model.ended;
      await this.client.request("call.rate", { call_id: id, score, ...(comment ? { comment } : {}) });
      this.act("page.rated", { rated: "done" });
    } catch ({ code }) {
      this.act("page.rated", { rated: code });
    }
  }

  /** What the page shows and what the server knows differ: hear the present in full. */
  #lookAgain() {
    this.client.close();
    this.client.connect();
  }

  #keep() {
    const { past, rated, ended } = this.model;
    const seen = rated === "done" ? [...past, ended.id] : past;
    sessionStorage.setItem(STORED, JSON.stringify({ resume: this.client.resume, past: seen }));
  }

  #entered(screen) {
    const shows = ["waiting", "call"].includes(screen) && this.meeting?.state !== "elsewhere";
    if (shows) this.devices.reopen();
    if (["ended", "choose", "replaced", "refused"].includes(screen)) this.devices.close();
  }

  #meet() {
    const with_ = this.model.leaving ? null : meetingOf(this.model);
    if (with_ === this.#met) return;
    this.#met = with_;
    this.meeting?.stop();
    this.meeting = null;
    if (!with_) return;
    const { id, video } = this.model.call;
    this.meeting = new Meeting({ client: this.client, video, callId: id, local: this.devices.stream });
    this.meeting.addEventListener("state", () => this.#lookAtMeeting());
    this.meeting.addEventListener("remote", this.#changed);
    this.#lookAtDevices();
    this.meeting.start();
  }

  #lookAtMeeting() {
    if (this.meeting?.state === "elsewhere") this.devices.close(); // the bank's own client needs the camera
    this.#changed();
  }

  #lookAtDevices() {
    const { meeting, devices } = this;
    meeting?.setAudio(devices.on.audio);
    meeting?.setVideo(devices.on.video);
    meeting?.replaceLocal(devices.stream);
    this.#changed();
  }
}

function freshId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
