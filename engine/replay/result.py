"""What came of a replay: a row per call, a summary, and what was violated."""

from collections.abc import Mapping
from typing import Any

from attrs import asdict, field, frozen

from engine.replay.expectations import failures, summary
from engine.replay.scenario import Scenario


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
    scenario: Scenario
    mode: str
    dispatch: str
    seed: int
    calls: tuple[CallOutcome, ...]
    violations: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(factory=dict)

    def to_json(self) -> dict[str, Any]:
        rows = [asdict(call) for call in self.calls]
        service_level_s = self.scenario.service_level_s
        return {
            "scenario": self.scenario.name,
            "mode": self.mode,
            "dispatch": self.dispatch,
            "seed": self.seed,
            "calls": rows,
            "summary": {**summary(rows, service_level_s), **self.extra},
            "violations": [
                *self.violations,
                *failures(self.scenario.expect, rows, service_level_s),
            ],
        }
