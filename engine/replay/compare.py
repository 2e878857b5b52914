"""Two replays of one day: which calls went otherwise, by how much, and why.

Only rules differ between the two, so a call that went otherwise has another place by its own terms, or
changed places with others, or met agents whom others had met before. What is said is what speaks for the
change: of a call that waits longer who goes before it now, of one that waits less whom it goes before. Others
count only if the agent they met could have taken the call.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import inf

from attrs import field, frozen

from engine.domain.rules import Priority, able, needs_at
from engine.replay.doings import Doing, Doings
from engine.replay.result import CallOutcome, Result
from engine.replay.rows import AgentRow, CallRow

#: Others whom a sentence names; of more it tells how many.
NAMED = 5


@frozen(kw_only=True)
class Changed:
    """A call that went otherwise: `before` by the first rules, `after` by the second.

    `passes`: calls that were served before it and no longer are; `passed_by`: the other way round. Each in
    the order in which they were served. `then`: what the agent who had answered it does at the moment when he
    had been given it; `had_been`: what the agent who answers it now had been doing when he is given it.
    `rang_s`: for how long each was alerted.
    """

    before: CallOutcome
    after: CallOutcome
    place_before: Priority
    place_after: Priority
    passes: tuple[str, ...] = ()
    passed_by: tuple[str, ...] = ()
    then: Doing | None = None
    had_been: Doing | None = None
    rang_s: tuple[float, float] | None = None

    @property
    def longer_s(self) -> float | None:
        """By how much it waits longer; None if it is without end on either side."""
        if self.before.wait_s is None or self.after.wait_s is None:
            return None
        return self.after.wait_s - self.before.wait_s

    @property
    def course(self) -> int:
        """1 if it fares worse (is no longer served, or waits longer), -1 if better, 0 if neither."""
        served = [call.outcome == "served" for call in self._both]
        if served[0] != served[1]:
            return 1 if served[0] else -1
        longer_s = self.longer_s or 0.0
        return (longer_s > 0) - (longer_s < 0)

    @property
    def weight(self) -> tuple[bool, float]:
        """How large a change it is: one of outcome counts more than any of wait."""
        longer_s = self.longer_s
        return self.before.outcome != self.after.outcome, inf if longer_s is None else abs(longer_s)

    def line(self) -> str:
        """What changed and why, on one line."""
        waits = (None if c.wait_s is None else f"{c.wait_s:.1f} s" for c in (self.before, self.after))
        old, new = (f"{c.outcome} {w or ''}".strip() for c, w in zip(self._both, waits, strict=True))
        return f"{self.before.call_id} ({self.before.tier}): {old} -> {new}. {self.why()}"

    @property
    def _both(self) -> tuple[CallOutcome, CallOutcome]:
        return self.before, self.after

    def why(self) -> str:
        """In words."""
        place, later = self._of_place()
        reasons = [place] if place and later * self.course >= 0 else []
        if self.course <= 0:
            reasons += _of_others("it now goes before", self.passes)
        if self.course >= 0:
            reasons += _of_others("it now goes after", self.passed_by)
        reasons += self._of_agents()
        if not reasons:
            reasons += self._of_answers()
        if not reasons:
            reasons = ["what happened before it left other agents free at other times"]
        if place and place not in reasons:
            reasons.append(f"although {place}")
        told = "; ".join(reasons)
        return f"{told[0].upper()}{told[1:]}."

    def _of_place(self) -> tuple[str, int]:
        """How its own place differs, and whether it is later (1), earlier (-1) or the same (0)."""
        old, new = self.place_before, self.place_after
        said = [s for s in (_of_bands(old.band, new.band), _of_terms(old, new)) if s]
        moved = (old.band, -old.due_at), (new.band, -new.due_at)
        return " and ".join(said), (moved[0] > moved[1]) - (moved[0] < moved[1])

    def _of_agents(self) -> Iterator[str]:
        """Whom they met in its stead: those who are named already are not named again."""
        if self.then is not None and self.course >= 0 and self.then.call not in self.passed_by:
            yield f"the agent who had answered it ({self.before.agent_id}) is then {self.then}"
        if self.had_been is not None and self.course <= 0 and self.had_been.call not in self.passes:
            yield f"the agent who now answers it ({self.after.agent_id}) had then been {self.had_been}"

    def _of_answers(self) -> Iterator[str]:
        """It is offered more often or less, or answered later or sooner."""
        old, new = self.before.offers, self.after.offers
        if old != new and (new > old) is (self.course > 0):
            yield f"it is offered {_times(new)}, not {_times(old)}"
        elif self.rang_s is not None and self.longer_s is not None:
            longer_s = self.rang_s[1] - self.rang_s[0]
            if round(abs(longer_s - self.longer_s), 3) == 0:
                how = "later" if longer_s > 0 else "sooner"
                yield f"it is offered at the same moment, and answered {abs(longer_s):.1f} s {how}"


def changed(before: Result, after: Result) -> list[Changed]:
    """Every call whose outcome, wait or agent differs, the largest change first."""
    rows: Mapping[str, CallRow] = {row.id: row for row in before.scenario.calls}
    first, second = _Served(before), _Served(after)
    found = []
    for old, new in zip(before.calls, after.calls, strict=True):
        if (old.outcome, old.wait_s, old.agent_id) == (new.outcome, new.wait_s, new.agent_id):
            continue
        row = rows[old.call_id]
        found.append(
            Changed(
                before=old,
                after=new,
                place_before=_place(before, row),
                place_after=_place(after, row),
                passes=first.while_waiting(old, unless=second),
                passed_by=second.while_waiting(new, unless=first),
                then=second.doing_when(old, first),
                had_been=first.doing_when(new, second),
                rang_s=_both(first.rang_s(old), second.rang_s(new)),
            )
        )
    return sorted(found, key=lambda c: c.weight, reverse=True)


def _place(result: Result, row: CallRow) -> Priority:
    return result.scenario.policy.prioritise(row.queue, row.tier, row.attributes, 0)


@frozen(slots=False)
class _Served:
    """When everybody stopped waiting, who was served when, and what agents were doing."""

    result: Result
    doings: Doings = field(init=False)

    @doings.default
    def _doings(self) -> Doings:
        return Doings(self.result)

    @property
    def calls(self) -> Sequence[CallOutcome]:
        return self.result.calls

    @cached_property
    def ends_s(self) -> dict[str, float]:
        return {c.call_id: inf if c.wait_s is None else c.arrived_s + c.wait_s for c in self.calls}

    @cached_property
    def order(self) -> list[tuple[float, str]]:
        return sorted((self.ends_s[c.call_id], c.call_id) for c in self.calls if c.outcome == "served")

    @cached_property
    def served_s(self) -> dict[str, float]:
        return {name: at for at, name in self.order}

    def while_waiting(self, call: CallOutcome, unless: "_Served") -> tuple[str, ...]:
        """Who was served while this call waited here, by agents who could have taken it, but there only after
        it, though he had come by then."""
        end_s, there_s = self.ends_s[call.call_id], unless.ends_s[call.call_id]
        low = bisect_right(self.order, (call.arrived_s, "\x7f"))
        high = bisect_left(self.order, (end_s, ""))
        return tuple(
            name
            for at, name in self.order[low:high]
            if unless.served_s.get(name, inf) > there_s
            and self._arrived_s[name] <= there_s
            and self._could_take(self._agents[name], call.call_id)
        )

    def doing_when(self, call: CallOutcome, there: "_Served") -> Doing | None:
        """What the agent who took this call there was doing here when he was given it; None if just that."""
        at = there.doings.given_at.get(call.call_id)
        if call.agent_id is None or at is None:
            return None
        found = self.doings.of(call.agent_id, self._same_instant(at, there.result))
        free = found.state == "ready" or found.call == call.call_id
        return None if free else found

    def rang_s(self, call: CallOutcome) -> float | None:
        """For how long the agent who took it was alerted."""
        at = self.doings.given_at.get(call.call_id)
        if at is None or call.wait_s is None:
            return None
        given_s = (at - self.result.start_at) * self.result.speed / 1000
        return round(call.arrived_s + call.wait_s - given_s, 3)

    def _same_instant(self, at: int, there: Result) -> int:
        return self.result.start_at + at - there.start_at

    def _could_take(self, agent: str | None, name: str) -> bool:
        """Whether the agent may take that call, once its queue's last step is reached."""
        row = self._calls[name]
        queue = self.result.scenario.policy.queue(row.queue)
        needed, serving = needs_at(queue, row.skills, len(queue.steps))
        return any(able(a.queues, a.skills, serving, needed) for a in self._rows.get(agent or "", ()))

    @cached_property
    def _rows(self) -> dict[str, list[AgentRow]]:
        found: dict[str, list[AgentRow]] = {}
        for row in self.result.scenario.agents:
            found.setdefault(row.id, []).append(row)
        return found

    @cached_property
    def _calls(self) -> dict[str, CallRow]:
        return {row.id: row for row in self.result.scenario.calls}

    @cached_property
    def _agents(self) -> dict[str, str | None]:
        return {c.call_id: c.agent_id for c in self.calls}

    @cached_property
    def _arrived_s(self) -> dict[str, float]:
        return {c.call_id: c.arrived_s for c in self.calls}


def _of_terms(before: Priority, after: Priority) -> str:
    if before.terms == after.terms:
        return ""
    old, new = (-place.due_at / 1000 for place in (before, after))
    terms = " and ".join(f"{term.rule} {term.head_start_ms / 1000:g} s" for term in after.terms)
    if old == new:
        return f"its head start is still {new:g} s, now by {terms}"
    side = "earlier" if new > old else "later"
    by = f" ({terms})" if terms else ""
    return f"it is due {abs(new - old):g} s {side}: its head start was {old:g} s and is {new:g} s{by}"


def _both(before: float | None, after: float | None) -> tuple[float, float] | None:
    return None if before is None or after is None else (before, after)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _of_bands(before: int, after: int) -> str:
    return "" if before == after else f"its band was {before} and is {after}"


def _of_others(what: str, names: tuple[str, ...]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield f"{what} {', '.join(names[:NAMED])}{more}"
