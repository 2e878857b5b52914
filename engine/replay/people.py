"""Simulated people: what a customer and an agent do when told something. No I/O, no clock, no socket.

A person is told messages (`heard`) and the passing of what he waited for (`act`), and answers with what he
does now and what he will do later. The virtual replay gives him a conversation in the same process, the
live one a socket.
"""

from enum import IntEnum
from random import Random

from attrs import define, field, frozen

from engine.actors import notices as told
from engine.actors.requests import (
    CallCancel,
    CallHangup,
    CallRequest,
    CallTransfer,
    OfferAccept,
    OfferDecline,
    StateSet,
    WrapupFinish,
)
from engine.domain.lifecycle import AgentState
from engine.gateway.messages import ClientMessage, ServerMessage, Welcome
from engine.replay.replies import Answer, Reply
from engine.replay.rows import AgentRow, Break, CallRow

#: How long a simulated agent who did not answer needs to press ready again.
BACK_TO_READY_MS = 10_000


class Turn(IntEnum):
    """What happens first among things of the same instant."""

    WORK = 0  # services end, agents answer
    LOG_IN = 1
    LOG_OUT = 2
    ARRIVE = 3
    HANG_UP = 4
    PAUSE = 5  # an agent's break begins
    RETURN = 6  # it ends
    LINK = 7  # a link breaks or comes back
    FAULT = 8


@frozen
class Later:
    """Call `act(turn)` after so long, unless `key` is forgotten by then."""

    turn: Turn
    after_ms: int
    key: int = 0


@frozen
class Leave:
    """Close the link."""


Deed = ClientMessage | Later | Leave
Deeds = tuple[Deed, ...]


@define(eq=False)
class SimCustomer:
    """Comes, asks at once, waits as long as his patience, speaks as long as his handle time, hangs up."""

    row: CallRow
    call_id: str = ""
    offers: int = 0
    errors: list[str] = field(factory=list)
    _connected: bool = False
    _since_at: int = 0
    _talks: int = 0
    _over: bool = False

    def arrive(self) -> Deeds:
        """What he does besides saying hello."""
        if self.row.patience_s is None:
            return ()
        return (Later(Turn.HANG_UP, round(self.row.patience_s * 1000)),)

    def heard(self, message: ServerMessage) -> Deeds:
        match message:
            case Welcome(state="idle"):
                return (self._request(),) if not self.call_id else ()
            case told.CallQueued(call_id=call_id):
                self.call_id, self._connected = call_id, False
            case told.CallOffered():
                self.offers += 1
            case told.CustomerConnected(connected_at=at) if not (self._connected and at == self._since_at):
                self._connected, self._since_at, self._talks = True, at, self._talks + 1
                return (Later(Turn.WORK, round(self.row.handle_s * 1000), self._talks),)
            case told.CallRequeued():
                self._connected = False
            case told.CallEnded():
                self._over = True
                return (Leave(),)
            case told.Error(code=code):
                self.errors.append(code.value)
        return ()

    def act(self, later: Later) -> Deeds:
        if self._over:
            return ()
        if later.turn is Turn.HANG_UP:
            return () if self._connected else (CallCancel(),)
        return (CallHangup(),) if self._connected and later.key == self._talks else ()

    def _request(self) -> CallRequest:
        return CallRequest(
            request_id=self.row.id,
            queue=self.row.queue,
            skills=dict(self.row.skills) or None,
            attributes=dict(self.row.attributes) or None,
        )


@define(eq=False)
class SimAgent:
    """Logs in, is ready, answers offers as his row says, takes his breaks, and logs out when his shift ends.

    A break that comes while he is busy begins when he is free, and is as long as any. Replies that were
    recorded he gives in turn, one for each offer, before he is left to chance.
    """

    row: AgentRow
    random: Random
    errors: list[str] = field(factory=list)
    _leaving: bool = False
    _pause: Break | None = None
    _paused: bool = False
    _offers: int = 0
    _reply: Reply = field(factory=Reply)
    _state_now: tuple[AgentState, int] = (AgentState.OFFLINE, 0)
    #: what he will say, the offer after which, and the state in which it makes sense (None: in any)
    _says: list[tuple[ClientMessage, int, AgentState | None]] = field(factory=list)

    def begins(self) -> Deeds:
        """What he plans at his log-in."""
        breaks = enumerate(self.row.breaks)
        return tuple(Later(Turn.PAUSE, round((b.at_s - self.row.login_s) * 1000), n) for n, b in breaks)

    def heard(self, message: ServerMessage) -> Deeds:
        match message:
            case told.AgentStateNow():
                return self._state(message)
            case told.Offer(offer_id=offer_id):
                return self._offered(offer_id)
            case told.Error(code=code):
                self.errors.append(code.value)
        return ()

    def _state(self, now: told.AgentStateNow) -> Deeds:
        before, self._state_now = self._state_now, (now.state, now.since_at)
        if before != self._state_now and now.state in (AgentState.ON_CALL, AgentState.WRAP_UP):
            return self._works(now.state, self._reply)
        if now.state is AgentState.OFFLINE:
            return (Leave(),) if self._leaving else ()
        if self._leaving or now.state is not AgentState.NOT_READY:
            return ()
        if self._pause is not None:
            return self._rest(self._pause, now.reason)
        if now.reason == "no_answer":
            back_ms = self._reply.back_ms
            return (Later(Turn.WORK, BACK_TO_READY_MS if back_ms is None else back_ms),)
        return (StateSet(state=AgentState.READY),) if now.reason != "declined" else ()

    def _rest(self, pause: Break, reason: str | None) -> Deeds:
        if reason != pause.reason:
            return (StateSet(state=AgentState.NOT_READY, reason=pause.reason),)
        if self._paused:
            return ()
        self._paused = True
        return (Later(Turn.RETURN, pause.for_ms),)

    def _offered(self, offer_id: str) -> Deeds:
        recorded = self._offers < len(self.row.replies)
        self._reply = self.row.replies[self._offers] if recorded else self._by_chance()
        self._offers += 1
        if self._reply.how is Answer.NO_ANSWER:
            return ()
        accepts = self._reply.how is Answer.ACCEPTED
        answer = OfferAccept(offer_id=offer_id) if accepts else OfferDecline(offer_id=offer_id)
        if not self._reply.after_ms:
            return (answer,)
        return self._later(self._reply.after_ms, answer, None)

    def _by_chance(self) -> Reply:
        how = Answer.ACCEPTED if self.random.random() < self.row.accept else Answer(self.row.refusal.value)
        after_ms = self.row.answer_ms
        if self.row.answers is not None and how is not Answer.NO_ANSWER:
            after_ms = round(self.row.answers.draw(self.random) * 1000)
        return Reply(how=how, after_ms=after_ms)

    def _works(self, state: AgentState, reply: Reply) -> Deeds:
        """What he does with the call that he accepted, and after it, if that was recorded."""
        if state is AgentState.WRAP_UP:
            return self._later(reply.wrap_up_ms, WrapupFinish(), state)
        to = CallTransfer(queue=reply.queue or None, agent_id=reply.agent or None)
        return (
            *self._later(reply.pass_on_ms, to, state),
            *self._later(reply.hang_up_ms, CallHangup(), state),
        )

    def _later(self, after_ms: int | None, message: ClientMessage, state: AgentState | None) -> Deeds:
        if after_ms is None:
            return ()
        self._says.append((message, self._offers, state))
        return (Later(Turn.WORK, after_ms, len(self._says)),)

    def _say(self, key: int) -> Deeds:
        message, offers, state = self._says[key - 1]
        timely = state is None or (offers, state) == (self._offers, self._state_now[0])
        return (message,) if timely else ()

    def act(self, later: Later) -> Deeds:
        match later.turn:
            case Turn.LOG_OUT:
                self._leaving = True
                return (StateSet(state=AgentState.OFFLINE),)
            case Turn.PAUSE:
                return self._take(self.row.breaks[later.key])
            case Turn.RETURN:
                self._pause, self._paused = None, False
            case _ if later.key:
                return self._say(later.key)
        return () if self._leaving or self._pause is not None else (StateSet(state=AgentState.READY),)

    def _take(self, pause: Break) -> Deeds:
        """A break that comes while another goes on is over before it began."""
        if self._leaving or self._pause is not None:
            return ()
        self._pause = pause
        return (StateSet(state=AgentState.NOT_READY, reason=pause.reason),)
