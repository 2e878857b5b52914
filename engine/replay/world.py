"""A node of the engine in this process and in virtual time, with people at its door instead of sockets."""

import heapq
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

import trio

from engine.actors.context import Context
from engine.actors.directory import Directory
from engine.actors.ids import RandomIds
from engine.actors.leadership import Leadership, Pulse
from engine.actors.ports import Identity
from engine.domain.rules import Policy
from engine.gateway.auth import SignedReceipts, TokenRefused
from engine.gateway.house import House
from engine.gateway.video import PeerToPeer
from engine.replay.door import Door, Person
from engine.replay.people import SimCustomer, Turn
from engine.store.clock import VirtualClock
from engine.store.memory_store import MemoryPool, MemoryStore

#: In a world with one node nobody contests the lead, so the heart need hardly beat.
CALM = Pulse(beat_ms=30 * 86_400_000, lease_ms=60 * 86_400_000)

Event = tuple[int, Turn, int, int, Callable[[], None]]  # at, turn, row, n, what


class Refusals:
    """Counts the matchmaker's refused commits: in a world without faults there should be none."""

    def __init__(self) -> None:
        self.count = 0

    def refused(self) -> None:
        self.count += 1


class World:
    """One node over a `MemoryPool`, and the agenda of its people. Everything random comes from `seed`."""

    def __init__(self, policy: Policy, seed: int, nursery: trio.Nursery) -> None:
        random = Random(seed)
        self.clock = VirtualClock()
        self.pool = MemoryPool(self.clock, random=Random(random.random()))
        self.store = MemoryStore(self.pool)
        self.refusals = Refusals()
        self.agenda: list[Event] = []
        self._count = count()
        self._doors: list[Door] = []
        self._identities: dict[str, Identity] = {}
        self.context = Context(
            store=self.store,
            clock=self.clock,
            ids=RandomIds(random),
            policy=policy,
            metrics=self.refusals,
            receipts=SignedReceipts(b"a replay's own secret, of no use to anyone"),
            video=PeerToPeer(),
        )
        self.directory = Directory(self.context, nursery)
        self.leadership = Leadership(self.context, CALM, position_every_ms=None, deadlines_at_once=1)
        self.store.listen(self.directory)
        self.house = House(
            node=self.store.node,
            reception=self.directory,
            verify=self._verify,
            config_for=_no_config,
            server_time=self.clock.now,
            now_s=trio.current_time,
            unix_s=trio.current_time,
        )
        nursery.start_soon(self.leadership.run)

    def _verify(self, token: str) -> Identity:
        found = self._identities.get(token)
        if found is None:
            raise TokenRefused("unknown")
        return found

    def now(self) -> int:
        return self.clock.now()

    def plan(self, at: int, turn: Turn, row: int, what: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (at, turn, row, next(self._count), what))

    def enter(self, person: Person, row: int, identity: Identity) -> Door:
        """The person's link opens and says hello."""
        self._identities[identity.sub] = identity
        door = Door(self, person, row, identity.sub)
        self._doors.append(door)
        door.connect()
        return door

    def answered(self) -> dict[str, bool]:
        """The callers who must be in the journal, and whether they were refused.

        Whoever's own link broke is not among them: he may have been away for too long.
        """
        return {
            door.token: bool(door.person.errors)
            for door in self._doors
            if isinstance(door.person, SimCustomer) and not door.broke
        }

    def busy(self) -> bool:
        """Whether anything but the keeping of old records is still to happen by itself."""
        matchmaker = self.leadership.matchmaker
        if matchmaker is None:
            return True
        agents = matchmaker.board.agents.values()
        return any(agent.until is not None or agent.offer for agent in agents)


def _no_config(_: Identity) -> dict[str, Any]:
    return {}
