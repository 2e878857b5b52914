"""What the callers did, read out of the facts: when each asked, waited, talked, lost his link and left."""

from attrs import define, field

from engine.domain.facts import (
    CallConnected,
    CallEnded,
    CallQueued,
    CallRequeued,
    Fact,
    LinkBack,
    LinkLost,
)
from engine.domain.lifecycle import EndReason
from engine.replay.journal.line import arrival

#: For a timer of the engine to come before what a caller does at the same instant.
AFTER_MS = 1_000
#: Ends of a waiting call that are the caller's doing, or as good as.
_LEFT = frozenset({EndReason.ABANDONED, EndReason.CANCELLED})


@define(eq=False)
class Visit:
    """One call from asking to leaving. `talks`: from each connection to its end; instants are pool time."""

    asked: CallQueued
    arrived_at: int
    talks: list[tuple[int, int]] = field(factory=list)
    drops: list[tuple[int, int]] = field(factory=list)
    left_at: int | None = None
    reason: EndReason | None = None
    connected_at: int | None = None
    lost_at: int | None = None
    #: his link was lost when his call ended
    away: bool = False

    @property
    def waiting(self) -> bool:
        """Whether it was waiting when it ended."""
        return self.reason is not None and not (self.talks and self.talks[-1][1] == self.left_at)

    @property
    def handle_ms(self) -> int | None:
        """How long he talks each time he is connected: as long as the last time, and no less than before.

        Where an earlier talk was longer, his link was lost at the end, or he left while he waited again, it
        was not he who ended the last.
        """
        if not self.talks:
            return None
        *earlier, last = [end - start for start, end in self.talks]
        longer = max(earlier, default=0) + AFTER_MS if earlier else 0
        return max(last + AFTER_MS if self.away or self.waiting else last, longer)

    @property
    def patience_ms(self) -> int | None:
        """How long he waited, if it was he who ended that; None: longer than we know."""
        if self.left_at is None or not self.waiting or self.reason not in _LEFT:
            return None
        return self.left_at - self.arrived_at

    def take(self, fact: Fact) -> None:
        match fact:
            case CallConnected():
                self.connected_at = fact.at
            case CallRequeued():
                self._hang_up(fact.at)
            case LinkLost(who=ref) if ref.startswith("customer:"):
                self.lost_at = fact.at
            case LinkBack(who=ref) if ref.startswith("customer:"):
                self._found(fact.at)
            case CallEnded(reason=reason):
                self._hang_up(fact.at)
                self.left_at, self.reason, self.away = fact.at, reason, self.lost_at is not None
                self._found(fact.at + AFTER_MS)

    def stop(self, at: int) -> None:
        """The journal ends before he leaves."""
        if self.left_at is None:
            self._hang_up(at)
            self._found(at)

    def _hang_up(self, at: int) -> None:
        if self.connected_at is not None:
            self.talks.append((self.connected_at, at))
            self.connected_at = None

    def _found(self, at: int) -> None:
        if self.lost_at is not None:
            self.drops.append((self.lost_at, at - self.lost_at))
            self.lost_at = None


@define(eq=False)
class Callers:
    """Takes facts in their order; the visits of those who asked from `from_at` up to `to_at`."""

    from_at: int
    to_at: int | None
    visits: dict[str, Visit] = field(factory=dict)
    #: calls that were waiting or talking when it began
    before: set[str] = field(factory=set)
    restored: set[str] = field(factory=set)

    def take(self, fact: Fact) -> None:
        name = getattr(fact, "call", "")
        if isinstance(fact, CallQueued) and name not in self.visits:
            at = arrival(fact)
            if at < self.from_at:
                self.before.add(name)
            elif self.to_at is None or at < self.to_at:
                self.visits[name] = Visit(fact, at)
        elif isinstance(fact, CallQueued):
            self.restored.add(name)
        elif name in self.visits:
            self.visits[name].take(fact)
        elif isinstance(fact, CallEnded) and fact.at < self.from_at:
            self.before.discard(name)

    @property
    def left(self) -> bool:
        """Whether all have."""
        return all(visit.left_at is not None for visit in self.visits.values())
