/** Between calls: what the state means and what comes next, what happened last, and notes that were not sent. */

import { el, reconcile, write } from "../lib/dom.js";
import { has, t } from "../lib/i18n.js";
import { Countdown } from "./countdown.js";
import { draft, forget, unsent } from "./drafts.js";
import { cut } from "./state.js";
import { personName, reasonName } from "./words.js";

const $ = (id) => document.getElementById(id);

/** @param {import("./desk.js").Desk} desk */
export function idleScene(desk) {
  const countdown = new Countdown("idle.left");
  $("idle-countdown").append(countdown.element);
  $("go-ready").addEventListener("click", () => desk.goReady());
  $("go-ready-without").addEventListener("click", () => desk.goReady({ without: true }));

  function update(model, scene) {
    if (scene !== "idle") return countdown.set(null, null);
    const { agent, config, news, asked } = model;
    const key = cut(model) ? "idle.cut" : keyOf(agent);
    $("idle").dataset.state = cut(model) ? "cut" : agent.state;
    $("idle-title").textContent = t(`${key}.title`, { reason: reasonName(config, agent.reason) });
    $("idle-text").textContent = t(`${key}.text`);
    countdown.set(agent.since_at, agent.deadline_at);
    write($("idle-news"), news === null ? "" : newsText(news));
    $("idle-sound").hidden = agent.state !== "ready" || desk.alerting.muted || !desk.alerting.tone.blocked;
    $("go-ready").hidden = !["not_ready", "offline"].includes(agent.state) || agent.deadline_at !== null;
    $("go-ready").disabled = asked.includes("state") || desk.devices.state === "asking";
    $("go-ready").replaceChildren(t("idle.go_ready"), desk.shortcuts.hint("ready"));
    $("go-ready-without").hidden = $("go-ready").hidden || !desk.lacksDevices || desk.devices.stream !== null;
    drawUnsent(desk, agent.call_id);
  }

  return { update, tick: (now) => countdown.tick(now) };
}

function keyOf({ state, reason }) {
  const own = `idle.${state}.${reason}`;
  if (has(`${own}.title`)) return own;
  return state === "not_ready" && reason ? "idle.not_ready.other" : `idle.${state}`;
}

function newsText({ code, name }) {
  return t(has(`news.${code}`) ? `news.${code}` : "news.call.ended", { name });
}

/** Written of a call whose wrap-up ended before it was sent: nothing of it may just vanish. */
function drawUnsent(desk, callId) {
  const ids = unsent().filter((id) => id !== callId);
  const make = (id) => {
    const { notes, work } = draft(id);
    const text = el("textarea", { readonly: true, rows: 3, value: notes });
    const discard = () => (forget(id), desk.draw());
    const title = t("unsent.title", { name: personName(work?.customer) || id });
    const button = (key, click) => el("button", { type: "button", class: "button small", text: t(key), on: { click } });
    return el("div", { class: "note stack", data: { tone: "warn" } },
      el("label", { class: "field" }, el("span", { text: title }), text),
      el("div", { class: "row" },
        button("unsent.copy", () => navigator.clipboard?.writeText(notes)),
        button("unsent.discard", discard),
      ),
    );
  };
  reconcile($("unsent"), ids, (id) => id + document.documentElement.lang, make);
}
