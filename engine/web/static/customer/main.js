/** The customer's page: shows the model, one screen at a time, and says aloud what changed. */

import { write } from "../lib/dom.js";
import { languagePicker, load, t } from "../lib/i18n.js";
import { banner } from "../lib/link.js";
import { signIn } from "../lib/signin.js";
import { awake } from "./awake.js";
import { callView } from "./call.js";
import { chooseView } from "./choose.js";
import { endedView } from "./ended.js";
import { keptUntil, scene } from "./model.js";
import { Page } from "./page.js";
import { openingView, refusedView, replacedView } from "./plain.js";
import { prepareView } from "./prepare.js";
import { waitingView } from "./waiting.js";
import { range, title } from "./words.js";

const TICK_MS = 500;
const VIEWS = {
  opening: openingView,
  choose: chooseView,
  prepare: prepareView,
  waiting: waitingView,
  call: callView,
  ended: endedView,
  replaced: replacedView,
  refused: refusedView,
};

const main = document.querySelector("#main");
const said = document.querySelector("#said");
const icon = document.querySelector("link[rel=icon]");

await load("customer");
document.querySelector("#language").replaceWith(languagePicker());
const stayAwake = awake();
let view = null;
let shown = { screen: null, scene: null };
const page = await Page.open(await signIn("customer"), show);
document.querySelector("#banner").replaceWith(banner(page.client, { except: ["replaced", "refused"] }));
document.addEventListener("giliran:language", show);
document.addEventListener("visibilitychange", show);
show();
setInterval(show, TICK_MS);
page.client.connect();

function show() {
  const { model } = page;
  if (model.screen !== shown.screen) enter(model.screen);
  view.update(model, page.client.now());
  lead(scene(model));
  write(said, spoken(model));
  document.title = title(model);
  const calls = document.hidden && (model.screen === "call" || model.alerted);
  icon.href = `static/favicon${calls ? "-alert" : ""}.svg`;
}

function enter(screen) {
  view?.leave?.();
  view = VIEWS[screen](page);
  document.body.dataset.screen = screen;
  main.replaceChildren(view.root);
  scrollTo(0, 0);
  stayAwake(screen === "waiting" || screen === "call");
  shown = { screen, scene: shown.scene };
}

/** Move the focus to the heading when the scene changed, but not when the page has just opened. */
function lead(now) {
  if (now === shown.scene) return;
  if (shown.scene !== null) main.querySelector("h1").focus({ preventScroll: true });
  shown.scene = now;
}

/** What is read aloud when it changes; nothing in it counts down. */
function spoken(model) {
  if (keptUntil(model) !== null) return t(`lost.${model.screen}_said`);
  if (model.screen === "waiting" && !model.alerted) {
    return t("said.place", { number: model.position, range: range(model.ewt) });
  }
  if (model.screen === "call" && model.peerUntil !== null) return t("said.peer", { agent: model.call.agent.name || t("call.agent") });
  return "";
}
