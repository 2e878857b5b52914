"""Small random pools: few names and few instants, so that everything collides.

A world is made from a seed and two sizes, which is a hundred times faster than letting Hypothesis choose
every field, and still shrinks to few calls and agents.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

from attrs import frozen
from hypothesis import strategies as st

from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call
from engine.domain.rules import Policy, Queue, Select, Step

T = TypeVar("T")

QUEUES = ("x", "y")
SKILLS = ("id", "loan")
NOW = 13_000
#: Things happened, or will, at one of these.
INSTANTS = range(NOW - 3_000, NOW + 3_500, 500)
PAST = range(NOW - 3_000, NOW + 1, 500)


@frozen
class World:
    policy: Policy
    calls: tuple[Call, ...]
    agents: tuple[Agent, ...]

    @property
    def records(self) -> list[Call | Agent]:
        return [*self.calls, *self.agents]


class Dice(random.Random):
    def one_of(self, *choices: T) -> T:
        return self.choice(choices)

    def some_of(self, choices: Sequence[T], most: int) -> tuple[T, ...]:
        return tuple(self.sample(choices, self.randint(0, most)))

    def levels(self, most: int) -> dict[str, int]:
        return {name: self.randint(1, 3) for name in self.some_of(SKILLS, most)}

    def step(self) -> Step:
        return Step(
            after_ms=self.one_of(500, 1_500, 3_000, 4_500),
            drop_skills=self.one_of((), ("id",), ("*",)),
            max_level=self.one_of(None, 1, 2),
            queues=self.one_of((), ("y",)),
        )

    def queue(self, name: str) -> Queue:
        steps = tuple(self.step() for _ in range(self.randint(0, 2)))
        return Queue(name=name, select=self.choice(list(Select)), steps=steps)

    def call(self, name: str, agents: Sequence[str]) -> Call:
        enqueued_at = self.choice(PAST)
        prefers = bool(agents) and self.random() < 0.2
        avoids = self.some_of(agents, min(2, len(agents))) if self.random() < 0.4 else ()
        return Call(
            id=name,
            queue=self.one_of("x", "x", "y", "y", "unknown"),
            customer=f"k{name}",
            state=self.one_of(*[CallState.WAITING] * 8, CallState.OFFERED, CallState.ENDED),
            since_at=enqueued_at,
            enqueued_at=enqueued_at,
            due_at=enqueued_at - self.one_of(0, 0, 500, 1_000),
            band=self.one_of(0, 0, 0, 1),
            skills=self.levels(1),
            avoid={a: self.choice(INSTANTS) for a in avoids},
            preferred=self.choice(agents) if prefers else "",
            preferred_until=self.choice(INSTANTS) if prefers else None,
            customer_until=self.one_of(*[None] * 8, NOW + 700),
            give_up_at=self.one_of(*[None] * 8, NOW, NOW + 60_000),
            node="n1",
            version=1,
        )

    def agent(self, name: str) -> Agent:
        since_at = self.choice(PAST)
        others = (AgentState.NOT_READY, AgentState.OFFLINE, AgentState.ON_CALL)
        return Agent(
            id=name,
            state=self.one_of(*[AgentState.READY] * 9, *others),
            since_at=since_at,
            idle_ms=self.one_of(0, 500, 1_000),
            login_at=since_at - self.one_of(0, 1_000, 2_000),
            busy_ms=self.one_of(0, 500, 1_000),
            queues=self.some_of((*QUEUES, "unknown"), 3),
            skills=self.levels(2),
            node=self.one_of(*["n2"] * 9, ""),
            version=1,
        )


def world(seed: int, calls: int, agents: int) -> World:
    dice = Dice(seed)
    names = [f"a{i}" for i in range(agents)]
    return World(
        policy=Policy(queues={name: dice.queue(name) for name in QUEUES}),
        calls=tuple(dice.call(f"c{i}", names) for i in range(calls)),
        agents=tuple(dice.agent(name) for name in names),
    )


worlds = st.builds(world, seed=st.integers(0, 2**32), calls=st.integers(0, 9), agents=st.integers(0, 7))
