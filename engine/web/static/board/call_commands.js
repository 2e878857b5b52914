/** What a supervisor can do with a call: move it forward or back, give it to an agent, end it. */

import { el } from "../lib/dom.js";
import * as i18n from "../lib/i18n.js";
import * as words from "./words.js";

const { t, duration, number } = i18n;
/** @typedef {import("./model.js").CallRow} CallRow @typedef {import("./model.js").Board} Board */

const MOST_S = 3_600;
const STEP_S = 30;
const BANDS = 9;
const REASONS = ["complaint", "vulnerable", "fraud", "long_wait", "agreed"];
const SUPERVISOR = "supervisor";

/** @param {Board} board @param {CallRow} call @returns {import("./commands.js").Command} */
export function prioritise(board, call) {
  const name = words.callName(call);
  const before = (call.why?.terms?.[SUPERVISOR] ?? 0) / 1000;
  const bounds = { min: -MOST_S, max: MOST_S, step: STEP_S };
  const slider = el("input", { type: "range", ...bounds, value: before, "aria-label": t("prioritise.slider") });
  const seconds = el("input", { type: "number", ...bounds, step: 1, value: before, required: true });
  slider.addEventListener("input", () => (seconds.value = slider.value));
  seconds.addEventListener("input", () => (slider.value = seconds.value));
  const band = el("select", {}, ...Array.from({ length: BANDS + 1 }, (_, n) =>
    el("option", { value: n, text: n === 0 ? t("prioritise.band.none") : number(n) })));
  band.value = String(call.band);
  const reason = el("select", { required: true }, el("option", { value: "", text: t("prioritise.reason.choose") }),
    ...REASONS.map((id) => el("option", { value: id, text: t(`prioritise.reason.${id}`) })));
  const wanted = () => ({ head_start_ms: Math.round(Number(seconds.value) * 1000), band: Number(band.value) });
  return {
    title: t("prioritise.title", { call: name }),
    go: t("prioritise.go"),
    fields: [
      field("prioritise.head_start", seconds, slider),
      field("prioritise.band", band),
      field("prioritise.reason", reason),
    ],
    effect: () => moved(board, call, wanted()),
    done: () => t("prioritise.done", { call: name }),
    frame: () => ["call.prioritise", { call_id: call.call_id, ...wanted(), reason: reason.value }],
  };
}

/**
 * Where the call would stand. A supervisor's term replaces the one before it.
 * @param {Board} board @param {CallRow} call @param {{head_start_ms: number, band: number}} wanted
 */
function moved(board, call, { head_start_ms, band }) {
  const now = board.calls.get(call.call_id) ?? call;
  const due_at = now.due_at + (now.why?.terms?.[SUPERVISOR] ?? 0) - head_start_ms;
  const line = board.line(now.queue);
  const from = line.indexOf(now.call_id);
  if (from < 0) return t("call.gone");
  const place = line.before({ ...now, due_at, band });
  const to = place > from ? place - 1 : place;
  const params = {
    due: words.moment(due_at),
    was: words.moment(now.due_at),
    time: duration(Math.abs(head_start_ms)),
    from: from + 1,
    to: to + 1,
    of: line.size,
    queue: words.queue(now.queue),
    band,
  };
  const shift = head_start_ms === 0 ? "none" : head_start_ms > 0 ? "earlier" : "later";
  const parts = [shift, band > 0 ? "band" : "no_band", from === to ? "stays" : "moves"];
  return parts.map((part) => t(`prioritise.effect.${part}`, params)).join(" ");
}

/** @param {Board} board @param {CallRow} call @returns {import("./commands.js").Command} */
export function assign(board, call) {
  const name = words.callName(call);
  const ready = board.team("ready");
  const serves = ready.filter((agent) => agent.queues.includes(call.queue));
  const others = ready.filter((agent) => !agent.queues.includes(call.queue));
  const choice = el("select", { required: true }, el("option", { value: "", text: t("assign.choose") }),
    group(t("assign.serve", { queue: words.queue(call.queue) }), serves), group(t("assign.others"), others));
  const agent = () => board.nameOf(choice.value);
  return {
    title: t("assign.title", { call: name }),
    go: t("assign.go"),
    fields: [field("assign.agent", choice)],
    effect: () => {
      if (ready.length === 0) return t("assign.nobody");
      return choice.value === "" ? t("assign.effect.choose") : t("assign.effect", { agent: agent() });
    },
    done: () => t("assign.done", { call: name, agent: agent() }),
    frame: () => ["call.assign", { call_id: call.call_id, agent_id: choice.value }],
  };
}

/** @param {Board} board @param {CallRow} call @returns {import("./commands.js").Command} */
export function end(board, call) {
  const name = words.callName(call);
  const state = () => board.calls.get(call.call_id)?.state ?? call.state;
  const agent = () => board.nameOf(board.calls.get(call.call_id)?.agent_id ?? call.agent_id);
  return {
    title: t("end.title", { call: name }),
    go: t("end.go"),
    danger: true,
    effect: () => t(`end.effect.${state()}`, { agent: agent() }),
    done: () => t("end.done", { call: name }),
    frame: () => ["call.end", { call_id: call.call_id }],
  };
}

/** @param {string} label @param {import("./model.js").AgentRow[]} agents */
function group(label, agents) {
  if (agents.length === 0) return null;
  const options = agents.map(({ id, name, skills }) => {
    const known = words.skills(skills);
    return el("option", { value: id, text: known ? `${name || id} (${known})` : name || id });
  });
  return el("optgroup", { label }, ...options);
}

/** @param {string} key @param {...HTMLElement} controls */
function field(key, ...controls) {
  return el("label", { class: "field" }, el("span", { text: t(key) }), ...controls);
}
