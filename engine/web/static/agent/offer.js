/**
 * The offer: an alert dialog that lives exactly as long as the model has one. Neither Escape nor a click
 * beside it ends it; accepting, declining and the engine do.
 *
 * An offer can come while somebody types, so a key counts only after the keyboard has been quiet for a moment
 * since the dialog came, and no button has the focus to begin with.
 */

import { el, write } from "../lib/dom.js";
import { duration, t } from "../lib/i18n.js";
import { Countdown } from "./countdown.js";
import { drawFacts } from "./facts.js";
import { whyMe } from "./why.js";
import { callFacts, personName, queueName, refusalText, tierName } from "./words.js";

const QUIET_MS = 600;
const SAY_AT_S = [10, 5];

const $ = (id) => document.getElementById(id);

/** @param {import("./desk.js").Desk} desk */
export function offerDialog(desk) {
  const dialog = $("offer");
  const countdown = new Countdown("offer.left");
  $("offer-countdown").append(countdown.element);
  let shown = null;
  let heardKeyAt = 0;
  let said = Infinity;

  const accept = () => shown && !desk.model.asked.includes("accept") && desk.actions.accept(shown.offer_id);
  const decline = () => shown && !desk.model.asked.includes("decline") && desk.actions.decline(shown.offer_id);
  $("offer-accept").addEventListener("click", accept);
  $("offer-decline").addEventListener("click", decline);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => shown && open());
  dialog.addEventListener("keydown", (event) => {
    const quiet = performance.now() - heardKeyAt > QUIET_MS;
    heardKeyAt = performance.now();
    if (event.key === "Tab") return;
    if (event.key === "Escape" || !quiet || event.repeat) return event.preventDefault();
    if (desk.shortcuts.means(event, "accept")) accept();
    if (desk.shortcuts.means(event, "decline")) decline();
  });

  function open() {
    heardKeyAt = performance.now();
    if (!dialog.open) dialog.showModal();
    dialog.focus();
  }

  function update(model) {
    const before = shown;
    shown = model.offer;
    if (shown === null) {
      desk.alerting.stop();
      if (dialog.open) dialog.close();
      return;
    }
    draw(model);
    if (before?.offer_id === shown.offer_id) return;
    said = Infinity;
    open();
    desk.alerting.start(
      { title: t("offer.alert"), body: t("offer.alert_body", { queue: queueName(model.config, shown.call.queue) }) },
      shown.deadline_at - desk.now(),
    );
  }

  function draw({ config, agent, asked, refusal }) {
    const { call, why, deadline_at } = shown;
    $("offer-name").textContent = personName(call.customer);
    $("offer-tier").textContent = tierName(config, call.tier);
    drawFacts($("offer-facts"), [[t("facts.waited"), duration(waited(desk.now()))], ...callFacts(config, call)]);
    $("offer-why-list").replaceChildren(...whyMe(config, call, why).map((text) => el("li", { text })));
    const busy = asked.includes("accept") || asked.includes("decline");
    for (const name of ["accept", "decline"]) {
      const button = $(`offer-${name}`);
      const text = t(`offer.${name}`);
      button.replaceChildren(text, desk.shortcuts.hint(name));
      button.setAttribute("aria-disabled", String(busy));
      desk.shortcuts.mark(button, name, text);
    }
    write($("offer-refused"), refusal === null ? "" : refusalText(refusal));
    countdown.set(agent?.state === "offered" ? agent.since_at : null, deadline_at);
  }

  const waited = (now) => (shown.why.enqueued_at === undefined ? shown.call.waited_ms : now - shown.why.enqueued_at);

  function tick(now) {
    if (shown === null) return;
    const left_s = Math.ceil(countdown.tick(now) / 1000);
    $("offer-facts").querySelector("dd").textContent = duration(waited(now));
    const due = SAY_AT_S.find((at) => left_s <= at && at < said && left_s > 0);
    if (due === undefined) return;
    said = due;
    $("offer-left").textContent = t("offer.left_say", { count: left_s });
  }

  return { update, tick };
}
