/**
 * Giliran's reference client: one module, no dependency, no DOM. It keeps one session alive over any number
 * of WebSocket links, and is all a page or a bank's own app needs to speak `giliran.v1`.
 *
 *     const client = new Client({ urls: await discover(), role: "customer", token });
 *     client.on("call.queued", ({ position }) => show(position));
 *     client.connect();
 *     await client.request("call.request", { request_id, queue: "general" });
 *
 * Links. A link begins with `hello`; after `welcome` the server tells the present in full, so whoever draws
 * what the frames say needs no memory of an earlier link. A lost link is made anew after a random pause
 * (full jitter: uniform in 0 to the ceiling, which doubles from 0.5 s to 15 s), on the next URL if this one
 * gave no welcome. Silence of 25 s is broken by a ping; without a pong within 5 s the link counts as lost.
 * Two ends are final until `connect` is called again: `replaced` (4001, a newer session of the same person)
 * and `refused` (4003, the token). Where the person has too many connections (4009), it waits for long.
 *
 * Requests. `request` resolves at the server's `ok`. What a broken link left unanswered is asked again after
 * the next welcome, in order and before anything newer. So that it is never done twice nor to another call,
 * a request about the call at hand names it: `call_id` is the one last told of, unless the caller gave one.
 * What must not happen later than it was meant is a `command`: said once, or not at all without a link.
 *
 * Time. `now()` is the server's. A sample (server_time) is late by its journey, never early: the best
 * difference is the largest seen.
 */

const SUBPROTOCOL = "giliran.v1";
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const STEADY_MS = 10_000; // a link that held this long was no failure of the server
const SILENCE_MS = 25_000;
const ANSWER_MS = 5_000; // for a pong
const WELCOME_MS = 10_000; // for TCP, TLS, upgrade and welcome
const CLOCK_STEP_MS = 5_000; // a difference that no journey explains: another clock
const FINAL = { 4001: "replaced", 4003: "refused" };
const CROWDED = 4009;
// what says which call is at hand (an agent's state: perhaps none), and what is asked of that
const TELL_THE_CALL = ["call.queued", "call.connected", "agent.state"];
const OF_THE_CALL = ["call.cancel", "call.hangup", "call.transfer", "wrapup.finish"];

/**
 * Where the WebSockets are, the preferred one first.
 * @param {string} base URL of a node's HTTP port; "": the one this module came from
 * @returns {Promise<string[]>}
 */
export async function discover(base = "") {
  const root = base ? `${base.replace(/\/$/, "")}/` : new URL("..", import.meta.url);
  const answer = await fetch(new URL("client.json", root), { cache: "no-store" });
  if (!answer.ok) throw new Error(`client.json: ${answer.status}`);
  const { ws, others = [] } = await answer.json();
  return [ws, ...others];
}

/** A request that was not granted. `code` is an error code of the protocol, or `disconnected`. */
export class Refusal extends Error {
  /** @param {Record<string, any>} frame an `error` frame */
  constructor(frame) {
    super(frame.message ?? frame.code);
    this.name = "Refusal";
    this.code = frame.code;
    this.field = frame.field ?? null;
    this.callId = frame.call_id ?? null;
    this.state = frame.state ?? null;
    this.retryMs = frame.retry_ms ?? null;
  }
}

/** @typedef {import("./giliran.d.ts").Link} Link */

export class Client extends EventTarget {
  /** @type {string | null} of the last welcome, like the next three */ session = null;
  /** @type {string | null} */ node = null;
  /** @type {string | null} */ state = null;
  /** @type {Record<string, any>} */ config = {};
  /** @type {string | null} the newest resume token */ resume = null;
  /** @type {Link} */ link = { state: "closed", attempt: 0 };

  #urls;
  #token;
  #Socket;
  #random;
  #socket = null;
  #url = 0;
  #upSince = null;
  #failures = 0;
  #timer = null;
  #pingedAt = null;
  #drainMs = null;
  #refs = 0;
  /** @type {string | null} */ #call = null;
  /** @type {Map<string, {frame: object, again: boolean, resolve: () => void, reject: (refusal: Refusal) => void}>} */
  #pending = new Map();
  #ahead = null;
  #latest = 0;

  /**
   * @param {{urls: string[], role: "customer" | "agent" | "supervisor", token: string, resume?: string | null,
   *   socket?: typeof WebSocket, random?: () => number}} options  urls with or without the role's path
   */
  constructor({ urls, role, token, resume = null, socket = globalThis.WebSocket, random = Math.random }) {
    super();
    this.#urls = urls.map((url) => (url.endsWith(`/${role}`) ? url : `${url.replace(/\/$/, "")}/${role}`));
    this.role = role;
    this.#token = token;
    this.resume = resume;
    this.#Socket = socket;
    this.#random = random;
  }

  /** Begin, or begin again after `replaced`, `refused` or `close`. */
  connect() {
    if (this.#socket || this.link.state === "connecting") return;
    this.#open();
  }

  /** Stop; what was asked and not answered is rejected. */
  close() {
    this.#finish("closed");
  }

  /** Look at the link now: the page is seen again, or the network is back. */
  wake() {
    if (this.link.state === "waiting") this.#open();
    else if (this.link.state === "up" && this.#pingedAt === null) this.#ping();
  }

  /** Ask for something; resolves at `ok`, rejects with a `Refusal`. @param {string} type @returns {Promise<void>} */
  request(type, fields = {}) {
    return this.#ask(type, fields, true);
  }

  /** Ask for it now or never; `disconnected` if it is not known what became of it. @param {string} type */
  command(type, fields = {}) {
    return this.#ask(type, fields, false);
  }

  /** Say something that needs no answer; dropped while there is no link. */
  send(type, fields = {}) {
    if (this.link.state === "up") this.#write({ type, ...fields });
  }

  /**
   * Hear frames of a type ("welcome", "call.queued", "offer", …) or "link".
   * @param {string} type @param {(frame: any) => void} handler @returns {() => void} stops hearing
   */
  on(type, handler) {
    const listener = (/** @type {CustomEvent} */ event) => handler(event.detail);
    this.addEventListener(type, listener);
    return () => this.removeEventListener(type, listener);
  }

  /** The server's time, integer ms. */
  now() {
    const here = this.#ahead === null ? Date.now() : Math.floor(performance.now() + this.#ahead);
    return (this.#latest = Math.max(this.#latest, here));
  }

  /** Use another token, of the same person and role, from now on. @param {string} token */
  async refresh(token) {
    if (this.link.state === "up") await this.request("token.refresh", { token });
    this.#token = token;
  }

  #ask(type, fields, again) {
    return new Promise((resolve, reject) => {
      const ref = `r${++this.#refs}`;
      const meant = OF_THE_CALL.includes(type) && this.#call !== null ? { call_id: this.#call } : {};
      const frame = { type, ref, ...meant, ...fields };
      this.#pending.set(ref, { frame, again, resolve, reject });
      if (this.link.state === "up") this.#write(frame);
      else this.#giveUp(Object.values(FINAL).includes(this.link.state));
    });
  }

  // One link

  #open() {
    clearTimeout(this.#timer);
    this.#drainMs = this.#upSince = this.#pingedAt = null;
    this.#tell({ state: "connecting", attempt: this.#failures });
    try {
      this.#socket = new this.#Socket(this.#urls[this.#url % this.#urls.length], SUBPROTOCOL);
    } catch {
      return this.#lost(); // not a WebSocket's URL, or one that this page may not ask: perhaps the next one is
    }
    this.#socket.onopen = () => {
      this.#write({ type: "hello", token: this.#token, ...(this.resume ? { resume: this.resume } : {}) });
    };
    this.#socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    this.#socket.onclose = (event) => this.#lost(event.code);
    this.#watch(WELCOME_MS, () => this.#abandon());
  }

  #hear(frame) {
    this.#watch(SILENCE_MS, () => this.#ping());
    if (frame.config) this.config = frame.config;
    if (frame.type === "welcome") this.#welcomed(frame);
    else if (frame.type === "pong") this.#timed(frame);
    else if (frame.type === "ok") this.#settle(frame.ref, ({ resolve }) => resolve());
    else if (frame.type === "error") this.#settle(frame.ref, ({ reject }) => reject(new Refusal(frame)));
    else if (frame.type === "service") this.#drainMs = frame.draining ? (frame.retry_ms ?? PAUSE_MS) : null;
    else if (frame.type === "call.ended") this.resume = null;
    if (TELL_THE_CALL.includes(frame.type)) this.#call = frame.call_id ?? null;
    if (frame.resume_token) this.resume = frame.resume_token;
    this.#emit(frame.type, frame);
  }

  #welcomed(frame) {
    this.#sample(frame.server_time);
    ({ session: this.session, node: this.node, state: this.state } = frame);
    this.#upSince = performance.now();
    for (const { frame: unanswered } of this.#pending.values()) this.#write(unanswered);
    this.#tell({ state: "up", attempt: 0 });
  }

  #settle(ref, how) {
    const asked = this.#pending.get(ref);
    this.#pending.delete(ref);
    if (asked) how(asked);
  }

  #write(frame) {
    this.#socket?.send(JSON.stringify(frame));
  }

  #ping() {
    this.#pingedAt = performance.now();
    this.#write({ type: "ping" });
    this.#watch(ANSWER_MS, () => this.#abandon());
  }

  #timed({ server_time }) {
    if (this.#pingedAt !== null) this.#sample(server_time + (performance.now() - this.#pingedAt) / 2);
    this.#pingedAt = null;
  }

  #sample(serverTime) {
    const ahead = serverTime - performance.now();
    if (this.#ahead !== null && ahead <= this.#ahead && this.#ahead - ahead < CLOCK_STEP_MS) return;
    if (this.#ahead === null || ahead < this.#ahead) this.#latest = 0;
    this.#ahead = ahead;
  }

  #watch(ms, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  // The end of a link

  /** The link does not answer; its own close event may take minutes. */
  #abandon() {
    this.#drop();
    this.#lost();
  }

  #drop() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  #lost(code) {
    this.#socket = null;
    if (code in FINAL) return this.#finish(FINAL[code]);
    this.#giveUp(false);
    const [crowded, leaving] = [code === CROWDED, this.#drainMs !== null];
    const steady = this.#upSince !== null && performance.now() - this.#upSince > STEADY_MS;
    if (this.#upSince === null || leaving) this.#url += 1;
    const ceiling = this.#drainMs ?? Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** (steady ? 0 : this.#failures));
    const pause = Math.round(crowded ? LONGEST_PAUSE_MS * (1 + this.#random()) : this.#random() * ceiling);
    this.#failures = steady || leaving ? 0 : this.#failures + 1;
    this.#watch(pause, () => this.#open());
    this.#tell({ state: "waiting", attempt: this.#failures, retryAt: this.now() + pause, crowded });
  }

  #finish(state) {
    clearTimeout(this.#timer);
    this.#drop();
    this.#failures = 0;
    this.#tell({ state, attempt: 0 });
    this.#giveUp(true);
  }

  /** What is not to be asked again, or everything. */
  #giveUp(everything) {
    for (const [ref, { again }] of [...this.#pending]) {
      if (everything || !again) this.#settle(ref, ({ reject }) => reject(new Refusal({ code: "disconnected" })));
    }
  }

  #tell(link) {
    this.link = link;
    this.#emit("link", link);
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
