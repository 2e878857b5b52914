"""The life of calls and agents as the baselines have it: the engine's own moves, carried out one by one.

Here is everything but who gets which call. A `Floor` is given a `Dispatch`, which says where calls wait, and
hears of every change. Deadlines (a ring, a wrap-up, a maximum wait, a lost link's grace) are kept in memory
and carried out by `keep_time`. All methods are synchronous, so each happens as a whole.
"""

import heapq
import time
from collections.abc import Callable, Iterable
from random import SystemRandom
from typing import Protocol

import trio
from attrs import evolve

from engine.actors.ids import RandomIds
from engine.actors.ports import Identity
from engine.actors.requests import (
    CallCancel,
    CallHangup,
    CallRequest,
    OfferAccept,
    OfferDecline,
    Request,
    StateSet,
    WrapupFinish,
)
from engine.domain.change import Change, Write
from engine.domain.errors import Code, Refused
from engine.domain.lifecycle import EndReason, Party
from engine.domain.matching import Why, as_json, explain_due
from engine.domain.model import Agent, Call, Customer, Ref, deadline
from engine.domain.moves import agent as agent_moves
from engine.domain.moves import customer as customer_moves
from engine.domain.moves import time as time_moves
from engine.domain.moves.parts import end
from engine.domain.rules import Policy
from engine.replay.baselines.ledger import Command, Ledger


class Dispatch(Protocol):
    """Who gets whom."""

    def place(self, write: Write) -> Iterable[Command]:
        """What is to be written, with this change, where calls wait."""
        ...

    def changed(self, change: Change) -> None:
        """The change was made. It may lead to others."""
        ...


def plain(policy: Policy) -> Policy:
    """The policy as far as a baseline knows it: first come, first served."""
    queues = {name: evolve(q, head_start_ms=0, steps=()) for name, q in policy.queues.items()}
    return evolve(policy, queues=queues, rules=())


def unix_ms() -> int:
    """The baselines' clock is that of their machine, which their store has too."""
    return time.time_ns() // 1_000_000


class Floor:
    """`node`: what records name as the place of a person's link."""

    def __init__(
        self, ledger: Ledger, policy: Policy, node: str, dispatch: Dispatch, now: Callable[[], int] = unix_ms
    ) -> None:
        self.ledger = ledger
        self.policy = plain(policy)
        self.node = node
        self.now = now
        self.ids = RandomIds(SystemRandom())
        self._dispatch = dispatch
        self._deadlines: list[tuple[int, Ref]] = []
        self._earlier = trio.Event()

    # what is known

    def call(self, call_id: str) -> Call | None:
        record = self.ledger.read(f"call:{call_id}") if call_id else None
        return record if isinstance(record, Call) else None

    def agent(self, sub: str) -> Agent | None:
        record = self.ledger.read(f"agent:{sub}") if sub else None
        return record if isinstance(record, Agent) else None

    def customer(self, sub: str) -> Customer | None:
        record = self.ledger.read(f"customer:{sub}")
        return record if isinstance(record, Customer) else None

    def call_of(self, person: Agent | Customer | None) -> Call | None:
        return None if person is None else self.call(person.call)

    # people

    def come(self, who: Identity, session: str) -> None:
        """A customer's link opens."""
        was, now = self.customer(who.sub), self.now()
        call = self.call_of(was)
        change = customer_moves.come(
            was, call, sub=who.sub, name=who.name, session=session, node=self.node, now=now
        )
        self.commit(change)

    def log_in(self, who: Identity, session: str) -> None:
        was, now = self.agent(who.sub), self.now()
        change = agent_moves.log_in(
            was,
            self.call_of(was),
            sub=who.sub,
            name=who.name,
            queues=who.queues,
            skills=dict(who.skills),
            session=session,
            node=self.node,
            day_at=0,
            timings=self.policy.timings,
            now=now,
        )
        self.commit(change)

    def customer_asks(self, who: Identity, request: Request) -> None:
        """Raises `Refused`."""
        customer = self.customer(who.sub) or Customer(id=who.sub, name=who.name, node=self.node)
        call, now = self.call_of(customer), self.now()
        match request:
            case CallRequest(request_id=request_id):
                if customer.request_id != request_id:
                    self.commit(self._asked(who, customer, call, request, now))
            case CallCancel() | CallHangup():
                agent = None if call is None else self.agent(call.agent)
                self.commit(customer_moves.leave(call, agent, self.policy, now))
            case _:
                raise Refused(Code.NOT_ALLOWED, "not in this system")

    def _asked(
        self, who: Identity, customer: Customer, last: Call | None, request: CallRequest, now: int
    ) -> Change:
        if not self.policy.queue(request.queue).open:
            raise Refused(Code.QUEUE_CLOSED, "this queue is closed", field="queue")
        skills = request.skills or {}
        asking = customer_moves.Asking(
            request_id=request.request_id,
            queue=request.queue,
            tier=who.tier,
            skills=dict.fromkeys(skills, 1) if isinstance(skills, list) else skills,
            attributes=dict(who.attributes),
            client_attributes=request.attributes or {},
        )
        call_id = self.ids.call(now)
        return customer_moves.ask(customer, last, asking, call_id=call_id, policy=self.policy, now=now)

    def agent_asks(self, who: Identity, request: Request) -> None:
        """Raises `Refused`."""
        agent, now = self.agent(who.sub), self.now()
        if agent is None:
            raise Refused(Code.WRONG_STATE, "you are not logged in")
        call = self.call_of(agent)
        match request:
            case StateSet(state=state, reason=reason):
                change = agent_moves.set_state(agent, state, reason or "", self.policy, now)
            case OfferAccept(offer_id=offer_id):
                change = agent_moves.accept(agent, call, offer_id, now)
            case OfferDecline(offer_id=offer_id):
                change = agent_moves.decline(agent, call, offer_id, self.policy, now)
            case CallHangup():
                change = agent_moves.hang_up(agent, call, self.policy, now)
            case WrapupFinish():
                change = agent_moves.finish_wrap_up(agent, call, "", "", self.policy, now)
            case _:
                raise Refused(Code.NOT_ALLOWED, "not in this system")
        self.commit(change)

    def customer_dropped(self, sub: str) -> None:
        """His link is gone: he has the engine's grace."""
        customer = self.customer(sub)
        if customer is None:
            return
        call = self.call_of(customer)
        agent = None if call is None else self.agent(call.agent)
        self.commit(customer_moves.drop(customer, call, agent, self.policy, self.now()))

    def customer_lost(self, sub: str) -> None:
        """He was not heard of for too long."""
        call = self.call_of(self.customer(sub))
        if call is not None and call.live:
            agent = self.agent(call.agent)
            writes, facts = end(call, agent, EndReason.CUSTOMER_LOST, Party.SYSTEM, self.policy, self.now())
            self.commit(Change(writes=writes, facts=facts))

    def agent_dropped(self, sub: str) -> None:
        agent = self.agent(sub)
        if agent is not None:
            self.commit(agent_moves.drop(agent, self.call_of(agent), self.policy, self.now()))

    # offers and time

    def offer(
        self,
        call: Call,
        agent: Agent,
        *,
        select: str,
        offer_id: str = "",
        ring_ms: int | None = None,
        also: Iterable[Command] = (),
    ) -> None:
        """Alert `agent` of `call`, for as long as its queue rings or for `ring_ms`. `select`: why him."""
        now, policy = self.now(), self.policy
        if ring_ms is not None:
            queue = evolve(policy.queues[call.queue], ring_ms=ring_ms)
            policy = evolve(policy, queues={**policy.queues, call.queue: queue})
        why: Why = {**explain_due(call), "waited_ms": now - call.enqueued_at, "select": select}
        change = time_moves.offer(
            call, agent, offer_id=offer_id or self.ids.fresh(), why=as_json(why), policy=policy, now=now
        )
        self.commit(change, also)

    def commit(self, change: Change, also: Iterable[Command] = ()) -> None:
        if not change.writes:
            return
        placed = [command for write in change.writes for command in self._dispatch.place(write)]
        self.ledger.write(change, [*placed, *also])
        for write in change.writes:
            if write.after is not None and (at := deadline(write.after)) is not None:
                self._wake(at, write.ref)
        self._dispatch.changed(change)

    def _wake(self, at: int, ref: Ref) -> None:
        if not self._deadlines or at < self._deadlines[0][0]:
            self._earlier.set()
        heapq.heappush(self._deadlines, (at, ref))

    async def keep_time(self) -> None:
        """Carry out what time does, until cancelled."""
        while True:
            self.settle()
            self._earlier = trio.Event()
            left_ms = self._deadlines[0][0] - self.now() if self._deadlines else float("inf")
            with trio.move_on_after(left_ms / 1000):
                await self._earlier.wait()

    def settle(self) -> None:
        """Carry out every deadline that has come."""
        while self._deadlines and self._deadlines[0][0] <= self.now():
            self._carry_out(heapq.heappop(self._deadlines)[1])

    def _carry_out(self, ref: Ref) -> None:
        record = self.ledger.read(ref)
        if record is None:
            return
        partner = time_moves.partner_ref(record)
        other = None if partner is None else self.ledger.read(partner)
        change = time_moves.due(record, other, self.policy, self.now())
        if change is not None:
            self.commit(change)
