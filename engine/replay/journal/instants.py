"""When things would have happened had the machine taken no time between those that follow at once.

A wrap-up, a cool-down or an offer ends when its time is over, and an offer is made the moment there are a
call and an agent for it. On a day that was served each of these was late by what the machine took; a replay
in virtual time has no machine. What differs by more than `latency_ms` had another reason and stands.
"""

from attrs import define, field

from engine.domain.facts import (
    AgentMoved,
    CallConnected,
    CallOffered,
    CallQueued,
    CallRequeued,
    Fact,
    OfferEnded,
)
from engine.domain.lifecycle import AgentState, OfferEnd
from engine.domain.moves.parts import COOL_DOWN
from engine.domain.rules import Policy
from engine.replay.journal.line import Line, Worker, arrival


@define(eq=False)
class Instants:
    """Takes each fact before `line` does."""

    policy: Policy
    latency_ms: int
    line: Line
    #: since when each agent is free and each call waits; since when each offer rings or rang
    free: dict[str, int] = field(factory=dict)
    waits: dict[str, int] = field(factory=dict)
    rings: dict[str, int] = field(factory=dict)
    #: until when an agent let his last offer ring
    rang: dict[str, int] = field(factory=dict)
    #: the queue of the call that each agent had last
    queue_of: dict[str, str] = field(factory=dict)

    def take(self, fact: Fact) -> None:
        match fact:
            case CallQueued(call=name):
                self.waits[name] = arrival(fact)
            case CallOffered(call=name, agent=agent):
                possible_at = max(self.waits.get(name, fact.at), self.free.get(agent, fact.at))
                self.rings[fact.offer] = self._unless_late(possible_at, fact.at)
            case OfferEnded(call=name, agent=agent, how=OfferEnd.EXPIRED) if name in self.line.calls:
                queue = self.policy.queues.get(self.line.calls[name].queue)
                over_at = fact.at if queue is None else self.rings.get(fact.offer, fact.at) + queue.ring_ms
                self.rang[agent] = self.waits[name] = self._unless_late(over_at, fact.at)
            case CallRequeued(call=name):
                self.waits[name] = self._unless_late(self.waits.get(name, fact.at), fact.at)
            case CallConnected(call=name, agent=agent) if name in self.line.calls:
                self.queue_of[agent] = self.line.calls[name].queue
                self.waits.pop(name, None)
            case AgentMoved(agent=agent):
                self._moved(fact, self.line.agents.get(agent))

    def _unless_late(self, at: int, told_at: int) -> int:
        return at if abs(told_at - at) <= self.latency_ms else told_at

    def _moved(self, fact: AgentMoved, before: Worker | None) -> None:
        if fact.state is not AgentState.READY:
            return
        spent_ms = None if before is None else self.lasts_ms(before)
        self.free[fact.agent] = fact.at
        if before is not None and spent_ms is not None:
            self.free[fact.agent] = self._unless_late(before.since_at + spent_ms, fact.at)

    def lasts_ms(self, worker: Worker) -> int | None:
        """How long his state lasts if nobody ends it before; None: for ever."""
        if worker.state is AgentState.WRAP_UP:
            queue = self.policy.queues.get(self.queue_of.get(worker.id, ""))
            return None if queue is None else queue.wrap_up_ms
        cools_down = worker.state is AgentState.NOT_READY and worker.reason == COOL_DOWN
        return self.policy.timings.decline_rest_ms if cools_down else None
