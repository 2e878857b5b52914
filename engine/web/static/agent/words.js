/** Codes, ids and records in words: what every view of the desk says alike. */

import { error, has, label, number, t } from "../lib/i18n.js";

/** The bank's word for an id of one of the lists in `welcome.config`. */
export function named(list, id) {
  return label(list?.find((each) => each.id === id)?.label, id);
}

export const queueName = (config, id) => named(config.transfer_queues ?? config.queues, id);
/** A customer without a segment is `regular`, whether or not the bank has a word for that. */
export function tierName(config, id) {
  const name = named(config.tiers, id);
  return name === "regular" ? t("tier.regular") : name;
}
export const personName = (person) => person?.name || person?.id || "";

/** A reason of the engine's own, or one of the bank's; empty if there is none. */
export function reasonName(config, reason) {
  if (!reason) return "";
  return has(`reason.${reason}`) ? t(`reason.${reason}`) : named(config.reasons, reason);
}

export function stateName(config, state, reason) {
  const because = reasonName(config, reason);
  return because ? t("state.because", { state: t(`state.${state}`), reason: because }) : t(`state.${state}`);
}

/** "loan 3, card": levels above the first are said. @param {Record<string, number>} skills */
export function skillsText(config, skills) {
  const said = ([id, level]) => named(config.skills, id) + (level > 1 ? ` ${number(level)}` : "");
  return Object.entries(skills ?? {}).map(said).join(", ");
}

/** The rows of a call's facts, [term, text], of what is known; the tier stands beside the name. */
export function callFacts(config, call) {
  const rows = [
    [t("facts.queue"), call.queue && queueName(config, call.queue)],
    [t("facts.skills"), skillsText(config, call.skills)],
    ...Object.entries(call.attributes ?? {}),
    [t("facts.from_agent"), call.from_agent_name || call.from_agent],
    [t("facts.note"), call.note],
    [t("facts.customer_id"), call.customer?.id],
  ];
  return rows.filter(([, text]) => text);
}

/** What to say of a refusal: the desk's own words where it knows better than all pages. */
export function refusalText({ what, code, field, state }) {
  if (code === "wrong_state" && what === "transfer" && field === "agent_id") return t("refused.colleague_busy");
  const [now, place] = [`state.${state}`, `field.${field}`];
  if (code === "wrong_state" && has(now)) return t("refused.wrong_state", { state: t(now) });
  if (code === "bad_field" && has(place)) return t("refused.bad_field", { field: t(place) });
  return has(`refused.${code}`) ? t(`refused.${code}`) : error(code);
}
