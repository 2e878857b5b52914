/**
 * What the board's data is called in words: queues, times of day, the arithmetic of a due, the why of an
 * assignment. What is said of a row that has not changed is not made again: rows are never altered, only
 * replaced, so what was said can be kept by row.
 */

import * as i18n from "../lib/i18n.js";

const { t, duration } = i18n;

/** @type {Intl.DateTimeFormatOptions} */
const TO_THE_SECOND = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

/** @type {Record<string, any>} the welcome's configuration */
let config = { queues: [], reasons: [], skills: [] };
/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();
/** @type {WeakMap<object, string>} */
let said = new WeakMap();

document.addEventListener("giliran:language", forget);

/** @param {Record<string, any>} known */
export function configure(known) {
  config = known;
  forget();
}

function forget() {
  said = new WeakMap();
}

/** @param {string} list @param {string} id */
function named(list, id) {
  const found = config[list]?.find((/** @type {{id: string}} */ each) => each.id === id);
  return i18n.label(found?.label, id);
}

/** @param {string} id */
export const queue = (id) => named("queues", id);
/** @param {string} id */
export const skill = (id) => named("skills", id);

/** @param {string} id */
export const tier = (id) => (id === "regular" ? t("tier.regular") : named("tiers", id));

/** The engine's own reasons have texts of the page, the bank's have labels. @param {string} id */
export const reason = (id) => (i18n.has(`reason.${id}`) ? t(`reason.${id}`) : named("reasons", id));

/** @param {string} id */
export const agentState = (id) => t(`agent.state.${id}`);

/** @param {string[]} ids */
export const queues = (ids) => ids.map(queue).join(", ");

/** @param {Record<string, number>} levels */
export const skills = (levels) =>
  Object.entries(levels).map(([id, level]) => `${skill(id)} ${i18n.number(level)}`).join(", ");

/** The time of day to the second. @param {number} at */
export function moment(at) {
  const language = i18n.current();
  let format = formats.get(language);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language, TO_THE_SECOND);
    formats.set(language, format);
  }
  return format.format(at);
}

/** A call's id, short: ids begin with the time, which neighbours share. @param {string} id */
export const shortId = (id) => (id.length > 8 ? `…${id.slice(-6)}` : id);

/** @param {{queue: string, call_id: string}} call */
export const callName = (call) => t("call.name", { id: shortId(call.call_id), queue: queue(call.queue) });

/**
 * "10:31:05 = arrived 10:32:35 − 1 min 30 sec tier priority". Terms that do not add up to the due are not
 * hidden: the difference is told as an adjustment.
 * @param {{enqueued_at: number, due_at: number, terms?: Record<string, number>}} why
 * @param {"narrow"|"short"} [width]
 */
export function due(why, width = "short") {
  const terms = Object.entries(why.terms ?? {}).filter(([, ms]) => ms !== 0);
  const rest = why.enqueued_at - terms.reduce((sum, [, ms]) => sum + ms, 0) - why.due_at;
  if (rest !== 0) terms.push(["", rest]);
  const steps = terms.map(([rule, ms]) =>
    t(ms > 0 ? "due.earlier" : "due.later", {
      time: duration(Math.abs(ms), width),
      rule: ruleName(rule, width),
    }),
  );
  const from = t("due.arrived", { arrived: moment(why.enqueued_at) });
  return t("due.sum", { due: moment(why.due_at), sum: [from, ...steps].join(" ") });
}

/**
 * What decides a call's place, narrow: its band if it has one, and its due.
 * @param {import("./model.js").CallRow} call
 */
export function dueOf(call) {
  let text = said.get(call);
  if (text === undefined) {
    const { enqueued_at, due_at, why } = call;
    text = due({ enqueued_at, due_at, terms: why.terms }, "narrow");
    if (call.band > 0) text = t("due.band", { band: call.band, due: text });
    said.set(call, text);
  }
  return text;
}

/**
 * The engine's own rules are "queue premium" and "tier priority", where narrow the kind alone; the bank's have
 * names of theirs.
 * @param {string} rule
 * @param {string} width
 */
function ruleName(rule, width) {
  if (rule === "") return t("rule.adjusted");
  if (rule === "supervisor") return t("rule.supervisor");
  const own = /^(queue|tier) ([\w-]+)$/.exec(rule);
  if (own === null) return rule;
  if (width === "narrow") return t(`rule.${own[1]}.narrow`);
  return t(`rule.${own[1]}`, { name: own[1] === "queue" ? queue(own[2]) : tier(own[2]) });
}

/**
 * Why an agent got a call, as [term, explanation] pairs.
 * @param {any} why
 * @param {(id: string) => string} nameOf
 * @returns {[string, string][]}
 */
export function why(why, nameOf) {
  /** @type {[string, string][]} */
  const told = [
    [t("why.waited"), duration(why.waited_ms)],
    [t("why.due"), due(why)],
  ];
  if (why.band > 0) told.push([t("why.band"), t("why.band.text", { band: why.band })]);
  if (why.by === "supervisor") told.push([t("why.chosen"), t("why.by_supervisor")]);
  else if (why.select) told.push([t("why.chosen"), t(`why.select.${why.select}`, { idle: duration(why.idle_ms) })]);
  if (why.step > 0) told.push([t("why.step"), t("why.step.text", { count: why.step })]);
  if (why.passed_over > 0) told.push([t("why.passed_over"), t("why.passed_over.text", { count: why.passed_over })]);
  for (const [id, reason] of Object.entries(why.considered ?? {})) {
    told.push([t("why.not", { name: nameOf(id) }), t(`why.not.${reason}`)]);
  }
  if (why.rules) told.push([t("why.rules"), why.rules]);
  return told;
}
