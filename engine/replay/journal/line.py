"""Who waits, who could serve, as the facts tell: the state of a pool at any moment of its journal.

`Line` takes the facts in their order and holds the live calls and the agents who are logged in; a call that
ended is gone from it. Where the journal begins late, calls and agents whose beginning it does not tell are
not there: facts about such a call are passed over, an agent is known from his next move on.
"""

from collections.abc import Iterator, Mapping

from attrs import define, field

from engine.domain.facts import (
    AgentMoved,
    AgentReskilled,
    CallConnected,
    CallEnded,
    CallOffered,
    CallPrioritised,
    CallQueued,
    CallRequeued,
    CallTransferred,
    Fact,
    LinkBack,
    LinkLost,
    OfferEnded,
)
from engine.domain.lifecycle import AgentState, CallState, OfferEnd
from engine.domain.model import BAND


def arrival(fact: CallQueued) -> int:
    """When the call asked: of one that was re-created in a new era, by its due and the terms of that."""
    return fact.due_at + sum(fact.terms.values()) if fact.restored else fact.at


@define(eq=False)
class Caller:
    """A live call. `since_at`: since when it is in its state; `arrived_at` is when it first asked."""

    id: str
    request_id: str
    customer: str
    queue: str
    tier: str
    skills: Mapping[str, int]
    arrived_at: int
    due_at: int
    band: int
    terms: Mapping[str, int]
    rules: str
    since_at: int
    state: CallState = CallState.WAITING
    #: the customer's link is lost
    away: bool = False
    #: agents who declined it or passed it on, and when
    refused_by: dict[str, int] = field(factory=dict)
    #: the colleague it was passed on to, until he had an offer
    preferred: str = ""
    agent: str = ""
    offer: str = ""
    offered_at: int = 0
    connected_at: int | None = None
    #: the first time
    answered_at: int | None = None
    offers: int = 0

    @property
    def score(self) -> tuple[int, str]:
        """Its place: smaller is sooner."""
        return self.due_at - self.band * BAND, self.id


@define(eq=False)
class Worker:
    """An agent who is logged in. `queues` is empty where the journal does not tell them."""

    id: str
    state: AgentState
    since_at: int
    reason: str = ""
    queues: tuple[str, ...] = ()
    skills: Mapping[str, int] = field(factory=dict)


@define(eq=False)
class Line:
    """The pool after the facts taken so far."""

    calls: dict[str, Caller] = field(factory=dict)
    agents: dict[str, Worker] = field(factory=dict)

    def waiting(self) -> Iterator[Caller]:
        return (call for call in self.calls.values() if call.state is CallState.WAITING)

    def position(self, call: Caller) -> int:
        """Its place among those who wait in its queue, from 1."""
        before = (c for c in self.waiting() if c.queue == call.queue and c.score < call.score)
        return 1 + sum(1 for _ in before)

    def take(self, fact: Fact) -> None:
        match fact:
            case CallQueued():
                self._queued(fact)
            case AgentMoved():
                self._moved(fact)
            case AgentReskilled(agent=agent, queues=queues, skills=skills) if agent in self.agents:
                self.agents[agent].queues, self.agents[agent].skills = queues, skills
            case LinkLost(call=call) | LinkBack(call=call) if call in self.calls:
                if fact.who.startswith("customer:"):
                    self.calls[call].away = isinstance(fact, LinkLost)
            case (
                CallOffered(call=call)
                | OfferEnded(call=call)
                | CallConnected(call=call)
                | CallRequeued(call=call)
                | CallTransferred(call=call)
                | CallPrioritised(call=call)
                | CallEnded(call=call)
            ) if call in self.calls:
                self._of_call(fact, self.calls[call])

    def _queued(self, fact: CallQueued) -> None:
        """A call that is re-created in a new era keeps what was known of it."""
        call = Caller(
            id=fact.call,
            request_id=fact.request_id,
            customer=fact.customer,
            queue=fact.queue,
            tier=fact.tier,
            skills=fact.skills,
            arrived_at=arrival(fact),
            due_at=fact.due_at,
            band=fact.band,
            terms=fact.terms,
            rules=fact.rules,
            since_at=fact.at,
        )
        if (known := self.calls.get(fact.call)) is not None:
            call.answered_at, call.offers = known.answered_at, known.offers
        self.calls[fact.call] = call

    def _of_call(self, fact: Fact, call: Caller) -> None:
        match fact:
            case CallOffered(agent=agent, offer=offer):
                call.state, call.since_at, call.offered_at = CallState.OFFERED, fact.at, fact.at
                call.agent, call.offer, call.offers = agent, offer, call.offers + 1
            case OfferEnded(how=how):
                if how is OfferEnd.DECLINED:
                    call.refused_by[fact.agent] = fact.at
                if how is not OfferEnd.RESCINDED and call.preferred == fact.agent:
                    call.preferred = ""
            case CallConnected(agent=agent):
                call.state, call.since_at, call.agent = CallState.CONNECTED, fact.at, agent
                call.connected_at = fact.at
                if call.answered_at is None:
                    call.answered_at = call.arrived_at + fact.waited_ms if fact.restored else fact.at
            case CallTransferred(queue=queue, to_agent=to_agent):
                call.queue, call.preferred = queue, to_agent
                call.refused_by[fact.agent] = fact.at
            case CallRequeued(due_at=due_at):
                call.state, call.since_at, call.due_at = CallState.WAITING, fact.at, due_at
                call.agent, call.offer, call.connected_at = "", "", None
            case CallPrioritised(due_at=due_at, band=band, terms=terms):
                call.due_at, call.band, call.terms = due_at, band, terms
            case CallEnded():
                del self.calls[call.id]

    def _moved(self, fact: AgentMoved) -> None:
        if fact.state is AgentState.OFFLINE:
            self.agents.pop(fact.agent, None)
            return
        worker = self.agents.get(fact.agent)
        if worker is None:
            worker = self.agents[fact.agent] = Worker(fact.agent, fact.state, fact.at)
        if fact.queues:
            worker.queues, worker.skills = fact.queues, fact.skills
        worker.state, worker.since_at, worker.reason = fact.state, fact.at, fact.reason
