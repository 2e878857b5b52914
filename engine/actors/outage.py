"""What an outage of the store owes everybody: as much time as it took.

Every deadline that stood on the board when the outage's length became known is to be moved by as much, once.
Whether that was done shows in the record itself: whose deadline is no longer the one noted was moved, or has
been decided anew since. So a debt outlives refused changes, answers that never came, a crash of the
matchmaker and another outage, and is never paid twice.
"""

from collections.abc import Callable, Iterable

from attrs import define, field, frozen

from engine.domain.evolving import evolve
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call, Record, Ref, deadline


@frozen
class Debt:
    """`deadline_at` is to move by `by_ms`; each of `tried_ms` may have been stored already."""

    deadline_at: int
    by_ms: int
    tried_ms: tuple[int, ...] = ()

    def left(self, record: Record) -> "Debt | None":
        """What is owed to the record as it is now."""
        at = deadline(record)
        if at == self.deadline_at:
            return self
        for paid_ms in self.tried_ms:
            if at == self.deadline_at + paid_ms and paid_ms < self.by_ms:
                return Debt(at, self.by_ms - paid_ms)
        return None


@define(eq=False)
class Arrears:
    """All that is owed. One per lead: who leads next sees in the store's silence what he owes."""

    #: the length of outages that nobody has been credited with yet (ms)
    unnoted_ms: int = 0
    #: the instant by which the last outage was over, and its length (ms)
    over_at: int = 0
    last_ms: int = 0
    debts: dict[Ref, Debt] = field(factory=dict)

    def outage(self, by_ms: int, now: int) -> None:
        """The store was away for so long until now."""
        self.unnoted_ms += by_ms
        self.over_at, self.last_ms = now, by_ms

    def note(self, records: Iterable[Record]) -> None:
        """Credit everybody who suffers from his deadline with what is not noted yet."""
        by_ms, self.unnoted_ms = self.unnoted_ms, 0
        for record in filter(_hurried, records):
            at, debt = deadline(record), self.debts.get(record.ref)
            left = None if debt is None else debt.left(record)
            if left is not None:
                self.debts[record.ref] = evolve(left, by_ms=left.by_ms + by_ms)
            elif at is not None:
                self.debts[record.ref] = Debt(at, by_ms)

    def owed(self, record: Record) -> int:
        """By how much its deadline is to be moved now; to be asked for only in order to do it."""
        debt = self.debts.get(record.ref)
        left = None if debt is None else debt.left(record)
        if left is None:
            return 0
        self.debts[record.ref] = evolve(left, tried_ms=(*left.tried_ms, left.by_ms))
        return left.by_ms

    def strike(self, get: Callable[[Ref], Record | None]) -> None:
        """Forget what is paid, going by the records that `get` gives."""
        for ref, debt in tuple(self.debts.items()):
            record = get(ref)
            if record is None or debt.left(record) is None:
                del self.debts[ref]

    def spoilt(self, record: Record) -> bool:
        """Whether it is an offer from before an outage, heard of only after it: nobody could accept it."""
        return (
            isinstance(record, Call)
            and record.state is CallState.OFFERED
            and record.offered_at is not None
            and record.offered_at < self.over_at
        )


def _hurried(record: Record) -> bool:
    """Whether somebody suffers from its deadline: not where it only says how long a record is kept."""
    match record:
        case Call():
            return record.live
        case Agent():
            return record.state is not AgentState.OFFLINE
        case _:
            return False
