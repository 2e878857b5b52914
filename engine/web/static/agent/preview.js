/** The agent's own picture and microphone before a call: does it work, which devices, and how a call begins. */

import { el, reconcile } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { level, tile } from "../lib/media.js";

const KINDS = ["video", "audio"];

const $ = (id) => document.getElementById(id);

/** @param {import("./desk.js").Desk} desk */
export function preview(desk) {
  const { devices } = desk;
  const own = tile({ muted: true, mirrored: true });
  const bar = el("span", { class: "level-bar" });
  const selects = Object.fromEntries(KINDS.map((kind) => [kind, chooser(devices, kind)]));
  $("media-tile").append(own, el("span", { class: "level", "aria-hidden": "true" }, bar));
  $("media-choice").append(...KINDS.map((kind) => selects[kind].element));
  $("media-check").addEventListener("click", () => devices.get());
  for (const kind of KINDS) {
    $(`media-begin-${kind}`).addEventListener("change", (event) => devices.set(kind, event.target.checked));
  }
  let heard = null;
  let hush = () => {};

  /** Hearing needs a page that was touched, and ends with what is heard. */
  function listen(stream) {
    if (stream === heard || (stream !== null && !navigator.userActivation?.hasBeenActive)) return;
    hush();
    heard = stream;
    bar.style.transform = "scaleX(0)";
    hush = stream === null ? () => {} : level(stream, (loud) => (bar.style.transform = `scaleX(${loud})`));
  }

  function update({ config }, scene) {
    $("media").hidden = config.video?.provider === "none";
    const { stream, problem, state, on } = devices;
    own.stream = scene === "idle" ? stream : null;
    own.label = t("media.preview");
    own.state = devices.has("video") && on.video ? "live" : "off";
    own.say(state === "asking" ? t("media.asking") : stream === null ? t("media.closed") : null);
    own.quiet = stream !== null && !on.audio;
    $("media-text").textContent = problem === null ? t(`media.${state}`) : t(`device.${problem}`);
    $("media-text").dataset.tone = problem === null ? "" : "warn";
    $("media-check").hidden = stream !== null;
    $("media-check").disabled = state === "asking";
    $("media-begin").hidden = stream === null;
    for (const kind of KINDS) {
      $(`media-begin-${kind}`).checked = on[kind];
      selects[kind].update();
    }
    listen(scene === "idle" && on.audio ? stream : null);
  }

  return { update, tick: () => {} };
}

/** Only where there is something to choose. */
function chooser(devices, kind) {
  const select = el("select", { on: { change: () => devices.choose(kind, select.value) } });
  const key = `media.${kind}`;
  const element = el("label", { class: "field" }, el("span", { data: { t: key }, text: t(key) }), select);
  const option = ({ deviceId, label }) => el("option", { value: deviceId, text: label || deviceId });
  const update = () => {
    element.hidden = devices.stream === null || devices.known[kind].length < 2;
    reconcile(select, devices.known[kind], ({ deviceId }) => deviceId, option);
    select.value = devices.chosen(kind) ?? "";
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  };
  return { element, update };
}
