"""The bank's rules: queues, head starts, bands, steps, and every duration the domain knows.

A call's *due* is its arrival less its head start; the head start is the sum over the rules that match.
With a constant head start h a caller can be overtaken only by callers who arrive within h after him, so
nobody starves and nothing is re-scored as time passes. A *band* is strict priority, for emergencies.

`Policy` is everything the bank decides. It is data, never code: a rule matches by equality or "in" on queue,
tier and attributes.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property

from attrs import evolve, field, frozen

from engine.domain.errors import Code, Refused
from engine.domain.model import Attributes, Skills, Term

MAX_BAND = 9

#: Requests a customer may make in a row before `Timings.ask_every_ms` binds him: a page reloaded in anger.
ASK_BURST = 10


class Select(StrEnum):
    """Which of the able agents gets the call; ties go to the smaller agent id as text."""

    LONGEST_IDLE = "longest_idle"
    LEAST_FLEXIBLE = "least_flexible"  # fewest skills, then longest idle: spares the agents others need
    BEST_SKILL = "best_skill"  # highest sum of the needed skills' levels, then longest idle
    LEAST_OCCUPIED = "least_occupied"  # smallest share of time on calls when he went ready, then longest idle


@frozen(kw_only=True)
class Step:
    """After a call waited `after_ms`, its needs are relaxed.

    `drop_skills` are no longer needed (("*",) = none is); a level above `max_level` is needed only at
    `max_level`; `queues` may serve the call too (overflow).
    """

    after_ms: int
    drop_skills: tuple[str, ...] = ()
    max_level: int | None = None
    queues: tuple[str, ...] = ()


def _by_wait(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: step.after_ms))


@frozen(kw_only=True)
class Queue:
    """One line of waiting calls and how it is served."""

    name: str
    label: Mapping[str, str] = field(factory=dict)
    select: Select = Select.LONGEST_IDLE
    ring_ms: int = 15_000
    wrap_up_ms: int = 30_000
    service_level_ms: int = 20_000
    service_target: int = 80  # per cent of calls to be answered within it
    head_start_ms: int = 0
    max_wait_ms: int | None = 3_600_000
    max_waiting: int | None = None
    tiers: tuple[str, ...] = ()  # who may enter; empty = everybody
    client_attributes: tuple[str, ...] = ()  # attributes a client's own frame may set
    steps: tuple[Step, ...] = field(default=(), converter=_by_wait)
    open: bool = True


@frozen(kw_only=True)
class Rule:
    """`when` maps "queue", "tier" or an attribute's name to the values that match."""

    when: Mapping[str, tuple[str, ...]] = field(factory=dict)
    head_start_ms: int = 0
    band: int = 0
    name: str = ""

    def matches(self, queue: str, tier: str, attributes: Attributes) -> bool:
        facts = {**attributes, "queue": queue, "tier": tier}
        return all(facts.get(key) in values for key, values in self.when.items())

    @property
    def label(self) -> str:
        """What the journal calls this rule: an attribute by its name alone, because its value is private."""
        return self.name or " and ".join(map(self._said, self.when)) or "always"

    def _said(self, key: str) -> str:
        return f"{key} {'|'.join(self.when[key])}" if key in ("queue", "tier") else key


@frozen(kw_only=True)
class Timings:
    """Durations of the lifecycle itself, the same for every queue (ms)."""

    decline_rest_ms: int = 5_000
    avoid_ms: int = 60_000
    customer_grace_ms: int = 20_000
    call_grace_ms: int = 30_000
    agent_grace_ms: int = 30_000
    prefer_ms: int = 30_000
    #: the pace at which a customer may ask again and again (`ASK_BURST` at once); 0 = any
    ask_every_ms: int = 3_000
    keep_ended_ms: int = 600_000
    keep_offline_ms: int = 86_400_000


@frozen(kw_only=True)
class Priority:
    """What the rules say of one call."""

    due_at: int
    band: int
    terms: tuple[Term, ...]


@frozen(kw_only=True)
class Policy:
    """Everything the bank decides. Empty `tiers`, `skills`, … accept any well-formed name."""

    queues: Mapping[str, Queue]
    rules: tuple[Rule, ...] = ()
    tiers: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    timings: Timings = Timings()

    @cached_property
    def version(self) -> str:
        """A short name for exactly these queues and rules, kept with every assignment."""
        return hashlib.blake2s(repr((self.queues, self.rules)).encode(), digest_size=4).hexdigest()

    def queue(self, name: str) -> Queue:
        """The queue of that name; raises `Refused(no_such_queue)`."""
        found = self.queues.get(name)
        if found is None:
            raise Refused(Code.NO_SUCH_QUEUE, "there is no such queue", field="queue")
        return found

    def prioritise(self, queue: str, tier: str, attributes: Attributes, arrived_at: int) -> Priority:
        """Due, band and terms of a call arriving now: each matching rule adds up, the highest band wins.

        Rules of one label make one term: the journal tells terms by their label.
        """
        given, band = {f"queue {queue}": self.queue(queue).head_start_ms}, 0
        for rule in self.rules:
            if rule.matches(queue, tier, attributes):
                band = max(band, rule.band)
                given[rule.label] = given.get(rule.label, 0) + rule.head_start_ms
        return Priority(
            due_at=arrived_at - sum(given.values()),
            band=band,
            terms=tuple(Term(label, ms) for label, ms in given.items() if ms),
        )

    def scaled(self, speed: float) -> "Policy":
        """The same policy with every business duration divided by `speed`, for a live replay."""

        def ms(value: int) -> int:
            return max(1, round(value / speed)) if value else 0

        def head_start(value: int) -> int:
            return round(value / speed)

        def maybe(value: int | None) -> int | None:
            return None if value is None else ms(value)

        return evolve(
            self,
            queues={
                name: evolve(
                    q,
                    ring_ms=ms(q.ring_ms),
                    wrap_up_ms=ms(q.wrap_up_ms),
                    service_level_ms=ms(q.service_level_ms),
                    head_start_ms=head_start(q.head_start_ms),
                    max_wait_ms=maybe(q.max_wait_ms),
                    steps=tuple(evolve(s, after_ms=ms(s.after_ms)) for s in q.steps),
                )
                for name, q in self.queues.items()
            },
            rules=tuple(evolve(r, head_start_ms=head_start(r.head_start_ms)) for r in self.rules),
            timings=Timings(
                decline_rest_ms=ms(self.timings.decline_rest_ms),
                avoid_ms=ms(self.timings.avoid_ms),
                customer_grace_ms=ms(self.timings.customer_grace_ms),
                call_grace_ms=ms(self.timings.call_grace_ms),
                agent_grace_ms=ms(self.timings.agent_grace_ms),
                prefer_ms=ms(self.timings.prefer_ms),
                ask_every_ms=ms(self.timings.ask_every_ms),
                keep_ended_ms=self.timings.keep_ended_ms,
                keep_offline_ms=self.timings.keep_offline_ms,
            ),
        )


def needs_at(queue: Queue, skills: Skills, step: int) -> tuple[Skills, frozenset[str]]:
    """What a call of `queue` needs once its first `step` steps have been reached: skills, serving queues."""
    needed, serving = dict(skills), {queue.name}
    for s in queue.steps[:step]:
        serving.update(s.queues)
        if "*" in s.drop_skills:
            needed.clear()
        for name in s.drop_skills:
            needed.pop(name, None)
        if s.max_level is not None:
            needed = {name: min(level, s.max_level) for name, level in needed.items()}
    return needed, frozenset(serving)


def able(queues: tuple[str, ...], has: Skills, serving: frozenset[str], needed: Skills) -> bool:
    """Whether an agent of these queues and skill levels may take such a call."""
    return any(q in serving for q in queues) and all(
        has.get(name, 0) >= level for name, level in needed.items()
    )
