/** What happens around the visitor: how many wait in each queue, and who got the last calls. */

import { Board } from "../board/model.js";
import { Watching } from "../board/watching.js";
import { el, reconcile, write } from "../lib/dom.js";
import { duration, label, number, t, time } from "../lib/i18n.js";

const SHOWN = 3;
const TO_THE_SECOND = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

export class Strip {
  #client;
  #board = new Board();
  #places;
  #told;

  /**
   * @param {import("../giliran.js").Client} client a supervisor's
   * @param {{queues: any, assigned: any, none: any}} places
   * @param {(agents: Map<string, import("../board/model.js").AgentRow>) => void} told hears of the agents
   */
  constructor(client, places, told) {
    this.#client = client;
    this.#places = places;
    this.#told = told;
    document.addEventListener("giliran:language", () => this.#draw());
    new Watching(client, this.#board, () => this.#draw(), () => {});
  }

  #draw() {
    const { queues, assigned, none } = this.#places;
    const latest = this.#board.assigned.slice(0, SHOWN);
    reconcile(queues, this.#client.config.queues ?? [], ({ id }) => id, makeQueue, (node, queue) => this.#fillQueue(node, queue));
    reconcile(assigned, latest, (each) => each, makeAssigned, (node, each) => this.#fillAssigned(node, each));
    none.hidden = latest.length > 0;
    this.#told(this.#board.agents);
  }

  #fillQueue(node, { id, label: labels }) {
    const [waiting, name] = node.children;
    write(waiting, number(this.#board.queues.get(id)?.waiting ?? 0));
    write(name, label(labels, id));
  }

  #fillAssigned(node, { at, agent_id, queue, why }) {
    const [when, what] = node.children;
    const labels = this.#client.config.queues.find(({ id }) => id === queue)?.label;
    write(when, time(at, TO_THE_SECOND));
    write(what, t("live.got", { agent: this.#board.nameOf(agent_id), queue: label(labels, queue), waited: duration(why.waited_ms) }));
  }
}

const makeQueue = () => el("li", {}, el("b", { class: "figures" }), el("span"));
const makeAssigned = () => el("li", {}, el("span", { class: "figures muted" }), el("span"));
