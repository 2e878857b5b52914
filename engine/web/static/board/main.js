/**
 * The wallboard. What the engine says goes into the model, and once a frame what was touched is drawn; times
 * tick once a second, for what is in sight. Once a frame of the engine is on the page, the document hears
 * "board:drawn" with its `rev`.
 */

import { Client } from "../giliran.js";
import * as i18n from "../lib/i18n.js";
import { banner, reach } from "../lib/link.js";
import { signIn } from "../lib/signin.js";
import { Board } from "./model.js";
import { View } from "./view.js";
import { Watching } from "./watching.js";

await i18n.load("board");
const client = new Client({ urls: await reach(), role: "supervisor", token: await signIn("supervisor") });
const board = new Board();
const view = new View(client, board);

document.body.prepend(banner(client));
document.getElementById("language")?.append(i18n.languagePicker());
i18n.applyTo(document);
document.title = i18n.t("board.page");
document.addEventListener("giliran:language", () => (document.title = i18n.t("board.page")));

client.on("welcome", ({ config }) => {
  view.available = true;
  view.configure(config);
});
client.on("config", ({ config }) => view.configure(config));
client.on("service", ({ available }) => view.service(available));
client.on("link", ({ state }) => state === "up" || view.live(false));
new Watching(client, board, (touched) => view.changed(touched), (code) => view.commands.tell(i18n.error(code)));

view.painter.start();
client.connect();
