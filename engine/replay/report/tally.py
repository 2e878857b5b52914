"""How many calls went otherwise, so counted that it adds up.

Every call went as before, or waits shorter, or longer, or as long as before but with another agent or another
end. A wait without end is longer than any other. Of those that went otherwise some changed but slightly, some
are served only now, and some no longer.
"""

from collections.abc import Sequence
from math import inf

from attrs import frozen

from engine.replay.result import CallOutcome

#: A wait that changed by less has hardly changed.
SLIGHT_S = 5.0

#: One call, in the first run and in another.
Pair = tuple[CallOutcome, CallOutcome]


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


def tally(title: str, pairs: Sequence[Pair]) -> Tally:
    """Of calls by how they went in the first run and in another."""
    by_s = [_longer_s(before, after) for before, after in pairs]
    served = [(before.outcome == "served", after.outcome == "served") for before, after in pairs]
    return Tally(
        title=title,
        calls=len(pairs),
        shorter=sum(s < 0 for s in by_s),
        longer=sum(s > 0 for s in by_s),
        same_wait=sum(not s and _went(*pair) for s, pair in zip(by_s, pairs, strict=True)),
        slight=sum(0 < abs(s) < SLIGHT_S for s in by_s),
        served_now=served.count((False, True)),
        served_no_more=served.count((True, False)),
    )


def tallies(
    kind: str, names: Sequence[str], before: Sequence[CallOutcome], after: Sequence[CallOutcome]
) -> list[Tally]:
    """By tier or by queue, as `kind` says; the last is of all calls, if there are several."""
    pairs = list(zip(before, after, strict=True))
    found = [tally(name, [pair for pair in pairs if getattr(pair[0], kind) == name]) for name in names]
    return [*found, tally("all calls", pairs)] if len(found) != 1 else found


def _went(before: CallOutcome, after: CallOutcome) -> bool:
    """Whether it went otherwise, though it waited as long."""
    return (before.outcome, before.agent_id) != (after.outcome, after.agent_id)


def _longer_s(before: CallOutcome, after: CallOutcome) -> float:
    """0: as long as before."""
    waits = [inf if call.wait_s is None else call.wait_s for call in (before, after)]
    return 0.0 if waits[0] == waits[1] else waits[1] - waits[0]
