"""The store on Redis: one node's door to a pool; see `actors.ports.Store` for what each method promises.

`run` owns the threads (the link's, one per channel, the control's) and every second looks at the store:
its era, its clock, its channels. When the store does not answer, or answers in another era, the node is
told `Service(False)` and commits are refused; `run` goes on trying, and once the store is back, checks its
era, registers this boot if the era is new, tells `Service(True)` and reads everything again. Changes that
were under way by then are the link's business: it learns what became of each, and the node is told.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import orjson
import redis
import structlog
import trio

from engine.domain.change import Change, NotSent, Receipt, Unavailable
from engine.domain.model import Record, Ref
from engine.domain.news import Changed, Leader, Lease, Service, Signalled
from engine.store.clock import NodeClock, Sample
from engine.store.confirm import Confirmer
from engine.store.control import Control, Look
from engine.store.decoded import Decoded
from engine.store.following import Audience, Following, Listener
from engine.store.handoff import Handoff
from engine.store.journal import Entry
from engine.store.keys import Keys, node_channel
from engine.store.operation import Operation, operation
from engine.store.redis_link import RedisLink
from engine.store.wire import Address, backoff_s

log = structlog.get_logger(__name__)

#: How often a node looks at the store.
LOOK_S = 1.0
#: How long the link may go on sending what waits when the store is closed.
STOP_S = 4.0


class RedisStore:
    """Make it, `run` it, and use it while it runs.

    `replicated`: commits wait until a replica has them. `retention_ms`: how long the journal is kept.
    """

    def __init__(
        self,
        url: str,
        *,
        pool: str = "main",
        name: str = "node",
        boot: str | None = None,
        replicated: bool = False,
        retention_ms: int | None = None,
    ) -> None:
        self._boot = boot or secrets.token_hex(4)
        self._node = f"{name}-{self._boot}"
        self._keys = Keys(pool)
        self._address = Address(url)
        self._replicated = replicated
        self._retention_ms = retention_ms
        self._era = ""
        self._available = False
        self._n = 0
        self._clock = NodeClock()
        self._skew_ms = 0
        self._jump: Sample | None = None
        self._decoded = Decoded()
        self._own = Audience()
        self._feed = Audience()

    @property
    def node(self) -> str:
        return self._node

    @property
    def era(self) -> str:
        return self._era

    @property
    def available(self) -> bool:
        return self._available

    @property
    def clock(self) -> NodeClock:
        """Pool time; known once `run` has started."""
        return self._clock

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be this node's store until cancelled; started once it can be used.

        While the store cannot be reached it waits; a refused password is raised.
        """
        self._handoff = Handoff()
        self._suspected = trio.Event()
        with self._address.client() as client, self._address.client() as confirming:
            self._control = Control(client, self._keys)
            await self._knock()
            confirmer = Confirmer(confirming, self._keys.of("confirm"), self._deliver)
            self._link = RedisLink(
                self._address.wire,
                self._keys.prefix,
                deliver=confirmer.put if self._replicated else self._deliver,
                lost=partial(self._handoff.put, self._suspect),
            )
            link = self._handoff.thread("link", self._link.work)
            confirm = self._handoff.thread("confirm", confirmer.work)
            try:
                await self._serve(task_status)
            finally:
                self._available = False
                with trio.CancelScope(shield=True):
                    self._link.stop()
                    await trio.to_thread.run_sync(link.join, STOP_S)
                    self._link.stop(at_once=True)
                    await trio.to_thread.run_sync(link.join)
                    confirmer.stop()
                    await trio.to_thread.run_sync(confirm.join)
                    await self._control.rest()
                self._handoff.drain()

    async def _knock(self) -> None:
        """Raise Unavailable if the server is there and does not let us in: waiting would not help."""
        try:
            await self._control.look(())
        except Unavailable as error:
            if isinstance(error.__cause__, redis.AuthenticationError | redis.exceptions.NoPermissionError):
                raise

    async def _serve(self, task_status: trio.TaskStatus[None]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._handoff.serve)
            nursery.start_soon(self._control.serve)
            self._following = Following(
                self._address,
                self._keys,
                self._control,
                self._handoff,
                nursery,
                decoded=self._decoded,
                suspect=self._suspect,
            )
            try:
                own = self._following.follow(node_channel(self._node), self._own)
                await self._arrive()
                nursery.start_soon(self._keep)
                await own.synced.wait()
                task_status.started()
                if self._retention_ms is not None:
                    nursery.start_soon(self._control.keep_trimmed, self._retention_ms)
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await self._following.stop()

    async def _keep(self) -> None:
        """Look every second, or at once when something seems wrong; sit an outage out."""
        while True:
            with trio.move_on_after(LOOK_S):
                await self._suspected.wait()
            self._suspected = trio.Event()
            if not await self._look():
                self._available = False
                log.warning("store_away", node=self._node)
                self._link.withdraw_unsent()
                self._following.went()
                self._own.tell(Service(False))
                await self._arrive()
                log.info("store_back", node=self._node, era=self._era)

    async def _look(self) -> bool:
        """Whether the store is there, and the one we know."""
        try:
            look = await self._control.look(self._following.channels)
        except Unavailable:
            return False
        if look.era != self._era:
            return False
        self._calibrate(look, explained=look.skew_ms != self._skew_ms)
        self._following.looked(look.rev, look.seqs)
        return True

    def _calibrate(self, look: Look, *, explained: bool) -> None:
        self._skew_ms = look.skew_ms
        followed = self._clock.follow(look.sample, explained=explained)
        self._jump = None if followed else look.sample

    async def _arrive(self) -> None:
        """Find the store, trying until it is there."""
        failures = 0
        while True:
            try:
                return await self._greet()
            except Unavailable as error:
                failures += 1
                log.warning("store_unreachable", node=self._node, why=str(error))
                await trio.sleep(backoff_s(failures))

    async def _greet(self) -> None:
        look = await self._control.look(())
        if not look.era:
            await self._control.found(secrets.token_hex(8))
            look = await self._control.look(())
        first, new_era = not self._era, look.era != self._era
        if new_era:
            await self._control.beat(self._node, first=True)
        self._era = look.era
        self._calibrate(look, explained=not new_era and look.skew_ms != self._skew_ms)
        self._available = True
        if not first:
            self._own.tell(Service(True))
        self._following.came_back(new_era=new_era)

    def _suspect(self) -> None:
        self._suspected.set()

    async def commit(self, change: Change) -> Receipt:
        if not self._available:
            raise NotSent("the store is away")
        self._n += 1
        op = operation(change, n=self._n, boot=self._boot, node=self._node, era=self._era)
        reply = await self._link.send(op)
        return op.outcome(reply)

    def _deliver(self, ops: Sequence[Operation]) -> None:
        self._handoff.put(partial(self._answered, ops))

    def _answered(self, ops: Sequence[Operation]) -> None:
        for op in ops:
            if isinstance(op.reply, redis.ResponseError):
                log.error("commit_refused", op=op.name, why=str(op.reply))
            elif isinstance(op.reply, list) and op.reply[0] in ("ok", "again"):
                op.receipt = op.applied(op.reply[1], self._decoded)
                changed = Changed(op.receipt.rev, op.receipt.records)
                self._following.told(op.name, changed, op.channels)
            elif isinstance(op.reply, list) and op.reply[0] == "era":
                self._suspect()
            self._link.answered(op)

    async def read(self, refs: Iterable[Ref]) -> Mapping[Ref, Record]:
        return await self._reach().read(refs)

    async def rank(self, queue: str, call_id: str) -> int | None:
        return await self._reach().rank(queue, call_id)

    async def index(self, name: str) -> dict[Ref, int]:
        """An index's members and their scores."""
        return await self._reach().index(name)

    async def journal(self, after: str = "", limit: int = 1000) -> tuple[Entry, ...]:
        """At most `limit` entries, after the entry `after` or that instant; the journal has another clock."""
        store_after = str(int(after) - self._skew_ms) if after.isdecimal() else after
        return await self._reach().journal(store_after, limit)

    def _reach(self) -> Control:
        if not self._available:
            raise NotSent("the store is away")
        return self._control

    def listen(self, listener: Listener) -> None:
        self._own.listeners.append(listener)

    def watch(self, listener: Listener) -> AbstractAsyncContextManager[None]:
        self._reach()
        return self._following.watching(self._feed, listener)

    async def signal(self, node: str, to: Ref, body: Mapping[str, Any]) -> None:
        if node == self._node:
            self._own.tell(Signalled(to, orjson.loads(orjson.dumps(body))))
        elif self._available:
            self._control.signal(node, to, body)
        await trio.lowlevel.checkpoint()

    async def beat(self) -> Mapping[str, int]:
        return await self._reach().beat(self._node, first=False)

    async def condemn(self, node: str, token: str) -> tuple[Ref, ...]:
        return await self._reach().condemn(node, token, "condemn")

    async def bury(self, node: str, token: str) -> None:
        await self._reach().condemn(node, token, "bury")

    async def lead(self, seen: Leader | None, nonce: str) -> Lease:
        now = self._clock.now()
        bid = await self._reach().lead(seen, nonce, self._node, now)
        if bid.mine and self._jump is not None:
            skew_ms = self._skew_ms - round(self._clock.off_by_ms(self._jump))
            log.warning("store_clock_jumped", by_ms=self._skew_ms - skew_ms)
            await self._control.set_skew(nonce, self._skew_ms, skew_ms)
            self._jump = None
        return Lease(bid.leader, bid.mine, 0 if bid.last_at is None else max(0, now - bid.last_at))

    async def resign(self, leader: Leader) -> None:
        await self._reach().resign(leader.nonce)
