/**
 * A supervisor's command: a dialog that says exactly what will happen, sends it when told to, and tells the
 * outcome: what was done, or by code why it was refused. Nothing is sent while there is no link, nor again after
 * one broke: a command must not be carried out minutes after it was meant.
 *
 * @typedef {object} Command
 * @property {string} title
 * @property {string} go what the button says
 * @property {() => string} effect what will happen, with the fields as they are
 * @property {() => string} done what is said when it is done
 * @property {() => [string, Record<string, any>]} frame type and fields
 * @property {HTMLElement[]} [fields]
 * @property {boolean} [danger]
 */

import { el } from "../lib/dom.js";
import * as i18n from "../lib/i18n.js";
import { put } from "./text.js";

const { t } = i18n;
const TOLD_MS = 8_000;

export class Commands {
  #timer = 0;

  /** @param {import("../giliran.js").Client} client */
  constructor(client) {
    this.client = client;
    this.outcome = el("p", { class: "outcome", role: "status" });
  }

  /** Say what became of something. @param {string} text */
  tell(text) {
    clearTimeout(this.#timer);
    this.outcome.textContent = text;
    this.#timer = setTimeout(() => (this.outcome.textContent = ""), TOLD_MS);
  }

  /** @param {Command} command @returns {Promise<boolean>} whether it was done */
  ask(command) {
    this.tell("");
    return new Promise((resolve) => new Question(this, command, resolve).show());
  }
}

class Question {
  #done = false;

  /** @param {Commands} commands @param {Command} command @param {(done: boolean) => void} resolve */
  constructor(commands, command, resolve) {
    this.commands = commands;
    this.command = command;
    this.effect = el("p", { class: "note effect", "aria-live": "polite", id: "command-effect" });
    this.refusal = el("p", { class: "note", role: "alert", data: { tone: "bad" }, hidden: true });
    this.go = el("button", { class: `button ${command.danger ? "danger" : "primary"}`, text: command.go });
    const cancel = el("button", { type: "button", class: "button", text: t("cancel") });
    cancel.addEventListener("click", () => this.dialog.close());
    this.form = el(
      "form",
      { class: "stack" },
      el("h2", { id: "command-title", text: command.title }),
      ...(command.fields ?? []),
      this.effect,
      this.refusal,
      el("div", { class: "actions" }, cancel, this.go),
    );
    const described = { "aria-labelledby": "command-title", "aria-describedby": "command-effect" };
    this.dialog = el("dialog", { class: "dialog command", ...described }, this.form);
    this.form.addEventListener("input", () => this.#explain());
    this.form.addEventListener("submit", (/** @type {Event} */ event) => this.#submit(event));
    this.dialog.addEventListener("close", () => {
      this.dialog.remove();
      resolve(this.#done);
    });
  }

  show() {
    this.#explain();
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  #explain() {
    put(this.effect, this.command.effect());
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const { client } = this.commands;
    if (client.link.state !== "up") return this.#refuse(t("command.no_link"));
    this.#wait(true);
    try {
      await client.command(...this.command.frame());
    } catch (refusal) {
      return this.#refuse(reasonOf(refusal));
    } finally {
      this.#wait(false);
    }
    this.#done = true;
    this.commands.tell(this.command.done());
    this.dialog.close();
  }

  /** @param {boolean} waiting */
  #wait(waiting) {
    this.go.disabled = waiting;
    put(this.go, waiting ? t("command.sending") : this.command.go);
    if (waiting) this.refusal.hidden = true;
  }

  /** @param {string} text */
  #refuse(text) {
    this.refusal.textContent = text;
    this.refusal.hidden = false;
  }
}

/** A refusal by its code; where it is known what stood against it, that too. @param {any} refusal */
function reasonOf({ code, state, field }) {
  const known = [`refused.state.${state}`, `agent.state.${state}`].find(i18n.has);
  if (code === "wrong_state" && known !== undefined) return t("refused.wrong_state", { state: t(known) });
  return code === "bad_field" && field ? t("refused.bad_field", { field }) : i18n.error(code);
}
