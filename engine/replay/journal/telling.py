"""Why a call went as it did: its own facts, and those of others that it passed or that passed it.

`tell` finds the call by its id or by the id of its request, and reads the journal from well before it asked,
because who waited then is told by earlier facts alone. What it returns is plain data; `words` puts it into
sentences.
"""

import difflib
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field, frozen

from engine.actors.ids import created_at
from engine.domain.facts import (
    CallArchived,
    CallConnected,
    CallEnded,
    CallOffered,
    CallPrioritised,
    CallQueued,
    CallRated,
    CallRequeued,
    CallTransferred,
    Commanded,
    DeadlinesShifted,
    Fact,
    LinkBack,
    LinkLost,
    OfferEnded,
)
from engine.domain.lifecycle import AgentState, CallState, OfferEnd
from engine.replay.journal.line import Caller, Line, Worker, arrival
from engine.replay.journal.passing import UNSEEN_MS, Passing, could_take, explained, passing, passings
from engine.replay.journal.sources import Journal

#: How long before a call asked somebody who still waited then may have come: far beyond any maximum wait.
LOOK_BACK_MS = 6 * 3_600_000
#: How long after its end a call may be rated, or its end be followed by something.
LOOK_ON_MS = 900_000
#: Ids that are compared with one that is not found, the newest.
NAMES = 20_000


class NoSuchCall(Exception):
    """No call of the journal has that id, nor a request of exactly one; `nearest` are ids that do exist."""

    def __init__(self, name: str, nearest: tuple[str, ...] = (), *, several: tuple[str, ...] = ()) -> None:
        super().__init__(name)
        self.nearest, self.several = nearest, several


@frozen
class Saying:
    """One thing to tell: `code` names it, `said` are its particulars, ids and ms."""

    at: int
    code: str
    said: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Telling:
    """`passed`: calls that came earlier and were served later or never; `passed_by`: the other way round.
    `ahead`: calls that came earlier and were served while it waited, by agents who could have taken it.

    `requests`: by which request each of those calls was asked for. `over`: whether the call has ended.
    """

    call: str
    request_id: str
    queue: str
    tier: str
    arrived_at: int
    sayings: tuple[Saying, ...]
    passed: tuple[Passing, ...]
    passed_by: tuple[Passing, ...]
    ahead: tuple[Passing, ...]
    requests: Mapping[str, str]
    over: bool


def tell(journal: Journal, name: str) -> Telling:
    """The story of that call. Raises `NoSuchCall`."""
    asked_at = created_at(name)
    if asked_at is not None and (found := _told(journal, name, asked_at)) is not None:
        return found
    call, asked_at = _find(journal, name)
    found = _told(journal, call, asked_at)
    assert found is not None
    return found


def _find(journal: Journal, name: str) -> tuple[str, int]:
    """The call's id, and when it asked."""
    named: dict[str, int] = {}
    known: deque[str] = deque(maxlen=NAMES)
    for fact in journal.facts():
        if isinstance(fact, CallQueued):
            if fact.call == name:
                return name, fact.at
            if fact.request_id == name:
                named.setdefault(fact.call, fact.at)
            known.extend((fact.call, fact.request_id))
    if len(named) == 1:
        return next(iter(named.items()))
    close = difflib.get_close_matches(name, dict.fromkeys(known), 3)
    raise NoSuchCall(name, tuple(close), several=tuple(named))


def _told(journal: Journal, call: str, asked_at: int) -> Telling | None:
    teller = _Teller(call)
    for fact in journal.facts(asked_at - LOOK_BACK_MS):
        teller.take(fact)
        if teller.done(fact.at):
            break
    return teller.telling()


@define
class _Teller:
    name: str
    line: Line = field(factory=Line)
    first: CallQueued | None = None
    sayings: list[Saying] = field(factory=list)
    ended_at: int | None = None
    archived: bool = False
    passed: list[Passing] = field(factory=list)
    passed_by: list[Passing] = field(factory=list)
    ahead: list[Passing] = field(factory=list)
    requests: dict[str, str] = field(factory=dict)
    #: since when it waits, until it was told who is busy meanwhile
    _waits_since: int | None = None
    #: what each pending offer would mean: the call's own, and those of others
    _pending: dict[str, list[Passing]] = field(factory=dict)
    _commanded: Commanded | None = None

    def done(self, now: int) -> bool:
        return self.archived or (self.ended_at is not None and now > self.ended_at + LOOK_ON_MS)

    def telling(self) -> Telling | None:
        if self.first is None:
            return None
        return Telling(
            call=self.name,
            request_id=self.first.request_id,
            queue=self.first.queue,
            tier=self.first.tier,
            arrived_at=arrival(self.first),
            sayings=tuple(self.sayings),
            passed=tuple(self.passed),
            passed_by=tuple(self.passed_by),
            ahead=tuple(self.ahead),
            requests=self.requests,
            over=self.ended_at is not None,
        )

    def take(self, fact: Fact) -> None:
        self._look_round(fact.at)
        if isinstance(fact, CallOffered):
            self._watch(fact)
        elif isinstance(fact, OfferEnded):
            self._settle(fact)
        call = self.line.calls.get(self.name)
        if self._is_mine(fact):
            self.sayings.extend(self._says(fact, call))
        self._commanded = fact if isinstance(fact, Commanded) and self._is_mine(fact) else None
        self.line.take(fact)
        match fact:
            case CallQueued(call=name) | CallRequeued(call=name) if name == self.name:
                self._waits_since = fact.at
            case CallOffered(call=name) | CallConnected(call=name) | CallEnded(call=name) if (
                name == self.name
            ):
                self._waits_since = None

    def _look_round(self, now: int) -> None:
        """Say what those who could take it are doing, once it has waited for longer than an offer takes."""
        since, call = self._waits_since, self.line.calls.get(self.name)
        if since is None or call is None or now <= since + UNSEEN_MS:
            return
        self._waits_since = None
        able = [worker for worker in self.line.agents.values() if could_take(worker, call)]
        doing = Counter(_doing(worker, call) for worker in able)
        self.sayings.append(Saying(since, "not_yet", {"count": len(able), "doing": doing}))

    def _is_mine(self, fact: Fact) -> bool:
        match fact:
            case DeadlinesShifted(who=ref) | Commanded(target=ref):
                return ref == f"call:{self.name}"
        return getattr(fact, "call", None) == self.name

    # others

    def _watch(self, fact: CallOffered) -> None:
        """Who would be passed if this offer were accepted."""
        if fact.call == self.name:
            self._remember(fact, list(passings(self.line, fact)))
            return
        first, left = self.line.calls.get(fact.call), self.line.calls.get(self.name)
        if first is None or left is None or left.state is not CallState.WAITING:
            return
        worker = self.line.agents.get(fact.agent)
        came_later = (first.arrived_at, first.id) > (left.arrived_at, left.id)
        if came_later or (worker is not None and could_take(worker, left)):
            found = passing(first, left, worker, fact)
            self._remember(fact, [] if found is None else [found])

    def _remember(self, fact: CallOffered, found: list[Passing]) -> None:
        self._pending[fact.offer] = found
        for call in {name for p in found for name in (p.first, p.left)}:
            self.requests[call] = self.line.calls[call].request_id

    def _settle(self, fact: OfferEnded) -> None:
        found = self._pending.pop(fact.offer, [])
        if fact.how is not OfferEnd.ACCEPTED:
            return
        if fact.call == self.name:
            self.passed.extend(found)
        else:
            self.passed_by.extend(p for p in found if p.arrived_after_ms >= 0)
            self.ahead.extend(p for p in found if p.arrived_after_ms < 0)

    # its own

    def _says(self, fact: Fact, call: Caller | None) -> Iterator[Saying]:
        by = None if self._commanded is None else self._commanded.by
        match fact:
            case CallQueued(restored=True):
                yield Saying(fact.at, "restored", {"due_at": fact.due_at})
                self.first = self.first or fact
            case CallQueued():
                self.first = fact
                yield Saying(
                    fact.at, "asked", {"queue": fact.queue, "tier": fact.tier, "skills": fact.skills}
                )
                yield self._due(fact.at, "due", fact)
            case CallPrioritised():
                reason = "" if self._commanded is None else self._commanded.reason
                yield self._due(fact.at, "prioritised", fact, by=by, reason=reason)
            case CallOffered():
                yield self._offered(fact, call, by)
            case OfferEnded() if fact.how is not OfferEnd.ACCEPTED and call is not None:
                said = {"agent": fact.agent, "after_ms": fact.at - call.offered_at}
                yield Saying(fact.at, f"offer.{fact.how}", said)
            case CallConnected():
                rang_ms = None if call is None or fact.restored else fact.at - call.offered_at
                said = {"agent": fact.agent, "waited_ms": fact.waited_ms, "rang_ms": rang_ms}
                yield Saying(fact.at, "reconnected" if fact.restored else "connected", said)
            case CallTransferred():
                talked_ms = 0 if call is None else fact.at - call.since_at
                said = {"agent": fact.agent, "queue": fact.queue, "to_agent": fact.to_agent}
                yield Saying(fact.at, "transferred", {**said, "talked_ms": talked_ms})
            case CallRequeued():
                yield Saying(fact.at, f"requeued.{fact.reason}", {"due_at": fact.due_at})
            case LinkLost() | LinkBack():
                role, _, who = fact.who.partition(":")
                until = fact.until if isinstance(fact, LinkLost) else None
                how = "lost" if isinstance(fact, LinkLost) else "back"
                yield Saying(fact.at, f"link.{role}.{how}", {"who": who, "until_at": until})
            case DeadlinesShifted():
                yield Saying(fact.at, "shifted", {"by_ms": fact.by_ms})
            case CallEnded():
                self.ended_at = fact.at
                yield self._ended(fact, call, by)
            case CallRated():
                yield Saying(fact.at, "rated", {"score": fact.score})
            case CallArchived():
                self.archived = True

    def _due(self, at: int, code: str, fact: CallQueued | CallPrioritised, **more: Any) -> Saying:
        said = {"due_at": fact.due_at, "terms": fact.terms, "band": fact.band}
        return Saying(at, code, {**said, "arrived_at": fact.due_at + sum(fact.terms.values()), **more})

    def _offered(self, fact: CallOffered, call: Caller | None, by: str | None) -> Saying:
        said = {
            "agent": fact.agent,
            "waited_ms": 0 if call is None else fact.at - call.arrived_at,
            "kept": call is not None and call.preferred == fact.agent,
            "by": by,
            "why": explained(fact),
            "left": tuple(self._pending.get(fact.offer, ())),
        }
        return Saying(fact.at, "offered", said)

    def _ended(self, fact: CallEnded, call: Caller | None, by: str | None) -> Saying:
        connected = call is not None and call.state is CallState.CONNECTED
        spent_ms = 0 if call is None else fact.at - (call.since_at if connected else call.arrived_at)
        said = {"reason": fact.reason, "by": fact.by, "who": by, "agent": fact.agent, "spent_ms": spent_ms}
        return Saying(fact.at, "ended.connected" if connected else "ended.waiting", said)


def _doing(worker: Worker, call: Caller) -> tuple[str, str]:
    """What keeps an agent from a call that he could take: his state and its reason, or that it avoids him."""
    if worker.state is AgentState.READY and worker.id in call.refused_by:
        return "avoided", ""
    return worker.state, worker.reason
