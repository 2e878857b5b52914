/** The agents by state, who has been there longest first; the counts are also the filter. */

import { el } from "../lib/dom.js";
import * as i18n from "../lib/i18n.js";
import { AGENT_STATES } from "./model.js";
import { mark, put } from "./text.js";
import { Windowed } from "./windowed.js";
import * as words from "./words.js";

const { t, clock, number } = i18n;
const COLUMNS = ["name", "state", "since", "detail", "queues", "handled", "missed"];

export class Agents {
  /** @type {string|null} */
  state = null;
  #search = "";
  #stale = true;
  /** @type {import("./model.js").AgentRow[]} */
  #shown = [];

  /**
   * @param {import("./model.js").Board} board
   * @param {() => number} now
   * @param {{open: (id: string) => void, moved: () => void}} does
   */
  constructor(board, now, { open, moved }) {
    this.board = board;
    this.now = now;
    this.moved = moved;
    this.find = el("input", {
      type: "search", class: "find act", data: { tLabel: "agents.find" }, autocomplete: "off", spellcheck: "false",
    });
    this.find.addEventListener("input", () => this.#narrow(this.state, this.find.value));
    this.counts = AGENT_STATES.map((state) => this.#count(state));
    this.count = el("span", { class: "count" });
    this.first = el("span", { class: "first" });
    this.empty = el("p", { class: "empty muted", data: { t: "agents.none" }, hidden: true });
    this.grid = new Windowed({
      name: "agents",
      columns: COLUMNS,
      keyOf: (agent) => agent.id,
      fill: (slot, agent) => this.#fill(slot, agent),
      open,
      moved,
    });
    const title = el("h2", { id: "agents-title", data: { t: "agents.title" } });
    const states = el("div", { class: "states", role: "group", data: { tLabel: "agents.filter" } });
    states.append(...this.counts.map(({ box }) => box));
    this.element = el(
      "section",
      { class: "panel agents-panel", "aria-labelledby": "agents-title" },
      el("header", {}, title, this.count, this.first, this.find),
      states,
      this.grid.element,
      this.empty,
    );
  }

  /** Something about the agents changed. */
  changed() {
    this.#stale = true;
  }

  /** Bring an agent into sight. @param {string} id */
  reveal(id) {
    this.find.value = "";
    this.#narrow(this.board.agents.get(id)?.state ?? null, "");
    this.draw();
    this.grid.reveal(id);
    this.grid.element.focus();
  }

  draw() {
    if (this.#stale) this.#gather();
    this.grid.draw(this.#shown);
    const seen = Math.min(this.grid.capacity, this.#shown.length);
    put(this.count, number(this.#shown.length));
    put(this.first, seen < this.#shown.length ? t("agents.first", { count: this.#shown.length, seen }) : "");
    mark(this.count, "data-more", seen < this.#shown.length ? "yes" : "");
    this.empty.hidden = this.#shown.length > 0;
  }

  #gather() {
    this.#stale = false;
    mark(this.find, "placeholder", t("agents.find"));
    for (const { state, box, value, term } of this.counts) {
      const { length } = this.board.team(state);
      put(value, number(length));
      box.hidden = state === "offline" && length === 0;
      put(term, words.agentState(state));
      mark(box, "aria-pressed", String(this.state === state));
    }
    const states = this.state === null ? AGENT_STATES : [this.state];
    const all = states.flatMap((state) => this.board.team(state));
    this.#shown = this.#search === "" ? all : all.filter((agent) => this.#found(agent));
  }

  /** @param {import("./model.js").AgentRow} agent */
  #found({ name, id }) {
    return `${name} ${id}`.toLowerCase().includes(this.#search);
  }

  /** @param {string} state */
  #count(state) {
    const [value, term] = [el("span", { class: "value" }), el("span", { class: "term" })];
    const box = el("button", { type: "button", class: "state-count", data: { state } }, value, term);
    box.addEventListener("click", () => this.#narrow(this.state === state ? null : state, this.#search));
    return { state, box, value, term };
  }

  /** @param {string|null} state @param {string} search */
  #narrow(state, search) {
    this.state = state;
    this.#search = search.trim().toLowerCase();
    this.#stale = true;
    this.grid.element.scrollTop = 0;
    this.moved();
  }

  /** @param {import("./windowed.js").Slot} slot @param {import("./model.js").AgentRow} agent */
  #fill({ row, cells }, agent) {
    put(cells[0], agent.name || agent.id);
    put(cells[1], words.agentState(agent.state));
    put(cells[2], clock(this.now() - agent.since_at));
    put(cells[3], detailOf(agent, this.board));
    put(cells[4], words.queues(agent.queues));
    put(cells[5], number(agent.handled));
    put(cells[6], number(agent.no_answers));
    mark(row, "data-state", agent.state);
    mark(row, "data-near", agent.reason === "no_answer" && agent.state === "not_ready" ? "yes" : "");
  }
}

/**
 * What goes with an agent's state: the reason, the call's queue, what comes next.
 * @param {import("./model.js").AgentRow} agent
 * @param {import("./model.js").Board} board
 */
export function detailOf(agent, board) {
  const call = agent.call_id === null ? undefined : board.calls.get(agent.call_id);
  const parts = [
    agent.state === "not_ready" && agent.reason ? words.reason(agent.reason) : "",
    call === undefined ? "" : words.queue(call.queue),
    agent.next_state ? t("agent.next", { state: words.agentState(agent.next_state) }) : "",
  ];
  return parts.filter(Boolean).join(" · ");
}
