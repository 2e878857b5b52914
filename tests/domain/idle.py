"""Idle time as the rules have it, counted the slow way: a stopwatch per agent."""

from attrs import define, field

from engine.domain.change import Change
from engine.domain.lifecycle import AgentState
from engine.domain.model import Agent

from .ledger import Records

_A = AgentState


@define
class IdleTimes:
    """Runs while ready; what an offer took counts only if it was rescinded; a connected call resets it."""

    idle_ms: dict[str, int] = field(factory=dict)
    rung_ms: dict[str, int] = field(factory=dict)

    def passed(self, records: Records, ms: int) -> None:
        for agent in records.values():
            if isinstance(agent, Agent) and agent.state is _A.READY:
                self.idle_ms[agent.id] = self.idle_ms.get(agent.id, 0) + ms
            if isinstance(agent, Agent) and agent.state is _A.OFFERED:
                self.rung_ms[agent.id] = self.rung_ms.get(agent.id, 0) + ms

    def saw(self, change: Change) -> None:
        for write in change.writes:
            before, after = write.before, write.after
            if isinstance(after, Agent):
                self._moved(before if isinstance(before, Agent) else None, after)
            elif isinstance(before, Agent):
                self.idle_ms.pop(before.id, None)

    def _moved(self, before: Agent | None, after: Agent) -> None:
        if before is not None and before.state is _A.OFFERED and after.state is not _A.OFFERED:
            rung = self.rung_ms.pop(after.id, 0)
            if after.state is _A.READY:
                self.idle_ms[after.id] = self.idle_ms.get(after.id, 0) + rung
        afresh = before is None or (before.state is _A.OFFLINE and after.reason in ("login", "lost"))
        if after.state is _A.ON_CALL or (afresh and after.state is _A.NOT_READY):
            self.idle_ms[after.id] = 0

    def check(self, records: Records, now: int) -> None:
        for agent in records.values():
            if isinstance(agent, Agent) and agent.state is _A.READY:
                assert now - agent.idle_since == self.idle_ms.get(agent.id, 0)
