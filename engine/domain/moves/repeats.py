"""What a person asks again because its answer was lost: whether records show that he did that very thing.

A request may name the call that is meant. It is never done to another; but if it was done to this one, by
him, it is granted once more and changes nothing. What somebody else did, or time, is not his doing.
"""

from engine.domain.lifecycle import CallState, EndReason, Party
from engine.domain.model import Agent, Call

#: How a call ends when its customer leaves; when only his link is lost for good, it is not his doing.
_LEFT = frozenset({EndReason.COMPLETED, EndReason.ABANDONED})


def left(call: Call) -> bool:
    """Its customer cancelled it or hung up."""
    return call.ended_by is Party.CUSTOMER and call.end_reason in _LEFT


def hung_up(agent: Agent, call: Call) -> bool:
    """He ended it. An ended call keeps the agent who was on it."""
    return call.ended_by is Party.AGENT and call.agent == agent.id


def passed_on(agent: Agent, call: Call, *, queue: str | None, colleague: str | None) -> bool:
    """He passed it on to that queue or colleague, and has not been on it again.

    A colleague who declined is no longer preferred, but avoided.
    """
    again = call.agent == agent.id and call.state is not CallState.OFFERED
    if call.from_agent != agent.id or again:
        return False
    if colleague is None:
        return call.queue == queue
    return colleague in (call.preferred, call.agent, *call.avoid)


def wrapped_up(agent: Agent, call: Call, *, disposition: str, notes: str) -> bool:
    """He was on it, is busy with it no more, and what he wrote of it is kept."""
    was_his = agent.id in (call.agent, call.from_agent) and agent.call != call.id
    kept = not notes or f"\n{notes}\n" in f"\n{call.notes}\n"
    return was_his and kept and disposition in ("", call.disposition)
