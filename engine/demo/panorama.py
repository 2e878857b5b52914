"""What there is to see of a pool, from its records as they change. Nothing here knows what time it is.

News may repeat or come late: a record says its own version. Each difference between what was known and what
is told is a `Moment`.
"""

from collections import deque
from collections.abc import Iterator
from enum import StrEnum

from attrs import define, field, frozen

from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd
from engine.domain.model import Agent, Call, Record, Ref
from engine.domain.news import Changed, News, Resynced

#: Moments kept until somebody looks.
KEPT = 200


class What(StrEnum):
    ASKED = "asked"
    ASSIGNED = "assigned"
    CONNECTED = "connected"
    DECLINED = "declined"
    UNANSWERED = "did not answer"
    TALKED = "talked"
    LEFT = "gave up"
    LOST = "was lost"


_ENDS = {EndReason.COMPLETED: What.TALKED, EndReason.ABANDONED: What.LEFT}


@frozen
class Moment:
    """Something that happened: `at` is pool time. `call` and `agent` as they were then."""

    at: int
    what: What
    call: Call | None = None
    agent: Agent | None = None


@define(eq=False)
class Panorama:
    """The pool as last heard (a store's `Listener`)."""

    calls: dict[str, Call] = field(factory=dict)
    agents: dict[str, Agent] = field(factory=dict)
    moments: deque[Moment] = field(factory=lambda: deque(maxlen=KEPT))
    count: dict[What, int] = field(factory=lambda: dict.fromkeys(What, 0))
    waited_ms: int = 0  # of all that were connected, together

    def news(self, news: News) -> None:
        match news:
            case Changed(records=records):
                for ref, record in records.items():
                    self._learn(ref, record)
            case Resynced(records=found):
                self.calls = {r.id: r for r in found.values() if isinstance(r, Call)}
                self.agents = {r.id: r for r in found.values() if isinstance(r, Agent)}

    def waiting(self, queue: str) -> list[Call]:
        """The waiting calls of a queue, in order."""
        calls = [c for c in self.calls.values() if c.queue == queue and c.state is CallState.WAITING]
        return sorted(calls, key=lambda call: (call.score, call.id))

    def in_state(self, queue: str, state: CallState) -> int:
        return sum(call.queue == queue and call.state is state for call in self.calls.values())

    def logged_in(self) -> list[Agent]:
        there = [agent for agent in self.agents.values() if agent.state is not AgentState.OFFLINE]
        return sorted(there, key=lambda agent: agent.id)

    def name(self, agent: str) -> str:
        """What people call an agent."""
        known = self.agents.get(agent)
        return known.name or agent if known is not None else agent

    def _learn(self, ref: Ref, record: Record | None) -> None:
        kind, _, name = ref.partition(":")
        known = self.calls.get(name) if kind == "call" else self.agents.get(name)
        if kind not in ("call", "agent"):
            return
        if record is None:
            self.calls.pop(name, None) if kind == "call" else self.agents.pop(name, None)
        elif known is None or record.version > known.version:
            for moment in _moments(known, record):
                self.moments.append(moment)
                self.count[moment.what] += 1
                if moment.what is What.CONNECTED and moment.call is not None:
                    self.waited_ms += moment.at - moment.call.enqueued_at
            if isinstance(record, Call):
                self.calls[name] = record
            elif isinstance(record, Agent):
                self.agents[name] = record


def _moments(known: Record | None, now: Record) -> Iterator[Moment]:
    if isinstance(now, Call):
        yield from _of_call(known if isinstance(known, Call) else None, now)
    elif isinstance(now, Agent) and isinstance(known, Agent) and now.last_offer != known.last_offer:
        how = {OfferEnd.DECLINED: What.DECLINED, OfferEnd.EXPIRED: What.UNANSWERED}.get(
            now.last_offer_end or OfferEnd.ACCEPTED
        )
        if how is not None:
            yield Moment(now.since_at, how, agent=now)


def _of_call(known: Call | None, now: Call) -> Iterator[Moment]:
    was = None if known is None else known.state
    if known is None:
        yield Moment(now.enqueued_at, What.ASKED, now)
    if now.state is CallState.OFFERED and (known is None or known.offer != now.offer):
        yield Moment(now.since_at, What.ASSIGNED, now)
    elif now.state is CallState.CONNECTED and was is not CallState.CONNECTED:
        yield Moment(now.since_at, What.CONNECTED, now)
    elif now.state is CallState.ENDED and was is not CallState.ENDED:
        yield Moment(now.since_at, _ENDS.get(now.end_reason or EndReason.FAILED, What.LOST), now)
