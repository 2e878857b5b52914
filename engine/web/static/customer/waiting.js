/**
 * In line: the place as a big number, how long it may take, and whether an agent is being called. What the
 * server says of the place is shown as it comes; while it cannot be heard, how long the place is kept.
 */

import { el, icon, write } from "../lib/dom.js";
import { clock, number as figure, t } from "../lib/i18n.js";
import { ICONS } from "../lib/icons.js";
import { mediaButtons, ownTile } from "./controls.js";
import { keptUntil } from "./model.js";
import { heading, queueName, range, says } from "./words.js";

const MOVE = { duration: 420, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" };
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function waitingView(page) {
  const title = heading();
  const service = el("p", { class: "muted" });
  const place = placePart();
  const news = el("p", { class: "note", data: { tone: "accent" } });
  const lost = el("p", { class: "note figures", data: { tone: "warn" } });
  const own = ownTile(page.devices);
  const toggles = mediaButtons(page.devices);
  const picture = el("div", { class: "card ready" }, own.tile,
    el("div", { class: "stack" }, says("p", "waiting.ready", { class: "small muted" }), el("div", { class: "rounds" }, ...toggles.buttons)));
  const leave = el("button", { type: "button", class: "button wide", on: { click: () => question.showModal() } });
  const question = leaveQuestion(page);

  return {
    root: el("section", { class: "column" },
      el("div", { class: "lead" }, title, service),
      place.root, news, lost, picture,
      says("p", "waiting.keep_open", { class: "small muted centred" }),
      leave, question),
    update(model, now) {
      write(title, t(model.alerted ? "waiting.alerted" : "waiting.title"));
      write(service, queueName(model, model.call?.queue));
      place.update(model);
      news.hidden = !model.news;
      write(news, model.news ? t(`requeued.${model.news}`) : "");
      const until = keptUntil(model);
      lost.hidden = until === null;
      write(lost, until === null ? "" : lostText(until - now));
      picture.hidden = !page.devices.stream;
      own.update();
      toggles.update();
      leave.disabled = model.leaving;
      write(leave, t(model.leaving ? "waiting.leaving" : "waiting.leave"));
    },
    leave: () => question.close(),
  };
}

const lostText = (left) => (left > 0 ? t("lost.waiting", { left: clock(left) }) : t("lost.waiting_over"));

function placePart() {
  const value = el("strong", { class: "place-number figures" });
  const number = el("div", { class: "place" }, says("span", "waiting.place", { class: "muted" }), value);
  const ahead = el("p", { class: "ahead" });
  const ewt = el("p", { class: "ewt" });
  const queue = el("div", { class: "stack centred" }, number, ahead,
    el("div", { class: "ewt-row" }, icon(ICONS.clock), says("span", "ewt.label", { class: "muted" }), ewt));
  const calling = el("div", { class: "calling" }, el("span", { class: "calling-face" }, icon(ICONS.phone)),
    says("p", "waiting.alerted_text"));
  let shown = null;

  function move(position) {
    if (shown !== null && shown !== position && !still.matches) {
      const from = position < shown ? "0.35em" : "-0.35em";
      value.animate({ opacity: [0, 1], transform: [`translateY(${from})`, "none"] }, MOVE);
    }
    shown = position;
  }

  return {
    root: el("div", { class: "card place-card" }, queue, calling),
    update({ alerted, position, ewt: estimate }) {
      queue.hidden = alerted;
      calling.hidden = !alerted;
      move(position);
      write(value, figure(position));
      write(ahead, position === 1 ? t("waiting.next") : t("waiting.ahead", { count: position - 1 }));
      write(ewt, range(estimate));
    },
  };
}

/** Leaving costs the place, so it is asked for. */
function leaveQuestion(page) {
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "leave-title" });
  function go() {
    dialog.close();
    page.leave("call.cancel");
  }
  dialog.append(el("div", { class: "stack" },
    says("h2", "leave.title", { id: "leave-title" }),
    says("p", "leave.text"),
    el("div", { class: "actions" },
      says("button", "leave.stay", { type: "button", class: "button primary", on: { click: () => dialog.close() } }),
      says("button", "leave.go", { type: "button", class: "button", on: { click: go } })),
  ));
  return dialog;
}
