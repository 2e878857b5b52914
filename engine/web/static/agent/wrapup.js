/**
 * After the call: how it turned out, and notes. What is written is kept in this tab at every key, and is sent
 * by itself just before the time ends, because afterwards the engine takes it no more.
 */

import { el, reconcile } from "../lib/dom.js";
import { has, label, t } from "../lib/i18n.js";
import { Countdown } from "./countdown.js";
import { draft, forget, keep, written } from "./drafts.js";
import { drawFacts } from "./facts.js";
import { callFacts, personName, reasonName, tierName } from "./words.js";

const SEND_BEFORE_MS = 1_500;
/** What was refused, because the store is away, is asked again after so long. */
const AGAIN_MS = 2_000;

const $ = (id) => document.getElementById(id);

/** @param {import("./desk.js").Desk} desk */
export function wrapUpScene(desk) {
  const countdown = new Countdown("wrap_up.left");
  $("wrap-up-countdown").append(countdown.element);
  const list = $("wrap-up-dispositions").querySelector(".choice-list");
  let callId = null;
  let sendAt = 0;

  $("wrap-up").addEventListener("submit", (event) => {
    event.preventDefault();
    finish();
  });
  $("wrap-up-notes").addEventListener("input", (event) => keep(callId, { notes: event.target.value }));
  $("wrap-up-notes").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) finish();
  });

  async function finish() {
    if (desk.model.asked.includes("finish")) return;
    const id = callId;
    if (await desk.actions.finish(draft(id))) forget(id);
  }

  function begin(call) {
    callId = call.call_id;
    sendAt = 0;
    $("wrap-up-notes").value = draft(callId).notes;
    if (desk.focused === "call-notes") $("wrap-up-notes").focus();
  }

  function update(model, scene) {
    if (scene !== "wrap_up") {
      callId = null;
      return countdown.set(null, null);
    }
    const { agent, config, last, asked } = model;
    if (last.call_id !== callId) begin(last);
    const name = personName(last.customer);
    $("wrap-up-title").textContent = t("wrap_up.title");
    $("wrap-up-how").textContent = how(last, name);
    $("wrap-up-name").textContent = name;
    $("wrap-up-tier").hidden = !last.tier;
    $("wrap-up-tier").textContent = last.tier ? tierName(config, last.tier) : "";
    drawFacts($("wrap-up-facts"), callFacts(config, last));
    countdown.set(agent.since_at, agent.deadline_at);
    drawDispositions(config.dispositions ?? []);
    $("wrap-up-hint").textContent = t(agent.deadline_at === null ? "wrap_up.hint_untimed" : "wrap_up.hint");
    const next = agent.next_state ?? "ready";
    const state = (next === "not_ready" && reasonName(config, agent.next_reason)) || t(`state.${next}`);
    $("wrap-up-finish").textContent = t("wrap_up.finish", { next: state });
    $("wrap-up-finish").disabled = asked.includes("finish");
  }

  function drawDispositions(dispositions) {
    $("wrap-up-dispositions").hidden = dispositions.length === 0;
    const chosen = draft(callId).disposition;
    const choose = (event) => keep(callId, { disposition: event.target.value });
    const radio = (id) => el("input", { type: "radio", name: "disposition", value: id, on: { change: choose } });
    const make = ({ id }) => el("label", { class: "choice" }, radio(id), el("span"));
    reconcile(list, dispositions, ({ id }) => id, make, (node, { id, label: labels }) => {
      node.lastChild.textContent = label(labels, id);
      node.firstChild.checked = id === chosen;
    });
  }

  function tick(now) {
    if (callId === null) return;
    if (countdown.tick(now) > SEND_BEFORE_MS || now < sendAt || !written(draft(callId))) return;
    sendAt = now + AGAIN_MS;
    finish();
  }

  return { update, tick };
}

function how({ reason, by, to }, name) {
  if (to) return t("wrap_up.how.transferred", { to });
  const key = [`wrap_up.how.${reason}.${by}`, `wrap_up.how.${reason}`].find(has);
  return key === undefined ? "" : t(key, { name });
}
