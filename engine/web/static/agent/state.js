/**
 * What the desk shows, as one value, and how each frame changes it. Pure: no DOM, no clock, no link.
 *
 * After `welcome` the engine tells the present in full. What `welcome.state` contradicts is therefore
 * forgotten at once, and what it confirms is kept until the frame that follows says it anew: a call that
 * goes on must not blink. An offer never survives a lost link, because the engine has taken it back.
 *
 * Frames whose type begins with `desk.` come from this page: what the agent chose, which the engine does not
 * repeat, and what he knew of a call before he reloaded.
 *
 * @typedef {{id: string, name: string}} Person
 * @typedef {{call_id: string, queue?: string, tier?: string, customer?: Person, skills?: Object,
 *   attributes?: Object, connected_at?: number, video?: Object, from_agent?: string, note?: string}} Work  a call as this page knows it
 * @typedef {{state: string, reason: string|null, since_at: number, next_state: string|null,
 *   next_reason: string|null, deadline_at: number|null, call_id: string|null}} Agent
 * @typedef {{link: Object, config: Object, agent: Agent|null, offer: Object|null, call: Work|null,
 *   away: {deadline_at: number|null}|null, last: (Work & {reason?: string, by?: string, to?: string})|null,
 *   news: {code: string, name: string}|null, wish: string|null, asked: string[], refusal: Object|null,
 *   figures: Object|null, colleagues: Object[]|null}} Model
 */

/** States in which another state can only be wished for: it comes after the work. */
export const WORKING = ["offered", "on_call", "wrap_up"];

/** Link states in which this page is no desk any more until somebody acts. */
export const PARTED = ["replaced", "refused", "closed"];

/** @type {Model} */
export const NOTHING = Object.freeze({
  link: { state: "connecting", lostAt: null },
  config: {},
  agent: null,
  offer: null,
  call: null,
  away: null,
  last: null,
  news: null,
  wish: null,
  asked: [],
  refusal: null,
  figures: null,
  colleagues: null,
});

/**
 * What is on the desk: "parted", "connecting", "idle", "call", "wrap_up"; or "same" between two frames that
 * belong together.
 */
export function scene(model) {
  if (PARTED.includes(model.link.state)) return "parted";
  if (model.agent === null) return "connecting";
  if (model.call !== null) return "call";
  if (model.agent.state === "on_call") return "same";
  return model.agent.state === "wrap_up" ? "wrap_up" : "idle";
}

/** Whether he was ready or offered and is not any more, because the engine cannot reach him. */
export function cut({ agent, link }) {
  return link.lostAt !== null && ["ready", "offered"].includes(agent?.state);
}

/** The model after a frame. A frame it does not know changes nothing. */
export function reduce(model, frame) {
  const change = CHANGES[frame.type];
  return change === undefined ? model : { ...model, ...change(model, frame) };
}

const CHANGES = {
  link: (model, { state, at }) => {
    const link = { state, lostAt: state === "up" ? null : (model.link.lostAt ?? (model.link.state === "up" ? at : null)) };
    if (PARTED.includes(state)) return { link, agent: null, offer: null, call: null, away: null, news: null };
    if (state === "up" || model.offer === null) return { link };
    return { link, offer: null, news: news("offer.agent_lost", model.offer.call) };
  },

  welcome: (model, { state, config }) => {
    const kept = { config, offer: state === "offered" ? model.offer : null };
    if (model.call === null || state === "on_call") return kept;
    const code = state === "wrap_up" ? "call.over_meanwhile" : "call.gone_meanwhile";
    return { ...kept, ...workOver(model, { reason: "meanwhile" }), news: news(code, model.call) };
  },

  config: (_model, { config }) => ({ config }),

  "agent.state": (model, frame) => {
    const { state, reason, since_at, next_state, deadline_at, call_id = null } = frame;
    const next_reason = next_state === "not_ready" ? (frame.next_reason ?? model.wish) : null;
    const agent = { state, reason, since_at, next_state, next_reason, deadline_at: deadline_at ?? null, call_id };
    const offer = state === "offered" ? model.offer : null;
    if (state === "on_call" && model.offer !== null) return { agent, offer, last: model.offer.call };
    const work = model.call !== null && state !== "on_call" ? workOver(model, {}) : {};
    const next = { agent, offer, ...work };
    if (state !== "wrap_up") return model.agent?.state === "wrap_up" ? { ...next, news: null } : next;
    const last = work.last ?? model.last;
    return last?.call_id === call_id ? next : { ...next, last: { call_id } };
  },

  offer: (model, offer) => ({ offer, news: null, last: null }),

  "offer.ended": (model, { offer_id, reason }) => {
    if (model.offer?.offer_id !== offer_id) return {};
    return { offer: null, news: reason === "declined" ? null : news(`offer.${reason}`, model.offer.call) };
  },

  "call.connected": (model, { type, ...call }) => {
    const known = [model.call, model.last].find((each) => each?.call_id === call.call_id);
    return { call: { ...known, ...call }, offer: null, away: null, news: null };
  },

  peer: (model, { link, deadline_at = null }) => ({ away: link === "lost" ? { deadline_at } : null }),

  "call.ended": (model, { call_id, reason, by }) => {
    if (model.call?.call_id !== call_id) return {};
    return { ...workOver(model, { reason, by }), news: news(`call.${reason}.${by}`, model.call) };
  },

  "agent.figures": (model, { handled, aht_ms, no_answer }) => ({ figures: { handled, aht_ms, no_answer } }),
  colleagues: (model, { agents }) => ({ colleagues: agents }),

  "desk.wish": (model, { state, reason = null }) => {
    const wish = state === "not_ready" ? reason : null;
    const next = model.agent?.next_state === state ? { agent: { ...model.agent, next_reason: wish } } : {};
    return { wish, ...next };
  },
  "desk.asked": ({ asked }, { what }) => ({ asked: [...asked, what], refusal: null }),
  "desk.granted": ({ asked }, { what }) => ({ asked: asked.filter((each) => each !== what) }),
  "desk.refused": ({ asked }, { type, ...refusal }) => ({ asked: asked.filter((each) => each !== refusal.what), refusal }),
  "desk.understood": () => ({ refusal: null }),
  "desk.transferred": (model, { call_id, to }) => amended(model, call_id, (work) => ({ ...work, to })),
  "desk.known": (model, { work }) => amended(model, work.call_id, (now) => ({ ...work, ...now })),
};

function amended({ call, last }, call_id, amend) {
  const each = (work) => (work?.call_id === call_id ? amend(work) : work);
  return { call: each(call), last: each(last) };
}

function workOver(model, how) {
  return { call: null, away: null, colleagues: null, last: { ...model.call, ...how } };
}

function news(code, call) {
  return { code, name: call.customer?.name || call.customer?.id || call.call_id };
}
