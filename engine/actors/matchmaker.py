"""The matchmaker: gives waiting calls to ready agents, and does what time and the rules do.

One per node; the one that holds the lead acts, the others bid for it. While leading it watches the whole
pool on its board and repeats: take in the news, match, carry out the earliest deadline, sleep until the
next or until news. Deciding is one synchronous pass (`matching.match`); commits follow, each fenced by the
leader's token, and what is proposed stays reserved until its commit is known. A refused commit only
corrects the board; what is refused three times within a second rests.

It acts only while it may believe that it leads and that the store was there: for `trust_s` since it last
asked, and not after the store would not answer. Then it asks first, and learns how long the store was away,
so no deadline that passed meanwhile is carried out before it was moved.

Its inbox is a map from ref to newest record, so it cannot overflow, and it acts on its own receipts at
once.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import structlog
import trio

from engine.actors.alarm import Alarm
from engine.actors.context import Context
from engine.actors.inbox import Failures, Inbox, Refusals
from engine.actors.outage import Arrears
from engine.actors.standings import Publisher
from engine.domain.board import Board
from engine.domain.change import LEADER, Change, Conflict, Guard, Reaped, Unavailable
from engine.domain.matching import Proposal, match
from engine.domain.model import Call, Record, Ref
from engine.domain.moves import time as moves
from engine.domain.news import Leader

log = structlog.get_logger()

REST_MS = 250
#: How often a change of a whole pool's sweep is tried on one record.
TRIES = 3
#: When the store would not answer, look again after this.
AWAY_MS = 1_000
#: After a store came back empty, time for everyone to re-create what was.
QUIET_MS = 5_000


class LostLead(Exception):
    """Another leads now; whatever was decided is moot."""


class Matchmaker:
    """Leads the pool for as long as `leader` does. One reign per object."""

    def __init__(
        self,
        context: Context,
        leader: Leader,
        publisher: Publisher,
        *,
        deadlines_at_once: int,
        trust_s: float,
        arrears: Arrears,
        quiet_until: int,
        in_doubt: Callable[[], None],
    ) -> None:
        """`in_doubt` is called when the lead is to be confirmed before anything else is done."""
        self.board = Board(context.policy)
        self._context = context
        self._leader = leader
        self._guard = Guard(LEADER, "token", leader.token)
        self._publisher = publisher
        self._deadlines_at_once = deadlines_at_once
        self._inbox = Inbox()
        self._alarm = Alarm(context.clock, self._inbox.ring)
        self._refusals = Refusals()
        self._failures = Failures()
        self._quiet_until = quiet_until
        self._trust_s = trust_s
        self._arrears = arrears
        self._in_doubt = in_doubt
        self._confirmed_s = self._doubted_s = float("-inf")
        self._confirmed_anew = False
        self._settling = 0
        self._era = ""

    def confirmed(self, asked_s: float) -> None:
        """The lead was still held when that was asked, and the arrears say what the store owes."""
        self._confirmed_s, self._confirmed_anew = asked_s, True
        self._inbox.ring()

    def _doubt(self) -> None:
        self._doubted_s = trio.current_time()
        self._inbox.ring()

    @property
    def _trusted(self) -> bool:
        recent = trio.current_time() - self._confirmed_s <= self._trust_s
        return recent and self._confirmed_s >= self._doubted_s

    async def reign(self) -> None:
        """Lead until cancelled, or until a commit is refused because another leads (LostLead)."""
        async with self._context.store.watch(self._inbox), trio.open_nursery() as nursery:
            nursery.start_soon(self._alarm.run)
            nursery.start_soon(self._publisher.run, lambda: self.board)
            while True:
                self._take_news()
                if self._trusted and self._confirmed_anew:
                    self._confirmed_anew = False
                    await self._make_up()
                    self._take_news()
                if self._trusted:
                    self._act(nursery, self._context.clock.now())
                else:
                    self._in_doubt()
                await self._inbox.wake.wait()

    def _act(self, nursery: trio.Nursery, now: int) -> None:
        """Start what is to be done now, and set the alarm for what is to be done next."""
        wake_at = self._propose(nursery, now)
        deadline_at = self._settle_deadlines(nursery, now)
        self._alarm.set(min((w for w in (wake_at, deadline_at) if w is not None), default=None))

    def _take_news(self) -> None:
        resynced, records = self._inbox.take()
        now = self._context.clock.now()
        if resynced is not None:
            if self._era not in ("", resynced.era):
                self._quiet_until = now + QUIET_MS
            if self._era:
                self._doubt()
            self._era = resynced.era
            self.board = Board(self._context.policy)
            self._publisher.forget()
            self._put(resynced.records, now)
        self._put(records, now)

    def _put(self, records: Mapping[Ref, Record | None], now: int) -> None:
        for ref, record in records.items():
            self._publisher.saw(self.board, self.board.get(ref), record)
            self.board.put(ref, record, now)

    def _learn(self, change: Change, answer: Mapping[Ref, Record | None], now: int) -> None:
        """Take in what the store answered to `change`.

        Where the board still holds what the change was built on, the store counts, even if its record is
        older or gone: a failover may have lost the newest. Elsewhere news came meanwhile, and may be newer.
        """
        for write in change.writes:
            if write.ref not in answer:
                continue
            record, known = answer[write.ref], self.board.get(write.ref)
            if _same(known, write.before):
                self._publisher.saw(self.board, known, record)
                self.board.correct(write.ref, record, now)
            elif record is not None:
                self._put({write.ref: record}, now)

    # offers

    def _propose(self, nursery: trio.Nursery, now: int) -> int | None:
        if now < self._quiet_until:
            return self._quiet_until
        matching = match(self.board, now)
        for proposal in matching.proposals:
            nursery.start_soon(self._offer, proposal, now)
        return matching.wake_at

    async def _offer(self, proposal: Proposal, now: int) -> None:
        call, agent = proposal.call, proposal.agent
        with self._contained((call.ref, agent.ref)):
            change = moves.offer(
                call,
                agent,
                offer_id=self._context.ids.fresh(),
                why=proposal.why,
                policy=self._context.policy,
                now=now,
            )
            await self._carry_out(change, (call.ref, agent.ref))

    @contextmanager
    def _contained(self, refs: tuple[Ref, ...]) -> Iterator[None]:
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
            self._inbox.ring()
        else:
            self._failures.forget(refs)

    async def _carry_out(self, change: Change, reserved: tuple[Ref, ...] = ()) -> bool:
        """Commit, learn the outcome, give the reservations back. Raises LostLead, Reaped."""
        store, clock = self._context.store, self._context.clock
        try:
            receipt = await store.commit(change.guarded(self._guard))
        except Conflict as conflict:
            if any(guard.ref == LEADER for guard in conflict.guards):
                raise LostLead from conflict
            self._learn(change, conflict.records, clock.now())
            self._context.metrics.refused()
            self._refused(reserved)
            return False
        except Unavailable:
            self.board.hold(reserved, clock.now() + AWAY_MS)
            self._doubt()
            return False
        self._learn(change, receipt.records, clock.now())
        self._refusals.forget(reserved)
        self.board.release(reserved, clock.now())
        self._inbox.ring()
        return True

    def _refused(self, reserved: tuple[Ref, ...]) -> None:
        now = self._context.clock.now()
        self.board.release(reserved, now)
        resting = [ref for ref in reserved if self._refusals.refused(ref, now)]
        if resting:
            log.warning("resting after refusals", refs=resting)
            self.board.hold(resting, now + REST_MS)
        self._inbox.ring()

    # deadlines

    def _settle_deadlines(self, nursery: trio.Nursery, now: int) -> int | None:
        """Start what is due, at most so many at once; when to look again."""
        while self._settling < self._deadlines_at_once:
            found = self.board.next_deadline()
            if found is None or found[0] > now:
                return None if found is None else found[0]
            _, ref = found
            self.board.postpone(ref, now + AWAY_MS)
            self._settling += 1
            nursery.start_soon(self._expire, ref, now)
        return None

    async def _expire(self, ref: Ref, now: int) -> None:
        try:
            record = self.board.get(ref)
            if record is not None:
                with self._contained((ref,)):
                    change = self._made_up(record, now) or moves.due(
                        record, self._partner(record), self._context.policy, now
                    )
                    if change is not None:
                        await self._carry_out(change)
        finally:
            self._settling -= 1
            self._inbox.ring()

    def _partner(self, record: Record) -> Record | None:
        ref = moves.partner_ref(record)
        return None if ref is None else self.board.get(ref)

    # outages and dead nodes

    async def _make_up(self) -> None:
        """Move what is owed; what cannot be moved now is tried again once the lead is confirmed anew."""
        arrears = self._arrears
        if arrears.unnoted_ms:
            log.warning("the store was away", ms=arrears.unnoted_ms)
            arrears.note(self.board.everything())
        await self._each(arrears.debts, self._made_up)
        arrears.strike(self.board.get)

    def _made_up(self, record: Record, now: int) -> Change | None:
        """What an outage makes of the record, if it owes it anything."""
        by_ms = self._arrears.owed(record)
        if not by_ms and self._arrears.spoilt(record):
            by_ms = self._arrears.last_ms
        return moves.after_outage(record, self.board.get, by_ms, self._context.policy, now) if by_ms else None

    async def drop_all(self, node: str, records: Mapping[Ref, Record]) -> None:
        """A node died: whoever had a socket there has lost his link. `records` are theirs, as stored."""
        self._put(records, self._context.clock.now())
        look, policy = self.board.get, self._context.policy
        await self._each(
            [record.ref for record in self.board.everything() if _held_by(record, node)],
            lambda record, now: moves.lost(record, look, policy, now) if _held_by(record, node) else None,
        )

    async def _each(self, refs: Iterable[Ref], decide: Callable[[Record, int], Change | None]) -> None:
        """Carry out `decide` on each record, as it is by then, until it is not refused."""
        todo = deque(refs)

        async def work() -> None:
            while todo:
                await self._once(todo.popleft(), decide)

        async with trio.open_nursery() as nursery:
            for _ in range(min(len(todo), self._deadlines_at_once)):
                nursery.start_soon(work)

    async def _once(self, ref: Ref, decide: Callable[[Record, int], Change | None]) -> None:
        with self._contained((ref,)):
            tries = TRIES
            while tries and self._trusted:
                tries -= 1
                record, now = self.board.get(ref), self._context.clock.now()
                change = None if record is None else decide(record, now)
                if change is None or await self._carry_out(change):
                    return


def _same(one: Record | None, other: Record | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.version, one.stamp) == (other.version, other.stamp)


def _held_by(record: Record, node: str) -> bool:
    return not isinstance(record, Call) and record.node == node
