/**
 * The agent's desk. It puts the parts together and holds the one cycle of the page: a frame changes the model
 * (state.js), the model is drawn whole by every view, and a clock moves what counts.
 */

import { Client } from "../giliran.js";
import { write } from "../lib/dom.js";
import { languagePicker, load, t } from "../lib/i18n.js";
import { banner, reach } from "../lib/link.js";
import { claims, signIn } from "../lib/signin.js";
import { Actions } from "./actions.js";
import { Alerting } from "./alerting.js";
import { callScene } from "./call.js";
import { Devices } from "./devices.js";
import { belongTo, draft, forget, keep, tidy, unsent } from "./drafts.js";
import { header } from "./header.js";
import { idleScene } from "./idle.js";
import { offerDialog } from "./offer.js";
import { preview } from "./preview.js";
import { Shortcuts } from "./shortcuts.js";
import { NOTHING, WORKING, reduce, scene } from "./state.js";
import { transferDialog } from "./transfer.js";
import { refusalText, stateName } from "./words.js";
import { wrapUpScene } from "./wrapup.js";

const TICK_MS = 250;
const SCENES = ["connecting", "parted", "idle", "call", "wrap_up"];
const FRAMES = [
  "link", "welcome", "config", "agent.state", "agent.figures", "offer", "offer.ended",
  "call.connected", "call.ended", "peer", "colleagues",
];
/** Reasons that leave camera and microphone as they are: the engine's own, which pass or were not chosen. */
const PASSING = ["login", "lost", "declined", "no_answer"];

const $ = (id) => document.getElementById(id);

export class Desk {
  model = NOTHING;
  devices = new Devices();
  alerting = new Alerting({ alertIcon: "static/favicon-alert.svg" });
  /** He wanted to be ready and has neither camera nor microphone. */
  lacksDevices = false;
  /** The id of what had the focus before the scene changed. */
  focused = "";
  #scene = "connecting";
  #drawing = false;
  #began = false;

  /** @param {Client} client @param {{sub?: string, name?: string}} bearer */
  constructor(client, bearer) {
    this.client = client;
    this.me = { id: bearer.sub ?? "", name: bearer.name || bearer.sub || "" };
    belongTo(this.me.id);
    this.actions = new Actions(client, (frame) => this.dispatch(frame));
    this.transfer = transferDialog(this);
    this.call = callScene(this);
    this.shortcuts = new Shortcuts(this.#deeds(), () => this.draw());
    const scenes = [idleScene(this), preview(this), this.call, wrapUpScene(this)];
    this.views = [header(this), offerDialog(this), this.transfer, ...scenes];
    for (const type of FRAMES) client.on(type, (frame) => this.dispatch({ ...frame, type, at: client.now() }));
    for (const part of [this.devices, this.alerting.tone]) part.addEventListener("change", () => this.draw());
    document.addEventListener("giliran:language", () => this.draw());
    for (const gesture of ["pointerdown", "keydown"]) {
      document.addEventListener(gesture, () => this.#touched(), { once: true });
    }
    $("notice-close").addEventListener("click", () => this.dispatch({ type: "desk.understood" }));
    $("parted-act").addEventListener("click", () => this.#return());
    setInterval(() => this.#tick(), TICK_MS);
  }

  now() {
    return this.client.now();
  }

  dispatch(frame) {
    const before = this.model;
    this.model = reduce(before, frame);
    if (frame.type === "agent.state") this.#moved(before.agent);
    if (frame.type === "agent.state" && !this.#began) this.#begin();
    if (frame.type === "agent.state" || frame.type === "call.connected") this.#remember();
    this.draw();
  }

  /** Soon, once for everything that changes now. */
  draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  /** Ready from now on, or after the work. Asks for what a call needs first: sound, camera, microphone. */
  async goReady({ without = false } = {}) {
    this.alerting.permit();
    if (!without && !WORKING.includes(this.model.agent.state) && this.model.config.video?.provider !== "none") {
      await this.devices.get();
      this.lacksDevices = this.devices.stream === null;
      this.draw();
      if (this.lacksDevices) return;
    }
    this.lacksDevices = false;
    this.actions.setState("ready");
  }

  async signOut() {
    if (this.client.link.state === "up") await this.actions.setState("offline");
    this.client.close();
    belongTo("");
    sessionStorage.removeItem("giliran.token.agent");
  }

  #deeds() {
    const within = (wanted, deed) => () => this.#scene === wanted && deed();
    return {
      ready: within("idle", () => this.model.agent.state !== "ready" && this.goReady()),
      audio: within("call", () => this.call.deeds.audio()),
      video: within("call", () => this.call.deeds.video()),
      transfer: within("call", () => this.call.deeds.transfer()),
      hangup: within("call", () => this.call.deeds.hangup()),
      sound: () => $("sound").click(),
      list: () => this.shortcuts.show(),
    };
  }

  #touched() {
    if (!this.alerting.tone.blocked) return;
    this.alerting.tone.unlock();
    this.call.touched();
  }

  /** Of what an earlier page wrote, some may be kept: the answer came when that page had gone. */
  async #begin() {
    this.#began = true;
    for (const id of unsent()) {
      if (id === this.model.agent.call_id || !(await this.actions.kept(id, draft(id)))) continue;
      forget(id);
      this.draw();
    }
  }

  /** Camera and microphone follow the state: had while work may come, let go on a break. */
  #moved(before) {
    const { state, reason } = this.model.agent;
    if (before === null) return state === "ready" && this.devices.get();
    if (before.state === state && before.reason === reason) return;
    if (state === "offline" || (state === "not_ready" && !PASSING.includes(reason))) this.devices.letGo();
  }

  /** What the page knows of a call outlives a reload; the engine tells less of it in wrap-up. */
  #remember() {
    const { agent, call, last } = this.model;
    const work = call ?? (agent?.state === "wrap_up" ? last : null);
    if (work !== null) {
      const known = draft(work.call_id).work;
      if (known !== null) this.model = reduce(this.model, { type: "desk.known", work: known });
      const { video, ...facts } = this.model.call ?? this.model.last;
      keep(work.call_id, { work: facts });
    }
    tidy(work?.call_id ?? agent?.call_id);
  }

  #draw() {
    this.focused = document.activeElement?.id ?? "";
    const before = this.#scene;
    const now = scene(this.model);
    if (now !== "same") this.#scene = now;
    for (const each of SCENES) $(`scene-${each}`).hidden = each !== this.#scene;
    document.body.dataset.scene = this.#scene;
    if (this.#scene === "parted") this.#drawParted();
    for (const view of this.views) view.update(this.model, this.#scene);
    this.#drawNotice();
    if (this.#scene !== before && before !== "connecting") this.#focus();
    const { agent, config } = this.model;
    const state = agent === null ? "" : stateName(config, agent.state, agent.reason);
    this.alerting.title = state ? t("title", { state }) : t("app.name");
    this.#tick();
  }

  /** Who had the focus in a scene that is over is taken to the head of the new one. */
  #focus() {
    const held = document.activeElement;
    const lost = held === null || held === document.body || held.closest("[hidden]") !== null;
    if (!lost || document.querySelector("dialog[open]")) return;
    document.querySelector(`#scene-${this.#scene} h1`).focus();
  }

  #drawParted() {
    this.devices.letGo();
    const { state } = this.model.link;
    $("parted-title").textContent = t(`parted.${state}.title`);
    $("parted-text").textContent = t(`parted.${state}.text`);
    $("parted-act").hidden = state === "refused";
    $("parted-act").textContent = state === "refused" ? "" : t(`parted.${state}.act`);
  }

  #return() {
    if (this.model.link.state === "replaced") this.client.connect();
    else location.reload();
  }

  #drawNotice() {
    const { refusal } = this.model;
    const told = refusal !== null && document.querySelector("dialog[open]") === null;
    $("notice").hidden = !told;
    write($("notice-text"), told ? refusalText(refusal) : "");
  }

  #tick() {
    for (const view of this.views) view.tick(this.now());
  }
}

await load("agent");
const token = await signIn("agent");
const client = new Client({ urls: await reach(), role: "agent", token });
$("link").append(banner(client, { except: ["replaced"] }));
$("tools").append(languagePicker());
new Desk(client, claims(token));
client.connect();
