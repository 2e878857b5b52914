"""One timer that can be set anew: it rings at the instant last asked for, by the pool's clock."""

from collections.abc import Callable

import trio

from engine.actors.ports import Clock


class Alarm:
    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._at: int | None = None
        self._asleep: trio.CancelScope | None = None

    def set(self, at_ms: int | None) -> None:
        """Ring at `at_ms`. One that is already set for earlier rings then too, which does no harm."""
        if at_ms is None or (self._at is not None and self._at <= at_ms):
            return
        self._at = at_ms
        if self._asleep is not None:
            self._asleep.cancel()

    async def run(self) -> None:
        while True:
            with trio.CancelScope() as self._asleep:
                if self._at is None:
                    await trio.sleep_forever()
                else:
                    await self._clock.sleep_until(self._at)
                    self._at = None
                    self._ring()
