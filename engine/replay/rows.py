"""The rows of a scenario: agents and calls, and what a row must fit."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from engine.domain.limits import AGENT_SKILLS, ID, LEVEL_MAX, QUEUES, SKILLS
from engine.domain.rules import Policy
from engine.tables import A_NAME, Mistake, nearest, shown

LONGEST_S = 10_000_000.0


@frozen(kw_only=True)
class AgentRow:
    """One log-in of an agent. He answers after `answer_ms`, and accepts with probability `accept`."""

    id: str
    login_s: float
    logout_s: float | None = None
    queues: tuple[str, ...]
    skills: Mapping[str, int] = field(factory=dict)
    answer_ms: int = 0
    accept: float = 1.0

    def mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        yield from _bad_name(f"{at}.id", self.id)
        yield from _bad_second(f"{at}.login_s", self.login_s)
        if self.logout_s is not None:
            yield from _bad_second(f"{at}.logout_s", self.logout_s)
            if self.logout_s < self.login_s:
                yield Mistake(f"{at}.logout_s", f"{self.logout_s:g}", "expected login_s or later")
        if not 1 <= len(self.queues) <= QUEUES:
            yield Mistake(f"{at}.queues", "", f"expected 1 to {QUEUES} queues")
        for queue in self.queues:
            yield from _unknown(f"{at}.queues", queue, tuple(policy.queues))
        yield from _bad_skills(at, self.skills, AGENT_SKILLS, policy)
        if not 0.0 <= self.accept <= 1.0:
            yield Mistake(f"{at}.accept", f"{self.accept:g}", "expected 0 to 1")


@frozen(kw_only=True)
class CallRow:
    """One caller: when he comes, what he needs, how long he speaks, and when he gives up (None: never)."""

    id: str
    arrive_s: float
    queue: str
    tier: str = "regular"
    skills: Mapping[str, int] = field(factory=dict)
    handle_s: float
    patience_s: float | None = None
    attributes: Mapping[str, str] = field(factory=dict)

    def mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        yield from _bad_name(f"{at}.id", self.id)
        for key in ("arrive_s", "handle_s", "patience_s"):
            if getattr(self, key) is not None:
                yield from _bad_second(f"{at}.{key}", getattr(self, key))
        yield from _unknown(f"{at}.queue", self.queue, tuple(policy.queues))
        yield from _unknown(f"{at}.tier", self.tier, policy.tiers)
        if self.queue in policy.queues:
            yield from _unknown(f"{at}.tier", self.tier, policy.queues[self.queue].tiers)
        yield from _bad_skills(at, self.skills, SKILLS, policy)


def _bad_name(key: str, name: str) -> Iterator[Mistake]:
    if not ID.fullmatch(name):
        yield Mistake(key, shown(name), f"expected {A_NAME}")


def _bad_second(key: str, value: float) -> Iterator[Mistake]:
    if not 0.0 <= value <= LONGEST_S:
        yield Mistake(key, f"{value:g}", "expected seconds, 0 or more")


def _unknown(key: str, name: str, known: tuple[str, ...]) -> Iterator[Mistake]:
    if known and name not in known:
        yield Mistake(key, shown(name), f"expected one that is listed{nearest(name, list(known))}")
    else:
        yield from _bad_name(key, name)


def _bad_skills(at: str, skills: Mapping[str, int], most: int, policy: Policy) -> Iterator[Mistake]:
    if len(skills) > most:
        yield Mistake(f"{at}.skills", f"{len(skills)} skills", f"expected {most} at most")
    for name, level in skills.items():
        yield from _unknown(f"{at}.skills", name, policy.skills)
        if not 1 <= level <= LEVEL_MAX:
            yield Mistake(f"{at}.skills.{name}", str(level), f"expected a level of 1 to {LEVEL_MAX}")
