"""A simulated agent with moods: he mostly accepts, now and then declines or does not answer, takes breaks."""

from random import Random

from attrs import define, field

from engine.actors import notices as told
from engine.actors.requests import OfferAccept, OfferDecline, StateSet
from engine.domain.lifecycle import AgentState
from engine.gateway.messages import ClientMessage, ServerMessage
from engine.replay.people import Deeds, Later, Turn

DECLINES, DOES_NOT_ANSWER, TAKES_A_BREAK = 0.07, 0.05, 0.1
ANSWER_MS, NOTICE_MS, BREAK_MS = (800, 2_500), (3_000, 8_000), (12_000, 25_000)


@define(eq=False)
class MoodyAgent:
    """See `replay.people`: told messages, he answers with deeds."""

    random: Random
    _plans: dict[int, ClientMessage] = field(factory=dict)
    _planned: int = 0

    def heard(self, message: ServerMessage) -> Deeds:
        match message:
            case told.AgentStateNow(state=AgentState.NOT_READY, reason=reason):
                return self._back(reason or "")
            case told.Offer(offer_id=offer_id):
                return self._offered(offer_id)
            case told.CallEnded() if self.random.random() < TAKES_A_BREAK:
                return (StateSet(state=AgentState.NOT_READY, reason="break"),)
        return ()

    def act(self, later: Later) -> Deeds:
        return (self._plans.pop(later.key),)

    def _back(self, reason: str) -> Deeds:
        ready = StateSet(state=AgentState.READY)
        if reason == "break":
            return (self._after(BREAK_MS, ready),)
        if reason == "no_answer":
            return (self._after(NOTICE_MS, ready),)
        return () if reason == "declined" else (ready,)

    def _offered(self, offer_id: str) -> Deeds:
        mood = self.random.random()
        if mood < DOES_NOT_ANSWER:
            return ()
        if mood < DOES_NOT_ANSWER + DECLINES:
            return (self._after(ANSWER_MS, OfferDecline(offer_id=offer_id)),)
        return (self._after(ANSWER_MS, OfferAccept(offer_id=offer_id)),)

    def _after(self, bounds_ms: tuple[int, int], message: ClientMessage) -> Later:
        self._planned += 1
        self._plans[self._planned] = message
        return Later(Turn.WORK, self.random.randint(*bounds_ms), self._planned)
