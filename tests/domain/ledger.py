"""A dictionary for a store: a change applies whole or not at all, under versions, stamps and guards."""

from collections.abc import Mapping

from attrs import define, evolve, field

from engine.domain.change import Change, Guard, Write
from engine.domain.facts import Fact
from engine.domain.model import Record, Ref

Records = Mapping[Ref, Record]


class Stale(Exception):
    """The change was decided on something else than what is stored."""


class Shut(Stale):
    """Nothing but a queue's gate kept it out."""


@define
class Ledger:
    records: dict[Ref, Record] = field(factory=dict)
    facts: list[Fact] = field(factory=list)
    ops: int = 0

    def commit(self, change: Change) -> dict[Ref, Record | None]:
        """Apply it and return what was written; raises `Stale`."""
        failed = [guard for guard in change.guards if not self._holds(guard)]
        if not all(map(self._fresh, change.writes)):
            raise Stale
        if failed:
            raise Shut if all(guard.ref.startswith("queue:") for guard in failed) else Stale
        self.ops += 1
        written: dict[Ref, Record | None] = {}
        for write in change.writes:
            if write.after is None:
                del self.records[write.ref]
                written[write.ref] = None
            else:
                stored = evolve(write.after, version=write.version + 1, stamp=f"op:{self.ops}")
                self.records[write.ref] = written[write.ref] = stored
        self.facts.extend(change.facts)
        return written

    def _fresh(self, write: Write) -> bool:
        known = self.records.get(write.ref)
        read = (write.version, write.stamp)
        return read == ((0, "") if known is None else (known.version, known.stamp))

    def _holds(self, guard: Guard) -> bool:
        record = self.records.get(guard.ref)
        value = None if record is None else getattr(record, guard.field)
        return ("true" if value is True else value or None) == guard.value
