/** The page: its parts, how they lead to each other, and the commands they offer. */

import { t } from "../lib/i18n.js";
import * as agentCommands from "./agent_commands.js";
import { Agents } from "./agents.js";
import { alarms } from "./alarms.js";
import { Assignments } from "./assignments.js";
import * as callCommands from "./call_commands.js";
import { Calls } from "./calls.js";
import { Card } from "./card.js";
import * as cards from "./cards.js";
import { Commands } from "./commands.js";
import { Painter } from "./painter.js";
import { pauseOrResume, reload } from "./pool_commands.js";
import { Strip } from "./strip.js";
import { put } from "./text.js";
import { Tiles } from "./tiles.js";
import { Wall } from "./wall.js";
import * as words from "./words.js";

export class View {
  /** the store, as the engine last said */
  available = true;
  /** @type {number|null} since when nothing new is heard */
  #stoppedAt = null;
  /** @type {Map<string, any>} service level and target by queue */
  rules = new Map();

  /** @param {import("../giliran.js").Client} client @param {import("./model.js").Board} board */
  constructor(client, board) {
    this.client = client;
    this.board = board;
    const now = () => client.now();
    const touch = (/** @type {"calls"|"agents"|"assigned"} */ part) => () => this.painter.touch({ [part]: true });
    this.commands = new Commands(client);
    this.card = new Card();
    this.strip = new Strip((alarm) => this.#follow(alarm));
    this.tiles = new Tiles(place("queues"), board, (id, pause) => this.#do(pauseOrResume(board, id, pause)));
    this.calls = new Calls(board, now, { open: (id) => this.#showCall(id), moved: touch("calls") });
    this.agents = new Agents(board, now, { open: (id) => this.#showAgent(id), moved: touch("agents") });
    this.assigned = new Assignments(board, {
      open: (assignment) => this.#showAssignment(assignment),
      moved: touch("assigned"),
    });
    this.painter = new Painter(board, now, {
      queues: (ids, at) => this.tiles.draw(ids, this.rules, at),
      calls: () => this.calls.draw(),
      agents: () => this.agents.draw(),
      assigned: () => this.assigned.draw(),
      second: (at) => this.#second(at),
    });
    this.wall = new Wall(place("wall"), () => this.painter.touchAll());
    this.#mount();
  }

  #mount() {
    place("alarms").replaceWith(this.strip.element);
    place("line").append(this.calls.element, this.agents.element, this.assigned.element);
    document.body.append(this.commands.outcome, this.card.dialog);
    place("reload").addEventListener("click", () => this.#do(reload()));
    document.addEventListener("giliran:language", () => {
      this.agents.changed();
      this.assigned.redraw();
      this.painter.touchAll();
    });
  }

  /** @param {Record<string, any>} config of the welcome */
  configure(config) {
    words.configure(config);
    this.rules = new Map(config.queues.map((/** @type {any} */ queue) => [queue.id, queue]));
    this.painter.touchAll();
  }

  /** @param {import("./model.js").Touched} touched */
  changed(touched) {
    document.querySelector("main")?.removeAttribute("aria-busy");
    if (this.#stoppedAt !== null && this.available) this.live(true); // time changes figures without the store too
    if (touched.agents) this.agents.changed();
    this.painter.hear(touched);
  }

  /** The engine's words have stopped, or go on: what is shown then is told to be old. @param {boolean} live */
  live(live) {
    if (live) this.#stoppedAt = null;
    else this.#stoppedAt ??= this.client.now();
    this.painter.touchAll();
  }

  /** What the engine says of its store. @param {boolean} available */
  service(available) {
    this.available = available;
    this.live(available);
  }

  /** @param {number} now */
  #second(now) {
    put(place("now"), words.moment(now));
    if (this.board.rev === null) return;
    const stopped = this.#stoppedAt;
    document.body.classList.toggle("stale", stopped !== null);
    put(place("as-of"), stopped === null ? "" : t("board.as_of", { at: words.moment(stopped) }));
    this.tiles.tick(this.rules, now);
    this.card.draw();
    this.strip.draw(alarms(this.board, this.rules, now, this.available));
  }

  /** @param {import("./commands.js").Command} command */
  async #do(command) {
    if (await this.commands.ask(command)) this.card.close();
  }

  /** @param {string} id */
  #showCall(id) {
    if (this.wall.on) return;
    const { board } = this;
    this.card.open(() => cards.ofCall(board, id, this.client.now(), {
      prioritise: (call) => this.#do(callCommands.prioritise(board, call)),
      assign: (call) => this.#do(callCommands.assign(board, call)),
      end: (call) => this.#do(callCommands.end(board, call)),
    }));
  }

  /** @param {string} id */
  #showAgent(id) {
    if (this.wall.on) return;
    const { board } = this;
    const { config } = this.client;
    this.card.open(() => cards.ofAgent(board, id, this.client.now(), {
      setState: (agent) => this.#do(agentCommands.setState(board, agent, config.reasons)),
      setSkills: (agent) => this.#do(agentCommands.setSkills(agent, config)),
      call: (call) => this.#showCall(call),
    }));
  }

  /** @param {import("./model.js").Assignment} assignment */
  #showAssignment(assignment) {
    if (this.wall.on) return;
    this.card.open(() => cards.ofAssignment(this.board, assignment, (id) => this.#showCall(id)));
  }

  /** To what an alarm is about. @param {import("./alarms.js").Alarm} alarm */
  #follow({ queue, call, agents }) {
    if (this.wall.on) return;
    if (agents !== undefined) this.agents.reveal(agents[0]);
    else if (call !== undefined && this.board.calls.get(call)?.state === "connected") this.#showCall(call);
    else if (call !== undefined && queue !== undefined) this.calls.reveal(queue, call);
    else if (queue !== undefined) this.calls.only(queue);
  }
}

/** @param {string} id @returns {HTMLElement} */
function place(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no #${id} in the page`);
  return found;
}
