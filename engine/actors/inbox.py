"""What reaches the matchmaker, and what was refused or raised of what it did.

Nothing here can grow without bound.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import trio
from attrs import define, field

from engine.domain.model import Record, Ref
from engine.domain.news import Changed, News, Resynced

#: What makes a change raise is set aside for this long, and twice as long each time it does so again.
ASIDE_MS, ASIDE_MOST_MS = 5_000, 600_000
REST_AFTER = 3  # refusals
REST_WITHIN_MS = 1_000
#: Refs with refusals on record; far more than can be refused within a second.
FORGET_BEYOND = 10_000


@define(eq=False)
class Inbox:
    """News for the matchmaker: the newest record of each ref, or a resync that replaces all."""

    records: dict[Ref, Record | None] = field(factory=dict)
    resynced: Resynced | None = None
    wake: trio.Event = field(factory=trio.Event)
    #: the newest change heard of
    rev: int = 0

    def news(self, news: News) -> None:
        match news:
            case Changed(records=records):
                self.rev = max(self.rev, news.rev)
                self.records.update(newer(self.records, records))
            case Resynced():
                self.resynced, self.records, self.rev = news, {}, news.rev
        self.ring()

    def ring(self) -> None:
        self.wake.set()

    def take(self) -> tuple[Resynced | None, dict[Ref, Record | None]]:
        resynced, records = self.resynced, self.records
        self.resynced, self.records, self.wake = None, {}, trio.Event()
        return resynced, records


def newer(
    known: Mapping[Ref, Record | None], records: Mapping[Ref, Record | None]
) -> dict[Ref, Record | None]:
    """Those of `records` that are not older than what is known."""
    return {
        ref: record
        for ref, record in records.items()
        if record is None or (old := known.get(ref)) is None or record.version > old.version
    }


@define(eq=False)
class Refusals:
    """When each ref's changes were refused lately."""

    _at: dict[Ref, list[int]] = field(factory=dict)

    def refused(self, ref: Ref, now: int) -> bool:
        """Count one; whether that makes it rest."""
        recent = [at for at in self._at.get(ref, ()) if at > now - REST_WITHIN_MS] + [now]
        if len(self._at) > FORGET_BEYOND:
            self._at.clear()
        self._at[ref] = recent
        return len(recent) >= REST_AFTER

    def forget(self, refs: Iterable[Ref]) -> None:
        for ref in refs:
            self._at.pop(ref, None)


@define(eq=False)
class Failures:
    """How often each ref had to do with a change that raised. The guilty one soon stands out."""

    _times: Counter[Ref] = field(factory=Counter)

    def failed(self, ref: Ref) -> int:
        """Count one; for how long it is to be set aside (ms)."""
        if len(self._times) > FORGET_BEYOND:
            self._times.clear()
        self._times[ref] += 1
        return min(ASIDE_MS << min(self._times[ref] - 1, 10), ASIDE_MOST_MS)

    def forget(self, refs: Iterable[Ref]) -> None:
        for ref in refs:
            self._times.pop(ref, None)
