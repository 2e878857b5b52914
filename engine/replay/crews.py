"""Agents by the dozen: a crew is a number of agents who work alike, each a row of his own in the end."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from random import Random

from attrs import evolve, field, frozen

from engine.domain.limits import ID
from engine.domain.rules import Policy
from engine.replay.distributions import Distribution
from engine.replay.rows import AgentRow, Break, Drop, Refusal, Second
from engine.tables import Mistake, shown

MOST_AGENTS = 10_000
NUMBER = "{n}"


@frozen(kw_only=True)
class Shift:
    """From log-in to log-out."""

    login_s: Second
    logout_s: Second


@frozen(kw_only=True)
class Drops:
    """Links that break by themselves: so often in an hour logged in, and for how long."""

    per_hour: float
    away: Distribution


@frozen(kw_only=True)
class Crew:
    """`count` agents, named by `id`, in which {n} is 1, 2, …; all work all `shifts`, or from second 0 on.

    Each agent's day is `stagger` later than the one's before him, breaks included. `answer` is drawn for each
    offer; without it they answer at once.
    """

    id: str
    count: int
    queues: tuple[str, ...]
    skills: Mapping[str, int] = field(factory=dict)
    shifts: tuple[Shift, ...] = ()
    stagger_ms: int = 0
    answer: Distribution | None = None
    accept: float = 1.0
    refusal: Refusal = Refusal.NO_ANSWER
    breaks: tuple[Break, ...] = ()
    drops: Drops | None = None

    def rows(self, seed: int) -> Iterator[AgentRow]:
        """A row for each agent and shift."""
        for n in range(1, self.count + 1):
            name, later_s = self.id.replace(NUMBER, str(n)), (n - 1) * self.stagger_ms / 1000
            for shift in self.shifts or (None,):
                login_s = (0.0 if shift is None else shift.login_s) + later_s
                logout_s = None if shift is None else shift.logout_s + later_s
                row = AgentRow(
                    id=name,
                    login_s=login_s,
                    logout_s=logout_s,
                    queues=self.queues,
                    skills=self.skills,
                    answers=self.answer,
                    accept=self.accept,
                    refusal=self.refusal,
                )
                breaks = [evolve(pause, at_s=pause.at_s + later_s) for pause in self.breaks]
                yield evolve(
                    row,
                    breaks=tuple(pause for pause in breaks if row.there(pause.at_s)),
                    drops=tuple(self._drops(row, Random(f"{seed}/{name}/{login_s:g}/drops"))),
                )

    def _drops(self, row: AgentRow, random: Random) -> Iterator[Drop]:
        """A Poisson process while he is logged in; a link that is away cannot break."""
        at = row.login_s
        while self.drops is not None and self.drops.per_hour > 0.0 and row.logout_s is not None:
            at += random.expovariate(self.drops.per_hour / 3600)
            if at >= row.logout_s:
                return
            away_ms = round(self.drops.away.draw(random) * 1000)
            yield Drop(at_s=round(at, 3), for_ms=away_ms)
            at += away_ms / 1000

    def mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        if not 1 <= self.count <= MOST_AGENTS:
            yield Mistake(f"{at}.count", str(self.count), f"expected 1 to {MOST_AGENTS}")
        if NUMBER not in self.id and self.count > 1:
            yield Mistake(f"{at}.id", shown(self.id), 'expected {n} in it, as in "agent-{n}"')
        elif not ID.fullmatch(self.id.replace(NUMBER, str(MOST_AGENTS))):
            yield Mistake(f"{at}.id", shown(self.id), "expected A-Z a-z 0-9 _ - and {n}, 64 at most")
        yield from self._shift_mistakes(at)
        if self.answer is not None:
            yield from self.answer.mistakes(f"{at}.answer")
        if self.drops is not None:
            if not 0.0 <= self.drops.per_hour <= 3600.0:
                yield Mistake(f"{at}.drops.per_hour", f"{self.drops.per_hour:g}", "expected 0 to 3600")
            if not self.shifts:
                yield Mistake(f"{at}.drops", "", "expected shifts, within which links may break")
            yield from self.drops.away.mistakes(f"{at}.drops.away")
        like = AgentRow(
            id="x", login_s=0, queues=self.queues, skills=self.skills, accept=self.accept, breaks=self.breaks
        )
        yield from like.mistakes(at, policy)

    def _shift_mistakes(self, at: str) -> Iterator[Mistake]:
        for n, shift in enumerate(self.shifts):
            if shift.logout_s <= shift.login_s:
                expected = f"expected a second after login_s, which is {shift.login_s:g}"
                yield Mistake(f"{at}.shifts[{n}].logout_s", f"{shift.logout_s:g}", expected)
        for n, (before, after) in enumerate(pairwise(self.shifts), 1):
            if after.login_s < before.logout_s:
                expected = f"expected the end of the shift before it, {before.logout_s:g}, or later"
                yield Mistake(f"{at}.shifts[{n}].login_s", f"{after.login_s:g}", expected)
