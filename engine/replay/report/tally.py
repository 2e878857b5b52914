"""How many calls went otherwise, so counted that it adds up.

Every call went as before, or waits shorter, or longer, or as long as before but with another agent or another
end. A wait without end is longer than any other. Of those that went otherwise some changed but slightly, some
are served only now, and some no longer.
"""

from collections.abc import Iterable, Sequence
from math import inf

from attrs import frozen

from engine.replay.compare import Changed
from engine.replay.result import CallOutcome

#: A wait that changed by less has hardly changed.
SLIGHT_S = 5.0


@frozen(kw_only=True)
class Tally:
    """`calls` = `as_before` + `shorter` + `longer` + `same_wait`. The others are some of those changed."""

    title: str
    calls: int
    shorter: int
    longer: int
    same_wait: int
    slight: int
    served_now: int
    served_no_more: int

    @property
    def as_before(self) -> int:
        return self.calls - self.shorter - self.longer - self.same_wait

    def sentence(self) -> str:
        """What changed for these calls."""
        waits = f"{self.shorter:,} wait shorter, {self.longer:,} longer"
        slight = f" ({self.slight:,} by under {SLIGHT_S:g} s)" if self.slight else ""
        same = f", {self.same_wait:,} as long with another agent" if self.same_wait else ""
        ends = f"{self.served_now:,} newly served, {self.served_no_more:,} no longer"
        if not self.served_now and not self.served_no_more:
            ends = "the same are served"
        return f"{waits}{slight}{same}; {ends}" if self.calls > self.as_before else "all go as before"


def tally(title: str, calls: int, changes: Sequence[Changed]) -> Tally:
    """Of that many calls, those changed."""
    by_s = [_wait_s(c.after) - _wait_s(c.before) if _is_longer(c) is not None else 0.0 for c in changes]
    return Tally(
        title=title,
        calls=calls,
        shorter=sum(_is_longer(c) is False for c in changes),
        longer=sum(_is_longer(c) is True for c in changes),
        same_wait=sum(_is_longer(c) is None for c in changes),
        slight=sum(0 < abs(s) < SLIGHT_S for s in by_s),
        served_now=sum(not _is_served(c.before) and _is_served(c.after) for c in changes),
        served_no_more=sum(_is_served(c.before) and not _is_served(c.after) for c in changes),
    )


def tallies(
    kind: str, names: Iterable[str], calls: Sequence[CallOutcome], changes: Sequence[Changed]
) -> list[Tally]:
    """By tier or by queue, and of all calls, the last, if there is more than one."""
    found = [
        tally(
            name,
            sum(getattr(call, kind) == name for call in calls),
            [c for c in changes if getattr(c.before, kind) == name],
        )
        for name in names
    ]
    return [*found, tally("all calls", len(calls), changes)] if len(found) != 1 else found


def _is_longer(change: Changed) -> bool | None:
    """None: as long as before."""
    before_s, after_s = _wait_s(change.before), _wait_s(change.after)
    return None if before_s == after_s else after_s > before_s


def _wait_s(call: CallOutcome) -> float:
    return inf if call.wait_s is None else call.wait_s


def _is_served(call: CallOutcome) -> bool:
    return call.outcome == "served"
