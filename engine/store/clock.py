"""Pool time: one clock for all nodes, in integer milliseconds, that never runs backwards."""

from collections.abc import Callable

import trio

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
        if self._zero_s is None:
            self._zero_s = self._seconds()
        return self._seconds() - self._zero_s

    def now(self) -> int:
        """Pool time, ms."""
        return self._start_ms + int(self._since_s() * 1000 + _EPSILON_MS)

    async def sleep_until(self, at_ms: int) -> None:
        """Return once `now() >= at_ms`."""
        self._since_s()
        assert self._zero_s is not None
        await trio.sleep_until(self._zero_s + (at_ms - self._start_ms) / 1000)
