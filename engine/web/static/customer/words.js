/** Sentences made of the model's numbers, and elements that carry a text by its key. */

import { el } from "../lib/dom.js";
import { has, label, t } from "../lib/i18n.js";

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;

/** An element with a fixed text, which follows the language by itself. */
export const says = (tag, key, props = {}) => el(tag, { ...props, data: { ...props.data, t: key }, text: t(key) });

/** The screen's heading: the focus comes here when the scene changes. */
export const heading = (key) => (key ? says("h1", key, { tabindex: -1 }) : el("h1", { tabindex: -1 }));

/**
 * The estimate as people would say it: "2 to 4 minutes". Half of the callers wait less than p50, nine of ten
 * less than p90; a range that looks exact would promise too much, so it is rounded outwards to minutes.
 */
export function range(ewt) {
  if (!ewt) return t("ewt.unknown");
  const least = Math.floor(ewt.p50 / MINUTE_MS);
  const most = Math.max(1, Math.ceil(ewt.p90 / MINUTE_MS));
  if (least >= HOUR_MINUTES) return t("ewt.long");
  if (most === 1) return t("ewt.short");
  if (least < 1) return t("ewt.up_to", { count: most });
  if (least === most) return t("ewt.about", { count: most });
  return t("ewt.range", { from: least, to: most, count: most });
}

/** The queue's name as the bank has it. */
export function queueName(model, id) {
  const queue = model.queues.find((known) => known.id === id);
  return queue ? label(queue.label, queue.id) : (id ?? "");
}

/** The most particular text there is for how a call ended. */
export function endText(part, { reason, by, agent }) {
  const keys = [`ended.${reason}.${by}.${part}`, `ended.${reason}.${part}`, `ended.${part}`];
  return t(keys.find(has) ?? keys[2], { agent: agent?.name || t("call.agent") });
}

/** The window's title: the place is seen from another tab. */
export function title(model) {
  const site = t("customer.title");
  const { screen, alerted, position, call } = model;
  if (screen === "waiting" && alerted) return `${t("waiting.alerted")} · ${site}`;
  if (screen === "waiting") return `${t("title.waiting", { position })} · ${site}`;
  if (screen === "call") return `${t("title.call", { agent: call.agent.name || t("call.agent") })} · ${site}`;
  return site;
}
