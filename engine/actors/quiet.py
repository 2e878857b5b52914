"""The quiet time of a new era: nothing is offered until everyone had time to re-create what was.

Whoever saw the era begin knows that it is new. Whoever comes up on an empty store does not know whether
anything was before, and a first start must keep nobody waiting. But the first leader of an era knows since
when there has been one, and a live call that has waited for longer can only have been re-created: then others
are still to come, whose places may be before his. So the quiet time begins with the first such call, and
there is one for each era.
"""

from collections.abc import Iterable

from attrs import define

from engine.domain.model import Call, Record

#: Time for everyone to come back: a client's first tries to reconnect.
QUIET_MS = 5_000
#: Who takes traffic bids for the lead on every beat, so no call is older than the first lead by more.
BEFORE_MS = 1_000


@define(eq=False)
class Quiet:
    """`until` the pool's instant at which it ends."""

    until: int = 0
    _born_at: int | None = None

    def begin(self, now: int) -> None:
        """A new era was seen to begin."""
        self.until, self._born_at = now + QUIET_MS, None

    def led(self, epoch: int, now: int) -> None:
        """A lead began, the era's first if its epoch is 1."""
        self._born_at = now if epoch == 1 and self.until <= now else None

    def saw(self, records: Iterable[Record | None], now: int) -> None:
        """Look for calls that were re-created."""
        if self._born_at is None:
            return
        before = self._born_at - BEFORE_MS
        if any(isinstance(r, Call) and r.live and r.enqueued_at < before for r in records):
            self.begin(now)
