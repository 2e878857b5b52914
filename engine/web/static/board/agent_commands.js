/** What a supervisor can do with an agent: set the state, and which queues and skills until the next log-in. */

import { el } from "../lib/dom.js";
import * as i18n from "../lib/i18n.js";
import * as words from "./words.js";

const { t } = i18n;
/** @typedef {import("./model.js").AgentRow} AgentRow @typedef {import("./model.js").Board} Board */

const ASKABLE = ["ready", "not_ready", "offline"];
const WORKING = new Set(["offered", "on_call", "wrap_up"]);
const MOST_LEVEL = 100;

/**
 * @param {Board} board @param {AgentRow} agent
 * @param {{id: string, label: any}[]} reasons
 * @returns {import("./commands.js").Command}
 */
export function setState(board, agent, reasons) {
  const name = agent.name || agent.id;
  const state = el("select", {}, ...ASKABLE.map((id) => el("option", { value: id, text: words.agentState(id) })));
  state.value = agent.state === "ready" ? "not_ready" : "ready";
  const reason = el("select", {}, ...reasons.map(({ id }) => el("option", { value: id, text: words.reason(id) })));
  const why = el("label", { class: "field" }, el("span", { text: t("set_state.reason") }), reason);
  const reasoned = () => state.value === "not_ready" && reasons.length > 0;
  const effect = () => {
    why.hidden = !reasoned();
    const now = board.agents.get(agent.id) ?? agent;
    const when = WORKING.has(now.state) ? "later" : "now";
    const wanted = words.agentState(state.value);
    const text = t(`set_state.effect.${when}`, { name, state: wanted, now: words.agentState(now.state) });
    return `${text} ${t(`set_state.effect.${state.value}`, { name })}`;
  };
  return {
    title: t("set_state.title", { name }),
    go: t("set_state.go"),
    fields: [el("label", { class: "field" }, el("span", { text: t("set_state.state") }), state), why],
    effect,
    done: () => t("set_state.done", { name, state: words.agentState(state.value) }),
    frame: () => ["agent.set_state", {
      agent_id: agent.id, state: state.value, ...(reasoned() ? { reason: reason.value } : {}),
    }],
  };
}

/**
 * @param {AgentRow} agent
 * @param {{queues: {id: string}[], skills: {id: string}[]}} known
 * @returns {import("./commands.js").Command}
 */
export function setSkills(agent, known) {
  const name = agent.name || agent.id;
  const served = (/** @type {string} */ id) => el("input", { type: "checkbox", checked: agent.queues.includes(id) });
  const level = (/** @type {string} */ id) =>
    el("input", { type: "number", min: 0, max: MOST_LEVEL, step: 1, value: agent.skills[id] ?? 0, required: true });
  const queues = both(known.queues, agent.queues).map((id) => [id, served(id)]);
  const skills = both(known.skills, Object.keys(agent.skills)).map((id) => [id, level(id)]);
  const chosen = () => queues.filter(([, box]) => box.checked).map(([id]) => id);
  const levels = () =>
    Object.fromEntries(skills.map(([id, box]) => [id, Number(box.value)]).filter(([, value]) => value > 0));
  const effect = () => {
    if (chosen().length === 0) return t("set_skills.effect.none", { name });
    const said = { name, queues: words.queues(chosen()), skills: words.skills(levels()) || t("set_skills.no_skill") };
    return t("set_skills.effect", said);
  };
  return {
    title: t("set_skills.title", { name }),
    go: t("set_skills.go"),
    fields: [
      set("set_skills.queues", queues.map(([id, box]) => el("label", { class: "check" }, box, named(words.queue(id))))),
      set("set_skills.skills", skills.map(([id, box]) => el("label", { class: "level" }, named(words.skill(id)), box))),
    ],
    effect,
    done: () => t("set_skills.done", { name }),
    frame: () => ["agent.set_skills", { agent_id: agent.id, queues: chosen(), skills: levels() }],
  };
}

/** What the configuration lists, then what only the agent has. @param {{id: string}[]} listed @param {string[]} own */
const both = (listed, own) => [...new Set([...listed.map(({ id }) => id), ...own])];

/** @param {string} text */
const named = (text) => el("span", { text });

/** @param {string} key @param {HTMLElement[]} controls */
const set = (key, controls) =>
  el("fieldset", { class: "choices", hidden: controls.length === 0 }, el("legend", { text: t(key) }), ...controls);
