"""The faults of a live replay: processes are really killed or stopped, sockets really cut or left unread.

How long a fault lasts is scenario time, divided by `speed`. A clock steps by what was asked for: it is the
clock of a machine, which knows of no speed.
"""

from collections.abc import Callable, Iterable

import trio
from attrs import define

from engine.replay.baselines.page import Page
from engine.replay.entrances import Entrance
from engine.replay.faults import Fault, FaultKind
from engine.replay.servers import Servers


@define(eq=False)
class Harm:
    """Done to `servers`, and to the links that `links` finds by whose they are."""

    servers: Servers
    speed: float
    links: Callable[[str], Iterable[Entrance]]

    async def suffer(self, fault: Fault) -> None:
        """It happens now; return when it is over."""
        match fault.kind:
            case FaultKind.DROP_AGENT | FaultKind.DROP_CUSTOMER:
                for link in self._links(fault):
                    link.drop(fault.for_ms or 0)
            case FaultKind.SLOW_READER:
                for link in self._links(fault):
                    assert not isinstance(link, Page)
                    link.stall(fault.for_ms or 0)
            case FaultKind.KILL_NODE | FaultKind.KILL_LEADER:
                await self._kill(fault)
            case _:
                await self._trouble_store(fault)

    def _links(self, fault: Fault) -> list[Entrance]:
        return [] if fault.who is None else [link for link in self.links(fault.who) if not link.over]

    async def _kill(self, fault: Fault) -> None:
        leader = await self.servers.leader()
        up = [node for node in self.servers.nodes if node.up]
        others = [node for node in up if node is not leader]
        led = [leader] if leader is not None else []
        first = (others or led) if fault.kind is FaultKind.KILL_NODE else (led or others)
        if not first:
            return
        self.servers.kill(first[0])
        if fault.for_ms is not None:
            await trio.sleep(self._real_s(fault))
            await self.servers.restart(first[0])

    async def _trouble_store(self, fault: Fault) -> None:
        store = self.servers.store
        assert store is not None
        match fault.kind:
            case FaultKind.STORE_AWAY:
                await store.away(self._real_s(fault))
            case FaultKind.STORE_RESTARTED:
                await store.restart(self._real_s(fault))
            case FaultKind.STORE_EMPTIED:
                await store.empty()
            case FaultKind.CLOCK_STEP:
                store.step(fault.by_ms or 0)

    def _real_s(self, fault: Fault) -> float:
        return (fault.for_ms or 0) / 1000 / self.speed
