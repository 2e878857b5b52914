/** The bar: who I am, what state I am in and since when, what comes after this call, and today's figures. */

import { icon, write } from "../lib/dom.js";
import { clock, duration, number, t, time } from "../lib/i18n.js";
import { Menu } from "./menu.js";
import { WORKING, cut } from "./state.js";
import { named, reasonName, stateName } from "./words.js";

const BELL = "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15zM10 20.500a2 2 0 0 0 4 0";
const CROSSED = "M4 4l16 16";

const $ = (id) => document.getElementById(id);

/** @param {import("./desk.js").Desk} desk */
export function header(desk) {
  const menu = new Menu({ id: "state-menu-list" });
  $("state-menu").append(menu.element);
  $("sound").append(icon(BELL), icon(CROSSED));
  $("sound").addEventListener("click", () => {
    desk.alerting.muted = !desk.alerting.muted;
    desk.draw();
  });
  let since = null;

  function update(model, scene) {
    const { agent, config, figures } = model;
    since = agent?.since_at ?? null;
    $("who-name").textContent = desk.me.name;
    $("who-queues").textContent = (config.queues ?? []).map(({ id }) => named(config.queues, id)).join(" · ");
    $("state").dataset.state = agent === null || cut(model) ? "none" : agent.state;
    write($("state-badge"), badge(model, scene));
    $("state-next").textContent = agent === null ? "" : nextText(config, agent);
    menu.element.hidden = agent === null;
    const asks = t(WORKING.includes(agent?.state) ? "menu.next" : "menu.now");
    if (agent !== null) menu.update(asks, choices(desk, config, agent));
    drawFigures(scene === "parted" ? null : figures);
    $("sound").setAttribute("aria-pressed", String(!desk.alerting.muted));
  }

  function tick(now) {
    if (since === null) return write($("state-since"), "");
    const spent = clock(now - since);
    write($("state-since"), $("state-next").textContent ? spent : t("state.since", { at: time(since), for: spent }));
  }

  return { update, tick };
}

function badge(model, scene) {
  if (scene === "parted") return t("state.parted");
  if (model.agent === null) return t("state.none");
  return cut(model) ? t("state.cut") : stateName(model.config, model.agent.state, model.agent.reason);
}

/** What he will be after this call, unless it is what everybody will be: ready. */
function nextText(config, { state, next_state, next_reason }) {
  if (!WORKING.includes(state) || next_state === null || next_state === "ready") return "";
  const next = reasonName(config, next_reason) || t(`state.${next_state}`);
  return t(state === "offered" ? "state.next_offered" : `state.next_${state}`, { next });
}

function choices(desk, config, agent) {
  const busy = WORKING.includes(agent.state);
  const [state, reason] = busy ? [agent.next_state ?? "ready", agent.next_reason] : [agent.state, agent.reason];
  const rests = (config.reasons ?? []).map(({ id }) => ({
    id,
    text: reasonName(config, id),
    checked: state === "not_ready" && reason === id,
    choose: () => desk.actions.setState("not_ready", id),
  }));
  const plain = {
    id: "not_ready",
    text: t("state.not_ready"),
    checked: state === "not_ready",
    choose: () => desk.actions.setState("not_ready"),
  };
  const ready = { id: "ready", text: t("state.ready"), checked: state === "ready", choose: () => desk.goReady() };
  const offline = {
    id: "offline",
    text: t("state.offline"),
    checked: state === "offline",
    separated: true,
    choose: () => desk.actions.setState("offline"),
  };
  const leave = { id: "leave", text: t("menu.sign_out"), choose: () => desk.signOut() };
  return [ready, ...(rests.length > 0 ? rests : [plain]), offline, ...(busy ? [] : [leave])];
}

function drawFigures(figures) {
  $("figures").hidden = figures === null;
  if (figures === null) return;
  $("figure-handled").textContent = number(figures.handled);
  $("figure-aht").textContent = figures.aht_ms === null ? "–" : duration(figures.aht_ms);
  $("figure-no-answer").textContent = number(figures.no_answer);
}
