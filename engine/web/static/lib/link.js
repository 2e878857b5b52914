/**
 * The strip that tells what the link to the server does, so that nobody waits before a dead page without
 * knowing it. It is hidden while all is well. Its countdown is not read aloud: a screen reader hears each
 * state once.
 */

import { discover } from "../giliran.js";
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { signIn } from "./signin.js";

const TICK_MS = 500;
const QUIET_MS = 1_500; // a link that is made within this needs no word
const GLAD_MS = 4_000;
const REACH_MS = 2_000;

/**
 * Where the WebSockets are; asked until it is told, because a page without it is dead.
 * @returns {Promise<string[]>}
 */
export async function reach() {
  const words = el("span", { role: "status", text: t("link.connecting") });
  const strip = el("div", { class: "banner", data: { tone: "warn" } }, words);
  for (;;) {
    try {
      const urls = await discover();
      strip.remove();
      return urls;
    } catch {
      document.body.prepend(strip);
      await new Promise((resolve) => setTimeout(resolve, REACH_MS));
    }
  }
}

/**
 * What a person can do about the link, by name.
 * @param {import("../giliran.js").Client} client
 */
export const actions = (client) => ({
  retry: () => client.wake(),
  here: () => client.connect(),
  signin: async () => {
    await signIn(client.role, { again: true });
    location.reload(); // it may be somebody else, of whom this page knows nothing yet
  },
});

/**
 * @param {import("../giliran.js").Client} client
 * @param {{except?: string[]}} [options] states of the link for which the page has words of its own
 * @returns {HTMLElement}
 */
export function banner(client, { except = [] } = {}) {
  const words = el("span", { role: "status" });
  const count = el("span", { class: "banner-count", "aria-hidden": "true" });
  const act = el("button", { type: "button", class: "button small" });
  const strip = el("div", { class: "banner", hidden: true }, words, count, act);
  let service = { available: true, draining: false };
  let changedAt = performance.now();
  let broken = false;
  let shown = "";

  const can = actions(client);
  act.addEventListener("click", () => can[act.dataset.does]());

  /** What there is to say: [key, tone, action]. */
  function state() {
    const since = performance.now() - changedAt;
    if (except.includes(client.link.state)) return null;
    switch (client.link.state) {
      case "replaced":
        return ["link.replaced", "warn", "here"];
      case "refused":
        return ["link.refused", "bad", "signin"];
      case "waiting":
        return [client.link.crowded ? "link.crowded" : "link.lost", "warn", "retry"];
      case "connecting":
        if (broken) return ["link.again", "warn", null];
        return since > QUIET_MS ? ["link.connecting", "plain", null] : null;
      case "up":
        if (!service.available) return ["link.unavailable", "warn", null];
        if (service.draining) return ["link.draining", "plain", null];
        return broken && since < GLAD_MS ? ["link.back", "good", null] : null;
      default:
        return null;
    }
  }

  function show() {
    const [key, tone, does] = state() ?? [];
    const left = client.link.state === "waiting" ? Math.ceil((client.link.retryAt - client.now()) / 1000) : 0;
    count.textContent = left > 0 ? t("link.retry_in", { count: left }) : "";
    const now = key ? t(key) : "";
    if (now === shown) return;
    shown = now;
    strip.hidden = !key;
    strip.dataset.tone = tone ?? "";
    words.textContent = now;
    act.hidden = !does;
    act.dataset.does = does ?? "";
    act.textContent = does ? t(`link.do.${does}`) : "";
  }

  client.on("link", ({ state: now }) => {
    if (now === "waiting") broken = true;
    if (now === "up") service = { available: true, draining: false };
    changedAt = performance.now();
    show();
  });
  client.on("service", ({ available, draining = false }) => {
    service = { available, draining };
    show();
  });
  addEventListener("online", () => client.wake());
  document.addEventListener("visibilitychange", () => document.hidden || client.wake());
  document.addEventListener("giliran:language", () => {
    shown = "";
    show();
  });
  setInterval(show, TICK_MS);
  return strip;
}
