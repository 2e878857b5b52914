"""Days of a few facts, written by hand, as results to measure."""

from collections.abc import Iterable

from engine.domain.facts import (
    AgentMoved,
    CallConnected,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRequeued,
    Fact,
    OfferEnded,
)
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason
from engine.domain.rules import Queue, Rule
from engine.replay.cost import Cost
from engine.replay.outcomes import outcomes
from engine.replay.result import Result
from engine.replay.rows import AgentRow, CallRow
from engine.replay.scenario import Scenario

HEAD_START_MS = 90_000


def scenario(calls: Iterable[CallRow], **more: object) -> Scenario:
    """One queue, "q"; the tier "vip" has a head start of 90 s."""
    tables: dict[str, object] = {
        "queues": (Queue(name="q", service_level_ms=20_000, max_wait_ms=None),),
        "rules": (Rule(when={"tier": ("vip",)}, head_start_ms=HEAD_START_MS),),
        "agents": (AgentRow(id="ani", login_s=0, queues=("q",)),),
    }
    return Scenario(name="by-hand", calls=tuple(calls), **{**tables, **more})  # type: ignore[arg-type]


def row(name: str, at_s: float, **more: object) -> CallRow:
    return CallRow(id=name, arrive_s=at_s, queue="q", handle_s=10, **more)  # type: ignore[arg-type]


def came(agent: str, at_s: float, *, skills: dict[str, int] | None = None) -> Fact:
    """He logs in, and is ready."""
    return AgentMoved(at=ms(at_s), agent=agent, state=AgentState.READY, queues=("q",), skills=skills or {})


def moved(agent: str, at_s: float, state: AgentState) -> Fact:
    return AgentMoved(at=ms(at_s), agent=agent, state=state)


def asked(call: str, at_s: float, *, tier: str = "regular", skills: dict[str, int] | None = None) -> Fact:
    """As a first-come system writes it down: nobody has a head start."""
    return CallQueued(
        at=ms(at_s),
        call=call,
        customer=call,
        queue="q",
        tier=tier,
        due_at=ms(at_s),
        band=0,
        terms={},
        rules="",
        skills=skills or {},
        request_id=call,
    )


def taken(call: str, agent: str, at_s: float, *, asked_s: float, rang_s: float = 0.0) -> list[Fact]:
    """Offered, accepted after ringing, connected."""
    offer, then = f"o-{call}", ms(at_s + rang_s)
    return [
        CallOffered(at=ms(at_s), call=call, agent=agent, offer=offer, until=ms(at_s + 15), why=""),
        AgentMoved(at=ms(at_s), agent=agent, state=AgentState.OFFERED),
        OfferEnded(at=then, call=call, agent=agent, offer=offer, how=OfferEnd.ACCEPTED),
        CallConnected(at=then, call=call, agent=agent, waited_ms=then - ms(asked_s)),
        AgentMoved(at=then, agent=agent, state=AgentState.ON_CALL),
    ]


def refused(call: str, agent: str, at_s: float, *, after_s: float) -> list[Fact]:
    offer, then = f"r-{call}-{at_s}", ms(at_s + after_s)
    return [
        CallOffered(at=ms(at_s), call=call, agent=agent, offer=offer, until=ms(at_s + 15), why=""),
        OfferEnded(at=then, call=call, agent=agent, offer=offer, how=OfferEnd.DECLINED),
        CallRequeued(at=then, call=call, due_at=0, reason=RequeueReason.NO_AGENT),
    ]


def ended(call: str, agent: str, at_s: float) -> list[Fact]:
    return [
        CallEnded(at=ms(at_s), call=call, reason=EndReason.COMPLETED, by=Party.CUSTOMER, agent=agent),
        AgentMoved(at=ms(at_s), agent=agent, state=AgentState.READY),
    ]


def left(call: str, at_s: float) -> Fact:
    return CallEnded(at=ms(at_s), call=call, reason=EndReason.ABANDONED, by=Party.CUSTOMER)


def result(day: Scenario, facts: Iterable[Fact], *, cost: Cost | None = None, speed: float = 1.0) -> Result:
    told = tuple(facts)
    return Result(
        scenario=day,
        mode="virtual" if speed == 1.0 else "live",
        dispatch="priority",
        seed=1,
        calls=outcomes(told, day.calls, start_at=0, speed=speed),
        facts=told,
        speed=speed,
        cost=cost,
    )


def ms(second: float) -> int:
    return round(second * 1000)
