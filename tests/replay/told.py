"""Journals made by hand, in seconds from midnight in Jakarta, and those that pools lived at random."""

import json
from collections.abc import Mapping
from datetime import UTC
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import trio
import trio.testing
from actors.test_life_at_random import LIFE_S, SETTLED_S, World
from attrs import define, field

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason
from engine.replay.journal.sources import ResultJournal
from engine.replay.virtual import deterministic_scheduling
from engine.store.records import decode_fact

JAKARTA = ZoneInfo("Asia/Jakarta")
#: 2025-03-31 00:00 in Jakarta.
T0 = 1_743_354_000_000


def at(s: float) -> int:
    return T0 + round(s * 1000)


@define
class Told:
    """What happened, told in order. An offer is named after its call and its number."""

    facts: list[f.Fact] = field(factory=list)
    offers: dict[str, tuple[str, str]] = field(factory=dict)
    arrived: dict[str, int] = field(factory=dict)
    due: dict[str, int] = field(factory=dict)
    _made: int = 0

    def journal(self, zone: Any = UTC, zero_at: int | None = None) -> ResultJournal:
        return ResultJournal(tuple(self.facts), zone, zero_at, zero_at)

    def tell(self, fact: f.Fact) -> None:
        self.facts.append(fact)

    # agents

    def logs_in(
        self, s: float, agent: str, *queues: str, skills: Mapping[str, int] | None = None, ready: bool = True
    ) -> None:
        first = f.AgentMoved(
            at=at(s),
            agent=agent,
            state=AgentState.NOT_READY,
            reason="login",
            queues=queues or ("general",),
            skills=dict(skills or {}),
        )
        self.tell(first)
        if ready:
            self.moves(s, agent, AgentState.READY)

    def moves(self, s: float, agent: str, state: AgentState, reason: str = "", call: str = "") -> None:
        self.tell(f.AgentMoved(at=at(s), agent=agent, state=state, reason=reason, call=call))

    # calls

    def asks(
        self,
        s: float,
        call: str,
        queue: str = "general",
        *,
        tier: str = "regular",
        skills: Mapping[str, int] | None = None,
        terms: Mapping[str, int] | None = None,
        band: int = 0,
        request: str = "",
        restored_s: float | None = None,
    ) -> None:
        terms = dict(terms or {})
        self.arrived[call], self.due[call] = at(s), at(s) - sum(terms.values())
        queued = f.CallQueued(
            at=at(s if restored_s is None else restored_s),
            call=call,
            customer=f"of-{call}",
            queue=queue,
            tier=tier,
            due_at=self.due[call],
            band=band,
            terms=terms,
            rules="r1",
            skills=dict(skills or {}),
            request_id=request or f"r-{call}",
            restored=restored_s is not None,
        )
        self.tell(queued)

    def offered(self, s: float, call: str, agent: str, **why: Any) -> None:
        self._made += 1
        offer = f"{call}-{self._made}"
        self.offers[call] = (offer, agent)
        reasons = json.dumps(why) if why else ""
        self.tell(f.CallOffered(at=at(s), call=call, agent=agent, offer=offer, until=at(s + 15), why=reasons))
        self.moves(s, agent, AgentState.OFFERED, call=call)

    def ends_offer(self, s: float, call: str, how: OfferEnd, *, waits: bool = True) -> None:
        offer, agent = self.offers[call]
        self.tell(f.OfferEnded(at=at(s), call=call, agent=agent, offer=offer, how=how))
        if how is OfferEnd.ACCEPTED:
            waited_ms = at(s) - self.arrived[call]
            self.tell(f.CallConnected(at=at(s), call=call, agent=agent, waited_ms=waited_ms))
            self.moves(s, agent, AgentState.ON_CALL, call=call)
            return
        if waits:
            lost = how is OfferEnd.AGENT_LOST
            self.requeued(s, call, RequeueReason.AGENT_LOST if lost else RequeueReason.NO_AGENT)
        reasons = {OfferEnd.DECLINED: "declined", OfferEnd.EXPIRED: "no_answer"}
        if how is OfferEnd.AGENT_LOST:
            self.moves(s, agent, AgentState.OFFLINE, "lost")
        else:
            state = AgentState.NOT_READY if how in reasons else AgentState.READY
            self.moves(s, agent, state, reasons.get(how, ""))

    def served(self, s: float, call: str, agent: str, **why: Any) -> None:
        """Offered and accepted at once."""
        self.offered(s, call, agent, **why)
        self.ends_offer(s, call, OfferEnd.ACCEPTED)

    def requeued(self, s: float, call: str, reason: RequeueReason) -> None:
        self.tell(f.CallRequeued(at=at(s), call=call, due_at=self.due[call], reason=reason))

    def passed_on(self, s: float, call: str, agent: str, queue: str, to_agent: str = "") -> None:
        self.tell(f.CallTransferred(at=at(s), call=call, agent=agent, queue=queue, to_agent=to_agent))
        self.requeued(s, call, RequeueReason.TRANSFERRED)
        self.moves(s, agent, AgentState.WRAP_UP, call=call)

    def hung_up(self, s: float, call: str, by: Party = Party.CUSTOMER, *, wrap_up: bool = True) -> None:
        """A connected call ends."""
        agent = self.offers[call][1]
        self.tell(f.CallEnded(at=at(s), call=call, reason=EndReason.COMPLETED, by=by, agent=agent))
        self.moves(
            s, agent, AgentState.WRAP_UP if wrap_up else AgentState.READY, call=call if wrap_up else ""
        )

    def left(self, s: float, call: str, reason: EndReason = EndReason.ABANDONED) -> None:
        """A waiting call ends."""
        by = {EndReason.ABANDONED: Party.CUSTOMER, EndReason.CANCELLED: Party.SUPERVISOR}
        self.tell(f.CallEnded(at=at(s), call=call, reason=reason, by=by.get(reason, Party.SYSTEM)))


@cache
def lived_at_random(seed: int, *, calm: bool = False) -> tuple[f.Fact, ...]:
    """The journal of a pool under a nemesis, with supervisors: all that can happen but a lost store.

    `calm`: without them and without faults; people still come, drop, decline, rest and pass calls on.
    """

    async def life() -> tuple[f.Fact, ...]:
        async with trio.open_nursery() as nursery:
            world = World(nursery, seed)
            if calm:
                world.pool.memory.faults = None
            for _ in range(1 if calm else 2):
                await world.pool.node("n")
            for person in [*world.customers, *world.agents] if calm else world.people:
                nursery.start_soon(world.live, person)
            if not calm:
                nursery.start_soon(world.nemesis, False)
            await trio.sleep(LIFE_S)
            world.calm = True
            await trio.sleep(SETTLED_S)
            world.closing = True
            await trio.sleep(2 * SETTLED_S + 120)
            told = [decode_fact(fact) for *_, facts in world.pool.memory.journal for fact in facts]
            nursery.cancel_scope.cancel()
        return tuple(told)

    with deterministic_scheduling(seed):
        return trio.run(life, clock=trio.testing.MockClock(rate=0.0, autojump_threshold=0.0))
