"""The journal as Asterisk's queue_log, which the tools of many call centres read.

    time|call id|queue|agent|event|data1|data2|...

as app_queue writes it and https://docs.asterisk.org/Operation/Logging/Queue-Logs/ describes it: time in Unix
seconds, NONE where there is no call, queue or agent. Durations are differences of whole seconds, as there,
but those of RINGNOANSWER and RINGCANCELED, which are ms.

    a call asks, or waits again after it was connected     ENTERQUEUE(url|caller id|origposition)
    it is connected                                        CONNECT(holdtime|offer id|ringtime)
    an offer is declined, not answered, its agent lost     RINGNOANSWER(ringtime)
    an offer is taken back                                 RINGCANCELED(ringtime)
    it ends, connected: by the customer                    COMPLETECALLER(holdtime|calltime|origposition)
    by others                                              COMPLETEAGENT(holdtime|calltime|origposition)
    its agent is lost while connected                      COMPLETEAGENT, then ENTERQUEUE
    its agent passes it on: to whom, "queue" or "agent"    BLINDTRANSFER(extension|context|holdtime|calltime
                                                           |origposition), then ENTERQUEUE
    it ends, waiting: by its maximum wait                  EXITWITHTIMEOUT(position|origposition|waittime)
    otherwise                                              ABANDON(position|origposition|waittime)
    an agent logs in, logs out, is lost                    ADDMEMBER, REMOVEMEMBER, for each queue he serves
    he is not ready; is again                              PAUSEALL, PAUSE(reason); UNPAUSEALL, UNPAUSE
    the rules are read again                               CONFIGRELOAD

The url is empty and the caller id is the customer's id: the journal knows no names and no numbers.
"""

from collections.abc import Iterable, Iterator

from attrs import define, field

from engine.domain.facts import (
    AgentMoved,
    AgentReskilled,
    CallConnected,
    CallEnded,
    CallQueued,
    CallRequeued,
    CallTransferred,
    Fact,
    OfferEnded,
    RulesReloaded,
)
from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd, Party
from engine.replay.journal.line import Caller, Line, Worker

NONE = "NONE"

#: The ends of an offer that count as the agent's, and the one that does not.
_RING = {
    OfferEnd.DECLINED: "RINGNOANSWER",
    OfferEnd.EXPIRED: "RINGNOANSWER",
    OfferEnd.AGENT_LOST: "RINGNOANSWER",
    OfferEnd.RESCINDED: "RINGCANCELED",
}


def queue_log(facts: Iterable[Fact], from_at: int | None, to_at: int | None) -> Iterator[str]:
    """The lines of what happened from `from_at` up to `to_at`; `facts` begin well before."""
    writer = _Writer()
    for fact in facts:
        lines = list(writer.take(fact))
        if (from_at is None or fact.at >= from_at) and (to_at is None or fact.at < to_at):
            yield from lines


@define
class _Place:
    """Where a call stands or stood in line: since when, and at which position it joined."""

    since_at: int
    position: int
    #: until it was connected, in seconds
    hold_s: int = 0


def _seconds(from_at: int, to_at: int) -> int:
    return to_at // 1000 - from_at // 1000


def _line(at: int, call: str, queue: str, agent: str, event: str, *data: object) -> str:
    return "|".join(
        [str(at // 1000), call or NONE, queue or NONE, agent or NONE, event, *map(str, data or ("",))]
    )


@define
class _Writer:
    line: Line = field(factory=Line)
    places: dict[str, _Place] = field(factory=dict)

    def take(self, fact: Fact) -> Iterator[str]:
        match fact:
            case CallQueued(call=name):
                self.line.take(fact)
                yield self._enters(fact.at, self.line.calls[name])
                return
            case CallRequeued(call=name) if name in self.line.calls:
                yield from self._waits_again(fact, self.line.calls[name])
                return
            case AgentMoved(agent=name):
                before = self.line.agents.get(name)
                yield from self._moves(fact, before)
            case AgentReskilled(agent=name) if name in self.line.agents:
                yield from self._serves(fact, self.line.agents[name])
            case RulesReloaded():
                yield _line(fact.at, "", "", "", "CONFIGRELOAD")
            case (
                OfferEnded(call=name)
                | CallConnected(call=name)
                | CallTransferred(call=name)
                | CallEnded(call=name)
            ) if name in self.line.calls:
                yield from self._of_call(fact, self.line.calls[name])
        self.line.take(fact)

    # calls

    def _enters(self, at: int, call: Caller) -> str:
        """It stands in line already."""
        place = self.places[call.id] = _Place(at, self.line.position(call))
        return _line(at, call.id, call.queue, "", "ENTERQUEUE", "", call.customer, place.position)

    def _waits_again(self, fact: CallRequeued, call: Caller) -> Iterator[str]:
        connected = call.state is CallState.CONNECTED
        if connected and call.id in self.places and not self._passed_on(call):
            yield self._done(fact.at, call, "COMPLETEAGENT")
        self.line.take(fact)
        if connected:
            yield self._enters(fact.at, call)

    def _passed_on(self, call: Caller) -> bool:
        """Whether its transfer was written already."""
        return call.agent in call.refused_by and call.refused_by[call.agent] >= call.since_at

    def _of_call(
        self, fact: OfferEnded | CallConnected | CallTransferred | CallEnded, call: Caller
    ) -> Iterator[str]:
        place = self.places.setdefault(call.id, _Place(call.since_at, 1))

        def line(agent: str, event: str, *data: object) -> str:
            return _line(fact.at, call.id, call.queue, agent, event, *data)

        match fact:
            case OfferEnded(how=how, agent=agent) if how in _RING:
                yield line(agent, _RING[how], fact.at - call.offered_at)
            case CallConnected(agent=agent):
                place.hold_s = _seconds(place.since_at, fact.at)
                ring_s = _seconds(call.offered_at, fact.at) if call.offer else 0
                yield line(agent, "CONNECT", place.hold_s, call.offer or NONE, ring_s)
            case CallTransferred(agent=agent, queue=queue, to_agent=to_agent):
                to = (to_agent, "agent") if to_agent else (queue, "queue")
                talked_s = _seconds(call.since_at, fact.at)
                yield line(agent, "BLINDTRANSFER", *to, place.hold_s, talked_s, place.position)
            case CallEnded() if call.state is CallState.CONNECTED:
                of_customer = fact.by is Party.CUSTOMER or fact.reason is EndReason.CUSTOMER_LOST
                yield self._done(fact.at, call, "COMPLETECALLER" if of_customer else "COMPLETEAGENT")
            case CallEnded(reason=reason):
                event = "EXITWITHTIMEOUT" if reason is EndReason.EXPIRED else "ABANDON"
                waited_s = _seconds(place.since_at, fact.at)
                yield line("", event, self.line.position(call), place.position, waited_s)
        if isinstance(fact, CallEnded):
            del self.places[call.id]

    def _done(self, at: int, call: Caller, event: str) -> str:
        place = self.places[call.id]
        data = (place.hold_s, _seconds(call.since_at, at), place.position)
        return _line(at, call.id, call.queue, call.agent, event, *data)

    # agents

    def _moves(self, fact: AgentMoved, before: Worker | None) -> Iterator[str]:
        queues = fact.queues if before is None else before.queues
        if fact.state is AgentState.OFFLINE:
            yield from (_line(fact.at, "", queue, fact.agent, "REMOVEMEMBER") for queue in queues)
            return
        if before is None:
            yield from (_line(fact.at, "", queue, fact.agent, "ADDMEMBER") for queue in queues)
        was = None if before is None or before.state is not AgentState.NOT_READY else before.reason
        now = None if fact.state is not AgentState.NOT_READY else fact.reason
        if was == now:
            return
        verb = "UNPAUSE" if now is None else "PAUSE"
        yield _line(fact.at, "", "", fact.agent, f"{verb}ALL", now or "")
        yield from (_line(fact.at, "", queue, fact.agent, verb, now or "") for queue in queues)

    def _serves(self, fact: AgentReskilled, before: Worker) -> Iterator[str]:
        for queue in before.queues:
            if queue not in fact.queues:
                yield _line(fact.at, "", queue, fact.agent, "REMOVEMEMBER")
        for queue in fact.queues:
            if queue not in before.queues:
                yield _line(fact.at, "", queue, fact.agent, "ADDMEMBER")
                if before.state is AgentState.NOT_READY:
                    yield _line(fact.at, "", queue, fact.agent, "PAUSE", before.reason)
