"""The matchmaker's hands: they carry out what was decided, and keep the board true to what comes of it.

Every change is fenced by the leader's token. A refused one only corrects the board; what is refused three
times within a second rests, and what makes a change raise is set aside, so that the others go on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import structlog
import trio
from attrs import define

from engine.actors.context import Context
from engine.actors.inbox import Failures, Refusals
from engine.domain.board import Board
from engine.domain.change import LEADER, Change, Conflict, Guard, Reaped, Unavailable
from engine.domain.model import Record, Ref
from engine.domain.news import Leader

log = structlog.get_logger()

REST_MS = 250
#: How often a change of a whole pool's sweep is tried on one record.
TRIES = 3
#: When the store would not answer, look again after this.
AWAY_MS = 1_000

Decide = Callable[[Record, int], Change | None]


class LostLead(Exception):
    """Another leads now; whatever was decided is moot."""


@define(eq=False)
class Trust:
    """Whether to believe that the lead is held and the store was there: `for_s` since that was last asked,
    and not once there was reason to doubt it. Instants are those of the monotonic clock (s)."""

    for_s: float
    _asked_s: float = float("-inf")
    _doubted_s: float = float("-inf")

    def __bool__(self) -> bool:
        recent = trio.current_time() - self._asked_s <= self.for_s
        return recent and self._asked_s >= self._doubted_s

    def confirm(self, asked_s: float) -> None:
        """It was so when that was asked."""
        self._asked_s = asked_s

    def doubt(self) -> None:
        """It may have ceased to be so."""
        self._doubted_s = trio.current_time()


class Hands:
    """Works on `board`, which may be replaced. `ring` is called when there may be something new to do, `saw`
    with each record before and after."""

    def __init__(
        self,
        context: Context,
        leader: Leader,
        trust: Trust,
        *,
        at_once: int,
        ring: Callable[[], None],
        saw: Callable[[Board, Record | None, Record | None], None],
    ) -> None:
        self.board = Board(context.policy)
        self._context = context
        self._guard = Guard(LEADER, "token", leader.token)
        self._trust = trust
        self._at_once = at_once
        self._ring = ring
        self._saw = saw
        self._refusals = Refusals()
        self._failures = Failures()

    # the board

    def put(self, records: Mapping[Ref, Record | None]) -> None:
        """Take in news."""
        now = self._context.clock.now()
        for ref, record in records.items():
            self._saw(self.board, self.board.get(ref), record)
            self.board.put(ref, record, now)

    def _learn(self, change: Change, answer: Mapping[Ref, Record | None]) -> None:
        """Take in what the store answered to `change`.

        Where the board still holds what the change was built on, the store counts, even if its record is
        older or gone: a failover may have lost the newest. Elsewhere news came meanwhile, and may be newer.
        """
        for write in change.writes:
            if write.ref not in answer:
                continue
            record, known = answer[write.ref], self.board.get(write.ref)
            if _same(known, write.before):
                self._saw(self.board, known, record)
                self.board.correct(write.ref, record, self._context.clock.now())
            elif record is not None:
                self.put({write.ref: record})

    # one change

    @contextmanager
    def contained(self, refs: tuple[Ref, ...]) -> Iterator[None]:
        """Whatever a damaged record makes raise: it is set aside and reported, and the others go on.

        The second of two comes back sooner, so that each is tried with somebody else.
        """
        try:
            yield
        except (LostLead, Reaped):
            raise
        except Exception:  # the supervisor's place, for one change among many
            now = self._context.clock.now()
            for place, ref in enumerate(refs):
                aside_ms = self._failures.failed(ref) >> place
                log.exception("set aside", ref=ref, ms=aside_ms)
                self.board.hold((ref,), now + aside_ms)
                self.board.postpone(ref, now + aside_ms)
            self._ring()
        else:
            self._failures.forget(refs)

    async def carry_out(self, change: Change, reserved: tuple[Ref, ...] = ()) -> bool:
        """Commit, learn the outcome, give the reservations back. Raises LostLead, Reaped."""
        clock = self._context.clock
        try:
            receipt = await self._context.store.commit(change.guarded(self._guard))
        except Conflict as conflict:
            if any(guard.ref == LEADER for guard in conflict.guards):
                raise LostLead from conflict
            self._learn(change, conflict.records)
            self._context.metrics.refused()
            self._refused(reserved)
            return False
        except Unavailable:
            self.board.hold(reserved, clock.now() + AWAY_MS)
            self._trust.doubt()
            self._ring()
            return False
        self._learn(change, receipt.records)
        self._refusals.forget(reserved)
        self.board.release(reserved, clock.now())
        self._ring()
        return True

    def _refused(self, reserved: tuple[Ref, ...]) -> None:
        now = self._context.clock.now()
        self.board.release(reserved, now)
        resting = [ref for ref in reserved if self._refusals.refused(ref, now)]
        if resting:
            log.warning("resting after refusals", refs=resting)
            self.board.hold(resting, now + REST_MS)
        self._ring()

    # many changes

    async def each(self, refs: Iterable[Ref], decide: Decide) -> None:
        """Carry out `decide` on each record, as it is by then, until it is not refused."""
        todo = deque(refs)

        async def work() -> None:
            while todo:
                await self._once(todo.popleft(), decide)

        async with trio.open_nursery() as nursery:
            for _ in range(min(len(todo), self._at_once)):
                nursery.start_soon(work)

    async def _once(self, ref: Ref, decide: Decide) -> None:
        with self.contained((ref,)):
            tries = TRIES
            while tries and self._trust:
                tries -= 1
                record, now = self.board.get(ref), self._context.clock.now()
                change = None if record is None else decide(record, now)
                if change is None or await self.carry_out(change):
                    return


def _same(one: Record | None, other: Record | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.version, one.stamp) == (other.version, other.stamp)
