/** Why this call came to this agent, in plain words: from the `why` of an offer, one sentence each. */

import { duration, has, t, time } from "../lib/i18n.js";
import { queueName, tierName } from "./words.js";

const TO_THE_SECOND = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

/** @param {Object} config @param {Object} call the offered call @param {Object} why @returns {string[]} */
export function whyMe(config, call, why) {
  return [...chosen(call, why), ...turn(config, why), ...order(why)];
}

function chosen(call, { by, preferred, select, idle_ms, step }) {
  if (by === "supervisor") return [t("why.supervisor")];
  const told = call.from_agent ? [t("why.transferred", { agent: call.from_agent_name || call.from_agent })] : [];
  if (idle_ms === undefined || preferred) return told;
  const key = call.from_agent || !has(`why.select.${select}`) ? "why.select.other" : `why.select.${select}`;
  told.push(t(key, { idle: duration(idle_ms) }));
  if (step > 0) told.push(t("why.step"));
  return told;
}

function turn(config, { enqueued_at, due_at, terms = {} }) {
  if (enqueued_at === undefined) return [];
  const at = (instant) => time(instant, TO_THE_SECOND);
  const heads = Object.entries(terms).map(([rule, ms]) => headStart(config, rule, ms));
  if (heads.length === 0) return [t("why.arrived", { arrived: at(enqueued_at) })];
  return [t("why.due", { arrived: at(enqueued_at), due: at(due_at), heads: heads.join("; ") })];
}

/** A rule's label is its name, or made of what it matches: "queue premium", "tier priority and segment". */
function headStart(config, rule, ms) {
  const [kind, id, ...more] = rule.split(" ");
  const names = { queue: queueName, tier: tierName };
  const known = more.length === 0 && id !== undefined && kind in names;
  const own = has(`why.term.${rule}`) ? t(`why.term.${rule}`) : rule;
  const name = known ? t(`why.term.${kind}`, { name: names[kind](config, id) }) : own;
  const key = ms < 0 ? "why.head_start_behind" : "why.head_start";
  return t(key, { name, ahead: duration(Math.abs(ms)) });
}

function order({ by, band, passed_over }) {
  const told = by === "supervisor" ? [] : [t("why.first")];
  if (band > 0) told.push(t("why.band", { band }));
  if (passed_over > 0) told.push(t("why.passed_over", { count: passed_over }));
  return told;
}
