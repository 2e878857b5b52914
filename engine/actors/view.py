"""What an actor knows: the newest version of each record it cares about. Never the truth."""

from collections.abc import Iterable, Mapping

from attrs import define, field

from engine.domain.model import Record, Ref


@define
class View:
    """`None` = known to be absent; a ref not held is unknown."""

    records: dict[Ref, Record | None] = field(factory=dict)

    def get(self, ref: Ref) -> Record | None:
        return self.records.get(ref)

    def learn(self, records: Mapping[Ref, Record | None]) -> bool:
        """Take in news; whether any was new. Older versions change nothing."""
        held = self.records
        new = {ref: each for ref, each in records.items() if ref not in held or _newer(each, held[ref])}
        held.update(new)
        return bool(new)

    def correct(self, records: Mapping[Ref, Record | None]) -> None:
        """Take in what the store said it holds, whatever was known."""
        self.records.update(records)

    def contradicts(self, records: Mapping[Ref, Record]) -> bool:
        """Whether any of `records` is older than what is held, or of another history."""
        for ref, held in self.records.items():
            record = records.get(ref)
            if held is None or record is None or held.stamp == record.stamp:
                continue
            if held.version >= record.version:
                return True
        return False

    def missing(self, refs: Iterable[Ref]) -> list[Ref]:
        return [ref for ref in refs if ref not in self.records]

    def keep(self, refs: Iterable[Ref]) -> None:
        """Forget everything but `refs`."""
        kept = set(refs)
        self.records = {ref: record for ref, record in self.records.items() if ref in kept}


def _newer(record: Record | None, known: Record | None) -> bool:
    if record is None or known is None:
        return record is not known
    return record.version > known.version
