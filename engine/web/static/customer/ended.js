/** The end: how it came, who ended it, how it was; and from here one may ask again. */

import { el, hide, icon, write } from "../lib/dom.js";
import { duration, error, t } from "../lib/i18n.js";
import { ICONS } from "../lib/icons.js";
import { endText, heading, says } from "./words.js";

const COMMENT_CHARS = 2_000;

export function endedView(page) {
  const title = heading();
  const text = el("p", { class: "muted" });
  const lasted = el("p", { class: "figures" });
  const rating = ratingPart(page);
  return {
    root: el("section", { class: "column" },
      el("div", { class: "lead" }, title, text, lasted),
      rating.root,
      says("button", "ended.again", { type: "button", class: "button wide", on: { click: () => page.act("page.again") } })),
    update(model) {
      write(title, endText("title", model.ended));
      write(text, endText("text", model.ended));
      lasted.hidden = !model.ended.lastedMs;
      write(lasted, model.ended.lastedMs ? t("ended.lasted", { duration: duration(model.ended.lastedMs) }) : "");
      rating.update(model);
    },
  };
}

function ratingPart(page) {
  const send = el("button", { class: "button primary wide" });
  const failed = el("p", { class: "note", role: "alert", data: { tone: "warn" } });
  const comment = el("textarea", { name: "comment", maxlength: COMMENT_CHARS, rows: 3 });
  const more = el("div", { class: "stack" },
    el("label", { class: "field" }, says("span", "rating.comment"), says("small", "rating.comment_hint"), comment), failed, send);
  const stars = [1, 2, 3, 4, 5].map((score) =>
    el("label", { class: "star" },
      el("input", { type: "radio", name: "score", value: String(score), on: { change: () => (more.hidden = false) } }),
      icon(ICONS.star), says("span", `rating.${score}`, { class: "unseen" })));
  const form = el("form", { class: "card stack rating", on: { submit } },
    el("fieldset", {}, says("legend", "rating.title"), el("div", { class: "stars" }, ...stars)), more);
  const thanks = el("p", { class: "note", role: "status", tabindex: -1, data: { tone: "good" } });
  more.hidden = true;

  function submit(event) {
    event.preventDefault();
    const score = Number(new FormData(form).get("score"));
    if (send.ariaDisabled !== "true") page.rate(score, comment.value.trim());
  }

  return {
    root: el("div", {}, form, thanks),
    update({ ended, rated }) {
      const met = ended.reason === "completed" || ended.agent !== null;
      thanks.hidden = rated !== "done";
      hide(form, !met || rated === "done", thanks);
      write(thanks, rated === "done" ? t("rating.thanks") : "");
      failed.hidden = !rated || ["sending", "done"].includes(rated);
      write(failed, failed.hidden ? "" : error(rated));
      send.ariaDisabled = String(rated === "sending");
      write(send, t(rated === "sending" ? "rating.sending" : "rating.send"));
    },
  };
}
