"""The matchmaker: gives waiting calls to ready agents, and does what time and the rules do.

One per node; the one that holds the lead acts, the others bid for it. While leading it watches the whole
pool on its board and repeats: take in the news, match, carry out the earliest deadline, sleep until the
next or until news. Deciding is one synchronous pass (`matching.match`); commits follow (`hands`), and what
is proposed stays reserved until its commit is known.

It acts only while it may believe that it leads and that the store was there. If not, it asks first, and
learns how long the store was away, so no deadline that passed meanwhile is carried out before it was moved.

Its inbox is a map from ref to newest record, so it cannot overflow, and it acts on its own receipts at
once.
"""

from collections.abc import Callable, Mapping

import structlog
import trio

from engine.actors.alarm import Alarm
from engine.actors.context import Context
from engine.actors.hands import AWAY_MS, Hands, Trust
from engine.actors.inbox import Inbox
from engine.actors.outage import Arrears
from engine.actors.quiet import Quiet
from engine.actors.standings import Publisher
from engine.domain.board import Board
from engine.domain.change import Change
from engine.domain.matching import Proposal, match, takes_requests
from engine.domain.model import Person, Record, Ref
from engine.domain.moves import time as moves
from engine.domain.moves.restore import restore_gate
from engine.domain.news import Leader

log = structlog.get_logger()


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
        quiet: Quiet,
        in_doubt: Callable[[], None],
    ) -> None:
        """`in_doubt` is called when the lead is to be confirmed before anything else is done."""
        self._context = context
        self._publisher = publisher
        self._deadlines_at_once = deadlines_at_once
        self._inbox = Inbox()
        self._alarm = Alarm(context.clock, self._inbox.ring)
        self._trust = Trust(trust_s)
        self._hands = Hands(
            context,
            leader,
            self._trust,
            at_once=deadlines_at_once,
            ring=self._inbox.ring,
            saw=publisher.saw,
        )
        self._first_of_era = leader.epoch == 1
        self._arrears = arrears
        self._quiet = quiet
        self._in_doubt = in_doubt
        self._confirmed_anew = False
        self._settling = 0
        self._synced = False

    @property
    def board(self) -> Board:
        return self._hands.board

    def confirmed(self, asked_s: float) -> None:
        """The lead was still held when that was asked, and the arrears say what the store owes."""
        self._trust.confirm(asked_s)
        self._confirmed_anew = True
        self._inbox.ring()

    async def reign(self) -> None:
        """Lead until cancelled, or until a commit is refused because another leads (LostLead)."""
        with self._context.rules.told(self._inbox.ring):
            await self._lead_on()

    async def _lead_on(self) -> None:
        async with self._context.store.watch(self._inbox), trio.open_nursery() as nursery:
            if self._first_of_era:
                await self._shut_again()
            nursery.start_soon(self._alarm.run)
            nursery.start_soon(self._publisher.run, lambda: self.board)
            while True:
                self._take_news()
                if self._trust and self._confirmed_anew:
                    self._confirmed_anew = False
                    await self._make_up()
                    self._take_news()
                if self._trust:
                    self._act(nursery, self._context.clock.now())
                else:
                    self._in_doubt()
                await self._inbox.wake.wait()

    async def _shut_again(self) -> None:
        """Queues stand open or paused as this node last heard, before anybody is told otherwise."""
        self._take_news()
        board, standings, now = self.board, self._context.standings, self._context.clock.now()
        for queue in self._context.policy.queues.values():
            heard = standings.is_open(queue.name)
            if heard is not None and heard is not takes_requests(board, queue):
                await self._hands.carry_out(restore_gate(queue.name, paused=not heard, now=now))

    def _act(self, nursery: trio.Nursery, now: int) -> None:
        """Start what is to be done now, and set the alarm for what is to be done next."""
        wake_at = self._propose(nursery, now)
        deadline_at = self._settle_deadlines(nursery, now)
        self._alarm.set(min((w for w in (wake_at, deadline_at) if w is not None), default=None))

    def _take_news(self) -> None:
        resynced, records = self._inbox.take()
        if resynced is not None:
            if self._synced:
                self._trust.doubt()
            self._synced = True
            self._hands.board = Board(self._context.policy, self.board.gone)
            self._publisher.forget()
            self._hear(resynced.records)
        self._hear(records)
        if self.board.policy is not self._context.policy:
            self._hands.board = self.board.under(self._context.policy, self._context.clock.now())
            self._publisher.forget()

    def _hear(self, records: Mapping[Ref, Record | None]) -> None:
        self._hands.put(records)
        self._quiet.saw(records.values(), self._context.clock.now())

    # offers

    def _propose(self, nursery: trio.Nursery, now: int) -> int | None:
        if now < self._quiet.until:
            return self._quiet.until
        matching = match(self.board, now)
        for proposal in matching.proposals:
            nursery.start_soon(self._offer, proposal, now)
        return matching.wake_at

    async def _offer(self, proposal: Proposal, now: int) -> None:
        call, agent = proposal.call, proposal.agent
        with self._hands.contained((call.ref, agent.ref)):
            change = moves.offer(
                call,
                agent,
                offer_id=self._context.ids.fresh(),
                why=proposal.why,
                policy=self._context.policy,
                now=now,
            )
            await self._hands.carry_out(change, (call.ref, agent.ref))

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
                with self._hands.contained((ref,)):
                    change = self._made_up(record, now) or moves.due(
                        record, self._partner(record), self._context.policy, now
                    )
                    if change is not None:
                        await self._hands.carry_out(change)
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
        await self._hands.each(arrears.debts, self._made_up)
        arrears.strike(self.board.get)

    def _made_up(self, record: Record, now: int) -> Change | None:
        """What an outage makes of the record, if it owes it anything."""
        by_ms = self._arrears.owed(record)
        if not by_ms and self._arrears.spoilt(record):
            by_ms = self._arrears.last_ms
        return moves.after_outage(record, self.board.get, by_ms, self._context.policy, now) if by_ms else None

    def bereave(self, nodes: frozenset[str]) -> None:
        """These nodes, and no others, are believed dead: none of their people is matched."""
        self.board.bereave(nodes, self._context.clock.now())
        self._inbox.ring()

    async def drop_all(self, node: str, records: Mapping[Ref, Record]) -> None:
        """A node died: whoever had a socket there has lost his link. `records` are theirs, as stored."""

        def dropped(record: Record, now: int) -> Change | None:
            held = _held_by(record, node)
            return moves.lost(record, self.board.get, self._context.policy, now) if held else None

        self._hands.put(records)
        await self._hands.each(
            [record.ref for record in self.board.everything() if _held_by(record, node)], dropped
        )


def _held_by(record: Record, node: str) -> bool:
    return isinstance(record, Person) and record.node == node
