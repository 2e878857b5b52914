/**
 * What a supervisor must not overlook, derived from the board and the time. No DOM, no clock.
 *
 * Alarms of a kind are told once a queue (or once for all agents), with how many and which comes first, so
 * that a bad hour fills a strip and not a screen. `key` tells one alarm from another while its numbers move.
 *
 * @typedef {{key: string, kind: string, grave: boolean, queue?: string, call?: string, agents?: string[],
 *   params: Object<string, any>}} Alarm
 * @typedef {{service_level_ms: number, service_target: number}} QueueRules
 */

/** A call is near its limit when less than this share of its maximum wait is left, or less than this time. */
export const NEAR_SHARE = 0.2;
export const NEAR_MS = 60_000;
/** The longest wait is an alarm beyond so many times the time in which calls should be answered. */
export const TOO_LONG = 3;

/**
 * @param {import("./model.js").Board} board
 * @param {Map<string, QueueRules>} rules
 * @param {number} now
 * @param {boolean} available whether the store is
 * @returns {Alarm[]} the gravest first
 */
export function alarms(board, rules, now, available) {
  const store = { key: "store", kind: "store", grave: true, params: {} };
  const queues = [...board.queues.values()];
  const found = [
    ...(available ? [] : [store]),
    ...nearLimit(board, now),
    ...queues.flatMap((row) => ofQueue(row, rules.get(row.id), now)),
    ...notAnswering(board),
    ...lostLinks(board),
  ];
  return found.sort((a, b) => Number(b.grave) - Number(a.grave));
}

/**
 * When a waiting call counts as near its end; null if it may wait for ever.
 * @param {import("./model.js").CallRow} call
 */
export function nearLimitAt(call) {
  if (call.limit_at === null) return null;
  const whole = call.limit_at - call.enqueued_at;
  return call.limit_at - Math.min(Math.max(whole * NEAR_SHARE, NEAR_MS), whole / 2);
}

/** @param {import("./model.js").CallRow} call @param {number} now */
export function isNearLimit(call, now) {
  const near = nearLimitAt(call);
  return call.state === "waiting" && near !== null && now >= near;
}

/** @param {import("./model.js").Board} board @param {number} now @returns {Alarm[]} */
function nearLimit(board, now) {
  /** @type {Map<string, {count: number, first: import("./model.js").CallRow}>} */
  const queues = new Map();
  for (const call of board.line().items) {
    if (!isNearLimit(call, now)) continue;
    const known = queues.get(call.queue);
    if (known === undefined) queues.set(call.queue, { count: 1, first: call });
    else {
      known.count += 1;
      if (Number(call.limit_at) < Number(known.first.limit_at)) known.first = call;
    }
  }
  return [...queues].map(([queue, { count, first }]) => ({
    key: `limit:${queue}`,
    kind: "limit",
    grave: true,
    queue,
    call: first.call_id,
    params: { count, left_ms: Math.max(0, Number(first.limit_at) - now) },
  }));
}

/** @param {import("./model.js").QueueRow} row @param {QueueRules|undefined} rules @param {number} now */
function ofQueue(row, rules, now) {
  /** @type {Alarm[]} */
  const found = [];
  if (rules === undefined) return found;
  if (row.service_level !== null && row.service_level * 100 < rules.service_target) {
    const params = { level: row.service_level, target: rules.service_target / 100 };
    found.push({ key: `level:${row.id}`, kind: "level", grave: false, queue: row.id, params });
  }
  const longest = row.longest_at === null ? 0 : now - row.longest_at;
  if (longest > TOO_LONG * rules.service_level_ms) {
    const params = { wait_ms: longest };
    found.push({ key: `wait:${row.id}`, kind: "wait", grave: false, queue: row.id, params });
  }
  return found;
}

/** @param {import("./model.js").Board} board @returns {Alarm[]} */
function notAnswering(board) {
  const agents = board.team("not_ready").filter((agent) => agent.reason === "no_answer");
  if (agents.length === 0) return [];
  const params = { count: agents.length, name: agents[agents.length - 1].name };
  const newest = agents.map((agent) => agent.id).reverse();
  return [{ key: `no_answer:${newest[0]}`, kind: "no_answer", grave: false, agents: newest, params }];
}

/** @param {import("./model.js").Board} board @returns {Alarm[]} */
function lostLinks(board) {
  /** @type {Map<string, string[]>} */
  const queues = new Map();
  for (const call of board.calls.values()) {
    if (call.link !== "lost") continue;
    const known = queues.get(call.queue);
    if (known === undefined) queues.set(call.queue, [call.call_id]);
    else known.push(call.call_id);
  }
  return [...queues].map(([queue, calls]) => ({
    key: `lost:${queue}`,
    kind: "lost",
    grave: false,
    queue,
    call: calls[0],
    params: { count: calls.length },
  }));
}
