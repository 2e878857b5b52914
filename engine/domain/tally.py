"""What the queues did in the last hour, minute by minute: the figures of a wallboard.

A call counts once in each way, in the minute in which it happened and for the queue it was in: it arrived, it
was answered, or it left unanswered. It can be told of by its record or by the journal's facts, in any order,
and again and again: what is known already changes nothing. A record knows only of the last time its call was
answered, and only of the queue it is in by now, so where the facts say otherwise they are right.

*Service level* (ITU-T E.423's grade of service in the form that call centres use): answered within the
queue's time / (answered + abandoned), where those who left within `SHORT_MS` are left out. *Abandonment*:
abandoned / (answered + abandoned). Abandoned is who left, or whose link was lost for good, while waiting.
"""

from collections.abc import Container, Iterable, Mapping
from itertools import takewhile
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


def minute_of(at: int) -> int:
    """When the minute began in which that instant is."""
    return at - at % MINUTE_MS


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

    def add(self, other: "Bucket", times: int = 1) -> None:
        self.arrived += times * other.arrived
        self.answered += times * other.answered
        self.in_time += times * other.in_time
        self.abandoned += times * other.abandoned
        self.short += times * other.short
        self.left += times * other.left

    @property
    def stayed(self) -> int:
        """By how many more wait at its end than at its beginning."""
        return self.arrived - self.answered - self.left

    @property
    def service_level(self) -> float | None:
        counted = self.answered + self.abandoned - self.short
        return self.in_time / counted if counted else None

    @property
    def abandonment(self) -> float | None:
        counted = self.answered + self.abandoned
        return self.abandoned / counted if counted else None


@frozen
class Counted:
    """What was counted of a call, when and where it happened, and whether it is known from the facts."""

    queue: str
    at: int
    what: Bucket
    surely: bool

    @property
    def minute(self) -> int:
        return minute_of(self.at)


@define
class Underway:
    """A live call: in which queue it is by now, when it arrived, and whether it was answered since."""

    queue: str
    arrived_at: int
    answered: bool = False


def _arrived_at(fact: CallQueued) -> int:
    """When the call asked: if it was re-created in a new era, by its due and the terms of that."""
    return fact.due_at + sum(fact.terms.values()) if fact.restored else fact.at


def _over(minute: int, now: int) -> bool:
    """Whether that minute was over an hour ago."""
    return minute + MINUTE_MS <= now - HOUR_MS


@define
class Tally:
    policy: Policy
    _queues: dict[str, dict[int, Bucket]] = field(factory=dict)
    #: what was counted of each call, oldest first
    _counted: dict[tuple[str, str], Counted] = field(factory=dict)
    #: the live calls, as the facts tell of them
    _live: dict[str, Underway] = field(factory=dict)

    # what happened

    def saw(self, call: Call, now: int) -> None:
        """A call's record."""
        queue, arrived_at = call.queue, call.enqueued_at
        self._count(call.id, "arrived", Counted(queue, arrived_at, Bucket(arrived=1), surely=False), now)
        if call.connected_at is not None:
            self._answered(call.id, queue, arrived_at, call.connected_at, now, surely=False)
        elif call.ended_at is not None and call.end_reason is not None:
            self._left(call.id, queue, arrived_at, call.ended_at, call.end_reason, now, surely=False)

    def read(self, facts: Iterable[Fact], now: int) -> None:
        """Facts of the journal, in their order."""
        for fact in facts:
            match fact:
                case CallQueued(call=call, queue=queue):
                    live = self._live[call] = Underway(queue, _arrived_at(fact))
                    arrived = Counted(queue, live.arrived_at, Bucket(arrived=1), surely=True)
                    self._count(call, "arrived", arrived, now)
                case CallTransferred(call=call, queue=queue) if call in self._live:
                    self._live[call].queue = queue
                case CallConnected(call=call, waited_ms=waited_ms) if call in self._live:
                    live = self._live[call]
                    if not live.answered:
                        at, live.answered = live.arrived_at + waited_ms, True
                        self._answered(call, live.queue, live.arrived_at, at, now, surely=True)
                case CallEnded(call=call, at=at, reason=reason) if call in self._live:
                    live = self._live.pop(call)
                    if live.answered:
                        self._uncount(call, "left")
                    else:
                        self._left(call, live.queue, live.arrived_at, at, reason, now, surely=True)

    def _answered(self, call: str, queue: str, arrived_at: int, at: int, now: int, *, surely: bool) -> None:
        rules = self.policy.queues.get(queue)
        in_time = rules is not None and at - arrived_at <= rules.service_level_ms
        self._uncount(call, "left")
        self._count(
            call, "answered", Counted(queue, at, Bucket(answered=1, in_time=int(in_time)), surely), now
        )

    def _left(
        self, call: str, queue: str, arrived_at: int, at: int, reason: EndReason, now: int, *, surely: bool
    ) -> None:
        if (call, "answered") in self._counted:
            return
        abandoned = reason in _ABANDONED
        short = abandoned and at - arrived_at < SHORT_MS
        left = Bucket(left=1, abandoned=int(abandoned), short=int(short))
        self._count(call, "left", Counted(queue, at, left, surely), now)

    def _count(self, call: str, what: str, counted: Counted, now: int) -> None:
        """Count it, unless that was counted already by somebody who knows as well."""
        known = self._counted.get((call, what))
        if known is not None and (known.surely or not counted.surely):
            return
        self._uncount(call, what)
        if _over(counted.minute, now):
            return
        self._counted[call, what] = counted
        minutes = self._queues.setdefault(counted.queue, {})
        minutes.setdefault(counted.minute, Bucket()).add(counted.what)

    def _uncount(self, call: str, what: str) -> None:
        known = self._counted.pop((call, what), None)
        if known is not None and known.minute in self._queues[known.queue]:
            self._queues[known.queue][known.minute].add(known.what, -1)

    def forget(self, now: int) -> None:
        """Let go of what was over an hour ago."""
        for minutes in self._queues.values():
            for at in [at for at in minutes if _over(at, now)]:
                del minutes[at]
        # not in exact order, because news of different calls may cross: what is left over goes next time
        gone = takewhile(lambda key: _over(self._counted[key].minute, now), self._counted)
        for key in tuple(gone):
            del self._counted[key]

    # what is told

    def hour(self, queue: str, now: int) -> Bucket:
        """The last sixty minutes and the one that has begun, all in one."""
        total = Bucket()
        for at, bucket in self._queues.get(queue, {}).items():
            if not _over(at, now):
                total.add(bucket)
        return total

    def minutes(self, queue: str, waiting: int, now: int) -> Mapping[int, tuple[Bucket, int]]:
        """Each minute of the last hour, oldest first, and how many waited at its end.

        How many waited is reckoned backwards from `waiting`, the number now.
        """
        buckets, told = self._queues.get(queue, {}), {}
        this = minute_of(now)
        for at in range(this, this - HOUR_MS, -MINUTE_MS):
            bucket = buckets.get(at) or Bucket()
            told[at] = (bucket, max(0, waiting))
            waiting -= bucket.stayed
        return dict(reversed(told.items()))

    def minute(self, queue: str, at: int) -> Bucket:
        """The minute in which that instant is."""
        return self._queues.get(queue, {}).get(minute_of(at)) or Bucket()


@frozen
class Kept:
    """How a promised wait turned out: off by so much from p50, and whether it was within p90."""

    at: int
    off_ms: int
    within: bool


@frozen
class Judged:
    """The promises of an hour: how many calls, by how much they were off, which share was within p90."""

    calls: int
    median_ms: int
    within_p90: float


@define
class Accuracy:
    """How good the waits were that newcomers were told."""

    _told: dict[str, Estimate] = field(factory=dict)
    _kept: dict[str, list[Kept]] = field(factory=dict)
    #: by queue, what is told of its hour, and until when that is so if nothing more is judged
    _judged: dict[str, tuple[Judged | None, int]] = field(factory=dict)

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
            self._judged.pop(call.queue, None)

    def keep(self, calls: Container[str]) -> None:
        """Forget what was told of all calls but these: of the others no more will be heard."""
        self._told = {call: estimate for call, estimate in self._told.items() if call in calls}

    def hour(self, queue: str, now: int) -> Judged | None:
        """How good those were whose calls were answered in the last hour; None without any."""
        judged, until = self._judged.get(queue, (None, now))
        if until <= now and queue in self._kept:
            kept = self._kept[queue] = [each for each in self._kept[queue] if each.at > now - HOUR_MS]
            judged = _judge(kept) if kept else None
            self._judged[queue] = judged, min((each.at for each in kept), default=now) + HOUR_MS
        return judged


def _judge(kept: list[Kept]) -> Judged:
    within = sum(each.within for each in kept) / len(kept)
    return Judged(calls=len(kept), median_ms=round(median(each.off_ms for each in kept)), within_p90=within)
