"""The nodes of a test, the people at their doors, and the health path that must work whatever happened."""

import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path

import trio
from attrs import define, field

from .board import Board
from .jwt import mint
from .process import SECRET, Engine
from .wire import Frame, Wire, entered

QUEUES = ("general", "slow")
#: The health path must work within this on an idle machine; a loaded one gets more.
HEALTHY_S = 10.0


@define(eq=False)
class House:
    directory: Path
    engines: list[Engine] = field(factory=list)
    _names: "count[int]" = field(factory=count)

    @property
    def one(self) -> Engine:
        return self.engines[0]

    async def join(self, name: str) -> Engine:
        """Another node on the first one's store, by the URL it printed."""
        made = Engine(self.directory, name, ("--redis", self.one.store))
        self.engines.append(made)
        return await made.start()

    @asynccontextmanager
    async def agent(
        self, sub: str, engine: Engine | None = None, *, ready: bool = True, queues: tuple[str, ...] = QUEUES
    ) -> AsyncIterator[Wire]:
        """An agent who has logged in and, unless told otherwise, is ready."""
        token = mint(SECRET, "agent", sub, queues=list(queues))
        async with entered((engine or self.one).url, "agent", token) as wire:
            await wire.hear("agent.state")
            if ready:
                await wire.ask("state.set", state="ready")
                await wire.hear("agent.state", state="ready")
            yield wire

    @asynccontextmanager
    async def customer(self, sub: str, engine: Engine | None = None, **hello: str) -> AsyncIterator[Wire]:
        token = mint(SECRET, "customer", sub)
        async with entered((engine or self.one).url, "customer", token, **hello) as wire:
            yield wire

    @asynccontextmanager
    async def waiting(
        self, sub: str, engine: Engine | None = None, queue: str = "general"
    ) -> AsyncIterator[tuple[Wire, Frame]]:
        """A customer who stands in a queue, and his `call.queued`."""
        async with self.customer(sub, engine) as wire:
            answer = await wire.ask("call.request", request_id=f"{sub}-1", queue=queue)
            assert answer["type"] == "ok", answer
            yield wire, await wire.hear("call.queued")

    @asynccontextmanager
    async def board(
        self, sub: str = "boss", engine: Engine | None = None, *, queues: tuple[str, ...] = ()
    ) -> AsyncIterator[Board]:
        """A supervisor who looks at his board."""
        token = mint(SECRET, "supervisor", sub, queues=list(queues))
        async with entered((engine or self.one).url, "supervisor", token) as wire:
            yield await Board(wire).watch()

    async def serves(self, engine: Engine | None = None) -> None:
        """The health path: somebody else comes in, asks, is offered to an agent, and both leave again."""
        n = next(self._names)
        with trio.fail_after(HEALTHY_S):
            async with (
                self.agent("health-agent", engine, queues=("health",)) as agent,
                self.customer("health", engine) as customer,
            ):
                answer = await customer.ask("call.request", request_id=f"health-{n}", queue="health")
                assert answer["type"] == "ok", answer
                queued = await customer.hear("call.queued")
                offer = await agent.hear("offer")
                assert offer["call"]["call_id"] == queued["call_id"]
                await customer.ask("call.hangup")
                await agent.hear("offer.ended")

    async def status(self, path: str, engine: Engine | None = None) -> int:
        """What HTTP answers; 0 if nobody does."""
        return await trio.to_thread.run_sync(partial(_status, (engine or self.one).http_url + path))


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
