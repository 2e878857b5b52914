"""Whether two runs of a day assigned the same calls to the same agents in the same order; where not, why.

An *assignment* is an offer that was accepted, at the instant of the offer. A call has one name in both runs,
and is counted anew each time it is assigned. The order is compared by the longest list of assignments that
both runs have in the same order; those outside it have *moved*. Causes are looked for in this order:

`ends`: what came of it on the day is not known. A call had not ended when the journal did, and was assigned
in the replay after that, or while it rang on the day; or it was after the range, when callers are missing.
`commanded`: a supervisor had a hand in the call, in one it moved among, in what an agent may serve, or in the
rules, as nobody has in a replay. `tie`: the calls it moved among were assigned within `tie_ms` of each other,
or the two agents were ready since about the same instant: the machine decided which of them came first.
`late`: call and agent had both been free for longer than that; on the day the store or the leader was away.
`follows`: there is an earlier difference, from which on somebody was free or busy who was not in the other
run. `unexplained`: none of these.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from math import inf

from attrs import evolve, frozen

from engine.domain.facts import CallOffered, Commanded, Fact, OfferEnded, RulesReloaded
from engine.domain.lifecycle import AgentState, CallState, OfferEnd
from engine.replay.journal.line import Line

Key = tuple[str, int]  #: a call's name, and how often it had been assigned before


class Kind(StrEnum):
    ONLY_FIRST = "only_first"  # assigned in the first run alone
    ONLY_SECOND = "only_second"
    AGENT = "agent"  # to another agent
    MOVED = "moved"  # before or after others


class Cause(StrEnum):
    ENDS = "ends"
    COMMANDED = "commanded"
    TIE = "tie"
    LATE = "late"
    FOLLOWS = "follows"
    UNEXPLAINED = "unexplained"


@frozen
class Run:
    """The facts of a day whose second 0 is at `zero_at`. `by_request`: calls are known by their requests.

    `end_at`: from then on it is not known whole; None if it is.
    """

    facts: Sequence[Fact]
    zero_at: int
    by_request: bool = False
    end_at: int | None = None


@frozen
class Assignment:
    """`at`: when the offer was made, ms since second 0; `accepted_at`: when it was accepted.

    `free_ms`: how long call and agent were free.
    """

    call: str
    agent: str
    at: int
    offer: str
    free_ms: int
    accepted_at: int = 0


@frozen
class Difference:
    """`at`: when it was assigned in the first run (in the second, if only there), ms since second 0."""

    kind: Kind
    cause: Cause
    call: str
    at: int
    agents: tuple[str, str]


@frozen
class Likeness:
    """How many assignments each run has, how many stand alike, by how much their instants differ at most."""

    first: int
    second: int
    same: int
    off_ms: int
    differences: tuple[Difference, ...]


def assignments(run: Run) -> list[Assignment]:
    """The accepted offers, in the order in which they were made."""
    line = Line()
    made: dict[str, Assignment] = {}
    accepted: dict[str, int] = {}
    for fact in run.facts:
        if isinstance(fact, CallOffered) and (call := line.calls.get(fact.call)) is not None:
            name = call.request_id if run.by_request else call.id
            worker = line.agents.get(fact.agent)
            free_ms = fact.at - max(call.since_at, fact.at if worker is None else worker.since_at)
            made[fact.offer] = Assignment(name, fact.agent, fact.at - run.zero_at, fact.offer, free_ms)
        elif isinstance(fact, OfferEnded) and fact.how is OfferEnd.ACCEPTED:
            accepted[fact.offer] = fact.at - run.zero_at
        line.take(fact)
    return [evolve(each, accepted_at=accepted[offer]) for offer, each in made.items() if offer in accepted]


def compare(first: Run, second: Run, *, tie_ms: int) -> Likeness:
    """How `second` differs from `first`, which is the day as it was."""
    one, other = _keyed(assignments(first)), _keyed(assignments(second))
    both = [key for key in one if key in other]
    crossed = dict(_moved(both, other))
    judge = _Judge(first, second, one, other, tie_ms)
    found = [(one[key].at, Kind.AGENT, key) for key in both if one[key].agent != other[key].agent]
    found += [(one[key].at, Kind.MOVED, key) for key in crossed]
    found += [(one[key].at, Kind.ONLY_FIRST, key) for key in one if key not in other]
    found += [(other[key].at, Kind.ONLY_SECOND, key) for key in other if key not in one]
    differences: list[Difference] = []
    for at, kind, key in sorted(found):
        agents = (one[key].agent if key in one else "", other[key].agent if key in other else "")
        cause = judge.cause(kind, key, crossed.get(key, []), at, agents)
        if cause is Cause.UNEXPLAINED and any(d.cause is not Cause.ENDS for d in differences):
            cause = Cause.FOLLOWS
        differences.append(Difference(kind, cause, key[0], at, agents))
    return Likeness(
        first=len(one),
        second=len(other),
        same=len(both) - len({key for *_, key in found if key in one and key in other}),
        off_ms=max((abs(one[key].at - other[key].at) for key in both), default=0),
        differences=tuple(differences),
    )


class _Judge:
    """Says why two runs differ in an assignment, but for what follows from an earlier difference."""

    def __init__(
        self,
        first: Run,
        second: Run,
        one: Mapping[Key, Assignment],
        other: Mapping[Key, Assignment],
        tie_ms: int,
    ) -> None:
        self._runs, self._tie_ms = (one, other), tie_ms
        changed = [key for key in one if key in other and one[key].agent != other[key].agent]
        self._ready = tuple(
            _ready(run, [keyed[key].offer for key in changed])
            for run, keyed in ((first, one), (second, other))
        )
        self._commanded = {fact.target for fact in first.facts if isinstance(fact, Commanded)}
        read_at = (fact.at - first.zero_at for fact in first.facts if isinstance(fact, RulesReloaded))
        self._rules_at = next(read_at, None)
        self._end = inf if first.end_at is None else first.end_at - first.zero_at
        self._left_open = {} if first.end_at is None else _live(first, first.end_at)

    def cause(self, kind: Kind, key: Key, crossed: Sequence[Key], at: int, agents: tuple[str, str]) -> Cause:
        if self._is_cut_off(kind, key, crossed, at):
            return Cause.ENDS
        if self._is_commanded(key) or any(f"agent:{agent}" in self._commanded for agent in agents):
            return Cause.COMMANDED
        if kind is Kind.MOVED and all(self._near(key, k) for k in crossed):
            return Cause.TIE
        if kind is Kind.AGENT and (self._same_moment(key, agents) or self._swapped(at, agents[1])):
            return Cause.TIE
        if self._is_late(key):
            return Cause.LATE
        if crossed and all(self._near(key, k) or self._is_commanded(k) or self._is_late(k) for k in crossed):
            return Cause.COMMANDED if any(map(self._is_commanded, crossed)) else Cause.LATE
        ruled = self._rules_at is not None and at >= self._rules_at
        return Cause.COMMANDED if ruled else Cause.UNEXPLAINED

    def _is_cut_off(self, kind: Kind, key: Key, crossed: Sequence[Key], at: int) -> bool:
        if kind is Kind.ONLY_SECOND:
            state, known_until = self._left_open.get(key[0]), self._end - self._tie_ms
            rang = state is CallState.OFFERED
            return rang or (state is not None and self._runs[1][key].accepted_at >= known_until)
        return at >= self._end or (bool(crossed) and all(self._runs[0][k].at >= self._end for k in crossed))

    def _is_commanded(self, key: Key) -> bool:
        return f"call:{key[0]}" in self._commanded

    def _is_late(self, key: Key) -> bool:
        return key in self._runs[0] and self._runs[0][key].free_ms > self._tie_ms

    def _near(self, key: Key, other: Key) -> bool:
        """The two calls were assigned at about the same instant, in one of the runs."""
        return any(abs(run[key].at - run[other].at) <= self._tie_ms for run in self._runs)

    def _same_moment(self, key: Key, agents: tuple[str, str]) -> bool:
        """Both agents were ready in one of the runs, since about the same instant."""
        for run, ready in zip(self._runs, self._ready, strict=True):
            one, other = (ready[run[key].offer].get(agent) for agent in agents)
            if one is not None and other is not None and abs(one - other) <= self._tie_ms:
                return True
        return False

    def _swapped(self, at: int, agent: str) -> bool:
        """In the first run the other agent was given another call at about the same instant."""
        return any(a.agent == agent and abs(a.at - at) <= self._tie_ms for a in self._runs[0].values())


def _keyed(run: Iterable[Assignment]) -> dict[Key, Assignment]:
    times: Counter[str] = Counter()
    keyed = {}
    for each in run:
        keyed[each.call, times[each.call]] = each
        times[each.call] += 1
    return keyed


def _ready(run: Run, offers: Iterable[str]) -> dict[str, Mapping[str, int]]:
    """Who was ready when each of those offers was made, and since when."""
    wanted, line = set(offers), Line()
    found: dict[str, Mapping[str, int]] = {}
    for fact in run.facts if wanted else ():
        if isinstance(fact, CallOffered) and fact.offer in wanted:
            ready = (w for w in line.agents.values() if w.state is AgentState.READY)
            found[fact.offer] = {worker.id: worker.since_at for worker in ready}
        line.take(fact)
    return found


def _live(run: Run, end_at: int) -> dict[str, CallState]:
    """The calls that had not ended by then."""
    line = Line()
    for fact in run.facts:
        if fact.at < end_at:
            line.take(fact)
    return {call.request_id if run.by_request else call.id: call.state for call in line.calls.values()}


def _moved(keys: Sequence[Key], other: Mapping[Key, Assignment]) -> Iterator[tuple[Key, list[Key]]]:
    """Those outside the longest list in the same order, each with all that it stands otherwise to."""
    place = {key: n for n, key in enumerate(other)}
    kept = _longest(keys, place)
    for n, key in enumerate(keys):
        if key not in kept:
            yield key, [k for m, k in enumerate(keys) if (m < n) != (place[k] < place[key]) and m != n]


def _longest(keys: Sequence[Key], place: Mapping[Key, int]) -> set[Key]:
    """The longest increasing subsequence by `place` (C. Schensted, 1961; by patience sorting)."""
    tails: list[int] = []
    ends: list[Key] = []
    before: dict[Key, Key | None] = {}
    for key in keys:
        at = bisect_left(tails, place[key])
        before[key] = ends[at - 1] if at else None
        tails[at : at + 1], ends[at : at + 1] = [place[key]], [key]
    kept: set[Key] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept
