"""What the agents did, read out of the facts: when each was there, his breaks, lost links, and every reply.

A session begins when he is ready for the first time: before that he is of no use to anybody. What was asked
for while busy took effect after the work; it is told as asked when the work began. What
the machine took between the moment an offer was possible and the offer (`instants`) is part of the reply, so
that call and agent meet at the very instant at which they did.
"""

from typing import Any

from attrs import define, evolve, field

from engine.domain.facts import (
    AgentMoved,
    AgentReskilled,
    CallEnded,
    CallTransferred,
    Fact,
    LinkBack,
    LinkLost,
    OfferEnded,
)
from engine.domain.lifecycle import WORKING, AgentState, CallState, OfferEnd, Party
from engine.domain.moves.agent import SYSTEM_REASONS
from engine.domain.rules import Policy
from engine.replay.journal.instants import Instants
from engine.replay.journal.line import Caller, Line, Worker
from engine.replay.replies import Answer, Reply

_ANSWERS = {OfferEnd.ACCEPTED: Answer.ACCEPTED, OfferEnd.DECLINED: Answer.DECLINED}


@define
class Absence:
    """A break or a lost link: from when, for how long. A break has a reason, and may be asked for before."""

    at: int
    for_ms: int = 0
    reason: str = ""
    asked_at: int = 0


@define(eq=False)
class Session:
    """One agent from log-in to log-out (None: still there at the journal's end). Instants are pool time."""

    agent: str
    queues: tuple[str, ...]
    skills: dict[str, int]
    ready_at: int | None = None
    ended_at: int | None = None
    #: how long he had been idle when he was first ready
    idle_ms: int = 0
    breaks: list[Absence] = field(factory=list)
    drops: list[Absence] = field(factory=list)
    replies: list[Reply] = field(factory=list)
    #: since when he has not answered, has lost his link, is on a break
    silent_at: int | None = None
    lost_at: int | None = None
    pause: Absence | None = None

    def forget(self) -> None:
        """All that was before the beginning."""
        self.ready_at = self.pause = None
        for told in (self.breaks, self.drops, self.replies):
            told.clear()

    def found(self, at: int) -> None:
        """His link is back, if it was lost."""
        if self.lost_at is not None:
            self.drops.append(Absence(self.lost_at, at - self.lost_at))
            self.lost_at = None

    def returned(self, at: int) -> None:
        """His break is over, if he was in one."""
        if self.pause is not None:
            self.pause.for_ms = at - self.pause.at
            self.breaks.append(self.pause)
            self.pause = None

    def amend(self, **more: Any) -> None:
        """Add to what is known of the latest reply."""
        if self.replies:
            self.replies[-1] = evolve(self.replies[-1], **more)


@define(eq=False)
class Desks:
    """Takes facts in their order. What happened before `from_at` only says who was there then."""

    policy: Policy
    from_at: int
    latency_ms: int
    line: Line = field(factory=Line)
    sessions: list[Session] = field(factory=list)
    open: dict[str, Session] = field(factory=dict)
    notes: list[str] = field(factory=list)
    _instants: Instants = field(init=False)
    _end_at: int = 0

    def __attrs_post_init__(self) -> None:
        self._instants = Instants(self.policy, self.latency_ms, self.line)

    def take(self, fact: Fact) -> None:
        self._end_at = max(self._end_at, fact.at)
        self._instants.take(fact)
        match fact:
            case AgentMoved(agent=agent):
                self._moved(fact, self.open.get(agent), self.line.agents.get(agent))
            case OfferEnded(agent=agent) if agent in self.open:
                self._replied(fact, self.open[agent])
            case CallTransferred(agent=agent, call=name) if agent in self.open and name in self.line.calls:
                spent_ms = fact.at - self.line.calls[name].since_at
                to = {"agent": fact.to_agent} if fact.to_agent else {"queue": fact.queue}
                self.open[agent].amend(pass_on_ms=spent_ms, **to)
            case CallEnded(agent=agent, call=name) if agent in self.open and name in self.line.calls:
                self._hung_up(fact, self.open[agent], self.line.calls[name])
            case LinkLost(who=ref) | LinkBack(who=ref) if ref.startswith("agent:"):
                self._link(fact, self.open.get(ref.removeprefix("agent:")))
            case AgentReskilled(agent=agent):
                self.notes.append(f"{agent} was given other queues or skills, until his next log-in")
        self.line.take(fact)

    def done(self) -> list[Session]:
        """Every session with a time in which he was ready, in the order in which they began."""
        for session in self.open.values():
            if session.lost_at is not None:
                session.drops.append(Absence(session.lost_at, self._end_at - session.lost_at + 1_000))
            session.returned(self._end_at)
        ready = [s for s in self.sessions if s.ready_at is not None]
        ready = [s for s in ready if s.ended_at is None or (s.ready_at or 0) < s.ended_at]
        return sorted(ready, key=lambda s: (s.ready_at or 0, -s.idle_ms, s.agent))

    # states

    def _moved(self, fact: AgentMoved, session: Session | None, before: Worker | None) -> None:
        if fact.state is AgentState.OFFLINE:
            if session is not None and fact.reason != "lost":
                session.ended_at = _asked_at(fact.at, before)
                session.returned(session.ended_at)
                del self.open[fact.agent]
            elif session is not None and session.lost_at is None:
                session.lost_at = fact.at
            return
        session = self._session(fact, session)
        if before is not None and before.state is AgentState.WRAP_UP:
            self._wrapped_up(fact, session, before)
        if fact.at < self.from_at:
            session.forget()
        if fact.state is AgentState.READY:
            self._ready(fact, session)
        elif fact.state is AgentState.NOT_READY and fact.reason not in SYSTEM_REASONS:
            session.found(fact.at)
            if session.ready_at is not None and session.pause is None:
                asked_at = _asked_at(fact.at, before)
                session.pause = Absence(fact.at, reason=fact.reason, asked_at=asked_at)
        elif fact.reason == "no_answer":
            session.silent_at = self._instants.rang.get(fact.agent, fact.at)

    def _session(self, fact: AgentMoved, session: Session | None) -> Session:
        """The one he is in, or a new one: at a log-in, and when he comes back to serve something else."""
        if session is not None and (
            not fact.queues or (fact.queues, fact.skills) == (session.queues, session.skills)
        ):
            return session
        if session is not None:
            session.ended_at = session.lost_at or fact.at
            session.lost_at = None
            session.returned(session.ended_at)
        session = Session(fact.agent, fact.queues, dict(fact.skills))
        self.sessions.append(session)
        self.open[fact.agent] = session
        return session

    def _ready(self, fact: AgentMoved, session: Session) -> None:
        session.found(fact.at)
        session.returned(fact.at)
        if session.silent_at is not None:
            session.amend(back_ms=fact.at - session.silent_at)
            session.silent_at = None
        if session.ready_at is None:
            session.ready_at = max(fact.at, self.from_at)
            session.idle_ms = session.ready_at - fact.at

    def _link(self, fact: LinkLost | LinkBack, session: Session | None) -> None:
        if session is None:
            return
        if isinstance(fact, LinkBack):
            session.found(fact.at)
        elif session.lost_at is None:
            session.lost_at = fact.at

    # work

    def _replied(self, fact: OfferEnded, session: Session) -> None:
        how = _ANSWERS.get(fact.how)
        if how is None:
            session.replies.append(Reply(how=Answer.NO_ANSWER))
        else:
            session.replies.append(
                Reply(how=how, after_ms=fact.at - self._instants.rings.pop(fact.offer, fact.at))
            )

    def _hung_up(self, fact: CallEnded, session: Session, call: Caller) -> None:
        """The caller's own row cannot say how long each talk was, nor end one while his link is lost."""
        ended_here = call.answered_at != call.connected_at or (call.away and fact.by is Party.AGENT)
        if call.state is CallState.CONNECTED and ended_here:
            session.amend(hang_up_ms=fact.at - call.since_at)

    def _wrapped_up(self, fact: AgentMoved, session: Session, before: Worker) -> None:
        """A link that was lost in wrap-up and is back by its end has changed nothing."""
        session.lost_at = None
        given_ms, spent_ms = self._instants.lasts_ms(before), fact.at - before.since_at
        if given_ms is not None and spent_ms < given_ms - self.latency_ms:
            session.amend(wrap_up_ms=spent_ms)


def _asked_at(at: int, before: Worker | None) -> int:
    """When he asked for the state that he then had: at once, or at some moment of the work before it."""
    busy = before is not None and before.state in WORKING
    return min(at, before.since_at + 1) if before is not None and busy else at
