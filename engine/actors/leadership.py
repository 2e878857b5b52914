"""The node's heart: its beat, its bid for the lead, and, while it leads, the death of other nodes.

No clock decides who leads or who is dead, only beats: a number that a living node raises every `beat_ms`.
Whoever saw a leader's beat stand still for the lease, on his own monotonic clock, may take over by naming
exactly what he saw; a leader judges nodes the same way. A node that was itself stopped that long trusts
nothing it remembers.
"""

from collections.abc import Mapping
from contextlib import suppress

import structlog
import trio
from attrs import define, field, frozen

from engine.actors.context import Context
from engine.actors.estate import estate
from engine.actors.hands import LostLead
from engine.actors.matchmaker import Matchmaker
from engine.actors.outage import Arrears
from engine.actors.ports import Store
from engine.actors.quiet import Quiet
from engine.actors.standings import Publisher
from engine.domain.change import Conflict, Reaped, Unavailable
from engine.domain.news import Leader, Lease

log = structlog.get_logger()

#: A clock in seconds adds up to a lease with an error far below this.
ROUNDING_S = 0.001


@frozen(kw_only=True)
class Pulse:
    """`lease_ms`: how long a beat may stand still. Never scaled by a replay's speed."""

    beat_ms: int = 1_000
    lease_ms: int = 3_000

    @property
    def pause_ms(self) -> int:
        """A leader whose own beats lie further apart could do nothing meanwhile: the store was away."""
        return 2 * self.beat_ms

    @property
    def outage_ms(self) -> int:
        """A leaderless time longer than any succession: the store itself must have been away."""
        return max(2 * self.lease_ms + 1_000, 3 * self.beat_ms)


@define
class Watch:
    """When each beat was last seen to change, on this node's monotonic clock (s)."""

    lease_s: float
    _seen: dict[str, tuple[object, float]] = field(factory=dict)
    _looked_at: float = 0.0

    def look(self, beats: dict[str, object], now_s: float) -> list[str]:
        """Those whose beat has stood still for the lease."""
        if now_s - self._looked_at > self.lease_s:
            self._seen = {}
        self._looked_at = now_s
        seen = {who: self._seen.get(who) for who in beats}
        self._seen = {
            who: found if (found := seen[who]) is not None and found[0] == beat else (beat, now_s)
            for who, beat in beats.items()
        }
        return [who for who, (_, since) in self._seen.items() if now_s - since >= self.lease_s - ROUNDING_S]


class Leadership:
    """Runs for as long as the node does. `reigning` while this node leads."""

    def __init__(
        self,
        context: Context,
        pulse: Pulse,
        *,
        position_every_ms: int | None,
        deadlines_at_once: int,
    ) -> None:
        self._context = context
        self._pulse = pulse
        self._position_every_ms = position_every_ms
        self._deadlines_at_once = deadlines_at_once
        self._nonce = context.ids.fresh()
        self._era = context.store.era
        self._quiet = Quiet()
        self._hurry = trio.Event()
        self._rivals = Watch(pulse.lease_ms / 1000)
        self._nodes = Watch(pulse.lease_ms / 1000)
        self._matchmaker: Matchmaker | None = None
        self._leader: Leader | None = None
        self._arrears = Arrears()
        self._confirmed_s = 0.0
        self._leaderless_ms = 0
        self._reign: trio.CancelScope | None = None
        self._reaping: set[str] = set()

    @property
    def reigning(self) -> bool:
        return self._matchmaker is not None

    @property
    def matchmaker(self) -> Matchmaker | None:
        return self._matchmaker

    async def run(self) -> None:
        """Beat and bid until cancelled. Raises Reaped when this boot was declared dead."""
        async with trio.open_nursery() as nursery:
            while True:
                try:
                    await self._beat(nursery)
                except Unavailable:
                    log.debug("no beat: the store is away")
                with trio.move_on_after(self._pulse.beat_ms / 1000):
                    await self._hurry.wait()
                self._hurry = trio.Event()

    def _beat_now(self) -> None:
        self._hurry.set()

    async def hand_over(self) -> None:
        """Stop leading, at once, if this node does, and never lead again.

        While the store is away nobody can be told; then the others wait for the lease.
        """
        leader, self._leader = self._leader, None
        self._nonce = ""
        self._abdicate()
        if leader is not None:
            with suppress(Unavailable):
                await self._context.store.resign(leader)

    async def _beat(self, nursery: trio.Nursery) -> None:
        store = self._context.store
        beats = await store.beat()
        self._notice_era()
        dead = self._dead(beats)
        nonce, asked_s, suspects = self._nonce, trio.current_time(), dead
        if not nonce:
            return
        lease = await store.lead(None, nonce)
        if not lease.mine and self._stands_still(lease.leader):
            self._leaderless_ms = lease.silence_ms
            suspects |= {lease.leader.node} - {store.node}
            lease = await store.lead(lease.leader, nonce)
        if not lease.mine:
            self._leader, self._leaderless_ms = None, 0
            self._abdicate()
        elif self._nonce == nonce:
            self._lead_on(nursery, lease, asked_s, suspects)
            self._reap_all(nursery, dead, lease.leader)

    def _notice_era(self) -> None:
        """In a new era everyone needs time to re-create what was, and a lead of the old counts no more."""
        era = self._context.store.era
        if era != self._era:
            self._era, self._leader = era, None
            self._quiet.begin(self._context.clock.now())

    def _stands_still(self, rival: Leader) -> bool:
        """Whether his beat has not changed for the lease."""
        return bool(self._rivals.look({rival.token: rival.beat}, trio.current_time()))

    def _abdicate(self) -> None:
        if self._reign is not None:
            self._reign.cancel()
        self._matchmaker = self._reign = None

    def _lead_on(self, nursery: trio.Nursery, lease: Lease, asked_s: float, suspects: frozenset[str]) -> None:
        """The lead is this node's, for another beat or from now on; the nodes of `suspects` may be dead."""
        led, self._leader = self._leader, lease.leader
        if led is None or led.token != lease.leader.token:
            self._abdicate()
            self._arrears = Arrears()
            self._quiet.led(lease.leader.epoch, self._context.clock.now())
            silence_ms, usual_ms = max(lease.silence_ms, self._leaderless_ms), self._pulse.outage_ms
        else:
            unanswered_ms = round((asked_s - self._confirmed_s) * 1000)
            silence_ms, usual_ms = max(lease.silence_ms, unanswered_ms), self._pulse.pause_ms
        self._confirmed_s, self._leaderless_ms = asked_s, 0
        if silence_ms > usual_ms:
            self._arrears.outage(silence_ms, self._context.clock.now())
        if self._matchmaker is None:
            self._begin(nursery, lease.leader, suspects)
        else:
            self._matchmaker.bereave(suspects)
            self._matchmaker.confirmed(asked_s)

    def _begin(self, nursery: trio.Nursery, leader: Leader, suspects: frozenset[str]) -> None:
        context = self._context
        log.info("leading", epoch=leader.epoch, node=context.store.node)
        matchmaker = self._matchmaker = Matchmaker(
            context,
            leader,
            Publisher(context.store, context.clock, self._position_every_ms),
            deadlines_at_once=self._deadlines_at_once,
            trust_s=self._pulse.pause_ms / 1000,
            arrears=self._arrears,
            quiet=self._quiet,
            in_doubt=self._beat_now,
        )
        matchmaker.bereave(suspects)
        matchmaker.confirmed(self._confirmed_s)
        self._reign = trio.CancelScope()
        nursery.start_soon(self._supervise, matchmaker, self._reign)

    async def _supervise(self, matchmaker: Matchmaker, scope: trio.CancelScope) -> None:
        """One reign: a crash ends it, and the next beat begins another from the records."""
        try:
            with scope:
                try:
                    await matchmaker.reign()
                except* LostLead:
                    log.warning("another leads")
                except* (Unavailable, Reaped) as gone:
                    log.info("reign ended", why=repr(gone.exceptions[0]))
                except* Exception:  # the supervisor's place: rebuild the matchmaker, take nobody along
                    log.exception("matchmaker crashed")
        finally:
            if self._matchmaker is matchmaker:
                self._matchmaker = self._reign = None

    def _dead(self, beats: Mapping[str, int]) -> frozenset[str]:
        """The nodes whose beat stands still, and those condemned by a leader who then died.

        Looked at on every beat, leading or not, so that whoever takes over knows before he offers anything.
        """
        held = frozenset() if self._matchmaker is None else self._matchmaker.board.nodes()
        known: dict[str, object] = {n: beats.get(n) for n in beats.keys() | held}
        dead = frozenset(self._nodes.look(known, trio.current_time()))
        dead |= {n for n, beat in beats.items() if beat < 0}
        return dead - {self._context.store.node}

    def _reap_all(self, nursery: trio.Nursery, dead: frozenset[str], leader: Leader) -> None:
        matchmaker = self._matchmaker
        if matchmaker is None:
            return
        for node in sorted(dead - self._reaping):
            self._reaping.add(node)
            nursery.start_soon(self._reap, matchmaker, self._context.store, node, leader)

    async def _reap(self, matchmaker: Matchmaker, store: Store, node: str, leader: Leader) -> None:
        """Whatever goes wrong ends this reaping alone; the next beat begins another."""
        log.warning("node died", node=node)
        try:
            refs, before = await store.condemn(node, leader.token), None
            while refs and refs != before:
                await matchmaker.drop_all(node, await estate(store, refs))
                refs, before = await store.condemn(node, leader.token), refs
            if not refs:
                await store.bury(node, leader.token)
        except* (Unavailable, Conflict, LostLead, Reaped) as gone:
            log.info("reaping stopped", node=node, why=repr(gone))
        except* Exception:  # the supervisor's place, as for a reign
            log.exception("reaping failed", node=node)
        finally:
            self._reaping.discard(node)
