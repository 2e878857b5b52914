"""The way of a change to Redis and of its answer back: one thread, one connection, group commit.

Everything that waits goes out as one pipeline of `commit.lua` calls; replies are judged one by one. An op
is *sent* once it may have reached the server; from then on the link keeps it until it is answered: after a
lost connection unresolved ops are sent again, in order, before newer ones, and the script applies each
once. So a caller learns that his change was answered, was surely not sent, or, when his patience ends
first, that it is unknown; cancelling him cancels nothing. The number waiting is bounded.

What the server refuses before running the script (loading, read-only, out of memory, busy, cannot
persist) is an answer like any other: that op did not happen.
"""

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import redis
import trio

from engine.domain.change import NotSent, Unknown
from engine.store.operation import ACKNOWLEDGED, Operation, Reply
from engine.store.scripts import script
from engine.store.wire import LOST, Wire, backoff_s

#: How long a caller waits for an outcome.
PATIENCE_S = 2.0
#: How many ops may be under way; beyond it a change is refused at once.
MOST_WAITING = 10_000
#: How many ops go out as one pipeline: some hundred KB, a few ms of the server's time.
MOST_TOGETHER = 256
#: How often an op may lose its connection before the link gives it up as unknown.
MOST_ATTEMPTS = 10


class RedisLink:
    """`deliver` and `lost` are called on the thread that runs `work`; all else is for the trio side."""

    def __init__(
        self,
        connect: Callable[[], Wire],
        prefix: str,
        *,
        deliver: Callable[[Sequence[Operation]], None],
        lost: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._prefix = prefix
        self._deliver = deliver
        self._lost = lost
        self._script = script("commit")
        self._inbox: SimpleQueue[Operation | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._pending: dict[int, Operation] = {}
        self._wire: Wire | None = None
        self._unresolved: list[Operation] = []
        self._acknowledged: list[str] = []

    def stop(self, *, at_once: bool = False) -> None:
        """End the thread: once it has sent what waits, or (if the server does not answer) at once."""
        if at_once:
            self._stopping.set()
        self._inbox.put(None)

    async def send(self, op: Operation) -> Reply:
        """Send `op`; its reply. Raises NotSent, or Unknown once patience ends."""
        if len(self._pending) >= MOST_WAITING:
            raise NotSent("too many changes are waiting")
        op.waiter = trio.lowlevel.current_task()
        self._pending[op.n] = op
        self._inbox.put(op)

        def forget(_: object) -> trio.lowlevel.Abort:
            op.waiter = None
            return trio.lowlevel.Abort.SUCCEEDED

        with trio.move_on_after(PATIENCE_S):
            await trio.lowlevel.wait_task_rescheduled(forget)
        if not op.answered:
            self._withdraw(op)
        if op.withdrawn:
            raise NotSent("the store is away")
        if not op.answered or op.reply is None:
            raise Unknown("the store has not answered")
        return op.reply

    def answered(self, op: Operation) -> None:
        """The trio side took note of `op.reply`: wake its caller, if he still waits."""
        op.answered = True
        self._pending.pop(op.n, None)
        if op.waiter is not None:
            trio.lowlevel.reschedule(op.waiter)
            op.waiter = None

    def withdraw_unsent(self) -> None:
        """Give up what was never sent: the store is away, and a stale change helps nobody."""
        for op in tuple(self._pending.values()):
            self._withdraw(op)
            if op.withdrawn:
                self.answered(op)

    def _withdraw(self, op: Operation) -> None:
        with self._lock:
            op.withdrawn = not op.sent
        if op.withdrawn:
            self._pending.pop(op.n, None)

    def work(self) -> None:
        """What the link's thread runs. It connects when there is something to send."""
        failures = 0
        while self._take():
            try:
                self._exchange()
            except LOST:
                failures += 1
                self._disconnect()
                if failures > 1:
                    self._lost()
                    self._stopping.wait(backoff_s(failures))
            else:
                failures = 0
        self._disconnect()

    def _take(self) -> bool:
        """Gather what waits; False once the link is to end."""
        ops = self._unresolved
        try:
            if not ops:
                self._gather(self._inbox.get())
            while len(ops) < MOST_TOGETHER:
                self._gather(self._inbox.get_nowait())
        except Empty:
            pass
        except _Stop:
            if not ops:
                return False
            self._inbox.put(None)
        return not self._stopping.is_set()

    def _gather(self, op: Operation | None) -> None:
        if op is None:
            raise _Stop
        self._unresolved.append(op)

    def _exchange(self) -> None:
        """One pipeline: send all that is unresolved, and judge the replies."""
        if self._wire is None:
            self._wire = self._connect()
        wire = self._wire
        with self._lock:
            ops = [op for op in self._unresolved if not op.withdrawn]
            for op in ops:
                op.sent = True
        self._unresolved = ops
        if not ops:
            return
        ops[0].args[ACKNOWLEDGED] = " ".join(self._acknowledged)
        wire.send([self._command(op) for op in ops])
        replies: list[tuple[Operation, Reply]] = []
        try:
            for op in ops:
                op.attempts += 1
                replies.append((op, wire.reply()))
        finally:
            self._judge(replies)

    def _command(self, op: Operation) -> tuple[str, ...]:
        return ("EVALSHA", self._script.sha, "1", self._prefix, *op.args)

    def _judge(self, replies: list[tuple[Operation, Reply]]) -> None:
        answered, unknown_script, demoted = [], False, False
        for op, reply in replies:
            if isinstance(reply, redis.exceptions.NoScriptError):
                unknown_script = True
                continue
            demoted = demoted or isinstance(reply, redis.exceptions.ReadOnlyError)
            op.reply = reply
            answered.append(op)
        if answered and answered[0] is replies[0][0] and not isinstance(replies[0][1], Exception):
            self._acknowledged.clear()
        for op in self._unresolved:
            if op.reply is None and op.attempts >= MOST_ATTEMPTS:
                op.reply = Unknown("the store never answered")
                answered.append(op)
        self._unresolved = [op for op in self._unresolved if op.reply is None]
        self._acknowledged += [str(op.n) for op in answered if _applied(op.reply)]
        if answered:
            self._deliver(answered)
        if unknown_script:
            self._load()
        if demoted:
            self._disconnect()

    def _load(self) -> None:
        assert self._wire is not None
        self._wire.send([("SCRIPT", "LOAD", self._script.text)])
        self._wire.reply()

    def _disconnect(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


class _Stop(Exception):
    """The link is to end once it has sent what waited before."""


def _applied(reply: Reply | None) -> bool:
    return isinstance(reply, list) and reply[0] in ("ok", "again")
