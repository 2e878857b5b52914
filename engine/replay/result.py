"""What came of a replay: a row per call, a summary, and what was violated."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import orjson
from attrs import asdict, field, frozen

from engine.domain.facts import Fact
from engine.policy_file import PolicyTables, policy_converter
from engine.replay.cost import Cost
from engine.replay.expectations import failures, summary
from engine.replay.scenario import Scenario
from engine.store.records import encode_fact

#: Calls of the largest day whose journal is written down with its result: some 100 MB.
JOURNAL_CALLS = 50_000


class Dispatch(StrEnum):
    """By what calls come to agents. The first two are systems that came before; they run live only."""

    POLLING = "polling"
    STREAM = "stream"
    PRIORITY = "priority"  # the engine


@frozen(kw_only=True)
class CallOutcome:
    """`wait_s`: arrival to connection, or to hang-up; None if unserved. In scenario seconds."""

    call_id: str
    queue: str
    tier: str
    arrived_s: float
    outcome: str
    wait_s: float | None
    agent_id: str | None
    offers: int


@frozen(kw_only=True)
class Result:
    """`facts`: the whole journal of the day, in its order. `start_at`: pool time of second 0, ms.

    One pool ms is `speed` ms of the scenario. `cost`: None where no server served.
    """

    scenario: Scenario
    mode: str
    dispatch: str
    seed: int
    calls: tuple[CallOutcome, ...]
    facts: tuple[Fact, ...] = field(default=(), repr=False)
    start_at: int = 0
    speed: float = 1.0
    cost: Cost | None = None
    violations: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(factory=dict)

    def to_json(self, *, journal_calls: int = JOURNAL_CALLS) -> dict[str, Any]:
        """The result as it is written to a file. The journal of a day of more calls is left out."""
        rows = [asdict(call) for call in self.calls]
        service_level_s = self.scenario.service_level_s
        return {
            "scenario": self.scenario.name,
            "mode": self.mode,
            "dispatch": self.dispatch,
            "seed": self.seed,
            "clock": self.scenario.clock,
            "start_at": self.start_at,
            "speed": self.speed,
            "rules": self._rules(),
            "calls": rows,
            "summary": {**summary(rows, service_level_s), **self.extra},
            "cost": None if self.cost is None else asdict(self.cost),
            "violations": [
                *self.violations,
                *self.unkept,
            ],
            "journal": self._journal(journal_calls),
        }

    @property
    def unkept(self) -> list[str]:
        """The scenario's expectations that the day does not keep, each as one line."""
        rows = [asdict(call) for call in self.calls]
        return failures(self.scenario.expect, rows, self.scenario.service_level_s)

    def _rules(self) -> dict[str, Any]:
        """The policy tables of the scenario, by which the day is to be judged."""
        tables = policy_converter().unstructure(self.scenario, unstructure_as=PolicyTables)
        plain: dict[str, Any] = orjson.loads(orjson.dumps(tables))
        return plain

    def _journal(self, most: int) -> list[dict[str, Any]] | str:
        if len(self.calls) > most:
            return f"left out: more than {most} calls"
        return [encode_fact(fact) for fact in self.facts]
