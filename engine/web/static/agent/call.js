/**
 * The call: both pictures, what can be done about it, and every way in which it can falter, each told with
 * what happens next. The meeting lives as long as the model holds this call, whatever the links do meanwhile.
 */

import { el, icon, write } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";
import { ICONS } from "../lib/icons.js";
import { tile } from "../lib/media.js";
import { Meeting } from "../lib/video.js";
import { Countdown } from "./countdown.js";
import { draft, keep } from "./drafts.js";
import { drawFacts } from "./facts.js";
import { callFacts, personName, tierName } from "./words.js";

const CONTROLS = {
  audio: [ICONS.microphone, ICONS.microphoneOff],
  video: [ICONS.camera, ICONS.cameraOff],
  devices: [ICONS.camera],
  transfer: ["M4 8h14M14 4l4 4-4 4M20 16H6M10 12l-4 4 4 4"],
  hangup: [ICONS.hangUp],
};
/** How long the engine keeps a call for an agent whose link is lost, unless it says otherwise. */
const GRACE_MS = 30_000;

const $ = (id) => document.getElementById(id);

/** @param {import("./desk.js").Desk} desk */
export function callScene(desk) {
  const { devices } = desk;
  const remote = tile({});
  const own = tile({ muted: true, mirrored: true });
  const away = new Countdown("call.trouble_left");
  $("call-remote").append(remote);
  $("call-own").append(own);
  $("call-trouble-countdown").append(away.element);
  const buttons = Object.fromEntries(Object.keys(CONTROLS).map((name) => [name, control(name, () => deeds[name]())]));
  $("call-bar").append(...Object.values(buttons));
  $("call-retry").addEventListener("click", () => meeting?.retry());
  $("call-notes").addEventListener("input", (event) => keep(call.call_id, { notes: event.target.value }));
  devices.addEventListener("change", () => meeting && own.stream !== devices.stream && show(devices.stream));
  const deeds = {
    audio: () => toggle("audio"),
    video: () => toggle("video"),
    devices: () => devices.get(),
    transfer: () => desk.transfer.open(),
    hangup: () => desk.model.asked.includes("hangup") || desk.actions.hangUp(),
  };
  /** The call that is on, and the meeting in it; a call that comes back after a transfer is another. */
  let call = null;
  let meeting = null;
  let on = devices.on;

  function begin() {
    on = { ...devices.on };
    meeting = new Meeting({ client: desk.client, video: call.video, callId: call.call_id, local: devices.stream });
    for (const event of ["state", "remote"]) meeting.addEventListener(event, () => desk.draw());
    remote.stream = meeting.remote;
    own.stream = devices.stream;
    meeting.setAudio(on.audio);
    meeting.setVideo(on.video);
    if (call.video.provider === "p2p") devices.get();
    else devices.letGo(); // another application wants them
    meeting.start();
    $("call-notes").value = draft(call.call_id).notes;
  }

  function end() {
    meeting.stop();
    meeting = null;
    remote.stream = own.stream = null;
    devices.apply(devices.on);
  }

  function show(stream) {
    own.stream = stream;
    meeting.replaceLocal(stream);
  }

  function toggle(kind) {
    on = { ...on, [kind]: !on[kind] };
    if (kind === "audio") meeting.setAudio(on.audio);
    else meeting.setVideo(on.video);
    desk.draw();
  }

  function update(model) {
    const before = call;
    call = model.call;
    if (meeting !== null && !same(before, call)) end();
    if (call === null) return;
    if (meeting === null) begin();
    drawPictures(model);
    drawTrouble(model);
    drawControls(model.asked);
    write($("call-name"), personName(call.customer));
    write($("call-tier"), tierName(model.config, call.tier));
    drawFacts($("call-facts"), callFacts(model.config, call));
  }

  function drawPictures() {
    remote.label = personName(call.customer);
    remote.quiet = !meeting.remoteOn.audio;
    const states = { connected: meeting.remoteOn.video ? "live" : "off", connecting: "waiting" };
    remote.state = states[meeting.state] ?? meeting.state;
    own.label = t("media.you");
    own.state = devices.has("video") && on.video ? "live" : "off";
    own.quiet = !on.audio || !devices.has("audio");
  }

  /**
   * What stands between the two: one's own link before the customer's, and that before the picture. Sound and
   * picture may flow on while a link is lost; then it is told beside them.
   */
  function drawTrouble({ away: gone, link, config }) {
    const lost = link.lostAt === null ? null : "lost";
    const trouble = lost ?? (gone === null ? null : "away");
    $("call-trouble").hidden = trouble === null;
    $("call-trouble").classList.toggle("aside", meeting.state === "connected");
    write($("call-trouble-title"), trouble === null ? "" : t(`call.${trouble}`, { name: personName(call.customer) }));
    write($("call-trouble-text"), trouble === null ? "" : t(`call.${trouble}_text`));
    away.set(null, lost ? link.lostAt + (config.grace_ms?.call ?? GRACE_MS) : (gone?.deadline_at ?? null));
    $("call-failed").hidden = meeting.state !== "failed" || trouble !== null;
    const elsewhere = meeting.state === "elsewhere";
    for (const id of ["call-remote", "call-own"]) $(id).hidden = elsewhere;
    $("call-elsewhere").hidden = !elsewhere;
    if (elsewhere) $("call-elsewhere-text").textContent = t("call.elsewhere", { room: call.video.room });
  }

  function drawControls(asked) {
    const here = meeting.state !== "elsewhere";
    const words = {
      audio: t(on.audio ? "call.mute" : "call.unmute"),
      video: t(on.video ? "call.camera_off" : "call.camera_on"),
    };
    for (const [kind, text] of Object.entries(words)) {
      drawControl(desk, buttons[kind], text, { off: !on[kind], hidden: !here || !devices.has(kind) });
    }
    const asking = devices.state === "asking";
    drawControl(desk, buttons.devices, t("call.devices"), { busy: asking, hidden: !here || devices.stream !== null });
    write($("call-devices"), here && devices.problem !== null ? t(`device.${devices.problem}`) : "");
    drawControl(desk, buttons.transfer, t("call.transfer"), {});
    drawControl(desk, buttons.hangup, t("call.hang_up"), { busy: asked.includes("hangup") });
  }

  /** The page was touched: what the browser kept silent may sound now. */
  function touched() {
    if (meeting === null) return;
    remote.stream = null;
    remote.stream = meeting.remote;
  }

  function tick(now) {
    if (call === null) return;
    $("call-elapsed").textContent = clock(now - call.connected_at);
    away.tick(now);
  }

  return { update, tick, deeds, touched };
}

const same = (one, other) => one?.call_id === other?.call_id && one?.connected_at === other?.connected_at;

function control(name, press) {
  const className = name === "hangup" ? "button danger" : "button call-button";
  const shows = [...CONTROLS[name].map(icon), el("span")];
  return el("button", { type: "button", class: className, data: { name }, on: { click: press } }, ...shows);
}

function drawControl(desk, button, text, { off = false, hidden = false, busy = false }) {
  write(button.lastChild, text);
  button.hidden = hidden;
  desk.shortcuts.mark(button, button.dataset.name, text);
  button.classList.toggle("is-off", off);
  button.setAttribute("aria-disabled", String(busy));
}
