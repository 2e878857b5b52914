"""What must hold of every day, checked on the journal's facts alone, by none of the engine's own code.

A call waits, is offered to one agent at a time, is connected to one, and ends once; an agent has one thing at
a time and passes on only what he has; every offer ends, once; nothing that came is lost. Each violation is a
line that names who and when.

A store that came back empty is a new era: who had whom is known from what is re-created, and no offer is.
"""

from collections.abc import Iterable, Iterator, Mapping

from attrs import define, field

from engine.domain.facts import (
    CallConnected,
    CallEnded,
    CallOffered,
    CallPrioritised,
    CallQueued,
    CallRequeued,
    CallTransferred,
    Commanded,
    Fact,
    OfferEnded,
)
from engine.domain.lifecycle import EndReason, OfferEnd
from engine.domain.limits import RECEIPT_LIFE_MS

#: Ends that lose nobody: spoken to, left by himself, or sent away by the queue's own maximum wait. Beside
#: them a supervisor may end a call (cancelled), if he is known to have commanded it.
FAIR_ENDS = frozenset({EndReason.COMPLETED, EndReason.ABANDONED, EndReason.EXPIRED})


#: A new era is known by the first call that is re-created; its resume tokens are valid for so long.
ERA_MS = RECEIPT_LIFE_MS


@define
class _Call:
    """`agent`: who has it, offered or connected."""

    id: str
    offer: str = ""
    agent: str = ""
    connected: bool = False
    ended: EndReason | None = None


#: What is told of one call after it was queued.
_OfCall = (
    CallOffered | OfferEnded | CallConnected | CallRequeued | CallTransferred | CallPrioritised | CallEnded
)


@define
class _Audit:
    calls: dict[str, _Call] = field(factory=dict)
    requests: dict[str, str] = field(factory=dict)
    #: each agent's call, offered or connected
    has: dict[str, str] = field(factory=dict)
    offers: set[str] = field(factory=set)
    #: the calls that a supervisor ended, by ref
    ended: set[str] = field(factory=set)
    found: list[str] = field(factory=list)
    _restoring_until: int = 0

    def wrong(self, fact: Fact, text: str) -> None:
        self.found.append(f"at {fact.at}: {text}")

    def take(self, fact: Fact) -> None:
        if isinstance(fact, CallQueued):
            self._queued(fact)
            return
        if isinstance(fact, Commanded) and fact.command == "call.end":
            self.ended.add(fact.target)
        if not isinstance(fact, _OfCall):
            return
        call = self.calls.get(fact.call)
        if call is None:
            self.wrong(fact, f"{fact.kind} of call {fact.call}, which nobody asked for")
        elif call.ended is not None:
            self.wrong(fact, f"{fact.kind} of call {fact.call}, which had ended")
        else:
            self._of_call(fact, call)

    def _of_call(self, fact: _OfCall, call: _Call) -> None:
        match fact:
            case CallOffered(agent=agent, offer=offer):
                self._occupy(fact, call, agent)
                if offer in self.offers:
                    self.wrong(fact, f"offer {offer} was made twice")
                self.offers.add(offer)
                call.offer = offer
            case OfferEnded(offer=offer, how=how):
                if call.offer != offer:
                    self.wrong(fact, f"offer {offer} of call {fact.call} ended, but it was not pending")
                call.offer = ""
                if how is not OfferEnd.ACCEPTED:
                    self._free(call)
            case CallConnected(agent=agent):
                if call.connected:
                    self.wrong(fact, f"call {fact.call} was assigned twice: to {call.agent} and {agent}")
                elif call.agent != agent:
                    self._occupy(fact, call, agent)
                call.connected = True
            case CallTransferred(agent=agent):
                if not call.connected or call.agent != agent:
                    self.wrong(fact, f"agent {agent} passed on call {fact.call}, which he did not have")
            case CallPrioritised():
                if call.connected:
                    self.wrong(fact, f"call {fact.call} was given a place while {call.agent} had it")
            case CallRequeued() | CallEnded():
                if call.offer:
                    self.wrong(fact, f"offer {call.offer} of call {fact.call} never ended")
                self._free(call)
                call.offer, call.connected = "", False
                call.ended = fact.reason if isinstance(fact, CallEnded) else None

    def _queued(self, fact: CallQueued) -> None:
        first = self.requests.setdefault(fact.request_id, fact.call)
        if first != fact.call:
            self.wrong(fact, f"request {fact.request_id} became two calls: {first} and {fact.call}")
        before = self.calls.get(fact.call)
        if fact.restored and fact.at >= self._restoring_until:
            self._restoring_until = fact.at + ERA_MS
            self._forget()
        elif fact.restored and before is not None:
            self._free(before)
        elif before is not None:
            self.wrong(fact, f"call {fact.call} was queued twice")
        self.calls[fact.call] = _Call(fact.call)

    def _occupy(self, fact: Fact, call: _Call, agent: str) -> None:
        """Both must be free."""
        if call.agent:
            self.wrong(fact, f"call {call.id} went to {agent} while {call.agent} had it")
        if agent in self.has:
            self.wrong(fact, f"agent {agent} got call {call.id} while he had {self.has[agent]}")
        call.agent, self.has[agent] = agent, call.id

    def _forget(self) -> None:
        """Whatever pended before a new era is over."""
        self.has.clear()
        for call in self.calls.values():
            call.offer, call.agent, call.connected = "", "", False

    def _free(self, call: _Call) -> None:
        if self.has.get(call.agent) == call.id:
            del self.has[call.agent]
        call.agent = ""


def violations(facts: Iterable[Fact], came: Mapping[str, bool], *, complete: bool) -> Iterator[str]:
    """Every broken invariant, as a line.

    `came`: the request ids of those who came, and whether the engine refused them; who was not refused must
    be in the journal. `complete`: the day ran to its end, so that nothing is pending.
    """
    audit = _Audit()
    for fact in facts:
        audit.take(fact)
    yield from audit.found
    for request_id, refused in came.items():
        name = audit.requests.get(request_id)
        if name is None:
            if not refused:
                yield f"request {request_id} was lost: it is not in the journal"
            continue
        ended = audit.calls[name].ended
        by_command = ended is EndReason.CANCELLED and f"call:{name}" in audit.ended
        if ended is not None and ended not in FAIR_ENDS and not by_command:
            yield f"request {request_id} was lost: call {name} ended {ended}"
    if complete:
        for name, call in audit.calls.items():
            if call.offer:
                yield f"offer {call.offer} of call {name} never ended"
