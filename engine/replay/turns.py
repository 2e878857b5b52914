"""How each call's turn was kept, judged on the facts by the scenario's own rules, whoever dispatched.

A day is walked through fact by fact. The order of turns is the one the scenario's rules give (higher band,
then smaller due, then call id), not the one the dispatcher believed in, so a first-come system and the
engine are judged alike. Instants are pool time, the rules are those at the replay's speed: what the engine
computed is computed again to the ms.

- An agent is *free for* a call at an instant if one is left who could take it, when each waiting call that
  goes before it has taken one in turn (the least flexible first, then by id).
- A call is *passed* when an agent takes another that goes after it by the rules although he could have taken
  this one. It is decided when the offer is made; only offers that were accepted count. It is *overtaken* when
  the other came later, passed or not.
- An agent could take a call if he serves it and has its skills at this moment of its wait, unless he refused
  it a moment ago, it is kept for a colleague, or its customer's link is lost. A supervisor's own choice is
  nobody's fault.
"""

from collections.abc import Iterable, Iterator, Mapping

from attrs import define, field

from engine.domain.facts import CallConnected, CallOffered, CallPrioritised, CallQueued, Fact, OfferEnded
from engine.domain.lifecycle import AgentState, OfferEnd
from engine.domain.model import BAND, Attributes
from engine.domain.rules import Policy, able, needs_at
from engine.replay.journal.line import Caller, Line, Worker
from engine.replay.journal.passing import explained
from engine.replay.result import Result

Score = tuple[int, str]


@define
class Turn:
    """Of one call. Pool ms.

    `free_ms`: how long it waited though an agent was free for it. `rang_ms`: the offer that was accepted.
    `jumped`: the calls that were passed when it was taken; `passed`: how often it was. `overtaken_ms`: how
    much later the latest came of those who overtook it.
    """

    request_id: str
    free_ms: int = 0
    rang_ms: int = 0
    jumped: int = 0
    passed: int = 0
    overtaken_ms: int = 0


def turns(result: Result) -> Mapping[str, Turn]:
    """The turn of each call that came, by its request's id."""
    attributes = {row.id: row.attributes for row in result.scenario.calls}
    judge = _Judge(result.scenario.policy.scaled(result.speed), attributes)
    for fact in result.facts:
        judge.take(fact)
    return {turn.request_id: turn for turn in judge.turns.values()}


@define
class _Judge:
    policy: Policy
    attributes: Mapping[str, Attributes]
    line: Line = field(factory=Line)
    turns: dict[str, Turn] = field(factory=dict)
    _scores: dict[str, Score] = field(factory=dict)
    _now: int = 0
    #: each pending offer: when it was made, whom it would pass, whom it would overtake and by how much
    _offers: dict[str, tuple[int, list[str], dict[str, int]]] = field(factory=dict)
    _accepted: dict[str, str] = field(factory=dict)

    def take(self, fact: Fact) -> None:
        if fact.at > self._now:
            self._elapse(fact.at)
        match fact:
            case CallQueued() if fact.call not in self.turns:
                self._queued(fact)
            case CallPrioritised():
                self._scores[fact.call] = (fact.due_at - fact.band * BAND, fact.call)
            case CallOffered():
                self._offers[fact.offer] = (fact.at, *self._left(fact))
            case OfferEnded() if fact.offer in self._offers:
                if fact.how is OfferEnd.ACCEPTED:
                    self._settle(fact.call, *self._offers[fact.offer], until=fact.at)
                    self._accepted[fact.call] = fact.agent
                del self._offers[fact.offer]
            case CallConnected(restored=False) if self._accepted.pop(fact.call, "") != fact.agent:
                self._settle(fact.call, fact.at, *self._left(fact), until=fact.at)
        self.line.take(fact)

    def _queued(self, fact: CallQueued) -> None:
        arrived_at = fact.due_at + sum(fact.terms.values())
        known = self.attributes.get(fact.request_id, {})
        place = self.policy.prioritise(fact.queue, fact.tier, known, arrived_at)
        self._scores[fact.call] = (place.due_at - place.band * BAND, fact.call)
        self.turns[fact.call] = Turn(fact.request_id)

    def _settle(self, call: str, at: int, passed: list[str], overtaken: dict[str, int], until: int) -> None:
        turn = self.turns[call]
        turn.rang_ms += until - at
        turn.jumped += len(passed)
        for name in passed:
            self.turns[name].passed += 1
        for name, later_ms in overtaken.items():
            self.turns[name].overtaken_ms = max(self.turns[name].overtaken_ms, later_ms)

    def _left(self, fact: CallOffered | CallConnected) -> tuple[list[str], dict[str, int]]:
        """The calls that are passed, and those that are overtaken, if this agent takes this call now."""
        first, worker = self.line.calls.get(fact.call), self.line.agents.get(fact.agent)
        if first is None or worker is None:
            return [], {}
        if isinstance(fact, CallOffered) and explained(fact).get("by") == "supervisor":
            return [], {}
        could = [c for c in self.line.waiting() if c is not first and self._can(worker, c, fact.at)]
        passed = [c.id for c in could if self._scores[c.id] < self._scores[first.id]]
        later_ms = {c.id: first.arrived_at - c.arrived_at for c in could}
        return passed, {name: ms for name, ms in later_ms.items() if ms > 0}

    # time

    def _elapse(self, until: int) -> None:
        ready = [w for w in self.line.agents.values() if w.state is AgentState.READY]
        waiting = list(self.line.waiting()) if ready else []
        if waiting:
            waiting.sort(key=lambda call: self._scores[call.id])
            ready.sort(key=lambda worker: (len(worker.skills), worker.id))
            changes = {at for call in waiting for at in self._changes(call) if self._now < at < until}
            at = self._now
            for then in [*sorted(changes), until]:
                for call in self._served(waiting, ready, at):
                    self.turns[call.id].free_ms += then - at
                at = then
        self._now = until

    def _changes(self, call: Caller) -> Iterator[int]:
        """When what it needs, or whom it avoids, changes by itself."""
        queue = self.policy.queues.get(call.queue)
        yield from (call.arrived_at + s.after_ms for s in (queue.steps if queue else ()))
        yield from (at + self.policy.timings.avoid_ms for at in call.refused_by.values())

    def _served(self, waiting: Iterable[Caller], ready: Iterable[Worker], at: int) -> Iterator[Caller]:
        """The calls that an agent is free for. What one finds nobody for, its like need not ask."""
        left, vain = list(ready), set()
        for call in waiting:
            if not left:
                return
            like = (call.queue, tuple(sorted(call.skills.items())), self._step(call, at))
            plain = not (call.away or call.preferred or call.refused_by)
            if plain and like in vain:
                continue
            found = next((n for n, worker in enumerate(left) if self._can(worker, call, at)), None)
            if found is not None:
                del left[found]
                yield call
            elif plain:
                vain.add(like)

    def _step(self, call: Caller, at: int) -> int:
        queue = self.policy.queues.get(call.queue)
        return 0 if queue is None else sum(call.arrived_at + s.after_ms <= at for s in queue.steps)

    def _can(self, worker: Worker, call: Caller, at: int) -> bool:
        if call.away:
            return False
        refused_at = call.refused_by.get(worker.id)
        if refused_at is not None and at < refused_at + self.policy.timings.avoid_ms:
            return False
        if call.preferred:
            return call.preferred == worker.id
        needed, serving = needs_at(self.policy.queue(call.queue), call.skills, self._step(call, at))
        return able(worker.queues, worker.skills, serving, needed)
