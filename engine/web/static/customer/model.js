/**
 * What the customer's page shows, as one value, and what each frame and each act of his makes of it. No DOM,
 * no link, no clock: `heard(model, frame, now)` gives the next model.
 *
 * Screens:
 *
 *     opening ─▶ choose ─▶ prepare ─▶ waiting ⇄ call ─▶ ended ─▶ choose …
 *     replaced, refused: another place has the session; the token is not accepted
 *
 * opening, waiting, call and ended follow the server; choose and prepare are the customer's own steps. After
 * `welcome` the server tells the present in full, so nothing here depends on what was heard before. `welcome`
 * with `idle` may be followed by `call.ended`: until it is (`settled`) a server's screen stays as it is.
 * Types that begin with `page.` are this page's own.
 */

export const NOTHING = Object.freeze({
  screen: "opening",
  /** link: its state; lostAt: since when the server has not been heard, or null */
  link: "connecting",
  lostAt: null,
  unsettled: false,
  queues: [],
  graceMs: { waiting: 20_000, call: 30_000 },
  /** what he asks for, whether the question is out, why it was refused {code, retryAt} */
  queue: null,
  asking: false,
  refusal: null,
  /** his live call {id, queue, connectedAt, agent, video}; the last three are null while it waits */
  call: null,
  position: null,
  ewt: null,
  alerted: false,
  news: null,
  /** until when the agent may be back, if his link is lost */
  peerUntil: null,
  leaving: false,
  /** {id, reason, by, agent, lastedMs} of a call that ended; rated: null, "sending", "done" or an error code */
  ended: null,
  rated: null,
  /** calls whose end he has seen and left behind */
  past: [],
});

const OF_SERVER = ["opening", "waiting", "call", "replaced", "refused"];
const NO_CALL = { call: null, position: null, ewt: null, alerted: false, news: null, peerUntil: null, leaving: false };

/** @type {Record<string, (model: any, frame: any, now: number) => any>} */
const HEARD = {
  link(model, { state }, now) {
    const lostAt = state === "up" ? null : (model.lostAt ?? (model.link === "up" ? now : null));
    const next = { ...model, link: state, lostAt };
    return state === "replaced" || state === "refused" ? { ...next, ...NO_CALL, screen: state, asking: false } : next;
  },

  welcome(model, { state, config }) {
    const idle = state === "idle";
    return { ...HEARD.config(model, { config }), unsettled: idle && OF_SERVER.includes(model.screen) };
  },

  config: (model, { config }) => ({
    ...model,
    queues: config.queues,
    graceMs: { ...model.graceMs, ...config.grace_ms },
  }),

  "call.queued"(model, { call_id, queue, position, ewt_ms }) {
    const same = model.call?.id === call_id && model.screen === "waiting";
    return {
      ...model,
      ...NO_CALL,
      ...ASKED,
      screen: "waiting",
      call: waitingCall(call_id, queue),
      position,
      ewt: ewt_ms,
      news: same ? model.news : null,
      leaving: same && model.leaving,
    };
  },

  "call.position": (model, { position, ewt_ms }) => ({ ...model, position, ewt: ewt_ms }),

  "call.offered": (model) => ({ ...model, alerted: true, news: null }),

  "call.requeued": (model, { reason, position, ewt_ms }) => ({
    ...model,
    ...NO_CALL,
    screen: "waiting",
    call: model.call && waitingCall(model.call.id, model.call.queue),
    position,
    ewt: ewt_ms,
    news: reason,
    leaving: model.leaving,
  }),

  "call.connected"(model, { call_id, connected_at, agent, video }) {
    const queue = model.call?.queue ?? null;
    const call = { id: call_id, queue, connectedAt: connected_at, agent, video };
    return { ...model, ...NO_CALL, ...ASKED, screen: "call", call, leaving: model.leaving };
  },

  peer: (model, { link, deadline_at }) => ({ ...model, peerUntil: link === "lost" ? (deadline_at ?? Infinity) : null }),

  "call.ended"(model, { call_id, reason, by }, now) {
    if (model.past.includes(call_id)) return model.unsettled ? HEARD["page.settled"](model) : model;
    if (model.ended?.id === call_id && model.screen === "ended") return { ...model, unsettled: false };
    const was = model.call?.id === call_id ? model.call : null;
    const ended = { id: call_id, reason, by, agent: was?.agent ?? null, lastedMs: was?.agent ? now - was.connectedAt : null };
    return { ...model, ...NO_CALL, ...ASKED, screen: "ended", ended, rated: null };
  },

  // The page's own

  "page.settled": (model) =>
    model.unsettled ? { ...model, ...NO_CALL, screen: "choose", unsettled: false } : model,
  "page.chosen": (model, { queue }) => ({ ...model, screen: "prepare", queue, refusal: null }),
  "page.back": (model) => ({ ...model, screen: "choose", refusal: null }),
  "page.asked": (model) => ({ ...model, asking: true, refusal: null }),
  "page.refused": (model, { code, retryMs }, now) => ({
    ...model,
    queues: code === "queue_closed" ? model.queues.map((q) => (q.id === model.queue ? { ...q, open: false } : q)) : model.queues,
    asking: false,
    refusal: { code, retryAt: retryMs === null ? null : now + retryMs },
  }),
  "page.leaving": (model) => ({ ...model, leaving: true }),
  "page.stayed": (model) => ({ ...model, leaving: false }),
  "page.rated": (model, { rated }) => ({ ...model, rated }),
  "page.again": (model) => ({
    ...model,
    screen: "choose",
    past: [...model.past, model.ended.id].slice(-20),
    ended: null,
    rated: null,
  }),
};

const ASKED = { asking: false, refusal: null, unsettled: false, ended: null, rated: null };

const waitingCall = (id, queue) => ({ id, queue, connectedAt: null, agent: null, video: null });

/** What the model is after a frame; the same object if it says nothing new. */
export const heard = (model, type, frame, now) => HEARD[type]?.(model, frame, now) ?? model;

/** The frames and acts there are. */
export const TYPES = Object.keys(HEARD).filter((type) => !type.startsWith("page."));

/** What the eye is led to when it changes. */
export const scene = ({ screen, alerted, news }) => `${screen} ${alerted} ${news}`;

/** One meeting of two people: another one begins when any of it changes. */
export const meetingOf = ({ call }) => (call?.agent ? `${call.id} ${call.connectedAt} ${call.agent.id}` : null);

/** Until when his own place or call is kept while the server is not heard. */
export function keptUntil({ lostAt, screen, graceMs }) {
  if (lostAt === null || !["waiting", "call"].includes(screen)) return null;
  return lostAt + (screen === "call" ? graceMs.call : graceMs.waiting);
}
