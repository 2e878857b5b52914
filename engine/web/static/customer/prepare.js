/**
 * Before he asks: what is agreed to, and whether camera and microphone work. The browser's own question comes
 * only after a click that explains it, and a call without camera and microphone is possible.
 */

import { el, hide, icon, write } from "../lib/dom.js";
import { error, has, t } from "../lib/i18n.js";
import { ICONS } from "../lib/icons.js";
import { level } from "../lib/media.js";
import { mediaButtons, ownTile } from "./controls.js";
import { deviceChoice } from "./choice.js";
import { heading, queueName, says } from "./words.js";

export function prepareView(page) {
  const { devices } = page;
  const service = el("p", { class: "muted" });
  const preview = devicesPart(devices);
  const consent = consentPart(devices);
  const refusal = refusalPart();
  const other = says("button", "prepare.other", { type: "button", class: "button wide", on: { click: back } });
  const ask = el("button", { class: "button primary wide" });

  function back() {
    page.act("page.back");
  }

  function submit(event) {
    event.preventDefault();
    if (ask.ariaDisabled !== "true" && consent.given()) page.ask();
  }

  return {
    root: el("section", { class: "column" },
      el("button", { type: "button", class: "button quiet back", on: { click: back } }, icon(ICONS.back), says("span", "back")),
      el("div", { class: "lead" }, heading("prepare.title"), service),
      preview.root,
      el("form", { class: "stack", novalidate: true, on: { submit } }, consent.root, refusal.root, ask, other),
    ),
    update(model, now) {
      write(service, t("prepare.service", { service: queueName(model, model.queue) }));
      preview.root.hidden = page.client.config.video?.provider === "none";
      preview.update();
      consent.update();
      const left = model.refusal?.retryAt ? Math.max(0, Math.ceil((model.refusal.retryAt - now) / 1000)) : 0;
      refusal.update(model.refusal, left);
      other.hidden = !["queue_closed", "queue_full", "not_allowed", "no_such_queue"].includes(model.refusal?.code);
      ask.ariaDisabled = String(model.asking || left > 0);
      const bare = !preview.root.hidden && !devices.stream;
      ask.classList.toggle("primary", !bare || devices.problem !== null);
      write(ask, t(model.asking ? "prepare.asking" : bare ? "prepare.ask_bare" : "prepare.ask"));
    },
    leave: preview.leave,
  };
}

function refusalPart() {
  const why = el("span", { role: "alert" });
  const count = el("span", { class: "figures", "aria-hidden": "true" });
  const root = el("p", { class: "note", data: { tone: "warn" } }, why, " ", count);
  return {
    root,
    update(refusal, left) {
      root.hidden = !refusal;
      const key = `refused.${refusal?.code}`;
      write(why, refusal ? (has(key) ? t(key) : error(refusal.code)) : "");
      write(count, left > 0 ? t("refused.retry_in", { count: left }) : "");
    },
  };
}

function devicesPart(devices) {
  const own = ownTile(devices);
  const toggles = mediaButtons(devices);
  const open = el("button", { type: "button", class: "button primary", on: { click: () => devices.open() } },
    icon(ICONS.camera), says("span", "prepare.devices"));
  const problem = el("p", { class: "note", role: "alert", data: { tone: "warn" } });
  const off = el("div", { class: "preview-off" }, open, says("p", "prepare.devices_why", { class: "small muted" }));
  const bar = el("meter", { class: "loudness", min: 0, max: 1 });
  const loudness = el("label", { class: "loudness-row small" }, says("span", "prepare.loudness"), bar);
  const choice = deviceChoice(devices);
  const on = el("div", { class: "stack" }, own.tile, el("div", { class: "rounds" }, ...toggles.buttons), loudness, choice.root);
  let heard = null;
  let hush = () => {};

  function listen() {
    if (devices.stream === heard) return;
    hush();
    heard = devices.stream;
    hush = heard ? level(heard, (loud) => (bar.value = devices.on.audio ? loud : 0)) : () => {};
  }

  return {
    root: el("div", { class: "card preview" }, problem, off, on),
    update() {
      problem.hidden = !devices.problem;
      write(problem, devices.problem ? t(`device.${devices.problem}`) : "");
      on.hidden = devices.state !== "on";
      toggles.update();
      hide(off, devices.state === "on", toggles.buttons.find((button) => !button.hidden));
      open.ariaDisabled = String(devices.state === "asking");
      loudness.hidden = !devices.has("audio");
      own.update();
      choice.update();
      listen();
    },
    leave: () => hush(),
  };
}

function consentPart(devices) {
  const box = el("input", { type: "checkbox", id: "consent", name: "consent", "aria-describedby": "consent-missing" });
  const missing = el("p", { id: "consent-missing", class: "small missing", role: "alert" });
  const version = () => t("consent.version");
  box.checked = devices.agreed === version();
  box.addEventListener("change", () => {
    devices.agreed = box.checked ? version() : null;
    box.ariaInvalid = "false";
    missing.textContent = "";
  });
  return {
    root: el("div", { class: "card consent" },
      says("h2", "consent.title"),
      says("p", "consent.text"),
      el("label", { class: "check", for: "consent" }, box, says("span", "consent.agree")),
      missing,
    ),
    given() {
      if (box.checked) return true;
      box.ariaInvalid = "true";
      missing.textContent = t("consent.missing");
      box.focus();
      return false;
    },
    update() {
      if (missing.textContent) write(missing, t("consent.missing"));
    },
  };
}
