/** What the card shows of a call, of an agent, and of an assignment. */

import * as i18n from "../lib/i18n.js";
import { detailOf } from "./agents.js";
import { stateOf } from "./calls.js";
import * as words from "./words.js";

const { t, clock, number } = i18n;
/** @typedef {import("./model.js").Board} Board @typedef {import("./card.js").Fact} Fact */

/**
 * @param {Board} board @param {string} id @param {number} now
 * @param {{prioritise: (call: any) => void, assign: (call: any) => void, end: (call: any) => void}} does
 * @returns {import("./card.js").Content}
 */
export function ofCall(board, id, now, does) {
  const call = board.calls.get(id);
  if (call === undefined) {
    return { title: t("call.gone.title", { id: words.shortId(id) }), facts: [], actions: [], gone: t("call.gone") };
  }
  const inLine = call.state !== "connected";
  const assignable = call.state === "waiting" && call.link === "up";
  const line = board.line(call.queue);
  const place = t("call.place.text", { place: line.indexOf(id) + 1, of: line.size });
  /** @type {(Fact|null)[]} */
  const facts = [
    [t("call.state"), stateOf(call, board, now)],
    [t("call.tier"), words.tier(call.tier)],
    [t("call.skills"), words.skills(call.skills) || t("agent.nothing")],
    inLine ? [t("call.place"), place] : null,
    [t(inLine ? "call.waited" : "call.connected_for"), clock(now - (inLine ? call.enqueued_at : call.since_at))],
    ...(inLine ? whenServed(call, now) : words.why(call.why, (agent) => board.nameOf(agent))),
    [t("call.id"), id],
  ];
  const actions = [
    { text: t("prioritise.open"), disabled: !inLine, does: () => does.prioritise(call) },
    { text: t("assign.open"), disabled: !assignable, does: () => does.assign(call) },
    { text: t("end.open"), danger: true, does: () => does.end(call) },
  ];
  const title = t("call.title", { id: words.shortId(id), queue: words.queue(call.queue) });
  return { title, facts: facts.filter((fact) => fact !== null), actions };
}

/** @param {import("./model.js").CallRow} call @param {number} now @returns {Fact[]} */
function whenServed(call, now) {
  const { enqueued_at, due_at, why } = call;
  /** @type {Fact[]} */
  const facts = [[t("call.due"), words.due({ enqueued_at, due_at, terms: why.terms })]];
  if (call.band > 0) facts.push([t("call.band"), t("call.band.text", { band: call.band })]);
  if (call.limit_at === null) return facts;
  const limit = { at: words.moment(call.limit_at), left: clock(call.limit_at - now) };
  return [...facts, [t("call.limit"), t("call.limit.text", limit)]];
}

/**
 * @param {Board} board @param {string} id @param {number} now
 * @param {{setState: (agent: any) => void, setSkills: (agent: any) => void, call: (id: string) => void}} does
 * @returns {import("./card.js").Content}
 */
export function ofAgent(board, id, now, does) {
  const agent = board.agents.get(id);
  if (agent === undefined) return { title: id, facts: [], actions: [], gone: t("agent.gone") };
  const detail = detailOf(agent, board);
  const { call_id } = agent;
  /** @type {Fact[]} */
  const facts = [
    [t("agent.state"), [words.agentState(agent.state), detail].filter(Boolean).join(" · ")],
    [t("agent.since"), t("agent.since.text", { time: clock(now - agent.since_at), at: words.moment(agent.since_at) })],
    [t("agent.queues"), words.queues(agent.queues) || t("agent.nothing")],
    [t("agent.skills"), words.skills(agent.skills) || t("agent.nothing")],
    [t("agent.handled"), number(agent.handled)],
    [t("agent.missed"), number(agent.no_answers)],
    [t("agent.id"), id],
  ];
  const actions = [
    { text: t("set_state.open"), does: () => does.setState(agent) },
    { text: t("set_skills.open"), does: () => does.setSkills(agent) },
    { text: t("agent.see_call"), disabled: call_id === null, does: () => does.call(String(call_id)) },
  ];
  return { title: agent.name || id, facts, actions };
}

/**
 * @param {Board} board @param {import("./model.js").Assignment} assignment
 * @param {(id: string) => void} seeCall
 * @returns {import("./card.js").Content}
 */
export function ofAssignment(board, assignment, seeCall) {
  const { at, call_id, queue, tier, agent_id } = assignment;
  const name = board.nameOf(agent_id);
  /** @type {Fact[]} */
  const facts = [
    [t("assigned.at"), words.moment(at)],
    [t("call.tier"), words.tier(tier)],
    ...words.why(assignment.why, (id) => board.nameOf(id)),
  ];
  const here = board.calls.has(call_id);
  const actions = [{ text: t("agent.see_call"), disabled: !here, does: () => seeCall(call_id) }];
  return { title: t("assigned.card", { queue: words.queue(queue), name, id: words.shortId(call_id) }), facts, actions };
}
