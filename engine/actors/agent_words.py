"""What records say to an agent: his state and figures, how an offer or a call ended, why it came to him."""

import json

from engine.actors import notices as told
from engine.actors.notices import Notice
from engine.domain.lifecycle import AgentState, OfferEnd
from engine.domain.matching import Why, explain_due
from engine.domain.model import Agent, Call


def call_held(agent: Agent) -> str:
    """The call he is on; "" if none."""
    return agent.call if agent.state is AgentState.ON_CALL else ""


def state_now(agent: Agent) -> told.AgentStateNow:
    return told.AgentStateNow(
        state=agent.state,
        reason=agent.reason or None,
        since_at=agent.since_at,
        next_state=agent.next_state,
        deadline_at=agent.until,
        next_reason=agent.next_reason or None,
        call_id=agent.call or None,
    )


def figures(agent: Agent) -> told.AgentFigures:
    return told.AgentFigures(
        handled=agent.handled,
        aht_ms=round(agent.handle_ms / agent.handled) if agent.handled else None,
        no_answer=agent.no_answers,
    )


def offer_over(was: Agent, now: Agent) -> list[Notice]:
    """How the offer that he had ended, unless he has it still or accepted it."""
    accepted = now.last_offer == was.offer and now.last_offer_end is OfferEnd.ACCEPTED
    if accepted or (now.state is AgentState.OFFERED and now.offer == was.offer):
        return []
    how = now.last_offer_end if now.last_offer == was.offer else None
    return [told.OfferEnded(offer_id=was.offer, reason=how or OfferEnd.RESCINDED)]


def call_over(ended: Call | None) -> list[Notice]:
    """How his call ended; nothing if it goes on without him."""
    if ended is None or ended.end_reason is None or ended.ended_by is None:
        return []
    return [told.CallEnded(call_id=ended.id, reason=ended.end_reason, by=ended.ended_by)]


def peer_link(before: int | None, after: int | None) -> list[Notice]:
    """The other side's link, from the ends of its grace: lost, back, or nothing new. For customers too."""
    if before == after:
        return []
    if after is None:
        return [told.Peer(link="back")]
    return [told.Peer(link="lost", deadline_at=after)]


def why_him(call: Call) -> Why:
    """The assignment's why, without the other agents."""
    why: Why = json.loads(call.why) if call.why else explain_due(call)
    why.pop("considered", None)
    return why
