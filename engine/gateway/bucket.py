"""A token bucket: so many at once, so many a second, no task and no timer."""

from attrs import define, field


@define(eq=False)
class Bucket:
    """`burst` at once, refilled at `per_s`. Instants are seconds of one monotonic clock.

    `refusals` counts those refused since the bucket was last full: haste is forgotten after a rest.
    """

    per_s: float
    burst: float
    at: float
    refusals: int = field(default=0, init=False)
    _left: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._left = self.burst

    def take(self, now: float) -> float:
        """Take one and return 0, or the seconds until there is one to take."""
        self._left = min(self.burst, self._left + (now - self.at) * self.per_s)
        self.at = now
        if self._left >= self.burst:
            self.refusals = 0
        if self._left < 1:
            self.refusals += 1
            return (1 - self._left) / self.per_s
        self._left -= 1
        return 0
