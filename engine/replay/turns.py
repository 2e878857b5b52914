"""How each call's turn was kept, judged on the facts by the scenario's own rules, whoever dispatched.

A day is walked through fact by fact. The order of turns is the one the scenario's rules give (higher band,
then smaller due, then call id), not the one the dispatcher believed in, so a first-come system and the
engine are judged alike. Instants are pool time, the rules are those at the replay's speed: what the engine
computed is computed again to the ms.

- An agent is *free for* a call at an instant if one is left who could take it, when each waiting call that
  goes before it has taken one in turn (the least flexible first, then by id).
- A call is *passed* when an agent takes another that goes after it by the rules although he could have taken
  this one. It is decided when the offer is made; only offers that were accepted count. It is *overtaken* when
  the other came later, passed or not. Whom another agent is offered at the same instant is not left waiting:
  what one pass decides is written down offer by offer.
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
    judge.settle()
    return {turn.request_id: turn for turn in judge.turns.values()}


@define
class _Decision:
    """That an agent takes `call`: whom it passes, and whom it overtakes and by how much (ms)."""

    call: str
    at: int
    passed: set[str] = field(factory=set)
    overtaken: dict[str, int] = field(factory=dict)

    def spare(self, call: str) -> None:
        self.passed.discard(call)
        self.overtaken.pop(call, None)


@define
class _Judge:
    policy: Policy
    attributes: Mapping[str, Attributes]
    line: Line = field(factory=Line)
    turns: dict[str, Turn] = field(factory=dict)
    _scores: dict[str, Score] = field(factory=dict)
    _now: int = 0
    _pending: dict[str, _Decision] = field(factory=dict)  # by offer
    _accepted: dict[str, str] = field(factory=dict)  # the call's agent, until it is connected
    _taken: list[_Decision] = field(factory=list)
    _of_now: list[_Decision] = field(factory=list)

    def take(self, fact: Fact) -> None:
        if fact.at > self._now:
            self._elapse(fact.at)
        match fact:
            case CallQueued() if fact.call not in self.turns:
                self._queued(fact)
            case CallPrioritised():
                self._scores[fact.call] = (fact.due_at - fact.band * BAND, fact.call)
            case CallOffered():
                self._pending[fact.offer] = self._decision(fact)
            case OfferEnded() if fact.offer in self._pending:
                decision = self._pending.pop(fact.offer)
                if fact.how is OfferEnd.ACCEPTED:
                    self.turns[fact.call].rang_ms += fact.at - decision.at
                    self._accepted[fact.call] = fact.agent
                    self._taken.append(decision)
            case CallConnected(restored=False) if self._accepted.pop(fact.call, "") != fact.agent:
                self._taken.append(self._decision(fact))
        self.line.take(fact)

    def settle(self) -> None:
        """Once all is known, tell it of the calls that were concerned."""
        for decision in self._taken:
            self.turns[decision.call].jumped += len(decision.passed)
            for name in decision.passed:
                self.turns[name].passed += 1
            for name, later_ms in decision.overtaken.items():
                self.turns[name].overtaken_ms = max(self.turns[name].overtaken_ms, later_ms)

    def _queued(self, fact: CallQueued) -> None:
        arrived_at = fact.due_at + sum(fact.terms.values())
        known = self.attributes.get(fact.request_id, {})
        place = self.policy.prioritise(fact.queue, fact.tier, known, arrived_at)
        self._scores[fact.call] = (place.due_at - place.band * BAND, fact.call)
        self.turns[fact.call] = Turn(fact.request_id)

    def _decision(self, fact: CallOffered | CallConnected) -> _Decision:
        made = _Decision(fact.call, fact.at)
        for other in self._of_now:
            other.spare(fact.call)
        self._of_now.append(made)
        first, worker = self.line.calls.get(fact.call), self.line.agents.get(fact.agent)
        if first is None or worker is None:
            return made
        if isinstance(fact, CallOffered) and explained(fact).get("by") == "supervisor":
            return made
        for call in self.line.waiting():
            if call is not first and self._can(worker, call, fact.at):
                if self._scores[call.id] < self._scores[first.id]:
                    made.passed.add(call.id)
                if first.arrived_at > call.arrived_at:
                    made.overtaken[call.id] = first.arrived_at - call.arrived_at
        return made

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
        self._of_now.clear()

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
