"""The course of a day, from its facts: who was in which state from when to when, in scenario seconds."""

from collections.abc import Iterator, Mapping

from attrs import define, field, frozen

from engine.domain.facts import (
    AgentMoved,
    CallConnected,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRequeued,
)
from engine.domain.lifecycle import AgentState, CallState
from engine.replay.result import Result


@frozen
class Span:
    """From `start_s` to `end_s` in one state."""

    state: str
    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


@define
class Lived:
    """One call or one agent. A call's `name` is its request's id; `group` is its tier, an agent has none."""

    name: str
    group: str = ""
    queue: str = ""
    spans: list[Span] = field(factory=list)
    _state: str = ""
    _since_s: float = 0.0

    def move(self, state: str, at_s: float) -> None:
        """From now on it is in that state; "" = it is gone."""
        if self._state and at_s > self._since_s:
            self.spans.append(Span(self._state, self._since_s, at_s))
        self._state, self._since_s = state, at_s

    def spent_s(self, *states: str) -> float:
        return sum(span.length_s for span in self.spans if not states or span.state in states)


@frozen
class Course:
    """`end_s`: when the last thing happened. Names of agents' states are `AgentState`'s, less offline."""

    calls: tuple[Lived, ...]
    agents: tuple[Lived, ...]
    end_s: float

    def waiting(self) -> Iterator[tuple[Lived, Span]]:
        """Each span in which a call stood in line, its ringing included."""
        for call in self.calls:
            for span in call.spans:
                if span.state != CallState.CONNECTED:
                    yield call, span


def course(result: Result) -> Course:
    """What the facts of that replay tell. A day begins at second 0: what was before it is left out."""
    reader = _Reader(result.start_at, result.speed)
    for fact in result.facts:
        reader.take(fact)
    end_s = max(0.0, reader.now_s)
    for lived in (*reader.calls.values(), *reader.agents.values()):
        lived.move("", end_s)
    agents = tuple(sorted(reader.agents.values(), key=lambda agent: agent.name))
    return Course(tuple(reader.calls.values()), agents, end_s)


@define
class _Reader:
    start_at: int
    speed: float
    calls: dict[str, Lived] = field(factory=dict)
    agents: dict[str, Lived] = field(factory=dict)
    now_s: float = 0.0

    def take(self, fact: object) -> None:
        match fact:
            case CallQueued(call=call):
                if call not in self.calls:
                    self.calls[call] = Lived(fact.request_id, fact.tier, fact.queue)
                self._move(self.calls, call, CallState.WAITING, fact.at)
            case CallRequeued(call=call):
                self._move(self.calls, call, CallState.WAITING, fact.at)
            case CallOffered(call=call):
                self._move(self.calls, call, CallState.OFFERED, fact.at)
            case CallConnected(call=call):
                self._move(self.calls, call, CallState.CONNECTED, fact.at)
            case CallEnded(call=call):
                self._move(self.calls, call, "", fact.at)
            case AgentMoved(agent=agent, state=state):
                self.agents.setdefault(agent, Lived(agent))
                self._move(self.agents, agent, "" if state is AgentState.OFFLINE else state, fact.at)

    def _move(self, who: Mapping[str, Lived], name: str, state: str, at: int) -> None:
        self.now_s = max(self.now_s, (at - self.start_at) * self.speed / 1000)
        if name in who:
            who[name].move(str(state), max(0.0, (at - self.start_at) * self.speed / 1000))
