"""The rows of a scenario: agents and calls, and what a row must fit."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from attrs import evolve, field, frozen

from engine.domain.limits import AGENT_SKILLS, ID, LEVEL_MAX, QUEUES, SKILLS
from engine.domain.rules import Policy
from engine.replay.distributions import Distribution
from engine.replay.replies import Reply
from engine.tables import A_NAME, Mistake, nearest, shown

LONGEST_S = 10_000_000.0

#: A second of the scenario. A file may write it as the clock shows it, "09:30", counted from its `clock`.
Second = Annotated[float, "second"]


class Refusal(StrEnum):
    """What an agent does with an offer that he does not accept."""

    NO_ANSWER = "no_answer"  # lets it ring
    DECLINED = "declined"


@frozen(kw_only=True)
class Break:
    """He is not ready from that second on, or as soon as he is free after it, for so long."""

    at_s: Second
    for_ms: int
    reason: str = "break"


@frozen(kw_only=True)
class Drop:
    """The link breaks at that second, and comes back after so long."""

    at_s: Second
    for_ms: int


@frozen(kw_only=True)
class AgentRow:
    """One log-in of an agent. He answers after `answer_ms`, or after what is drawn from `answers` for each
    offer, and accepts with probability `accept`; on a day that was recorded his `replies` come first."""

    id: str
    login_s: Second
    logout_s: Second | None = None
    queues: tuple[str, ...]
    skills: Mapping[str, int] = field(factory=dict)
    answer_ms: int = 0
    answers: Distribution | None = None
    accept: float = 1.0
    refusal: Refusal = Refusal.NO_ANSWER
    breaks: tuple[Break, ...] = ()
    drops: tuple[Drop, ...] = ()
    replies: tuple[Reply, ...] = ()

    def later(self, by_s: float) -> "AgentRow":
        """The same, that much later; what would be before second 0 is not, but a log-in is then."""
        logout_s = None if self.logout_s is None else self.logout_s + by_s
        return evolve(
            self,
            login_s=max(0.0, self.login_s + by_s),
            logout_s=logout_s,
            breaks=tuple(evolve(b, at_s=b.at_s + by_s) for b in self.breaks if b.at_s + by_s >= 0.0),
            drops=_later(self.drops, by_s),
        )

    def there(self, at_s: float) -> bool:
        """Whether he is logged in at that second, by his row."""
        return self.login_s <= at_s and (self.logout_s is None or at_s < self.logout_s)

    def mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        yield from bad_name(f"{at}.id", self.id)
        yield from bad_second(f"{at}.login_s", self.login_s)
        if self.logout_s is not None:
            yield from bad_second(f"{at}.logout_s", self.logout_s)
            if self.logout_s < self.login_s:
                yield Mistake(f"{at}.logout_s", f"{self.logout_s:g}", "expected login_s or later")
        if not 1 <= len(self.queues) <= QUEUES:
            yield Mistake(f"{at}.queues", "", f"expected 1 to {QUEUES} queues")
        for queue in self.queues:
            yield from _unknown(f"{at}.queues", queue, tuple(policy.queues))
        yield from _bad_skills(at, self.skills, AGENT_SKILLS, policy)
        if not 0.0 <= self.accept <= 1.0:
            yield Mistake(f"{at}.accept", f"{self.accept:g}", "expected 0 to 1")
        if self.answers is not None:
            yield from self.answers.mistakes(f"{at}.answers")
        for n, pause in enumerate(self.breaks):
            yield from _unknown(f"{at}.breaks[{n}].reason", pause.reason, policy.reasons)
        yield from _bad_absences(f"{at}.breaks", self.breaks)
        yield from _bad_absences(f"{at}.drops", self.drops)
        for n, reply in enumerate(self.replies):
            yield from reply.mistakes(f"{at}.replies[{n}]", policy)


@frozen(kw_only=True)
class CallRow:
    """One caller: when he comes, what he needs, how long he speaks, and when he gives up (None: never)."""

    id: str
    arrive_s: Second
    queue: str
    tier: str = "regular"
    skills: Mapping[str, int] = field(factory=dict)
    handle_s: float
    patience_s: float | None = None
    attributes: Mapping[str, str] = field(factory=dict)
    drops: tuple[Drop, ...] = ()

    def later(self, by_s: float) -> "CallRow":
        """The same, that much later."""
        return evolve(self, arrive_s=self.arrive_s + by_s, drops=_later(self.drops, by_s))

    def mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        yield from bad_name(f"{at}.id", self.id)
        for key in ("arrive_s", "handle_s", "patience_s"):
            if getattr(self, key) is not None:
                yield from bad_second(f"{at}.{key}", getattr(self, key))
        yield from _unknown(f"{at}.queue", self.queue, tuple(policy.queues))
        yield from _unknown(f"{at}.tier", self.tier, policy.tiers)
        if self.queue in policy.queues:
            yield from _unknown(f"{at}.tier", self.tier, policy.queues[self.queue].tiers)
        yield from _bad_skills(at, self.skills, SKILLS, policy)
        yield from _bad_absences(f"{at}.drops", self.drops)


def _later(drops: tuple[Drop, ...], by_s: float) -> tuple[Drop, ...]:
    return tuple(evolve(drop, at_s=drop.at_s + by_s) for drop in drops if drop.at_s + by_s >= 0.0)


def bad_name(key: str, name: str) -> Iterator[Mistake]:
    if not ID.fullmatch(name):
        yield Mistake(key, shown(name), f"expected {A_NAME}")


def bad_second(key: str, value: float) -> Iterator[Mistake]:
    if not 0.0 <= value <= LONGEST_S:
        yield Mistake(key, f"{value:g}", "expected seconds, 0 or more")


def _unknown(key: str, name: str, known: tuple[str, ...]) -> Iterator[Mistake]:
    if known and name not in known:
        yield Mistake(key, shown(name), f"expected one that is listed{nearest(name, list(known))}")
    else:
        yield from bad_name(key, name)


def _bad_skills(at: str, skills: Mapping[str, int], most: int, policy: Policy) -> Iterator[Mistake]:
    if len(skills) > most:
        yield Mistake(f"{at}.skills", f"{len(skills)} skills", f"expected {most} at most")
    for name, level in skills.items():
        yield from _unknown(f"{at}.skills", name, policy.skills)
        if not 1 <= level <= LEVEL_MAX:
            yield Mistake(f"{at}.skills.{name}", str(level), f"expected a level of 1 to {LEVEL_MAX}")


def _bad_absences(at: str, absences: Sequence[Break | Drop]) -> Iterator[Mistake]:
    for n, absence in enumerate(absences):
        yield from bad_second(f"{at}[{n}].at_s", absence.at_s)
    for n, (before, after) in enumerate(pairwise(absences), 1):
        over_s = before.at_s + before.for_ms / 1000
        if after.at_s < over_s:
            expected = f"expected the end of the one before it, {over_s:g}, or later"
            yield Mistake(f"{at}[{n}].at_s", f"{after.at_s:g}", expected)
