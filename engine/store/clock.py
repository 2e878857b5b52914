"""Pool time: one clock for all nodes, in integer milliseconds, that never runs backwards."""

from collections.abc import Callable

import trio
from attrs import frozen

#: Where virtual pool time begins unless told: 2026-01-01 00:00 UTC.
VIRTUAL_START_MS = 1_767_225_600_000

#: A thousandth of a millisecond: far above a double's error over a virtual year, far below one tick.
_EPSILON_MS = 0.001


class VirtualClock:
    """Pool time that follows trio's clock exactly, for `MockClock`: no drift, no node of its own.

    A sleep ends at the integer instant that was asked for, and `now()` says so: a timer that fires is due.
    """

    def __init__(
        self, start_ms: int = VIRTUAL_START_MS, *, seconds: Callable[[], float] | None = None
    ) -> None:
        self._seconds = seconds or trio.current_time
        self._start_ms = start_ms
        self._zero_s: float | None = None if seconds is None else seconds()

    def _since_s(self) -> float:
        seconds = self._seconds()
        if self._zero_s is None:
            self._zero_s = seconds
        return seconds - self._zero_s

    def now(self) -> int:
        """Pool time, ms."""
        return self._start_ms + int(self._since_s() * 1000 + _EPSILON_MS)

    async def sleep_until(self, at_ms: int) -> None:
        """Return once `now() >= at_ms`."""
        self._since_s()
        assert self._zero_s is not None
        await trio.sleep_until(self._zero_s + (at_ms - self._start_ms) / 1000)


#: A difference between Redis' clock and our own prediction that is no mere drift: somebody set a clock.
JUMP_MS = 250
#: How fast a small error is taken back: 5 ms a second, five times what a bad quartz drifts by.
SLEW = 0.005
#: How long a follower holds its prediction against the store before it believes the store after all: the
#: leader, who beats every second, has had several chances to say that the store's clock is wrong.
HOLD_MS = 10_000


@frozen
class Sample:
    """One look at the store's clock: between `sent_ms` and `received_ms` (monotonic) it said `pool_ms`."""

    sent_ms: float
    received_ms: float
    pool_ms: float


class Prediction:
    """Pool time as one node follows it on its monotonic clock; pure, all times are arguments.

    The prediction is a line, `offset + monotonic`, towards which what `now` says is slewed. Small errors
    move the line; a jump does not, until it is explained by a new skew or held against for `HOLD_MS`.
    """

    def __init__(self) -> None:
        self._offset_ms: float | None = None
        self._slewed_ms = 0.0
        self._slewed_at_ms = 0.0
        self._last = 0
        self._held_since_ms: float | None = None

    @property
    def known(self) -> bool:
        """Whether the store's clock was ever seen."""
        return self._offset_ms is not None

    def at(self, monotonic_ms: float) -> int:
        """Pool time at that instant: never less than it was said to be before."""
        if self._offset_ms is None:
            raise LookupError("pool time is not known yet")
        self._slew(monotonic_ms)
        self._last = max(self._last, int(monotonic_ms + self._slewed_ms))
        return self._last

    def off_by_ms(self, sample: Sample) -> float:
        """By how much the store is ahead of (or, negative, behind) the prediction, beyond doubt.

        The store answered somewhere between sending and receiving: what that window explains is no error.
        """
        assert self._offset_ms is not None
        earliest, latest = sample.sent_ms + self._offset_ms, sample.received_ms + self._offset_ms
        if sample.pool_ms > latest:
            return sample.pool_ms - latest
        return min(0.0, sample.pool_ms - earliest)

    def follow(self, sample: Sample, *, explained: bool = False) -> bool:
        """Take a sample; False if it is a jump that is held against (for a while).

        `explained`: the leader has set a new skew since the last sample, so the store is right.
        """
        middle_ms = (sample.sent_ms + sample.received_ms) / 2
        if self._offset_ms is None:
            self.step(sample.pool_ms - middle_ms, sample.received_ms)
            return True
        error_ms = self.off_by_ms(sample)
        if abs(error_ms) <= JUMP_MS:
            self._slew(sample.received_ms)
            self._offset_ms += error_ms
            self._held_since_ms = None
            return True
        if self._held_since_ms is None:
            self._held_since_ms = sample.received_ms
        if explained or sample.received_ms - self._held_since_ms >= HOLD_MS:
            self.step(sample.pool_ms - middle_ms, sample.received_ms)
            return True
        return False

    def step(self, offset_ms: float, monotonic_ms: float) -> None:
        """Believe the store at once. `at` still never goes back: it stands until time has caught up."""
        self._offset_ms = self._slewed_ms = offset_ms
        self._slewed_at_ms = monotonic_ms
        self._held_since_ms = None

    def _slew(self, monotonic_ms: float) -> None:
        assert self._offset_ms is not None
        most = max(0.0, monotonic_ms - self._slewed_at_ms) * SLEW
        self._slewed_at_ms = max(self._slewed_at_ms, monotonic_ms)
        self._slewed_ms += max(-most, min(most, self._offset_ms - self._slewed_ms))


class NodeClock:
    """A node's clock: pool time by `Prediction` on trio's monotonic clock."""

    def __init__(self) -> None:
        self._prediction = Prediction()
        self._stepped = trio.Event()

    @staticmethod
    def monotonic_ms() -> float:
        """The clock that samples are taken on."""
        return trio.current_time() * 1000

    def now(self) -> int:
        """Pool time, ms."""
        return self._prediction.at(self.monotonic_ms())

    def off_by_ms(self, sample: Sample) -> float:
        """See `Prediction.off_by_ms`; 0 while nothing is known."""
        return self._prediction.off_by_ms(sample) if self._prediction.known else 0.0

    def follow(self, sample: Sample, *, explained: bool = False) -> bool:
        """Take a sample of the store's clock; see `Prediction.follow`."""
        before = self.now() if self._prediction.known else None
        followed = self._prediction.follow(sample, explained=explained)
        if before is None or self.now() - before > JUMP_MS:
            self._stepped.set()
            self._stepped = trio.Event()
        return followed

    async def sleep_until(self, at_ms: int) -> None:
        """Return once `now() >= at_ms`."""
        await trio.lowlevel.checkpoint()
        while (left_ms := at_ms - self.now()) > 0:
            with trio.move_on_after(left_ms / 1000):
                await self._stepped.wait()
