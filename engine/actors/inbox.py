"""What reaches the matchmaker, and what was refused of what it sent. Neither can grow without bound."""

from collections.abc import Iterable, Mapping

import trio
from attrs import define, field

from engine.domain.model import Record, Ref
from engine.domain.news import Changed, News, Resynced

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

    def news(self, news: News) -> None:
        match news:
            case Changed(records=records):
                self.records.update(newer(self.records, records))
            case Resynced():
                self.resynced, self.records = news, {}
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
