"""What serves a live replay: the nodes of the engine over one store, or one of the systems before it.

The store is a process of its own. Every node keeps its address, so that clients find it where it was when it
comes up again: its port is held by a socket of ours that does not listen.
"""

import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import redis
import trio

from engine.domain.facts import Fact
from engine.replay.cost import Cost, Traffic, cpu_s, so_far
from engine.replay.faults import FaultKind
from engine.replay.node_process import NodeFailed, NodeProcess
from engine.replay.result import Dispatch
from engine.replay.scenario import Scenario
from engine.replay.store_process import StoreProcess
from engine.store.journal import entries
from engine.store.keys import Keys
from engine.store.wire import Address

_HOST = "127.0.0.1"


class Servers:
    """They serve while the `with` block lasts, which is entered on the main thread."""

    def __init__(self, scenario: Scenario, speed: float, dispatch: Dispatch = Dispatch.PRIORITY) -> None:
        self._scenario, self._speed = scenario, speed
        self.dispatch = dispatch
        #: the pool whose journal they keep
        self.pool = "main" if dispatch is Dispatch.PRIORITY else dispatch.value
        self.keys = Keys(self.pool)
        self.nodes: list[NodeProcess] = []
        self.store: StoreProcess | None = None
        self._stack = ExitStack()
        self._led = ""
        self._spent_cpu_s = 0.0

    def __enter__(self) -> "Servers":
        with ExitStack() as stack:
            if self.dispatch is Dispatch.PRIORITY:
                self._start_engine(stack)
            else:
                self.nodes.append(
                    stack.enter_context(NodeProcess(self._scenario, self._speed, self.dispatch))
                )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes:
            node.terminate()
        self._stack.close()

    def _start_engine(self, stack: ExitStack) -> None:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="giliran-replay-")))
        steps = any(fault.kind is FaultKind.CLOCK_STEP for fault in self._scenario.faults)
        self.store = stack.enter_context(StoreProcess(directory, self.keys, steps=steps))
        for n in range(self._scenario.nodes):
            node = NodeProcess(
                self._scenario,
                self._speed,
                name=f"node-{n + 1}",
                ws_port=_held_port(stack),
                store_url=self.store.url,
                secret=self.nodes[0].secret if self.nodes else "",
            )
            self.nodes.append(stack.enter_context(node))

    # for those who use them

    @property
    def secret(self) -> str:
        return self.nodes[0].secret

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(node.url for node in self.nodes)

    @property
    def store_url(self) -> str:
        return self.nodes[0].store_url

    def check(self) -> None:
        """Raise `NodeFailed` if one of them has ended by itself."""
        for node in self.nodes:
            node.check()
        if self.store is not None and not self.store.well:
            raise NodeFailed("the store ended")

    def cost(self, traffic: Traffic, store: "redis.Redis") -> Cost | None:
        """What they have cost so far, those that were killed too. `store` is a client of their store."""
        alive = [node.pid for node in self.nodes if node.up]
        if self.store is None:
            return so_far(traffic, alive, store)
        found = so_far(traffic, [*alive, self.store.pid], store)
        return (
            None
            if found is None
            else found.and_spent(
                cpu_s=self._spent_cpu_s + self.store.spent_cpu_s, store_commands=self.store.spent_commands
            )
        )

    def facts(self) -> list[Fact]:
        """Everything that was ever in the journal; a store that came back empty has forgotten some of it."""
        with Address(self.store_url).client() as client:
            now = [fact for entry in entries(client, self.keys) for fact in entry.facts]
        return now if self.store is None else self.store.lost + now

    # what happens to nodes

    async def leader(self) -> NodeProcess | None:
        """The node that leads, if it is up: by the store's own record, or by what that last said."""
        with suppress(redis.RedisError, OSError):
            self._led = await trio.to_thread.run_sync(self._read_leader)
        return next((n for n in self.nodes if n.up and self._led.startswith(f"{n.name}-")), None)

    def _read_leader(self) -> str:
        with Address(self.store_url).client() as client:
            return str(client.hget(self.keys.of("leader"), "node") or "")

    def kill(self, node: NodeProcess) -> None:
        self._spent_cpu_s += cpu_s(node.pid)
        node.kill()

    async def restart(self, node: NodeProcess) -> None:
        """Another boot of it, at its address."""
        node.start()
        await node.becomes_ready()


def _held_port(stack: ExitStack) -> int:
    """A port that is free, and that nobody gets by chance while the block lasts."""
    held = stack.enter_context(socket.socket())
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((_HOST, 0))
    port: int = held.getsockname()[1]
    return port
