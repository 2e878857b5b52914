/**
 * The pool as the supervisor sees it: rows by id, in order, and what derives from them. No DOM, no clock.
 *
 * A snapshot is everything; a delta is the whole rows that changed since the frame before it. Each frame has a
 * `rev`, and a delta names the one it builds on: if that is not the last one seen, something was missed, the
 * delta is not applied, and a new snapshot must be asked for (watching.js does).
 *
 * The line is every call that is not connected: a call on offer keeps its place in it. Its order is the
 * engine's: higher band, then smaller due, then call id as text.
 *
 * @typedef {import("./minutes.js").Minute} Minute
 * @typedef {{id: string, state: "open"|"paused"|"closed", waiting: number, longest_at: number|null,
 *   service_level: number|null, abandonment: number|null, answered: number, abandoned: number,
 *   ewt_ms: {p50: number, p90: number}|null,
 *   ewt_error: {calls: number, median_ms: number, within_p90: number}|null, minute: Minute}} QueueRow
 * @typedef {{call_id: string, queue: string, tier: string, skills: Object<string, number>, state: "waiting"|"offered"|"connected",
 *   since_at: number, enqueued_at: number, due_at: number, band: number, why: Object<string, any>,
 *   agent_id: string|null, link: "up"|"lost", limit_at: number|null, deadline_at: number|null}} CallRow
 * @typedef {{id: string, name: string, state: string, reason: string|null, since_at: number,
 *   call_id: string|null, next_state: string|null, queues: string[], skills: Object<string, number>,
 *   handled: number, no_answers: number}} AgentRow
 * @typedef {{at: number, call_id: string, queue: string, tier: string, agent_id: string,
 *   why: Object<string, any>}} Assignment
 */

import { Minutes } from "./minutes.js";
import { Ordered } from "./ordered.js";

/** The order in which agents are shown: those who can take a call first. */
export const AGENT_STATES = ["ready", "offered", "on_call", "wrap_up", "not_ready", "offline"];
export const ASSIGNMENTS_KEPT = 50;

/** @param {string} a @param {string} b */
const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** @param {CallRow} a @param {CallRow} b */
export const byPriority = (a, b) => b.band - a.band || a.due_at - b.due_at || byText(a.call_id, b.call_id);

/** Who has been in his state longest comes first. @param {AgentRow} a @param {AgentRow} b */
const bySince = (a, b) => a.since_at - b.since_at || byText(a.id, b.id);

/** What a frame changed: which queues, and whether anything at all of the other lists. */
export class Touched {
  /** @type {Set<string>} */
  queues = new Set();
  calls = false;
  agents = false;
  assigned = false;

  static everything() {
    return Object.assign(new Touched(), { calls: true, agents: true, assigned: true });
  }
}

export class Board {
  /** @type {number|null} the last frame's; null before the first snapshot */
  rev = null;
  /** @type {Map<string, QueueRow>} */
  queues = new Map();
  /** @type {Map<string, CallRow>} */
  calls = new Map();
  /** @type {Map<string, AgentRow>} */
  agents = new Map();
  /** @type {Assignment[]} newest first */
  assigned = [];
  /** @type {Map<string, Minutes>} */
  #minutes = new Map();
  #line = callsInOrder();
  /** @type {Map<string, Ordered<CallRow>>} */
  #lines = new Map();
  /** @type {Map<string, Ordered<AgentRow>>} */
  #teams = new Map();

  /** @param {any} frame board.snapshot @returns {Touched} */
  show(frame) {
    this.rev = frame.rev;
    this.queues = byId(frame.queues, "id");
    this.calls = byId(frame.calls, "call_id");
    this.agents = byId(frame.agents, "id");
    this.assigned = frame.assigned.slice(-ASSIGNMENTS_KEPT).reverse();
    this.#minutes = new Map(Object.entries(frame.history).map(([id, history]) => [id, new Minutes(history)]));
    for (const row of this.queues.values()) this.minutes(row.id).put(row.minute);
    const line = frame.calls.filter(inLine);
    this.#line.fill(line);
    this.#lines = grouped(line, (call) => call.queue, callsInOrder);
    this.#teams = grouped(frame.agents, (agent) => agent.state, agentsInOrder);
    const touched = Touched.everything();
    touched.queues = new Set(this.queues.keys());
    return touched;
  }

  /** @param {any} frame board.delta @returns {Touched|null} null: it does not follow what is known */
  apply(frame) {
    if (this.rev === null || frame.from_rev !== this.rev) return null;
    this.rev = frame.rev;
    const touched = new Touched();
    for (const row of frame.queues) this.#putQueue(row, touched);
    for (const id of frame.gone.calls) this.#dropCall(id);
    for (const row of frame.calls) this.#putCall(row);
    for (const id of frame.gone.agents) this.#dropAgent(id);
    for (const row of frame.agents) this.#putAgent(row);
    touched.calls = frame.calls.length + frame.gone.calls.length > 0;
    touched.agents = frame.agents.length + frame.gone.agents.length > 0;
    if (frame.assigned.length > 0) {
      const newest = frame.assigned.slice(-ASSIGNMENTS_KEPT).reverse();
      this.assigned = newest.concat(this.assigned).slice(0, ASSIGNMENTS_KEPT);
      touched.assigned = true;
    }
    return touched;
  }

  /** The line of one queue, or the whole pool's. @param {string|null} queue @returns {Ordered<CallRow>} */
  line(queue = null) {
    if (queue === null) return this.#line;
    return at(this.#lines, queue, callsInOrder);
  }

  /** The agents of one state, longest there first. @param {string} state @returns {AgentRow[]} */
  team(state) {
    return this.#teams.get(state)?.items ?? [];
  }

  /** @param {string} queue @returns {Minutes} */
  minutes(queue) {
    return at(this.#minutes, queue, () => new Minutes());
  }

  /** How an agent is called: by name, if he is known here. @param {string|null} id */
  nameOf(id) {
    return (id !== null && this.agents.get(id)?.name) || id || "";
  }

  /** @param {QueueRow} row @param {Touched} touched */
  #putQueue(row, touched) {
    this.queues.set(row.id, row);
    this.minutes(row.id).put(row.minute);
    touched.queues.add(row.id);
  }

  /** @param {CallRow} row */
  #putCall(row) {
    const old = this.calls.get(row.call_id);
    const stays = inLine(row);
    if (old !== undefined && (!stays || old.queue !== row.queue)) this.#leaveLine(old);
    if (stays) {
      this.#line.put(row);
      this.line(row.queue).put(row);
    }
    this.calls.set(row.call_id, row);
  }

  /** @param {string} id */
  #dropCall(id) {
    const old = this.calls.get(id);
    if (old === undefined) return;
    this.#leaveLine(old);
    this.calls.delete(id);
  }

  /** @param {CallRow} call */
  #leaveLine(call) {
    this.#line.remove(call.call_id);
    this.line(call.queue).remove(call.call_id);
  }

  /** @param {AgentRow} row */
  #putAgent(row) {
    const old = this.agents.get(row.id);
    if (old !== undefined && old.state !== row.state) this.#teams.get(old.state)?.remove(row.id);
    at(this.#teams, row.state, agentsInOrder).put(row);
    this.agents.set(row.id, row);
  }

  /** @param {string} id */
  #dropAgent(id) {
    const old = this.agents.get(id);
    if (old === undefined) return;
    this.#teams.get(old.state)?.remove(id);
    this.agents.delete(id);
  }
}

/** @param {CallRow} call */
const inLine = (call) => call.state === "waiting" || call.state === "offered";

/** @returns {Ordered<CallRow>} */
function callsInOrder() {
  return new Ordered(byPriority, (call) => call.call_id);
}

/** @returns {Ordered<AgentRow>} */
function agentsInOrder() {
  return new Ordered(bySince, (agent) => agent.id);
}

/** @template T @param {T[]} rows @param {keyof T} key @returns {Map<string, T>} */
function byId(rows, key) {
  return new Map(rows.map((row) => [String(row[key]), row]));
}

/** @template T @param {Map<string, T>} map @param {string} key @param {() => T} make @returns {T} */
function at(map, key, make) {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}

/**
 * @template T
 * @param {T[]} rows
 * @param {(row: T) => string} groupOf
 * @param {() => Ordered<T>} make
 * @returns {Map<string, Ordered<T>>}
 */
function grouped(rows, groupOf, make) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const row of rows) at(groups, groupOf(row), () => /** @type {T[]} */ ([])).push(row);
  return new Map([...groups].map(([name, members]) => [name, filled(make(), members)]));
}

/** @template T @param {Ordered<T>} ordered @param {T[]} rows */
function filled(ordered, rows) {
  ordered.fill(rows);
  return ordered;
}
