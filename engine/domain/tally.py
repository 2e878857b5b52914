"""What the queues did in the last hour, minute by minute: the figures of a wallboard.

A call counts once in each way, in the minute in which it happened and for the queue it was in: it arrived, it
was answered, or it left unanswered. It can be told of by its record or by the journal's facts, in any order,
and again and again: what is known already changes nothing.

*Service level* (ITU-T E.423's grade of service in the form that call centres use): answered within the
queue's time / (answered + abandoned), where those who left within `SHORT_MS` are left out. *Abandonment*:
abandoned / (answered + abandoned). Abandoned is who left, or whose link was lost for good, while waiting.
"""

from collections.abc import Iterable, Mapping
from statistics import median

from attrs import define, field, frozen

from engine.domain.estimates import Estimate
from engine.domain.facts import CallConnected, CallEnded, CallQueued, CallTransferred, Fact
from engine.domain.lifecycle import EndReason
from engine.domain.model import Call
from engine.domain.rules import Policy

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
#: Who leaves so soon had not begun to wait.
SHORT_MS = 5_000

_ABANDONED = frozenset({EndReason.ABANDONED, EndReason.CUSTOMER_LOST})


@define
class Bucket:
    """One minute of one queue."""

    arrived: int = 0
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    #: of the abandoned, those who left within `SHORT_MS`
    short: int = 0
    #: all who left unanswered, the abandoned among them
    left: int = 0

    def add(self, other: "Bucket") -> None:
        self.arrived += other.arrived
        self.answered += other.answered
        self.in_time += other.in_time
        self.abandoned += other.abandoned
        self.short += other.short
        self.left += other.left

    @property
    def service_level(self) -> float | None:
        counted = self.answered + self.abandoned - self.short
        return self.in_time / counted if counted else None

    @property
    def abandonment(self) -> float | None:
        counted = self.answered + self.abandoned
        return self.abandoned / counted if counted else None


@define
class Tally:
    policy: Policy
    _queues: dict[str, dict[int, Bucket]] = field(factory=dict)
    #: what was counted of each call, and when that was, oldest first
    _counted: dict[tuple[str, str], int] = field(factory=dict)
    #: in which queue a call is, as the facts tell it
    _queue_of: dict[str, str] = field(factory=dict)

    # what happened

    def saw(self, call: Call, now: int) -> None:
        """A call's record."""
        self._arrived(call.id, call.queue, call.enqueued_at, now)
        if call.connected_at is not None:
            self._answered(call.id, call.queue, call.connected_at, call.connected_at - call.enqueued_at, now)
        elif call.ended_at is not None and call.end_reason is not None:
            self._left(
                call.id, call.queue, call.ended_at, call.ended_at - call.enqueued_at, call.end_reason, now
            )

    def read(self, facts: Iterable[Fact], now: int) -> None:
        """Facts of the journal, in their order."""
        for fact in facts:
            match fact:
                case CallQueued(call=call, queue=queue, at=at, restored=False):
                    self._queue_of[call] = queue
                    self._arrived(call, queue, at, now)
                case CallTransferred(call=call, queue=queue):
                    self._queue_of[call] = queue
                case CallConnected(call=call, at=at, waited_ms=waited_ms, restored=False):
                    if (known := self._queue_of.get(call)) is not None:
                        self._answered(call, known, at, waited_ms, now)
                case CallEnded(call=call, at=at, reason=reason):
                    known = self._queue_of.pop(call, None)
                    arrived_at = self._counted.get((call, "arrived"))
                    if known is not None and arrived_at is not None:
                        self._left(call, known, at, at - arrived_at, reason, now)

    def _arrived(self, call: str, queue: str, at: int, now: int) -> None:
        if (bucket := self._new(call, "arrived", queue, at, now)) is not None:
            bucket.arrived += 1

    def _answered(self, call: str, queue: str, at: int, waited_ms: int, now: int) -> None:
        if (bucket := self._new(call, "answered", queue, at, now)) is not None:
            rules = self.policy.queues.get(queue)
            bucket.answered += 1
            bucket.in_time += rules is not None and waited_ms <= rules.service_level_ms

    def _left(self, call: str, queue: str, at: int, waited_ms: int, reason: EndReason, now: int) -> None:
        if (call, "answered") in self._counted:
            return
        if (bucket := self._new(call, "left", queue, at, now)) is not None:
            bucket.left += 1
            bucket.abandoned += reason in _ABANDONED
            bucket.short += reason in _ABANDONED and waited_ms < SHORT_MS

    def _new(self, call: str, what: str, queue: str, at: int, now: int) -> Bucket | None:
        """Where that is to be counted; None if it was counted, or is longer ago than an hour."""
        if at <= now - HOUR_MS or (call, what) in self._counted:
            return None
        self._counted[call, what] = at
        minutes = self._queues.setdefault(queue, {})
        return minutes.setdefault(at - at % MINUTE_MS, Bucket())

    def forget(self, now: int) -> None:
        """Let go of what is longer ago than an hour."""
        horizon = now - HOUR_MS
        for minutes in self._queues.values():
            for at in [at for at in minutes if at + MINUTE_MS <= horizon]:
                del minutes[at]
        # not in exact order, because news of different calls may cross: what is left over goes next time
        for key, at in tuple(self._counted.items()):
            if at > horizon:
                break
            del self._counted[key]

    # what is told

    def hour(self, queue: str, now: int) -> Bucket:
        """The last hour, all in one."""
        total = Bucket()
        for at, bucket in self._queues.get(queue, {}).items():
            if at + MINUTE_MS > now - HOUR_MS:
                total.add(bucket)
        return total

    def minutes(self, queue: str, waiting: int, now: int) -> Mapping[int, tuple[Bucket, int]]:
        """Each minute of the last hour, oldest first, and how many waited at its end.

        How many waited is reckoned backwards from `waiting`, the number now.
        """
        buckets, told = self._queues.get(queue, {}), {}
        this = now - now % MINUTE_MS
        for at in range(this, this - HOUR_MS, -MINUTE_MS):
            bucket = buckets.get(at) or Bucket()
            told[at] = (bucket, max(0, waiting))
            waiting -= bucket.arrived - bucket.answered - bucket.left
        return dict(reversed(told.items()))

    def minute(self, queue: str, now: int) -> Bucket:
        """The minute that has begun."""
        return self._queues.get(queue, {}).get(now - now % MINUTE_MS) or Bucket()


@frozen
class Kept:
    """How a promised wait turned out: off by so much from p50, and whether it was within p90."""

    at: int
    off_ms: int
    within: bool


@define
class Accuracy:
    """How good the waits were that newcomers were told."""

    _told: dict[str, Estimate] = field(factory=dict)
    _kept: dict[str, list[Kept]] = field(factory=dict)

    def told(self, call: Call, estimate: Estimate | None) -> None:
        """A newcomer was told this."""
        if estimate is not None:
            self._told[call.id] = estimate

    def saw(self, call: Call) -> None:
        """His call went on: once it is answered the promise can be judged, once it has ended never."""
        estimate = self._told.get(call.id)
        if estimate is None or not (call.connected_at is not None or call.ended_at is not None):
            return
        del self._told[call.id]
        if call.connected_at is not None:
            waited_ms = call.connected_at - call.enqueued_at
            kept = Kept(call.connected_at, abs(waited_ms - estimate.p50), waited_ms <= estimate.p90)
            self._kept.setdefault(call.queue, []).append(kept)

    def hour(self, queue: str, now: int) -> tuple[int, int, float] | None:
        """Calls judged in the last hour, the median error (ms), the share within p90; None without any."""
        kept = self._kept.get(queue, [])
        kept[:] = [each for each in kept if each.at > now - HOUR_MS]
        if not kept:
            return None
        return len(kept), round(median(k.off_ms for k in kept)), sum(k.within for k in kept) / len(kept)
