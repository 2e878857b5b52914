"""A pool lives at random under faults: three nodes, five agents, twenty customers, a nemesis; by seed.

Everything happens in virtual time and in an order that the seed alone decides, so a seed that fails fails
again. The watchdog looks after every commit. At the end the nemesis rests, and whoever believes himself in a
call must be in one, what waits for time must have ended in time, and every call ends when its people leave.
"""

import hashlib
import json
import os
from random import Random

import pytest
import structlog.testing
import trio
import trio.testing

from engine.actors.notices import (
    AgentStateNow,
    CallEnded,
    CallQueued,
    CallRequeued,
    CustomerConnected,
    Offer,
)
from engine.actors.ports import CloseCode
from engine.actors.requests import CallCancel, CallHangup, CallRequest, OfferAccept, OfferDecline, StateSet
from engine.actors.requests import WrapupFinish as Finish
from engine.domain.lifecycle import AgentState
from engine.domain.rules import Policy, Queue
from engine.gateway.messages import Welcome
from engine.replay.virtual import deterministic_scheduling
from engine.store.memory_pool import Faults

from .pool import Client, Pool, VirtualNode
from .watchdog import Watchdog

#: `make faults` lives more of them.
SEEDS = range(int(os.environ.get("GILIRAN_SEEDS", "12")))
LIFE_S = 120.0
#: The longest grace, ring and wrap-up, and the lease: by then everything that was lost is settled.
SETTLED_S = 60.0
#: What was just decided may still be on its way to whoever asked for it.
ON_ITS_WAY_S = 1.0

POLICY = Policy(
    queues={
        "general": Queue(name="general", ring_ms=5_000, wrap_up_ms=4_000),
        "instant": Queue(name="instant", ring_ms=5_000, wrap_up_ms=0, head_start_ms=10_000),
    }
)
FAULTS = Faults(
    delay_ms=40, answer_ms=40, feed_ms=1_500, conflict=0.02, unknown=0.02, lost=0.05, doubled=0.05
)


class World:
    """The pool, its nemesis, and people who come, wait, talk, drop and return."""

    def __init__(self, nursery: trio.Nursery, seed: int) -> None:
        self.random = Random(seed)
        self.pool = Pool(nursery, policy=POLICY, seed=seed, faults=FAULTS)
        self.dog = Watchdog(self.pool.memory)
        self.calm = self.closing = False
        self.healed_at = 0.0
        self.served = 0
        self.replaced: list[str] = []

    def some(self, least_s: float, most_s: float) -> float:
        return self.random.uniform(least_s, most_s)

    def alive(self) -> list[VirtualNode]:
        return [n for n in self.pool.nodes if n.up.is_set() and not n.reaped and not n.scope.cancel_called]

    async def live(self, me: Client, act: "Customer | Agent") -> None:
        """Connect, and again somewhere else whenever the link is gone."""
        while True:
            await trio.sleep(self.some(0.1, 2.0))
            nodes = self.alive()
            if not nodes:
                continue
            me.knock(self.random.choice(nodes), act.token)
            me.forget()
            drop_at = trio.current_time() + self.some(5, 120)
            assert me.link is not None
            while not me.link.cut:
                message = await me.next(min(drop_at, act.at))
                if message is not None:
                    act.heard(message)
                elif trio.current_time() >= act.at:
                    act.do()
                elif trio.current_time() >= drop_at and not self.calm:
                    me.drop()
                else:
                    drop_at = trio.current_time() + 60
            if me.link.closed is CloseCode.REPLACED:
                self.replaced.append(me.sub)

    async def nemesis(self, empties: bool) -> None:
        """Kill, pause and cut what the pool stands on, one thing after the other."""
        while True:
            await trio.sleep(self.some(4, 15))
            if self.calm:
                return
            victim = self.random.choice(self.alive() or [None])
            match self.random.choice(("kill", "pause", "away", "lose", "empty" if empties else "kill")):
                case "kill" if victim is not None:
                    victim.kill()
                case "pause" if victim is not None:
                    victim.store.shut()
                    await trio.sleep(self.some(0.5, 8))
                    victim.store.reopen()
                case "away":
                    self.pool.memory.away()
                    await trio.sleep(self.some(0.5, 15))
                    self.pool.memory.back()
                case "empty":
                    empties = False
                    self.pool.memory.empty()
                    await trio.sleep(12)
                case _:
                    self.pool.memory.faults = Faults(lost=0.5)
                    await trio.sleep(3)
                    self.pool.memory.faults = FAULTS
            self.healed_at = trio.current_time()
            while len(self.alive()) < 3:
                await self.pool.node("n")

    async def clock(self) -> None:
        """While somebody leads, nobody stays long past his deadline."""
        led_since = trio.current_time()
        while True:
            await trio.sleep(0.5)
            if self.pool.leader() is None or not self.pool.memory.available:
                led_since = trio.current_time()
            if trio.current_time() - max(led_since, self.healed_at) > 15:
                assert self.dog.overdue(10_000) == [], "I7"


class Customer:
    def __init__(self, world: World, me: Client) -> None:
        self.world, self.me = world, me
        self.token: str | None = None
        self.call = ""
        self.connected = False
        self.n = 0
        self.at = float("inf")

    def heard(self, message: object) -> None:
        match message:
            case Welcome(state="idle"):
                self.call, self.connected = "", False
                self.at = trio.current_time() + self.world.some(0, 20)
            case CallQueued(call_id=call_id, resume_token=token):
                self.call, self.token, self.connected = call_id, token, False
                self.at = trio.current_time() + self.world.some(5, 120)
            case CallRequeued():
                self.connected = False
            case CustomerConnected(call_id=call_id):
                self.call, self.connected = call_id, True
                self.world.served += 1
                self.at = trio.current_time() + self.world.some(3, 25)
            case CallEnded():
                self.call, self.connected = "", False
                self.at = trio.current_time() + self.world.some(1, 20)

    def do(self) -> None:
        self.at = trio.current_time() + 5
        if self.call:
            self.me.say(CallHangup() if self.connected else CallCancel())
        elif not self.world.closing:
            self.n += self.world.random.random() < 0.9
            queue = self.world.random.choice(["general", "instant"])
            self.me.say(CallRequest(request_id=f"{self.me.sub}-{self.n}", queue=queue))


class Agent:
    token = None

    def __init__(self, world: World, me: Client) -> None:
        self.world, self.me = world, me
        self.deed: object = None
        self.at = float("inf")

    def soon(self, deed: object, least_s: float, most_s: float) -> None:
        self.deed, self.at = deed, trio.current_time() + self.world.some(least_s, most_s)

    def heard(self, message: object) -> None:
        chance = self.world.random.random()
        match message:
            case Offer(offer_id=offer_id):
                answer = OfferAccept(offer_id=offer_id) if chance < 0.8 else OfferDecline(offer_id=offer_id)
                self.soon(answer if chance < 0.9 else None, 0, 4)
            case AgentStateNow(state=AgentState.NOT_READY | AgentState.OFFLINE):
                self.soon(StateSet(state=AgentState.READY), 0, 6)
            case AgentStateNow(state=AgentState.READY) if chance < 0.1 and not self.world.closing:
                self.soon(StateSet(state=AgentState.NOT_READY, reason="break"), 1, 20)
            case AgentStateNow(state=AgentState.ON_CALL) if chance < 0.2:
                self.soon(CallHangup(), 2, 10)
            case AgentStateNow(state=AgentState.WRAP_UP) if chance < 0.5:
                self.soon(Finish(), 0, 3)

    def do(self) -> None:
        deed, self.deed, self.at = self.deed, None, float("inf")
        if deed is not None:
            self.me.say(deed)  # type: ignore[arg-type]


async def live_at_random(seed: int) -> str:
    """One life; the digest of all that happened."""
    async with trio.open_nursery() as nursery:
        world = World(nursery, seed)
        for _ in range(3):
            await world.pool.node("n")
        customers = [Customer(world, world.pool.customer(f"k{n:02}")) for n in range(20)]
        agents = [Agent(world, world.pool.agent(f"a{n}")) for n in range(5)]
        people: list[Customer | Agent] = [*customers, *agents]
        for person in people:
            nursery.start_soon(world.live, person.me, person)
        nursery.start_soon(world.nemesis, seed % 2 == 1)
        nursery.start_soon(world.clock)
        await trio.sleep(LIFE_S)
        world.calm = True
        await trio.sleep(SETTLED_S)
        wrong = _wrong_beliefs(world, customers)
        await trio.sleep(ON_ITS_WAY_S)
        assert not wrong & _wrong_beliefs(world, customers), "lost calls, and calls of which nobody knows"
        world.closing = True
        await trio.sleep(2 * SETTLED_S + 120)
        live = [ref for ref, held in world.pool.memory.hashes.items() if held.get("live")]
        assert not live, f"everybody has left, but {live}"
        assert world.served > 5, "a life in which nobody is served proves nothing"
        told = [(c.sub, at, repr(m)) for p in people for c in (p.me,) for at, m in c.log]
        nursery.cancel_scope.cancel()
    return hashlib.sha256(json.dumps([world.pool.memory.journal, told]).encode()).hexdigest()


def _wrong_beliefs(world: World, customers: list[Customer]) -> set[str]:
    """Calls that are lost though somebody believes himself in them, and calls of which nobody knows."""
    held = world.pool.memory.hashes
    live = {ref.partition(":")[2]: h["customer"] for ref, h in held.items() if h.get("live")}
    lost = {
        customer.call
        for customer in customers
        if customer.call and customer.me.link is not None and not customer.me.link.cut
        if live.get(customer.call) != customer.me.sub
    }
    return lost | live.keys() - {customer.call for customer in customers}


def life(seed: int) -> str:
    with deterministic_scheduling(seed), structlog.testing.capture_logs() as logged:
        clock = trio.testing.MockClock(autojump_threshold=0)
        digest = trio.run(live_at_random, seed, clock=clock)
    crashes = [entry for entry in logged if entry["log_level"] == "error"]
    assert not crashes, crashes[0]
    return digest


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pool_lives_at_random(seed: int) -> None:
    life(seed)
