"""The store of a live replay: a server in a process of its own, so that no node takes it along; its faults.

Away, it is stopped (SIGSTOP): it is there and answers nobody, as if it hung or its network were cut.
Restarted, it is killed (SIGKILL) and started again on its append-only file, so that nothing that was answered
is lost. Emptied, it is killed and started again on nothing; what its journal held is read before that, while
it takes no more writes. Its clock steps by libfaketime. One of these happens at a time.
"""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import redis
import trio

from engine.domain.facts import Fact
from engine.replay.cost import commands, cpu_s
from engine.replay.fake_clock import FakeClock, forget
from engine.replay.node_process import NodeFailed
from engine.store.embedded import Embedded, EmbeddedError
from engine.store.journal import entries
from engine.store.keys import Keys
from engine.store.wire import Address

#: The directory of a server's append-only file, in its data directory.
_FILE = "appendonlydir"
#: For so long it takes no writes while its journal is read, unless it is killed before; ms.
_READING_MS = 60_000
_ASK_S = 0.01


class StoreProcess:
    """A server while the `with` block lasts. Enter it on the main thread, and call everything there.

    `steps`: whether its clock may be set; then libfaketime must be installed.
    """

    def __init__(self, directory: Path, keys: Keys, *, steps: bool) -> None:
        self._keys = keys
        self._clock = FakeClock(directory / "clock") if steps else None
        self._data = directory / "data"
        self._server = Embedded(self._data, environment=self._clock.environment if self._clock else None)
        self._at_a_time = trio.Lock()
        self._wanted = False
        #: what its journal held each time it was emptied
        self.lost: list[Fact] = []
        #: of servers that were killed
        self.spent_cpu_s, self.spent_commands = 0.0, 0

    def __enter__(self) -> "StoreProcess":
        self._server.__enter__()
        self._began()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def _began(self) -> None:
        if self._clock is not None:
            forget(self._server.pid)
        self._wanted = True

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def pid(self) -> int:
        return self._server.pid

    @property
    def well(self) -> bool:
        """Whether it runs, or is not meant to."""
        return not self._wanted or self._server.running

    def facts(self) -> list[Fact]:
        """What its journal holds now."""
        with Address(self.url).client() as client:
            return [fact for entry in entries(client, self._keys) for fact in entry.facts]

    async def away(self, for_s: float) -> None:
        async with self._at_a_time:
            os.kill(self.pid, signal.SIGSTOP)
            try:
                await trio.sleep(for_s)
            finally:
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGCONT)

    async def restart(self, for_s: float) -> None:
        async with self._at_a_time, self._dead():
            await trio.sleep(for_s)

    async def empty(self) -> None:
        async with self._at_a_time:
            await self._asked(lambda client: client.client_pause(_READING_MS, all=False))
            self.lost += await trio.to_thread.run_sync(self.facts)
            async with self._dead():
                shutil.rmtree(self._data / _FILE)

    def step(self, by_ms: int) -> None:
        """Set its clock by so much, within a second."""
        assert self._clock is not None
        self._clock.step(by_ms)

    @asynccontextmanager
    async def _dead(self) -> AsyncIterator[None]:
        """It was killed; from the end of the block on it is started again, and answers when that is left."""
        self.spent_commands += await self._asked(commands) or 0
        self.spent_cpu_s += cpu_s(self.pid)
        self._wanted = False
        self._server.crash()
        try:
            yield
        finally:
            try:
                self._server.revive()
            except EmbeddedError as error:
                raise NodeFailed(f"the store was not started again: {error}") from None
            with trio.CancelScope(shield=True):
                await self._asked(lambda client: client.ping())
            self._began()

    async def _asked(self, question: Callable[["redis.Redis"], Any]) -> Any:
        """What it answers; asked again, however busy the machine is, until it does. None if it has ended."""
        with Address(self.url).client() as client:
            while self._server.running:
                try:
                    return await trio.to_thread.run_sync(question, client)
                except (redis.RedisError, OSError):
                    await trio.sleep(_ASK_S)
        return None
