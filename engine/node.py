"""One node: its store, its actors, its two ports, its heart; from start to drain.

A node lives as long as its boot is believed alive. If the pool declared it dead (it was paused, or cut
off), it closes its sockets (1012) and raises `Reaped`; whoever runs it makes another on the same ports.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from random import SystemRandom
from time import time
from typing import Any
from zoneinfo import ZoneInfo

import structlog
import trio
from attrs import define, evolve, field, frozen
from starlette.routing import BaseRoute

from engine import __version__
from engine.actors.context import Context
from engine.actors.directory import Directory
from engine.actors.ids import RandomIds
from engine.actors.leadership import Leadership, Pulse
from engine.actors.ports import CloseCode, Listener
from engine.actors.rulebook import Rulebook
from engine.config import load
from engine.domain.change import Change, Conflict, NotSent, Reaped, Receipt, Unknown
from engine.domain.errors import Code, Refused
from engine.domain.facts import CallConnected, OfferEnded
from engine.domain.rules import Policy
from engine.gateway.auth import SignedReceipts, Verifier
from engine.gateway.house import House
from engine.gateway.server import Gateway
from engine.observability.metrics import NodeMetrics, watch_loop
from engine.settings import Settings
from engine.store.redis_store import RedisStore
from engine.tables import ConfigError
from engine.web.app import serve_http
from engine.web.pages import page_routes
from engine.welcome import client_config
from engine.wiring import meeting, reference

log = structlog.get_logger()

#: Deadlines carried out at once: enough that a rush of wrap-ups does not wait for one commit after another.
DEADLINES_AT_ONCE = 64
#: How long a stopping node waits for pending offers, and then for its sessions to record their lost links.
DRAIN_S, FAREWELL_S = 20.0, 5.0
SAMPLE_S = 1.0


@frozen
class Ready:
    """A node that takes traffic."""

    node: str
    ws_port: int
    http_port: int


class MeasuredStore(RedisStore):
    """The store, with every commit counted: its outcome, its latency, and the facts that customers feel."""

    metrics: NodeMetrics

    async def commit(self, change: Change) -> Receipt:
        began_s, outcome = trio.current_time(), "receipt"
        try:
            receipt = await super().commit(change)
        except (Conflict, NotSent, Unknown, Reaped) as error:
            outcome = _OUTCOMES[type(error)]
            raise
        finally:
            self.metrics.committed(outcome, (trio.current_time() - began_s) * 1000)
        for fact in change.facts:
            if isinstance(fact, OfferEnded):
                self.metrics.offer_ended(fact.how.value)
            elif isinstance(fact, CallConnected) and not fact.restored:
                call = receipt.records.get(f"call:{fact.call}")
                self.metrics.waited(getattr(call, "queue", ""), fact.waited_ms)
        return receipt


_OUTCOMES: Mapping[type[Exception], str] = {
    Conflict: "conflict",
    NotSent: "not_sent",
    Unknown: "unknown",
    Reaped: "reaped",
}


@define(eq=False)
class Node:
    """`settings` must have a secret. `store_url`: the pool's Redis. `routes` come before the pages."""

    settings: Settings
    store_url: str
    metrics: NodeMetrics = field(factory=NodeMetrics)
    routes: Sequence[BaseRoute] = ()
    _store: MeasuredStore = field(init=False)
    _directory: Directory = field(init=False)
    _leadership: Leadership = field(init=False)
    _gateway: Gateway = field(init=False)
    _ws_port: int = 0
    _open: bool = False
    _draining: bool = False

    # what HTTP tells of it (web.app.Status)

    @property
    def node(self) -> str:
        return self._store.node

    @property
    def version(self) -> str:
        return __version__

    @property
    def registry(self) -> Any:
        return self.metrics.registry

    @property
    def ws_url(self) -> str:
        return self.settings.ws_url or f"ws://{self.settings.ws_host}:{self._ws_port}"

    @property
    def other_ws_urls(self) -> tuple[str, ...]:
        return self.settings.other_ws_urls

    def not_ready(self) -> list[str]:
        reasons = [] if self._store.available else ["store away"]
        return [*reasons, *(["draining"] if self._draining else [])]

    def http_restarted(self) -> None:
        self.metrics.http_restarted()

    # what a window on the pool shows

    def now(self) -> int:
        """Pool time, ms."""
        return self._store.clock.now()

    def watch(self, listener: Listener) -> AbstractAsyncContextManager[None]:
        """While open, tell `listener` of every record of the pool, of all of them first."""
        return self._store.watch(listener)

    # its life

    async def run(self, *, task_status: trio.TaskStatus[Ready] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled. Raises Reaped, alone or in a group, when this boot was declared dead."""
        settings = self.settings
        self._store = MeasuredStore(
            self.store_url,
            pool=settings.pool,
            name=settings.node,
            replicated=settings.durability.value == "replicated",
            retention_ms=settings.retention_ms,
        )
        self._store.metrics = self.metrics
        async with trio.open_nursery() as foundation:
            await foundation.start(self._store.run)
            async with trio.open_nursery() as nursery:
                context = self._context()
                self._directory = Directory(context, nursery)
                self._store.listen(self._directory)
                self._leadership = Leadership(
                    context,
                    Pulse(beat_ms=settings.beat_ms, lease_ms=settings.lease_ms),
                    position_every_ms=settings.position_every_ms,
                    deadlines_at_once=DEADLINES_AT_ONCE,
                )
                pages = page_routes(reference(__version__))
                serve_pages = partial(serve_http, routes=[*self.routes, *pages])
                http_port = await nursery.start(
                    serve_pages, settings.http_host, settings.http_port, self, name="http"
                )
                self._gateway = Gateway(
                    self._house(context),
                    frozenset(settings.origins or own_origins(settings.http_host, http_port)),
                    settings.max_sockets,
                )
                self._ws_port = await nursery.start(
                    self._gateway.serve, settings.ws_host, settings.ws_port, name="gateway"
                )
                nursery.start_soon(watch_loop, self.metrics)
                nursery.start_soon(self._sample)
                nursery.start_soon(self._lead)
                self._open = True
                task_status.started(Ready(self._store.node, self._ws_port, http_port))

    async def drain(self) -> None:
        """Hand over the lead, send everybody elsewhere, wait until their lost links are recorded.

        A node that does not take traffic yet has nobody to send.
        """
        self._draining = True
        if not self._open:
            return
        log.info("draining", node=self.node)
        await self._leadership.hand_over()
        await self._gateway.drain(DRAIN_S)
        with trio.move_on_after(FAREWELL_S):
            await self._directory.empty()

    async def _lead(self) -> None:
        try:
            await self._leadership.run()
        except* Reaped:
            log.warning("declared dead", node=self._store.node)
            await self._gateway.close_all(CloseCode.GOING_AWAY, "node restarts")
            raise

    def _context(self) -> Context:
        return Context(
            store=self._store,
            clock=self._store.clock,
            ids=RandomIds(SystemRandom()),
            policy=Rulebook(self.settings.policy, self._read_rules),
            day_at=day_in(ZoneInfo(self.settings.timezone)),
            receipts=SignedReceipts(self.settings.secret),
            metrics=self.metrics,
            video=meeting(self.settings, time),
        )

    def _read_rules(self) -> Policy:
        """The rules as they are written by now, and the labels that go with them. Raises Refused."""
        source = self.settings.config_file
        if source is None:
            raise Refused(Code.WRONG_STATE, "this node has no file to read its rules in", state="no_file")
        try:
            written = load(source, os.environ)
        except ConfigError as error:
            first = error.mistakes[0]
            raise Refused(Code.BAD_FIELD, str(first), field=first.key) from error
        self.settings = evolve(self.settings, policy=written.policy, labels=written.labels)
        return written.policy

    def _house(self, context: Context) -> House:
        settings = self.settings
        return House(
            node=self._store.node,
            reception=self._directory,
            verify=verifier(settings),
            config_for=client_config(lambda: self.settings, context.standings),
            server_time=self._store.clock.now,
            now_s=trio.current_time,
            unix_s=time,
        )

    async def _sample(self) -> None:
        """Keep the gauges that are read off rather than counted."""
        while True:
            metrics, tally = self.metrics, self._gateway.tally
            metrics.store_available(self._store.available)
            metrics.sockets(self._gateway.sockets())
            metrics.closes(tally.closed)
            metrics.frames("in", tally.frames_in)
            metrics.frames("out", tally.frames_out)
            metrics.mailbox("session", max((len(a.mailbox) for a in self._directory.actors()), default=0))
            matchmaker = self._leadership.matchmaker
            metrics.leading(matchmaker is not None)
            if matchmaker is None:  # who leads no more is silent, not frozen
                metrics.agents({})
                metrics.waiting({})
            else:
                board = matchmaker.board
                metrics.agents(Counter(agent.state.value for agent in board.agents.values()))
                metrics.waiting({queue: len(board.order.get(queue, ())) for queue in board.policy.queues})
            await trio.sleep(SAMPLE_S)


def day_in(zone: ZoneInfo) -> Callable[[int], int]:
    """When the day of an instant began there (both Unix time, ms)."""

    def day_at(now: int) -> int:
        midnight = datetime.fromtimestamp(now / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        return int(midnight.timestamp() * 1000)

    return day_at


def own_origins(host: str, port: int) -> tuple[str, ...]:
    """The origins under which a browser on this machine reaches the node's own pages."""
    names = {host} if host not in ("127.0.0.1", "0.0.0.0", "::", "::1") else {"127.0.0.1", "localhost"}
    return tuple(f"http://{name}:{port}" for name in sorted(names))


def verifier(settings: Settings) -> Verifier:
    """Who may sign login tokens: the bank's public keys if configured, else the node's own secret."""
    if settings.public_keys:
        return Verifier.of_public_keys(settings.public_keys, settings.audience)
    return Verifier.of_secret(settings.secret, settings.audience)
