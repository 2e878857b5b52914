"""Two replays of one day: which calls went otherwise, by how much, and why.

Only rules differ between the two, so a call that went otherwise has another place by its own terms, or
changed places with others, or met agents whom others had met before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import inf

from attrs import frozen

from engine.domain.rules import Priority
from engine.replay.result import CallOutcome, Result
from engine.replay.rows import CallRow

#: Others whom a sentence names; of more it tells how many.
NAMED = 5


@frozen(kw_only=True)
class Changed:
    """A call that went otherwise: `before` by the first rules, `after` by the second.

    `passes`: calls that were served before it and no longer are; `passed_by`: the other way round. Each in
    the order in which they were served. `was_busy`: with whom the agent who had answered it was when he would
    have answered it again; `had_been_busy`: with whom the agent who answers it now had been at that moment.
    """

    before: CallOutcome
    after: CallOutcome
    place_before: Priority
    place_after: Priority
    passes: tuple[str, ...]
    passed_by: tuple[str, ...]
    was_busy: str | None = None
    had_been_busy: str | None = None

    @property
    def longer_s(self) -> float | None:
        """By how much it waits longer; None if it is without end on either side."""
        if self.before.wait_s is None or self.after.wait_s is None:
            return None
        return self.after.wait_s - self.before.wait_s

    @property
    def is_worse(self) -> bool:
        """Whether it is no longer served, or waits longer."""
        served = [call.outcome == "served" for call in self._both]
        return served[0] > served[1] if served[0] != served[1] else (self.longer_s or 0) > 0

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
        said = [
            _of_terms(self.place_before, self.place_after),
            _of_bands(self.place_before.band, self.place_after.band),
            _of_others("now goes before", self.passes),
            _of_others("is now passed by", self.passed_by),
        ]
        if not (self.passed_by if self.is_worse else self.passes):
            said.append(self._of_agents())
        told = "; ".join(filter(None, said))
        return f"{told[0].upper()}{told[1:]}."

    def _of_agents(self) -> str:
        """It kept its place among others, but they met other agents before it."""
        said = []
        if self.was_busy:
            said.append(
                f"agent {self.before.agent_id}, who had answered it, is then busy with {self.was_busy}"
            )
        if self.had_been_busy:
            had = f"had then been busy with {self.had_been_busy}"
            said.append(f"agent {self.after.agent_id}, who now answers it, {had}")
        return "; ".join(said) or "the agents it could have met are free at other times"


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
                was_busy=second.busy_with(old),
                had_been_busy=first.busy_with(new),
            )
        )
    return sorted(found, key=lambda c: c.weight, reverse=True)


def _place(result: Result, row: CallRow) -> Priority:
    return result.scenario.policy.prioritise(row.queue, row.tier, row.attributes, 0)


@frozen(slots=False)
class _Served:
    """When everybody stopped waiting, and who was served when."""

    result: Result

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
        """Who was served while this call waited here, but there only after it, though he had come by then."""
        end_s, there_s = self.ends_s[call.call_id], unless.ends_s[call.call_id]
        low = bisect_right(self.order, (call.arrived_s, "\x7f"))
        high = bisect_left(self.order, (end_s, ""))
        return tuple(
            name
            for at, name in self.order[low:high]
            if unless.served_s.get(name, inf) > there_s and self._arrived_s[name] <= there_s
        )

    def busy_with(self, call: CallOutcome) -> str | None:
        """With whom the agent who answered this call there was here, at the moment when he did."""
        if call.agent_id is None or call.wait_s is None:
            return None
        at_s = call.arrived_s + call.wait_s
        services = self._services.get(call.agent_id, [])
        last = bisect_right(services, (at_s, inf, "")) - 1
        _, until_s, other = services[last] if last >= 0 else (0.0, 0.0, "")
        return other if at_s < until_s and other != call.call_id else None

    @cached_property
    def _services(self) -> dict[str, list[tuple[float, float, str]]]:
        """Of each agent: from when to when, wrap-up included, he was busy with whom."""
        rows = {row.id: row for row in self.result.scenario.calls}
        wrap_up_s = {q.name: q.wrap_up_ms / 1000 for q in self.result.scenario.queues}
        found: dict[str, list[tuple[float, float, str]]] = {}
        for at_s, name in self.order:
            row = rows[name]
            until_s = at_s + row.handle_s + wrap_up_s[row.queue]
            found.setdefault(self._agents[name] or "", []).append((at_s, until_s, name))
        return found

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
    return f"due {abs(new - old):g} s {side}: its head start was {old:g} s and is {new:g} s{by}"


def _of_bands(before: int, after: int) -> str:
    return "" if before == after else f"its band was {before} and is {after}"


def _of_others(what: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{what} {', '.join(names[:NAMED])}{more}"
