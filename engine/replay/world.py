"""The engine in this process and in virtual time: nodes over one pool, people at their doors, and an agenda.

A world without faults has one node whose lead nobody contests, so its heart hardly beats. With several nodes,
or with faults, hearts beat as they do where they serve, and links come back as the reference client's do.
"""

import heapq
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from random import Random

import trio

from engine.actors.ids import RandomIds
from engine.actors.leadership import Pulse
from engine.actors.ports import Identity
from engine.domain.facts import Fact
from engine.domain.rules import Policy
from engine.gateway.auth import TokenRefused
from engine.replay.door import Door, Person
from engine.replay.faults import Fault, FaultKind
from engine.replay.people import SimCustomer, Turn
from engine.replay.rows import Drop
from engine.replay.virtual_node import VirtualNode
from engine.store.clock import VirtualClock
from engine.store.memory_store import MemoryPool
from engine.store.records import decode_fact

#: In a world with one node nobody contests the lead, so the heart need hardly beat.
CALM = Pulse(beat_ms=30 * 86_400_000, lease_ms=60 * 86_400_000)
#: After the last thing that people or faults do, a world with faults has so long to settle: longer than a
#: succession, the grace of any link and the longest wait before a reconnect together.
SETTLE_MS = 120_000
#: How long a store is away that is started again at once.
RESTART_MS = 200

Event = tuple[int, Turn, int, int, Callable[[], None]]  # at, turn, row, n, what


class Refusals:
    """Counts the matchmaker's refused commits: in a world without faults there should be none."""

    def __init__(self) -> None:
        self.count = 0

    def refused(self) -> None:
        self.count += 1


class World:
    """Nodes over a `MemoryPool`, and the agenda of its people. Everything random comes from `seed`."""

    def __init__(
        self,
        policy: Policy,
        seed: int,
        nursery: trio.Nursery,
        time: trio.abc.Clock,
        *,
        nodes: int = 1,
        troubled: bool = False,
    ) -> None:
        random = Random(seed)
        self.clock = VirtualClock(seconds=time.current_time)
        self.pool = MemoryPool(self.clock, random=Random(random.random()))
        self.refusals = Refusals()
        self.agenda: list[Event] = []
        self.nodes: list[VirtualNode] = []
        self._policy, self._seed, self._nursery = policy, seed, nursery
        self._troubled = troubled or nodes > 1
        self._last_at = 0
        self._count = count()
        self._doors: list[Door] = []
        self._identities: dict[str, Identity] = {}
        self._lost: list[Fact] = []
        for n in range(nodes):
            self._start(random if n == 0 else Random(f"{seed}/node/{n}"))

    def _start(self, random: Random) -> None:
        node = VirtualNode(
            self.pool,
            self.clock,
            policy=self._policy,
            ids=RandomIds(random),
            pulse=Pulse() if self._troubled else CALM,
            metrics=self.refusals,
            verify=self._verify,
        )
        self.nodes.append(node)
        self._nursery.start_soon(node.run)

    def _verify(self, token: str) -> Identity:
        found = self._identities.get(token)
        if found is None:
            raise TokenRefused("unknown")
        return found

    # time

    def now(self) -> int:
        return self.clock.now()

    def plan(self, at: int, turn: Turn, row: int, what: Callable[[], None]) -> None:
        self._last_at = max(self._last_at, at)
        heapq.heappush(self.agenda, (at, turn, row, next(self._count), what))

    def busy(self) -> bool:
        """Whether anything but the keeping of old records is still to happen by itself."""
        alive = [node for node in self.nodes if node.alive]
        if self._troubled and (not alive or self.now() < self._last_at + SETTLE_MS):
            return bool(alive)
        leads = [m for node in alive if (m := node.leadership.matchmaker) is not None]
        agents = [agent for matchmaker in leads for agent in matchmaker.board.agents.values()]
        return not leads or any(agent.until is not None or agent.offer for agent in agents)

    def over(self) -> bool:
        """Whether no node is left, nor to come, to which anybody could come back."""
        if any(node.alive for node in self.nodes):
            return False
        return not any(turn is Turn.FAULT for _, turn, _, _, _ in self.agenda)

    # people

    def enter(self, person: Person, row: int, identity: Identity) -> Door:
        """The person's link opens and says hello."""
        self._identities[identity.sub] = identity
        door = Door(self, person, row, identity.sub, Random(f"{self._seed}/link/{identity.sub}/{row}"))
        self._doors.append(door)
        door.connect()
        return door

    def reach(self, n: int) -> VirtualNode | None:
        """The node at the n-th of the addresses that clients know, if it is up."""
        node = self.nodes[n % len(self.nodes)]
        return node if node.house is not None else None

    def answered(self) -> dict[str, bool]:
        """The callers who must be in the journal, and whether they were refused.

        Whoever's own link broke is not among them: he may have been away for too long.
        """
        return {
            door.token: bool(door.person.errors)
            for door in self._doors
            if isinstance(door.person, SimCustomer) and not door.broke
        }

    def reconnects(self) -> int:
        return sum(max(0, door.connects - 1) for door in self._doors)

    # faults

    def suffer(self, fault: Fault) -> None:
        """It happens now."""
        match fault.kind:
            case FaultKind.DROP_AGENT | FaultKind.DROP_CUSTOMER:
                for door in self._doors:
                    if door.token == fault.who:
                        door.drop(Drop(at_s=fault.at_s, for_ms=fault.for_ms or 0))
            case FaultKind.SLOW_READER:
                for door in self._doors:
                    if door.token == fault.who:
                        door.stall(fault.for_ms or 0)
            case FaultKind.KILL_NODE | FaultKind.KILL_LEADER:
                self._kill(fault)
            case FaultKind.STORE_AWAY | FaultKind.STORE_RESTARTED:
                self.pool.away()
                self.plan(self.now() + (fault.for_ms or RESTART_MS), Turn.FAULT, 0, self.pool.back)
            case FaultKind.STORE_EMPTIED:
                self._lost.extend(self._facts_now())
                self.pool.empty()
            case FaultKind.CLOCK_STEP:
                raise ValueError("in virtual time the store's clock is pool time: nothing could step")

    def _kill(self, fault: Fault) -> None:
        alive = [node for node in self.nodes if node.alive]
        led = [node for node in alive if node.leadership.reigning]
        others = [node for node in alive if node not in led]
        first = (others or led) if fault.kind is FaultKind.KILL_NODE else (led or others)
        if not first:
            return
        first[0].kill()
        for door in self._doors:
            door.bereave(first[0])
        if fault.for_ms is not None:
            again = partial(self._restart, self.nodes.index(first[0]))
            self.plan(self.now() + fault.for_ms, Turn.FAULT, 0, again)

    def _restart(self, n: int) -> None:
        """A new boot, at the address of the old."""
        self._start(Random(f"{self._seed}/boot/{next(self._count)}"))
        self.nodes[n] = self.nodes.pop()

    # what is told of it

    def facts(self) -> tuple[Fact, ...]:
        """Everything that was ever in the journal; a store that came back empty has forgotten some of it."""
        return (*self._lost, *self._facts_now())

    def _facts_now(self) -> Iterable[Fact]:
        return (decode_fact(fact) for _, _, _, told in self.pool.journal for fact in told)
