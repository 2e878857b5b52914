/**
 * The demo's first page: three steps by which a visitor takes part, with links that sign him in, and a strip
 * that shows the simulated day going on around him.
 *
 * The tokens come with `demo.json`. They are asked for again when the page is looked at after a while, so that
 * a link never leads to a form. If a fresh one is refused too, no other would do better: that is said.
 */

import { Client } from "../giliran.js";
import { languagePicker, load, t } from "../lib/i18n.js";
import { banner, reach } from "../lib/link.js";
import { Links } from "./links.js";
import { Strip } from "./strip.js";

/** Younger tokens are good for hours yet. */
const FRESH_MS = 30 * 60_000;
const AGAIN_MS = 3_000;

const $ = (/** @type {string} */ id) => document.getElementById(id);

const others = $("others");
const links = new Links({ customer: $("customer"), lestari: $("lestari"), pratama: others, supervisor: others });
let askedAt = -Infinity;

/** Fresh links, as soon as they can be had; resolves with a token for the strip. */
async function signIn() {
  askedAt = performance.now();
  for (;;) {
    try {
      const answer = await fetch("demo.json", { cache: "no-store" });
      if (!answer.ok) throw new Error(`demo.json: ${answer.status}`);
      const { guests, watch } = await answer.json();
      links.show(guests);
      $("away").hidden = true;
      return watch;
    } catch {
      $("away").hidden = false;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

function name() {
  document.title = t("demo.title");
}

async function begin() {
  await load("demo");
  name();
  document.addEventListener("giliran:language", name);
  $("language").append(languagePicker());
  const client = new Client({ urls: await reach(), role: "supervisor", token: await signIn() });
  $("banner").append(banner(client, { except: ["refused"] }));
  new Strip(client, { queues: $("queues"), assigned: $("assigned"), none: $("none") }, (agents) => links.tell(agents));
  let fresh = false; // the token, which was not good for anything yet
  client.on("link", async ({ state }) => {
    if (state === "up") fresh = false;
    if (state !== "refused") return;
    $("refused").hidden = !fresh;
    if (fresh) return;
    fresh = true;
    await client.refresh(await signIn());
    client.connect();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && performance.now() - askedAt > FRESH_MS) signIn();
  });
  client.connect();
}

begin();
