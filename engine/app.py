"""The composition root: makes the parts, hands each what it needs, and owns start and stop.

`serve` is one node over a Redis, or over an embedded store it starts itself. Signals ask it to drain; the
receiver stays open for the whole drain, because a second signal may come. A node that was declared dead is
made anew on the same ports.
"""

import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import structlog
import trio
from attrs import evolve, frozen
from starlette.routing import BaseRoute

from engine.config import load_secret
from engine.domain.change import Reaped
from engine.node import Node, Ready
from engine.observability import log as logs
from engine.settings import Durability, Settings
from engine.store.embedded import Embedded, EmbeddedError

log = structlog.get_logger()

#: How often the embedded store is looked after, and how long it has to start again before the next try.
LOOK_S, REVIVE_S = 0.2, 1.0


def serve(settings: Settings) -> None:
    """Run one node until SIGINT or SIGTERM, then drain. Prints one line once it takes traffic."""
    logs.configure(settings.log_format)
    settings = load_secret(settings)
    with store(settings) as place:
        trio.run(_serve, settings, place)


@frozen
class Place:
    """The pool's store: its URL for this process, and for a second node."""

    url: str
    join_url: str
    _embedded: Embedded | None = None

    async def keep(self) -> None:
        """Bring the embedded store back whenever it dies. To be run on the main thread."""
        while self._embedded is not None:
            await trio.sleep(LOOK_S)
            if not self._embedded.running:
                log.error("the store died, and is started again")
                try:
                    self._embedded.revive()
                except EmbeddedError as error:
                    log.error("the store cannot be started", why=str(error))
                await trio.sleep(REVIVE_S)


@contextmanager
def store(settings: Settings) -> Iterator[Place]:
    """The pool's store while the block lasts. From its end on signals are ignored: the end has come."""
    if settings.redis_url is not None:
        yield Place(settings.redis_url, settings.redis_url)
        _deafen()
        return
    fsync = "always" if settings.durability is Durability.ALWAYS else "everysec"
    with Embedded(settings.data_dir, fsync=fsync, port=free_port()) as embedded:
        yield Place(embedded.url, embedded.join_url, embedded)
        _deafen()


def _deafen() -> None:
    """Another signal must not keep the store from writing its file, nor turn a good end into a bad one."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _serve(settings: Settings, place: Place) -> None:
    async with asked_to_end() as asked, trio.open_nursery() as nursery:
        nursery.start_soon(place.keep)
        lives = Lives(settings, place.url)
        takes_traffic = trio.Event()

        async def begin() -> None:
            ready = await nursery.start(lives.run)
            print(ready_line(settings, ready, place.join_url), flush=True)
            takes_traffic.set()

        nursery.start_soon(begin)
        await asked.wait()
        if takes_traffic.is_set():
            await lives.node.drain()
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def asked_to_end() -> AsyncIterator[trio.Event]:
    """Set by the first SIGINT or SIGTERM; those that follow are taken too, as long as the block lasts.

    One that nobody took would be delivered anew at the end, and end the process by itself.
    """
    asked = trio.Event()

    async def take(signals: AsyncIterator[int]) -> None:
        async for _ in signals:
            asked.set()

    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(take, signals)
            yield asked
            nursery.cancel_scope.cancel()


def ready_line(settings: Settings, ready: Ready, join_url: str) -> str:
    return (
        f"ready ws=ws://{settings.ws_host}:{ready.ws_port} "
        f"http=http://{settings.http_host}:{ready.http_port} node={ready.node} store={join_url}"
    )


class Lives:
    """A node and its successors: each is made anew, on the same ports, when the last was declared dead."""

    def __init__(self, settings: Settings, store_url: str, routes: Sequence[BaseRoute] = ()) -> None:
        self.node = Node(settings, store_url, routes=routes)
        self._settings = settings

    async def run(self, task_status: trio.TaskStatus[Ready] = trio.TASK_STATUS_IGNORED) -> None:
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    ready = await nursery.start(self.node.run)
                    self._settings = evolve(self._settings, ws_port=ready.ws_port, http_port=ready.http_port)
                    task_status.started(ready)
                    task_status = trio.TASK_STATUS_IGNORED
            except* Reaped:
                log.warning("starting anew", node=self.node.node)
            self.node = Node(self._settings, self.node.store_url, self.node.metrics, self.node.routes)
