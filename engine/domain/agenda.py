"""An agenda: each ref has one instant at which to look at it, or none; the earliest comes first.

Of those at one instant, who was put down first comes first.

Moving an instant leaves the old entry in the heap, to be dropped when it comes up.
"""

import heapq

from attrs import define, field

from engine.domain.model import Ref


@define
class Agenda:
    _at: dict[Ref, int] = field(factory=dict)
    _heap: list[tuple[int, int, Ref]] = field(factory=list)  # instant, how many were put before, whose
    _put: int = 0

    def put(self, ref: Ref, at: int | None) -> None:
        """Look at `ref` at that instant instead of any other; None = not at all."""
        if at is None:
            self._at.pop(ref, None)
        elif self._at.get(ref) != at:
            self._at[ref] = at
            self._put += 1
            heapq.heappush(self._heap, (at, self._put, ref))

    def at(self, ref: Ref) -> int | None:
        """When that one is looked at."""
        return self._at.get(ref)

    def first(self) -> tuple[int, Ref] | None:
        """The earliest instant and whose it is."""
        while self._heap:
            at, _, ref = self._heap[0]
            if self._at.get(ref) == at:
                return at, ref
            heapq.heappop(self._heap)
        return None

    def pop_due(self, now: int) -> Ref | None:
        """Take off one ref whose instant has come, the earliest first; None if there is none."""
        first = self.first()
        if first is None or first[0] > now:
            return None
        heapq.heappop(self._heap)
        del self._at[first[1]]
        return first[1]
