"""A day told by hand, recorded, and the rows that came of it."""

from told import JAKARTA, Told, at

from engine.domain.rules import Policy, Queue
from engine.replay.journal.recording import Recorded, record
from engine.replay.rows import AgentRow, CallRow

POLICY = Policy(queues={name: Queue(name=name, wrap_up_ms=30_000) for name in ("general", "cards")})


def recorded(
    day: Told, policy: Policy = POLICY, from_s: float | None = None, to_s: float | None = None
) -> Recorded:
    edges = {"from_at": None if from_s is None else at(from_s), "to_at": None if to_s is None else at(to_s)}
    made = record(day.journal(JAKARTA), policy, name="day", **edges)
    assert list(made.scenario.mistakes()) == []
    return made


def agent(made: Recorded, name: str = "ani") -> AgentRow:
    [row] = [row for row in made.scenario.agents if row.id == name]
    return row


def call(made: Recorded, name: str) -> CallRow:
    [row] = [row for row in made.scenario.calls if row.id == name]
    return row
