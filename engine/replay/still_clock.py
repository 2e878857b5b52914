"""A clock for trio that stands still until it is moved: all time of a virtual replay."""

from math import inf

import trio


class StillClock(trio.abc.Clock):
    """Begins at 0. What waits for an instant goes on once the clock was moved there, and not before."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def start_clock(self) -> None:
        """Nothing to start."""

    def current_time(self) -> float:
        return self._now_s

    def deadline_to_sleep_time(self, deadline: float) -> float:
        return 0.0 if deadline <= self._now_s else inf

    def move(self, by_s: float) -> None:
        """Let so much time pass at once."""
        self._now_s += by_s
