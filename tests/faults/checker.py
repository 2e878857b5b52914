"""Finds what must not happen, from the journal and the clients' logs alone. It knows nothing of the engine.

What it is given, as plain JSON:

* `journal`: the facts in the order of their changes, as stored: `{"kind", "at", ...}`, instants in ms;
* `logs`: what each client did and heard: `{"at", "who", "what", ...}`, `what` one of `up` (welcomed), `down`
  (the link is gone), `left` (he hung up, with `call`), `queued` (he was told his place, with `call`), `idle`
  (he came back and was told of no call, though he had one);
* `beats`: when a leader's beat was seen to rise, in ms; between two that lie further apart nobody led;
* `rules`: `grace_ms` (the least time a lost link is waited for), `wrap_up_ms`, `beat_ms`, `avoid_ms` (so long
  may a call that was passed on wait for a certain agent, or for anybody but one).

Instants of all three are of one clock. It answers with violations, one line each, sorted by kind:

* `lost`: a call vanished, or ended though nobody had left or commanded it, or its customer was there and yet
  given up;
* `double`: a call with two agents, an agent with two calls or two offers, or who passed on what was not his;
* `stuck`: a state that outlived its deadline by more than two seconds in which somebody led;
* `place`: a call whose due changed without a command, or that was passed over by one that was due later.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
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
NEVER = {"expired", "closed", "failed"}


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
    left |= {("supervisor", call) for call in _commanded(evidence.journal, "call.end")}
    presence = Presence(evidence.logs)
    for call, fact in ended.items():
        yield from _end(call, queued.get(call, ""), fact, left, presence, evidence)


def _end(
    call: str, customer: str, fact: Fact, left: set[tuple[str, str]], presence: "Presence", evidence: Evidence
) -> Iterator[str]:
    people = {
        "customer": f"customer:{customer}",
        "agent": f"agent:{fact['agent']}",
        "supervisor": "supervisor",
    }
    who = people.get(fact["by"], "")
    if fact["reason"] in NEVER:
        yield f"lost: {call} ended {fact['reason']}"
    elif fact["reason"] in ("completed", "abandoned", "cancelled") and (who, call) not in left:
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


def _commanded(journal: list[Fact], command: str) -> set[str]:
    """The calls of which a supervisor commanded that."""
    told = [f["target"] for f in journal if f["kind"] == "commanded" and f["command"] == command]
    return {target.removeprefix("call:") for target in told}


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
            case "call_transferred" if agent_of.get(call) != agent:
                yield f"double: {agent} passed on {call}, which {agent_of.get(call, 'nobody')} had"
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
class Place:
    """Where a call stands: `picky_until` it may wait for somebody else than those who are free."""

    due_at: int
    band: int
    queue: str
    customer: str
    picky_until: int = 0
    to_agent: str = ""

    def before(self, other: "Place") -> bool:
        """Whether it stands before that one for sure."""
        if self.queue != other.queue or self.band != other.band:
            return self.queue == other.queue and self.band > other.band
        return self.due_at < other.due_at - SLACK_MS


def _places(evidence: Evidence) -> Iterator[str]:
    offered = defaultdict(list)
    for fact in evidence.journal:
        if fact["kind"] == "call_offered":
            offered[fact["call"]].append(fact["at"])
    presence = Presence(evidence.logs)
    places: dict[str, Place] = {}
    #: since when each call waits
    waiting: dict[str, int] = {}
    away: set[str] = set()
    assigned: set[str] = set()
    for fact in evidence.journal:
        call, at = fact.get("call", ""), fact["at"]
        match fact["kind"]:
            case "call_queued":
                places[call] = Place(
                    fact["due_at"], fact.get("band", 0), fact["queue"], f"customer:{fact['customer']}"
                )
                waiting[call] = at
            case "call_requeued":
                if fact["due_at"] != places[call].due_at:
                    yield f"place: {call} was due {places[call].due_at} and then {fact['due_at']}"
                waiting[call] = at
            case "call_prioritised":
                places[call].due_at, places[call].band = fact["due_at"], fact["band"]
                if call in waiting:
                    waiting[call] = at
            case "call_transferred":
                place = places[call]
                place.queue, place.to_agent = fact["queue"], fact["to_agent"]
                place.picky_until = at + evidence.rules["avoid_ms"]
            case "commanded" if fact["command"] == "call.assign":
                assigned.add(fact["target"].removeprefix("call:"))
            case "call_offered" if call in waiting:
                del waiting[call]
                chosen = call in assigned or fact["agent"] == places[call].to_agent
                assigned.discard(call)
                if chosen:
                    continue
                together = {c for c, ats in offered.items() if any(0 <= o - at <= PASS_MS for o in ats)}
                there = {c for c in waiting if presence.there(places[c].customer, at - PASSED_MS, at)}
                picky = {c for c in waiting if at < places[c].picky_until}
                yield from _passed(call, places, at, waiting, there - away - together - picky, evidence)
            case "call_ended":
                waiting.pop(call, None)
                away.discard(call)
            case "link_lost":
                away.add(call)
            case "link_back":
                away.discard(call)
                if call in waiting:
                    waiting[call] = at


def _passed(
    call: str,
    places: dict[str, Place],
    at: int,
    waiting: dict[str, int],
    offerable: set[str],
    evidence: Evidence,
) -> Iterator[str]:
    for other in sorted(offerable):
        ready_ms = at - waiting[other] - _leaderless(evidence, waiting[other], at)
        if places[other].before(places[call]) and ready_ms > PASSED_MS:
            yield f"place: {call} was offered before {other}, who was due earlier"
