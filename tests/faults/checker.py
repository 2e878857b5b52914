"""Finds what must not happen, from the journal and the clients' logs alone. It knows nothing of the engine.

What it is given, as plain JSON:

* `journal`: the facts in the order of their changes, as stored: `{"kind", "at", ...}`, instants in ms;
* `logs`: what each client did and heard: `{"at", "who", "what", ...}`, `what` one of `up` (welcomed), `down`
  (the link is gone), `left` (he hung up, with `call`), `queued` (he was told his place, with `call`), `idle`
  (he came back and was told of no call, though he had one);
* `beats`: when a leader's beat was seen to rise, in ms; between two that lie further apart nobody led;
* `rules`: `grace_ms` (the least time a lost link is waited for), `wrap_up_ms`, `beat_ms`.

Instants of all three are of one clock. It answers with violations, one line each, sorted by kind:

* `lost`: a call vanished, or ended though nobody had left, or its customer was there and yet given up;
* `double`: a call with two agents, an agent with two calls or two offers;
* `stuck`: a state that outlived its deadline by more than two seconds in which somebody led;
* `place`: a call whose due changed, or that was passed over by one that was due later.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define, field

Fact = dict[str, Any]

LATE_MS = 2_000
#: A client's log and the journal may differ by what a frame takes on a loaded machine.
SLACK_MS = 1_000
#: A call may be passed over while its own news is under way, or while its change is tried again.
PASSED_MS = 3_000
#: What is decided in one pass is committed within this, in any order.
PASS_MS = 500
#: Ends that nobody may cause in the rig.
NEVER = {"expired", "cancelled", "closed", "failed"}


@define
class Evidence:
    journal: list[Fact]
    logs: list[dict[str, Any]]
    beats: list[int]
    rules: dict[str, int]


def check(evidence: Evidence) -> list[str]:
    """Every violation; none if all is well."""
    found = [
        *_lost(evidence),
        *_double(evidence.journal),
        *_stuck(evidence),
        *_places(evidence),
    ]
    return sorted(set(found))


# lost


def _lost(evidence: Evidence) -> Iterator[str]:
    queued = {f["call"]: f["customer"] for f in evidence.journal if f["kind"] == "call_queued"}
    ended = {f["call"]: f for f in evidence.journal if f["kind"] == "call_ended"}
    for event in evidence.logs:
        if event["what"] == "queued" and event["call"] not in queued:
            yield f"lost: {event['who']} was told of {event['call']}, of which nothing is written"
        if event["what"] == "idle":
            yield f"lost: {event['who']} came back and was told of no call"
    for call in queued.keys() - ended.keys():
        yield f"lost: {call} never ended"
    left = {(e["who"], e["call"]) for e in evidence.logs if e["what"] == "left"}
    presence = Presence(evidence.logs)
    for call, fact in ended.items():
        yield from _end(call, queued.get(call, ""), fact, left, presence, evidence)


def _end(
    call: str, customer: str, fact: Fact, left: set[tuple[str, str]], presence: "Presence", evidence: Evidence
) -> Iterator[str]:
    who = {"customer": f"customer:{customer}", "agent": f"agent:{fact['agent']}"}.get(fact["by"], "")
    if fact["reason"] in NEVER:
        yield f"lost: {call} ended {fact['reason']}"
    elif fact["reason"] in ("completed", "abandoned") and (who, call) not in left:
        yield f"lost: {call} ended {fact['reason']} by {who}, who had not left"
    elif fact["reason"] in ("customer_lost", "agent_lost"):
        if presence.there(f"customer:{customer}", fact["at"] - SLACK_MS, fact["at"]):
            yield f"lost: {call} was given up though {customer} was there"
        links = [f for f in evidence.journal if f["kind"] == "link_lost" and f["call"] == call]
        last = {f["who"].partition(":")[0]: f["at"] for f in links}
        if fact["reason"] == "customer_lost":
            last.pop("agent", None)
        if "customer" not in last:
            yield f"lost: {call} was given up without a lost link"
        elif fact["at"] - min(last.values()) < evidence.rules["grace_ms"]:
            yield f"lost: {call} was given up before its grace was over"


class Presence:
    """When each client was welcomed and not yet gone."""

    def __init__(self, logs: list[dict[str, Any]]) -> None:
        self._changes: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        for event in sorted(logs, key=lambda event: event["at"]):
            if event["what"] in ("up", "down"):
                self._changes[event["who"]].append((event["at"], event["what"] == "up"))

    def there(self, who: str, since: int, until: int) -> bool:
        """Whether he was there all the time."""
        changes = self._changes[who]
        at = bisect_right(changes, (since, True)) - 1
        during = [up for instant, up in changes if since < instant <= until]
        return at >= 0 and changes[at][1] and all(during)


# double


def _double(journal: list[Fact]) -> Iterator[str]:
    call_of: dict[str, str] = {}
    agent_of: dict[str, str] = {}
    offers: dict[str, str] = {}
    for fact in journal:
        call, agent = fact.get("call", ""), fact.get("agent", "")
        match fact["kind"]:
            case "call_offered":
                if agent in offers.values() or agent in call_of:
                    yield f"double: {agent} was offered {call} while busy"
                if call in agent_of or any(o == call for o in offers):
                    yield f"double: {call} was offered twice"
                offers[call] = agent
            case "offer_ended":
                offers.pop(call, None)
            case "call_connected":
                if call in agent_of:
                    yield f"double: {call} with {agent_of[call]} and {agent}"
                if agent in call_of:
                    yield f"double: {agent} on {call_of[agent]} and {call}"
                call_of[agent], agent_of[call] = call, agent
            case "call_requeued" | "call_ended":
                offers.pop(call, None)
                call_of.pop(agent_of.pop(call, ""), None)


# stuck


@define
class Deadlines:
    """What was to end by when, and by how much outages moved it."""

    open: dict[tuple[str, str], int] = field(factory=dict)
    closed: list[tuple[str, int, int]] = field(factory=list)

    def begin(self, kind: str, ref: str, until: int) -> None:
        self.open[kind, ref] = until

    def end(self, kind: str, ref: str, at: int) -> None:
        until = self.open.pop((kind, ref), None)
        if until is not None:
            self.closed.append((f"{kind} {ref}", until, at))

    def shift(self, ref: str, by_ms: int) -> None:
        for key in self.open:
            if key[1] == ref:
                self.open[key] += by_ms


def _stuck(evidence: Evidence) -> Iterator[str]:
    deadlines = Deadlines()
    for fact in evidence.journal:
        _follow(deadlines, fact, evidence.rules)
    over = max((f["at"] for f in evidence.journal), default=0)
    for (kind, ref), until in deadlines.open.items():
        deadlines.closed.append((f"{kind} {ref}", until, max(over, until)))
    for what, until, at in deadlines.closed:
        led_ms = at - until - _leaderless(evidence, until, at)
        if led_ms > LATE_MS:
            yield f"stuck: {what} was over {at - until} ms late, {led_ms} of them under a leader"


def _follow(deadlines: Deadlines, fact: Fact, rules: dict[str, int]) -> None:
    at, call, agent = fact["at"], f"call:{fact.get('call', '')}", f"agent:{fact.get('agent', '')}"
    match fact["kind"]:
        case "call_offered":
            deadlines.begin("offer", call, fact["until"])
        case "offer_ended":
            deadlines.end("offer", call, at)
        case "link_lost" if fact["until"] is not None:
            side, _, _ = fact["who"].partition(":")
            deadlines.begin(f"{side}'s grace", call, fact["until"])
        case "link_back":
            side, _, _ = fact["who"].partition(":")
            deadlines.end(f"{side}'s grace", call, at)
        case "call_requeued":
            deadlines.end("agent's grace", call, at)
        case "call_ended":
            deadlines.end("offer", call, at)
            deadlines.end("agent's grace", call, at)
            deadlines.end("customer's grace", call, at)
        case "agent_moved":
            deadlines.end("wrap-up", agent, at)
            if fact["state"] == "wrap_up":
                deadlines.begin("wrap-up", agent, at + rules["wrap_up_ms"])
        case "deadlines_shifted":
            deadlines.shift(fact["who"], fact["by_ms"])


def _leaderless(evidence: Evidence, since: int, until: int) -> int:
    """For how much of that time no leader's beat rose: two beats may lie as far apart as they should."""
    total, usual_ms = 0, 2 * evidence.rules["beat_ms"]
    edges = [*evidence.beats, max(until, evidence.beats[-1] if evidence.beats else 0)]
    previous = min(since, edges[0])
    for beat in edges:
        if beat - previous > usual_ms:
            total += max(0, min(beat, until) - max(previous, since))
        previous = beat
    return total


# places


@define
class Waiting:
    due_at: int
    queue: str
    customer: str
    since: int


def _places(evidence: Evidence) -> Iterator[str]:
    offered = defaultdict(list)
    for fact in evidence.journal:
        if fact["kind"] == "call_offered":
            offered[fact["call"]].append(fact["at"])
    presence = Presence(evidence.logs)
    due: dict[str, tuple[int, str, str]] = {}
    waiting: dict[str, Waiting] = {}
    away: set[str] = set()
    for fact in evidence.journal:
        call, at = fact.get("call", ""), fact["at"]
        match fact["kind"]:
            case "call_queued":
                due[call] = (fact["due_at"], fact["queue"], f"customer:{fact['customer']}")
                waiting[call] = Waiting(*due[call], at)
            case "call_requeued":
                if fact["due_at"] != due[call][0]:
                    yield f"place: {call} was due {due[call][0]} and then {fact['due_at']}"
                waiting[call] = Waiting(*due[call], at)
            case "call_offered":
                mine = waiting.pop(call, None)
                if mine is not None:
                    together = {c for c, ats in offered.items() if any(0 <= o - at <= PASS_MS for o in ats)}
                    gone = {
                        c for c, w in waiting.items() if not presence.there(w.customer, at - PASSED_MS, at)
                    }
                    yield from _passed(call, mine, at, waiting, away | together | gone, evidence)
            case "call_ended":
                waiting.pop(call, None)
                away.discard(call)
            case "link_lost":
                away.add(call)
            case "link_back":
                away.discard(call)
                if call in waiting:
                    waiting[call].since = at


def _passed(
    call: str, mine: Waiting, at: int, waiting: dict[str, Waiting], away: Iterable[str], evidence: Evidence
) -> Iterator[str]:
    for other, his in waiting.items():
        ahead = his.queue == mine.queue and his.due_at < mine.due_at - SLACK_MS
        ready = at - his.since - _leaderless(evidence, his.since, at) > PASSED_MS and other not in away
        if ahead and ready:
            yield f"place: {call} was offered before {other}, who was due earlier"
