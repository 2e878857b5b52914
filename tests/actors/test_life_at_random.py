"""A pool lives at random under faults: three nodes, customers, agents, supervisors and a nemesis; by seed.

Everything happens in virtual time and in an order that the seed alone decides, so a seed that fails fails
again. The watchdog looks after every commit. Boards of one node show the same all the time, however long they
have been looked at. At the end the nemesis rests, and whoever believes himself in a call must be in one, what
waits for time must have ended in time, and every call ends when its people leave.
"""

import hashlib
import json
import os
from random import Random

import pytest
import structlog.testing
import trio
import trio.testing
from attrs import evolve

from engine.actors.ports import CloseCode
from engine.domain.rules import Policy, Queue
from engine.replay.virtual import deterministic_scheduling
from engine.store.memory_pool import Faults

from .crowd import Agent, Customer, Person, Supervisor
from .pool import Pool, VirtualNode
from .wallboard import figureless, part, truth
from .watchdog import Watchdog

#: `make faults` lives more of them.
SEEDS = range(int(os.environ.get("GILIRAN_SEEDS", "12")))
LIFE_S = 120.0
#: The longest grace, ring and wrap-up, and the lease: by then everything that was lost is settled.
SETTLED_S = 60.0
#: What was just decided may still be on its way to whoever asked for it.
ON_ITS_WAY_S = 1.0
#: What was committed is on every board, even if its message was lost.
SHOWN_S = 2.0

POLICY = Policy(
    queues={
        "general": Queue(name="general", ring_ms=5_000, wrap_up_ms=4_000),
        "instant": Queue(name="instant", ring_ms=5_000, wrap_up_ms=0, head_start_ms=10_000),
    }
)
#: What supervisors write and have read again: the same queues, served otherwise.
RULES = (
    POLICY,
    evolve(POLICY, queues={**POLICY.queues, "general": Queue(name="general", ring_ms=4_000, wrap_up_ms=0)}),
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
        self.served = self.passed_on = self.compared = 0
        self.replaced: list[str] = []
        agents = [f"a{n}" for n in range(5)]
        self.customers = [Customer(self, self.pool.customer(f"k{n:02}")) for n in range(20)]
        self.agents = [Agent(self, self.pool.agent(sub), agents) for sub in agents]
        self.supervisors = [
            Supervisor(self, self.pool.supervisor("boss"), RULES),
            Supervisor(self, self.pool.supervisor("chief"), RULES),
            Supervisor(self, self.pool.supervisor("bounded", ("instant",)), RULES),
        ]

    @property
    def people(self) -> list[Person]:
        return [*self.customers, *self.agents, *self.supervisors]

    def some(self, least_s: float, most_s: float) -> float:
        return self.random.uniform(least_s, most_s)

    def alive(self) -> list[VirtualNode]:
        return [n for n in self.pool.nodes if n.up.is_set() and not n.reaped and not n.scope.cancel_called]

    async def live(self, person: Person) -> None:
        """Connect, and again somewhere else whenever the link is gone."""
        me = person.me
        while True:
            await trio.sleep(self.some(0.1, 2.0))
            nodes = self.alive()
            if not nodes:
                continue
            me.knock(person.door(nodes), person.token)
            me.forget()
            drop_at = trio.current_time() + self.some(5, 120)
            assert me.link is not None
            while not me.link.cut:
                message = await me.next(min(drop_at, person.at))
                if message is not None:
                    person.heard(message)
                elif trio.current_time() >= person.at:
                    person.do()
                elif trio.current_time() >= drop_at and not self.calm:
                    me.drop()
                else:
                    drop_at = trio.current_time() + 60
            person.cut_off()
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

    async def eye(self) -> None:
        """Whoever looks at one node sees the same, since when he may, less what is not within his bounds."""
        while True:
            await trio.sleep(self.random.uniform(0.05, 0.5))
            whole, other, bounded = (s if s.looks else None for s in self.supervisors)
            for one in self.supervisors:
                assert one.board.broken is None, one.board.broken
            if whole is not None and other is not None and whole.me.node is other.me.node:
                assert whole.board.shows == other.board.shows
                self.compared += 1
            if whole is not None and bounded is not None and whole.me.node is bounded.me.node:
                board = bounded.board
                assert part(board, "instant") == part(whole.board, "instant")
                assert (len(board.calls), len(board.agents)) == tuple(map(len, part(board, "instant")))
                assert board.queues == {"instant": whole.board.queues["instant"]}

    async def boards_are_true(self) -> None:
        """Once nothing has happened for a while, each shows what is stored."""
        for _ in range(60):
            rev = self.pool.memory.rev
            await trio.sleep(SHOWN_S)
            if self.pool.memory.rev == rev:
                break
        else:
            raise AssertionError("there is no end of it")
        for one in self.supervisors[:2]:
            assert one.looks
            board = one.board
            shown = {name: figureless(row) for name, row in board.queues.items()}
            rules = self.pool.nodes[self.pool.nodes.index(one.me.node)].context.policy  # type: ignore[arg-type,union-attr]
            assert (shown, board.calls, board.agents) == truth(self.pool.memory, rules)


async def live_at_random(seed: int) -> str:
    """One life; the digest of all that happened."""
    async with trio.open_nursery() as nursery:
        world = World(nursery, seed)
        for _ in range(3):
            await world.pool.node("n")
        for person in world.people:
            nursery.start_soon(world.live, person)
        nursery.start_soon(world.nemesis, seed % 2 == 1)
        nursery.start_soon(world.clock)
        nursery.start_soon(world.eye)
        await trio.sleep(LIFE_S)
        world.calm = True
        await trio.sleep(SETTLED_S)
        wrong = _wrong_beliefs(world)
        await trio.sleep(ON_ITS_WAY_S)
        assert not wrong & _wrong_beliefs(world), "lost calls, and calls of which nobody knows"
        world.closing = True
        await trio.sleep(2 * SETTLED_S + 120)
        live = [ref for ref, held in world.pool.memory.hashes.items() if held.get("live")]
        assert not live, f"everybody has left, but {live}"
        await world.boards_are_true()
        assert world.served > 5, "a life in which nobody is served proves nothing"
        assert world.compared > 100, "nor one at which nobody looks"
        told = [(p.me.sub, at, repr(m)) for p in world.people for at, m in p.me.log]
        nursery.cancel_scope.cancel()
    return hashlib.sha256(json.dumps([world.pool.memory.journal, told]).encode()).hexdigest()


def _wrong_beliefs(world: World) -> set[str]:
    """Calls that are lost though somebody believes himself in them, and calls of which nobody knows."""
    held = world.pool.memory.hashes
    live = {ref.partition(":")[2]: h["customer"] for ref, h in held.items() if h.get("live")}
    lost = {
        customer.call
        for customer in world.customers
        if customer.call and customer.me.link is not None and not customer.me.link.cut
        if live.get(customer.call) != customer.me.sub
    }
    return lost | live.keys() - {customer.call for customer in world.customers}


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
