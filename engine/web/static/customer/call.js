/**
 * The call: the agent large, oneself small. Whatever stands between the two is said, with what happens next
 * and until when: the agent's link, one's own, the picture itself. A picture that still moves (media does not
 * need the link to the server) stays to be seen beside the words; one that does not is covered by them.
 */

import { el, hide, icon, write } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";
import { ICONS } from "../lib/icons.js";
import { tile } from "../lib/media.js";
import { mediaButtons, ownTile, roundButton } from "./controls.js";
import { keptUntil } from "./model.js";
import { heading, says } from "./words.js";

export function callView(page) {
  const name = heading();
  const elapsed = el("span", { class: "figures", role: "timer", "aria-live": "off" });
  const remote = tile({});
  remote.classList.add("remote");
  const strip = el("p", { class: "call-strip figures" });
  const own = ownTile(page.devices);
  const toggles = mediaButtons(page.devices);
  const bare = barePart(page.devices, toggles);
  const hangUp = roundButton({ shows: [icon(ICONS.hangUp)], tone: "bad", click: () => page.leave("call.hangup") });
  const retry = says("button", "retry", { type: "button", class: "button retry", on: { click: () => page.meeting?.retry() } });

  return {
    root: el("section", { class: "call" },
      el("div", { class: "call-top" }, name, elapsed),
      el("div", { class: "call-stage" }, remote, strip, retry, el("div", { class: "call-own" }, own.tile, bare.root)),
      el("div", { class: "rounds call-controls" }, ...toggles.buttons, hangUp.button)),
    update(model, now) {
      const { meeting, devices } = page;
      const agent = model.call.agent.name || t("call.agent");
      const elsewhere = meeting?.state === "elsewhere";
      write(name, agent);
      write(elapsed, clock(now - model.call.connectedAt));
      const words = obstacle(model, meeting, agent, now);
      remote.stream = meeting?.remote ?? null;
      remote.label = agent;
      remote.state = pictureState(meeting);
      remote.quiet = meeting?.state === "connected" && !meeting.remoteOn.audio;
      const flows = meeting?.state === "connected" && !model.leaving;
      remote.say(flows ? null : words);
      strip.hidden = !flows || !words;
      write(strip, words ?? "");
      retry.hidden = meeting?.state !== "failed" || model.peerUntil !== null || model.lostAt !== null || model.leaving;
      own.tile.hidden = elsewhere || !devices.stream;
      own.update();
      toggles.update();
      bare.update(!elsewhere && !devices.stream);
      hangUp.button.disabled = model.leaving;
      write(hangUp.words, t(model.leaving ? "call.ending" : "call.hang_up"));
    },
  };
}

/** What stands between the two, most urgent first; null if nothing does. */
function obstacle(model, meeting, agent, now) {
  if (model.leaving) return t("call.ending_text");
  const mine = keptUntil(model);
  if (mine !== null) return mine > now ? t("lost.call", { left: clock(mine - now) }) : t("lost.call_over");
  if (model.peerUntil !== null) {
    const left = model.peerUntil - now;
    return left > 0 && left < Infinity ? t("peer.lost", { agent, left: clock(left) }) : t("peer.lost_over", { agent });
  }
  if (meeting?.state === "failed") return t("video.failed");
  if (meeting?.state === "elsewhere") return t(`video.elsewhere.${model.call.video.provider}`, { agent });
  if (meeting?.state === "connecting") return t("video.connecting", { agent });
  return null;
}

function pictureState(meeting) {
  const states = { connecting: "waiting", connected: "live", interrupted: "interrupted", failed: "failed", absent: "absent", elsewhere: "live" };
  const state = states[meeting?.state] ?? "waiting";
  return state === "live" && meeting.state === "connected" && !meeting.remoteOn.video ? "off" : state;
}

/** Without camera and microphone: why, and how to turn them on now. */
function barePart(devices, toggles) {
  const why = el("p", { class: "small", role: "alert" });
  const open = says("button", "prepare.devices", { type: "button", class: "button small", on: { click: () => devices.open() } });
  const root = el("div", { class: "bare" }, why, open);
  return {
    root,
    update(bare) {
      hide(root, !bare, toggles.buttons.find((button) => !button.hidden));
      open.ariaDisabled = String(devices.state === "asking");
      write(why, bare && devices.problem ? t(`device.${devices.problem}`) : "");
    },
  };
}
