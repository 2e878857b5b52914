// The types of giliran.js. Made from the engine's message classes by `make docs`: do not edit.

/** What an agent may choose from. */
export interface AgentConfig {
  /** those he serves */
  queues: QueueChoice[];
  /** all, to pass a call on to */
  transfer_queues: QueueChoice[];
  /** for being not ready */
  reasons: Choice[];
  /** how a call may turn out */
  dispositions: Choice[];
  /** how a call's tier is read */
  tiers: Choice[];
  /** how a call's skills are read */
  skills: Choice[];
  /** how the two pages meet */
  video: VideoChoice;
  grace_ms: Grace;
}

/** An agent who is logged in. */
export interface AgentRow {
  /** by which other frames name it */
  id: string;
  /** as people are shown it; may be empty */
  name: string;
  /** what it is doing */
  state: AgentState;
  /** one of the configured, by id */
  reason: string | null;
  /** since when it is in this state */
  since_at: number;
  /** the call; as text, ids sort by creation */
  call_id: string | null;
  /** what comes after call and wrap-up */
  next_state: AgentState | null;
  /** by id */
  queues: string[];
  /** {name: level} */
  skills: Record<string, number>;
  /** calls handled since the day's first log-in */
  handled: number;
  /** offers that ran out since the day's first log-in */
  no_answers: number;
}

/** What an agent is doing. */
export type AgentState =
  | "offline"
  | "not_ready"
  | "ready"
  /** a call alerts him */
  | "offered"
  | "on_call"
  /** work after a call */
  | "wrap_up";

/** A call was offered to an agent. */
export interface Assigned {
  /** instant, ms of pool time */
  at: number;
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** the queue */
  queue: string;
  /** customer segment */
  tier: string;
  /** the agent */
  agent_id: string;
  /** how the call came by its place, and to its agent */
  why: Why;
}

/** A live call. Those who wait stand in the order of: higher band, smaller due, call id as text. */
export interface CallRow {
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** the queue */
  queue: string;
  /** customer segment */
  tier: string;
  /** what it needs of an agent, before any step relaxes that */
  skills: Record<string, number>;
  /** what it is doing */
  state: CallState;
  /** since when it is in this state */
  since_at: number;
  /** when the call was queued */
  enqueued_at: number;
  /** when the call counts as having arrived: smaller is served first */
  due_at: number;
  /** strict priority, higher first */
  band: number;
  /** how the call came by its place, and to its agent */
  why: Why;
  /** the agent */
  agent_id: string | null;
  /** a customer whose link is lost is not offered */
  link: "up" | "lost";
  /** the end of its maximum wait */
  limit_at: number | null;
  /** the end of a pending offer */
  deadline_at: number | null;
}

/** What a call is doing. */
export type CallState =
  | "waiting"
  /** alerting one agent */
  | "offered"
  | "connected"
  | "ended";

/** Something to choose. */
export interface Choice {
  /** by which other frames name it */
  id: string;
  /** as people read it, by language; may be empty */
  label: Record<string, string>;
}

/** Every error code of the wire format. Clients show the code, never the message. */
export type Code =
  /** not one JSON object that means one thing only */
  | "bad_frame"
  /** no frame has that `type` */
  | "unknown_type"
  /** a field holds what it may not, is missing or is none of the frame's; `field` is its path */
  | "bad_field"
  /** not for this role, tier or token */
  | "not_allowed"
  /** there is no such queue */
  | "no_such_queue"
  /** there is no such call, or it is not yours */
  | "no_such_call"
  /** there is no such agent, or he is not logged in */
  | "no_such_agent"
  /** not now; `state` says what is */
  | "wrong_state"
  /** that offer is not pending for you: over, another's, or never made */
  | "offer_gone"
  /** the queue takes no new requests now */
  | "queue_closed"
  /** as many wait in the queue as may */
  | "queue_full"
  /** a call of yours is live: `call_id` */
  | "already_waiting"
  /** too many messages or requests; try again after `retry_ms` */
  | "too_fast"
  /** the store is away; whether it was done is not known, and asking the same again is safe */
  | "unavailable";

/** An agent who is ready. */
export interface Colleague {
  /** by which other frames name it */
  id: string;
  /** as people are shown it; may be empty */
  name: string;
  /** by id */
  queues: string[];
}

/** What the customer agreed to: camera, microphone, being recorded. */
export interface Consent {
  /** of the text he was shown */
  version: string;
}

/** What a customer may choose from. */
export interface CustomerConfig {
  /** by id */
  queues: QueueChoice[];
  /** how the two pages meet */
  video: VideoChoice;
  grace_ms: Grace;
}

/** Why a call ended. */
export type EndReason =
  /** one of the two hung up */
  | "completed"
  /** the customer left before connection */
  | "abandoned"
  /** his link, and he did not come back */
  | "customer_lost"
  /** both links, and nobody came back */
  | "agent_lost"
  /** maximum wait */
  | "expired"
  /** by a supervisor */
  | "cancelled"
  /** reserved */
  | "closed"
  /** reserved */
  | "failed";

/** Expected wait from now, ms: half of the callers wait less than p50, nine of ten less than p90. */
export interface Estimate {
  /** half of the callers wait less, ms */
  p50: number;
  /** nine of ten wait less, ms */
  p90: number;
}

/**
 * How good the waits were that newcomers were told, of so many calls answered in the last hour.
 *
 * `median_ms`: half of the waits differed from p50 by less. `within_p90`: the share not above p90.
 */
export interface EstimateError {
  /** whole rows, of live calls */
  calls: number;
  /** half of the waits were nearer to p50 than this */
  median_ms: number;
  /** the share of waits that were not above p90 */
  within_p90: number;
}

/** Rows to be taken off the board: ended calls, agents who logged out. */
export interface Gone {
  /** whole rows, of live calls */
  calls: string[];
  /** whole rows, of agents who are logged in */
  agents: string[];
}

/** How long a lost link may take to come back before something is lost with it, ms. */
export interface Grace {
  /** the place of a waiting customer */
  waiting: number;
  /** the call, on either side of it */
  call: number;
  /** the state of a ready agent */
  agent: number;
}

/** A STUN or TURN server, as WebRTC's RTCIceServer. */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` */
  urls: string[];
  /** with the instant at which it expires */
  username?: string;
  /** for that username */
  credential?: string;
}

/** What a queue did within the minute that began at `at`; `waiting` as it was at its end, or is now. */
export interface Minute {
  /** instant, ms of pool time */
  at: number;
  /** calls that were queued */
  arrived: number;
  /** calls that were connected */
  answered: number;
  /** of those, within the queue's service level */
  in_time: number;
  /** callers who left unanswered */
  abandoned: number;
  /** calls that wait */
  waiting: number;
}

/** How an offer ended. */
export type OfferEnd =
  | "accepted"
  | "declined"
  /** the field's no answer (RONA) */
  | "expired"
  /** the customer was gone, or the store away */
  | "rescinded"
  /** the agent's link */
  | "agent_lost";

/** The call that is offered. */
export interface OfferedCall {
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** the queue */
  queue: string;
  /** customer segment */
  tier: string;
  customer: Person;
  /** {name: level} */
  skills: Record<string, number>;
  /** by name, such as the customer's segment or language */
  attributes: Record<string, string>;
  /** how long the call had waited */
  waited_ms: number;
  /** the agent who passed the call on */
  from_agent?: string | null;
  /** his name */
  from_agent_name?: string | null;
  /** what he wrote about it */
  note?: string | null;
}

/** Who ended a call. */
export type Party =
  | "customer"
  | "agent"
  | "supervisor"
  | "system";

/** The other side of a call. */
export interface Person {
  /** by which other frames name it */
  id: string;
  /** as shown; may be empty */
  name: string;
}

/** A queue to ask for, or to pass a call on to. */
export interface QueueChoice {
  /** by which other frames name it */
  id: string;
  /** as people read it, by language; may be empty */
  label: Record<string, string>;
  /** as last heard; whoever asks is told the truth */
  open: boolean;
}

/**
 * `service_level`: answered in time / (answered + abandoned), abandons under 5 s left out;
 * `abandonment`: abandoned / (answered + abandoned). Both are null while nothing happened.
 */
export interface QueueRow {
  /** by which other frames name it */
  id: string;
  /** paused by a supervisor, closed as configured */
  state: "open" | "paused" | "closed";
  /** calls that wait */
  waiting: number;
  /** since when the longest waiting call of the queue waits */
  longest_at: number | null;
  /** answered in time / (answered + abandoned), abandons under 5 s left out */
  service_level: number | null;
  /** abandoned / (answered + abandoned) */
  abandonment: number | null;
  /** calls that were connected */
  answered: number;
  /** callers who left unanswered */
  abandoned: number;
  /** what a newcomer would be told */
  ewt_ms: Estimate | null;
  ewt_error: EstimateError | null;
  /** the current one */
  minute: Minute;
}

/** Why a call that was offered or connected waits again. */
export type RequeueReason =
  /** the offer was not accepted */
  | "no_agent"
  /** the agent of the call did not come back */
  | "agent_lost"
  /** passed on by his agent */
  | "transferred";

/** What a supervisor sees and may choose from. */
export interface SupervisorConfig {
  /** by id */
  queues: WatchedQueue[];
  /** for agents who are not ready */
  reasons: Choice[];
  /** how a call's tier is read */
  tiers: Choice[];
  /** what an agent can be given, and how it is read */
  skills: Choice[];
}

/** How the two pages meet. Made anew each time it is told: credentials in it expire. */
export interface Video {
  /**
   * `p2p`: WebRTC between the two pages, by `signal`; `livekit`: a LiveKit server; `none`: the bank's
   * own
   */
  provider: "p2p" | "livekit" | "none";
  /** the same for both sides: the call's id, by `livekit` one of its own for each meeting */
  room: string;
  /** the offerer (the agent) begins the WebRTC negotiation */
  role: "offerer" | "answerer";
  ice_servers: IceServer[];
  /** of the LiveKit server */
  url?: string | null;
  /** lets this side into that room of the LiveKit server */
  token?: string | null;
}

/** How calls will meet. */
export interface VideoChoice {
  /** who brings the video */
  provider: "p2p" | "livekit" | "none";
}

/** A queue that a supervisor sees, and its goal. */
export interface WatchedQueue {
  /** by which other frames name it */
  id: string;
  /** as people read it, by language; may be empty */
  label: Record<string, string>;
  /** takes requests now */
  open: boolean;
  /** answered within this counts as in time */
  service_level_ms: number;
  /** so many per cent should be */
  service_target: number;
}

/** How a call came by its place, and if it is offered or connected, to its agent. */
export interface Why {
  /** when the call was queued */
  enqueued_at: number;
  /** as it counts: `enqueued_at` less all terms */
  due_at: number;
  /** strict priority, higher first */
  band: number;
  /** the head start by each rule that matched, ms */
  terms: Record<string, number>;
  /** the version of the rules */
  rules: string;
  /** `supervisor`, if one assigned it */
  by?: string;
  /** how long the call had waited */
  waited_ms?: number;
  /** calls of the same queue that are due earlier but that no ready agent may take */
  passed_over?: number;
  /** how many of the queue's steps it had reached */
  step?: number;
  /** by what the agent was chosen among those who are able */
  select?: string;
  /** true if the call was passed on to this very agent */
  preferred?: boolean;
  /** how long he had been idle */
  idle_ms?: number;
  /**
   * other ready agents by id, and why each was not chosen: `not_able`, `not_preferred`, `avoided`,
   * `idle_less`, `id`, `least_flexible`, `best_skill`, `least_occupied`; never told to agents
   */
  considered?: Record<string, string>;
}

/** The first frame of a client, within 5 s. */
export interface HelloFrame {
  type: "hello";
  /** a JWT: `sub`, `role`, `exp`, `aud`, and what the role needs */
  token: string;
  /** the newest `resume_token`; it matters only if the store lost the call */
  resume?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** A fresh token of the same `sub` and `role`, before the other expires. */
export interface TokenRefreshFrame {
  type: "token.refresh";
  /** a JWT */
  token: string;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Is the server there? For clients that cannot send WebSocket pings: browsers. */
export interface PingFrame {
  type: "ping";
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/**
 * Ask for a call; answered by `call.queued`.
 *
 * The same `request_id` again gets its first answer. While a call lives, another request gets
 * `already_waiting` with its `call_id`.
 */
export interface CallRequestFrame {
  type: "call.request";
  /** made by the client, one for each wish to call */
  request_id: string;
  /** the queue */
  queue: string;
  /** needed: names (level 1), or {name: level} */
  skills?: string[] | Record<string, number> | null;
  /** count towards priority only where the queue allows a client to set them */
  attributes?: Record<string, string> | null;
  /** what he agreed to */
  consent?: Consent | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** End my call, whatever its state. */
export interface CallCancelFrame {
  type: "call.cancel";
  /** the call that is meant: never another, and saying it again is harmless */
  call_id?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** End my call, whatever its state. An agent goes to wrap-up. */
export interface CallHangupFrame {
  type: "call.hangup";
  /** the call that is meant: never another, and saying it again is harmless */
  call_id?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** How the customer found his call, after it. */
export interface CallRateFrame {
  type: "call.rate";
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** 5 is best */
  score: number;
  /** in the customer's own words */
  comment?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Relayed as it is to the other side of a connected call (up to 64 KB). */
export interface SignalFrame {
  type: "signal";
  /** any JSON; the pages send descriptions and ICE candidates */
  data: unknown;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** The request of that `ref` is done, and kept at the node's level of durability. Effects follow. */
export interface OkFrame {
  type: "ok";
  /** the client's own mark on a request, echoed in the answer */
  ref: string;
}

/** A request is refused, and nothing changed (but see `unavailable`). Show people something for `code`. */
export interface ErrorFrame {
  type: "error";
  /** null if the refused frame had none, or could not be read */
  ref: string | null;
  code: Code;
  /** for developers, never to be shown to people */
  message: string;
  /** the path of the field at fault */
  field?: string | null;
  /** the call; as text, ids sort by creation */
  call_id?: string | null;
  /** what state there is instead */
  state?: string | null;
  /** when asking again makes sense */
  retry_ms?: number | null;
}

/** The service as a whole: whether it can change anything now, and whether this node goes away. */
export interface ServiceFrame {
  type: "service";
  /** false: the store is away, requests get `unavailable`; calls go on */
  available: boolean;
  /** this node goes away: reconnect when it closes (1012) */
  draining?: boolean | null;
  /** reconnect at a random moment within this */
  retry_ms?: number | null;
}

/** The answer to `hello`. The present in full follows: what a client must show if it knows nothing. */
export interface CustomerWelcomeFrame {
  type: "welcome";
  /** of this wire format: 1 */
  protocol: number;
  /** of this link; the newest session of a person wins */
  session: string;
  /** the node that answers */
  node: string;
  /** pool time now; count down by it and not by the client's own clock */
  server_time: number;
  /** a customer's is `idle` or that of his call, an agent's is his own, a supervisor's is `watching` */
  state: string;
  config: CustomerConfig;
}

/** What the welcome's `config` said has changed: rules were read again, or a queue opened or closed. */
export interface CustomerConfigChangedFrame {
  type: "config";
  config: CustomerConfig;
}

/** The answer to `ping`. */
export interface PongFrame {
  type: "pong";
  /** the client's own mark on a request, echoed in the answer */
  ref?: string | null;
  /** pool time now; count down by it and not by the client's own clock */
  server_time: number;
}

/** The call waits. `ewt_ms` is null where nothing can be said yet. */
export interface CallQueuedFrame {
  type: "call.queued";
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** the queue */
  queue: string;
  /** the place in the queue; 1 is next */
  position: number;
  /** expected wait from now; null where nothing can be said yet */
  ewt_ms: Estimate | null;
  /** the customer's place, signed, should the store lose it: keep the newest */
  resume_token: string;
}

/** His place has changed, or the estimate; at most once a second. */
export interface CallPositionFrame {
  type: "call.position";
  /** the place in the queue; 1 is next */
  position: number;
  /** expected wait from now; null where nothing can be said yet */
  ewt_ms: Estimate | null;
  /** the customer's place, signed, should the store lose it: keep the newest */
  resume_token?: string | null;
}

/** An agent is being alerted. */
export interface CallOfferedFrame {
  type: "call.offered";
}

/** The call waits again, at its old place. */
export interface CallRequeuedFrame {
  type: "call.requeued";
  /** one of the configured, by id */
  reason: RequeueReason;
  /** the place in the queue; 1 is next */
  position: number;
  /** expected wait from now; null where nothing can be said yet */
  ewt_ms: Estimate | null;
}

/** `call.connected` as the customer gets it. */
export interface CustomerConnectedFrame {
  type: "call.connected";
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** since when the call is connected */
  connected_at: number;
  agent: Person;
  /** how the two pages meet */
  video: Video;
}

/** The other side's link. After `back` the offerer negotiates the video anew. */
export interface PeerFrame {
  type: "peer";
  /** of the WebSocket */
  link: "lost" | "back";
  /** until then he may come back */
  deadline_at?: number | null;
}

/** The call is over. */
export interface CallEndedFrame {
  type: "call.ended";
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** one of the configured, by id */
  reason: EndReason;
  /** who ended it */
  by: Party;
}

/** What the other side of the call sent, as it is; never before `call.connected`. */
export interface SignalNoticeFrame {
  type: "signal";
  /** any JSON; the pages send descriptions and ICE candidates */
  data: unknown;
}

/** Another state for me; while I am busy it takes effect after call and wrap-up (`next_state`). */
export interface StateSetFrame {
  type: "state.set";
  /** what it is doing */
  state: "not_ready" | "offline" | "ready";
  /** why not ready, one of the configured */
  reason?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Take the call; `call.connected` follows. Saying it again is harmless. */
export interface OfferAcceptFrame {
  type: "offer.accept";
  /** the offer */
  offer_id: string;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Leave the call to another. Not ready for a cool-down, and that call avoids me for a while. */
export interface OfferDeclineFrame {
  type: "offer.decline";
  /** the offer */
  offer_id: string;
  /** one of the configured, by id */
  reason?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** End wrap-up before its time, and say how the call turned out. */
export interface WrapupFinishFrame {
  type: "wrapup.finish";
  /** the call that is meant: never another, and saying it again is harmless */
  call_id?: string | null;
  /** one of the configured */
  disposition?: string | null;
  /** kept with the call */
  notes?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/**
 * Pass the call on: to `queue`, or to the colleague `agent_id`, who must be ready. Exactly one of
 * them.
 *
 * The customer keeps his due; whoever is offered the call is told by whom it was passed on, and the
 * note.
 */
export interface CallTransferFrame {
  type: "call.transfer";
  /** the call that is meant: never another, and saying it again is harmless */
  call_id?: string | null;
  /** the queue */
  queue?: string | null;
  /** the agent */
  agent_id?: string | null;
  /** for whoever gets the call next */
  note?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Who else is ready now; answered by `colleagues`. */
export interface ColleaguesListFrame {
  type: "colleagues.list";
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** The answer to `hello`. The present in full follows: what a client must show if it knows nothing. */
export interface AgentWelcomeFrame {
  type: "welcome";
  /** of this wire format: 1 */
  protocol: number;
  /** of this link; the newest session of a person wins */
  session: string;
  /** the node that answers */
  node: string;
  /** pool time now; count down by it and not by the client's own clock */
  server_time: number;
  /** a customer's is `idle` or that of his call, an agent's is his own, a supervisor's is `watching` */
  state: string;
  config: AgentConfig;
}

/** What the welcome's `config` said has changed: rules were read again, or a queue opened or closed. */
export interface AgentConfigChangedFrame {
  type: "config";
  config: AgentConfig;
}

/** The agent's state, whoever changed it. */
export interface AgentStateNowFrame {
  type: "agent.state";
  /** what it is doing */
  state: AgentState;
  /** why not ready: a configured one, or the engine's `login`, `lost`, `declined`, `no_answer` */
  reason: string | null;
  /** since when it is in this state */
  since_at: number;
  /** what comes after call and wrap-up, if it was asked for */
  next_state: AgentState | null;
  /** when the state ends by itself: offer, wrap-up, cool-down */
  deadline_at: number | null;
  /** why not ready then */
  next_reason?: string | null;
  /** the call; as text, ids sort by creation */
  call_id?: string | null;
}

/** The agent's own figures since his first log-in of the day; AHT is talk and wrap-up per handled call. */
export interface AgentFiguresFrame {
  type: "agent.figures";
  /** calls handled since the day's first log-in */
  handled: number;
  /** average handle time: talk and wrap-up */
  aht_ms: number | null;
  /** offers that ran out */
  no_answer: number;
}

/** A call alerts the agent. A WebSocket ping follows: without its pong within 3 s he counts as lost. */
export interface OfferFrame {
  type: "offer";
  /** the offer */
  offer_id: string;
  call: OfferedCall;
  /** the end of the ring time */
  deadline_at: number;
  /** how the call came to this agent; other agents are not named */
  why: Why;
}

/** The offer is over, other than by acceptance. */
export interface OfferEndedFrame {
  type: "offer.ended";
  /** the offer */
  offer_id: string;
  /** one of the configured, by id */
  reason: OfferEnd;
}

/** `call.connected` as the agent gets it. */
export interface AgentConnectedFrame {
  type: "call.connected";
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** since when the call is connected */
  connected_at: number;
  /** the queue */
  queue: string;
  /** customer segment */
  tier: string;
  customer: Person;
  /** {name: level} */
  skills: Record<string, number>;
  /** by name, such as the customer's segment or language */
  attributes: Record<string, string>;
  /** how the two pages meet */
  video: Video;
}

/** The other agents who are ready now, by name. */
export interface ColleaguesFrame {
  type: "colleagues";
  /** whole rows, of agents who are logged in */
  agents: Colleague[];
}

/** From now on, what happens: `board.snapshot`, then `board.delta`. Again after a gap. */
export interface BoardWatchFrame {
  type: "board.watch";
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Give a waiting call another place: a head start in place of the supervisors' earlier one, a band. */
export interface CallPrioritiseFrame {
  type: "call.prioritise";
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** how much earlier than it arrived it counts as having arrived, beside what the rules give */
  head_start_ms?: number | null;
  /** strict priority, higher first */
  band?: number | null;
  /** kept in the journal */
  reason: string;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Offer a waiting call to that ready agent. */
export interface CallAssignFrame {
  type: "call.assign";
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** the agent */
  agent_id: string;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** End a call, whatever its state (`cancelled`). */
export interface CallEndFrame {
  type: "call.end";
  /** the call; as text, ids sort by creation */
  call_id: string;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** As if the agent had asked for it himself: while he is busy it takes effect after call and wrap-up. */
export interface AgentSetStateFrame {
  type: "agent.set_state";
  /** the agent */
  agent_id: string;
  /** what it is doing */
  state: "not_ready" | "offline" | "ready";
  /** one of the configured, by id */
  reason?: string | null;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** What the agent serves until his next log-in. */
export interface AgentSetSkillsFrame {
  type: "agent.set_skills";
  /** the agent */
  agent_id: string;
  /** by id */
  queues: string[];
  /** {name: level} */
  skills: Record<string, number>;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** New requests are refused (`queue_closed`); those who wait are served. */
export interface QueuePauseFrame {
  type: "queue.pause";
  /** the queue */
  queue: string;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Take new requests again, as configured. One that is configured closed is opened, until it is paused. */
export interface QueueResumeFrame {
  type: "queue.resume";
  /** the queue */
  queue: string;
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** Every node reads its configuration's rules again. For supervisors whose view is not bounded. */
export interface RulesReloadFrame {
  type: "rules.reload";
  /** the client's own mark on a request, echoed in the answer */
  ref?: string;
}

/** The answer to `hello`. The present in full follows: what a client must show if it knows nothing. */
export interface SupervisorWelcomeFrame {
  type: "welcome";
  /** of this wire format: 1 */
  protocol: number;
  /** of this link; the newest session of a person wins */
  session: string;
  /** the node that answers */
  node: string;
  /** pool time now; count down by it and not by the client's own clock */
  server_time: number;
  /** a customer's is `idle` or that of his call, an agent's is his own, a supervisor's is `watching` */
  state: string;
  config: SupervisorConfig;
}

/** What the welcome's `config` said has changed: rules were read again, or a queue opened or closed. */
export interface SupervisorConfigChangedFrame {
  type: "config";
  config: SupervisorConfig;
}

/** The whole board. `assigned`: the latest, newest last. `history`: by queue, oldest minute first. */
export interface BoardSnapshotFrame {
  type: "board.snapshot";
  /** revision of the pool that this frame shows */
  rev: number;
  /** by id */
  queues: QueueRow[];
  /** whole rows, of live calls */
  calls: CallRow[];
  /** whole rows, of agents who are logged in */
  agents: AgentRow[];
  assigned: Assigned[];
  /** the last hour's minutes by queue, oldest first */
  history: Record<string, Minute[]>;
}

/** What changed. `from_rev` is the `rev` of the frame before it; if it is not, `board.watch` again. */
export interface BoardDeltaFrame {
  type: "board.delta";
  /** the `rev` of the frame before; if it is not, `board.watch` again */
  from_rev: number;
  /** revision of the pool that this frame shows */
  rev: number;
  /** by id */
  queues: QueueRow[];
  /** whole rows, of live calls */
  calls: CallRow[];
  /** whole rows, of agents who are logged in */
  agents: AgentRow[];
  assigned: Assigned[];
  gone: Gone;
}

/** What each role sends, by type. */
export interface Asked {
  customer: {
    "hello": HelloFrame;
    "token.refresh": TokenRefreshFrame;
    "ping": PingFrame;
    "call.request": CallRequestFrame;
    "call.cancel": CallCancelFrame;
    "call.hangup": CallHangupFrame;
    "call.rate": CallRateFrame;
    "signal": SignalFrame;
  };
  agent: {
    "hello": HelloFrame;
    "token.refresh": TokenRefreshFrame;
    "ping": PingFrame;
    "call.hangup": CallHangupFrame;
    "signal": SignalFrame;
    "state.set": StateSetFrame;
    "offer.accept": OfferAcceptFrame;
    "offer.decline": OfferDeclineFrame;
    "wrapup.finish": WrapupFinishFrame;
    "call.transfer": CallTransferFrame;
    "colleagues.list": ColleaguesListFrame;
  };
  supervisor: {
    "hello": HelloFrame;
    "token.refresh": TokenRefreshFrame;
    "ping": PingFrame;
    "board.watch": BoardWatchFrame;
    "call.prioritise": CallPrioritiseFrame;
    "call.assign": CallAssignFrame;
    "call.end": CallEndFrame;
    "agent.set_state": AgentSetStateFrame;
    "agent.set_skills": AgentSetSkillsFrame;
    "queue.pause": QueuePauseFrame;
    "queue.resume": QueueResumeFrame;
    "rules.reload": RulesReloadFrame;
  };
}

/** What each role gets, by type. */
export interface Told {
  customer: {
    "ok": OkFrame;
    "error": ErrorFrame;
    "service": ServiceFrame;
    "welcome": CustomerWelcomeFrame;
    "config": CustomerConfigChangedFrame;
    "pong": PongFrame;
    "call.queued": CallQueuedFrame;
    "call.position": CallPositionFrame;
    "call.offered": CallOfferedFrame;
    "call.requeued": CallRequeuedFrame;
    "call.connected": CustomerConnectedFrame;
    "peer": PeerFrame;
    "call.ended": CallEndedFrame;
    "signal": SignalNoticeFrame;
  };
  agent: {
    "ok": OkFrame;
    "error": ErrorFrame;
    "service": ServiceFrame;
    "welcome": AgentWelcomeFrame;
    "config": AgentConfigChangedFrame;
    "pong": PongFrame;
    "agent.state": AgentStateNowFrame;
    "agent.figures": AgentFiguresFrame;
    "offer": OfferFrame;
    "offer.ended": OfferEndedFrame;
    "call.connected": AgentConnectedFrame;
    "colleagues": ColleaguesFrame;
    "peer": PeerFrame;
    "call.ended": CallEndedFrame;
    "signal": SignalNoticeFrame;
  };
  supervisor: {
    "ok": OkFrame;
    "error": ErrorFrame;
    "service": ServiceFrame;
    "welcome": SupervisorWelcomeFrame;
    "config": SupervisorConfigChangedFrame;
    "pong": PongFrame;
    "board.snapshot": BoardSnapshotFrame;
    "board.delta": BoardDeltaFrame;
  };
}

export type Role = keyof Asked;

/** Where the WebSockets are, the preferred one first. `base`: URL of a node's HTTP port, "" for our own. */
export function discover(base?: string): Promise<string[]>;

/** What the link does. */
export interface Link {
  state: "connecting" | "up" | "waiting" | "replaced" | "refused" | "closed";
  /** links that failed in a row */
  attempt: number;
  /** when a waiting client tries again, in terms of `now()` */
  retryAt?: number;
  /** it waits because the person has too many connections */
  crowded?: boolean;
}

/** A request that was not granted. */
export class Refusal extends Error {
  constructor(frame: Partial<ErrorFrame>);
  /** `disconnected`: the client ended before there was an answer */
  readonly code: Code | "disconnected";
  readonly field: string | null;
  readonly callId: string | null;
  readonly state: string | null;
  readonly retryMs: number | null;
}

export interface ClientOptions<R extends Role> {
  /** WebSocket URLs, with or without the role's path */
  urls: string[];
  role: R;
  token: string;
  /** the newest resume token of an earlier page */
  resume?: string | null;
  socket?: typeof WebSocket;
  random?: () => number;
}

type Fields<F> = Omit<F, "type" | "ref">;
type Given<F> = {} extends F ? [fields?: F] : [fields: F];

/** Keeps one session alive over any number of links. */
export class Client<R extends Role = Role> extends EventTarget {
  constructor(options: ClientOptions<R>);
  readonly role: R;
  /** of the last welcome */
  session: string | null;
  node: string | null;
  state: string | null;
  config: Told[R]["welcome"]["config"];
  /** the newest resume token */
  resume: string | null;
  link: Link;
  /** Begin, or begin again after `replaced`, `refused` or `close`. */
  connect(): void;
  /** Stop; what was asked and not answered is rejected. */
  close(): void;
  /** Look at the link now: the page is seen again, or the network is back. */
  wake(): void;
  /** Ask for something. Resolves at `ok`, rejects with a `Refusal`; asked again after a broken link. */
  request<T extends keyof Asked[R]>(type: T, ...fields: Given<Fields<Asked[R][T]>>): Promise<void>;
  /** The same for what must not happen later than it was meant: rejects with `disconnected` without a link,
   * and when it breaks before the answer; then it is not known what became of it. */
  command<T extends keyof Asked[R]>(type: T, ...fields: Given<Fields<Asked[R][T]>>): Promise<void>;
  /** Say something that needs no answer; dropped while there is no link. */
  send<T extends keyof Asked[R]>(type: T, ...fields: Given<Fields<Asked[R][T]>>): void;
  /** Hear frames of a type, or what the link does. Returns what stops it. */
  on<T extends keyof Told[R]>(type: T, handler: (frame: Told[R][T]) => void): () => void;
  on(type: "link", handler: (link: Link) => void): () => void;
  /** The server's time, integer ms. */
  now(): number;
  /** Use another token of the same person and role from now on. */
  refresh(token: string): Promise<void>;
}
