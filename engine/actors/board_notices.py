"""The frames of the wallboard: its rows, the snapshot of all of them, and what changed since the last frame.

A row is told whole whenever anything in it changed. Figures of a queue are those of the last hour.
"""

from typing import ClassVar, Literal

from attrs import field, frozen

from engine.domain.estimates import Estimate
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.matching import Why

#: Assignments that a board shows.
ASSIGNED = 50


@frozen(kw_only=True)
class Minute:
    """What a queue did within the minute that began at `at`; `waiting` as it was at its end, or is now."""

    at: int
    arrived: int
    answered: int
    #: of those, within the queue's service level
    in_time: int
    abandoned: int
    waiting: int


@frozen(kw_only=True)
class EstimateError:
    """How good the waits were that newcomers were told, of so many calls answered in the last hour.

    `median_ms`: half of the waits differed from p50 by less. `within_p90`: the share not above p90.
    """

    calls: int
    median_ms: int
    within_p90: float


@frozen(kw_only=True)
class QueueRow:
    """`service_level`: answered in time / (answered + abandoned), abandons under 5 s left out; `abandonment`:
    abandoned / (answered + abandoned). Both are null while nothing happened."""

    id: str
    #: paused by a supervisor, closed as configured
    state: Literal["open", "paused", "closed"]
    waiting: int
    #: since when the longest waiting call of the queue waits
    longest_at: int | None
    service_level: float | None
    abandonment: float | None
    answered: int
    abandoned: int
    #: what a newcomer would be told
    ewt_ms: Estimate | None
    ewt_error: EstimateError | None
    minute: Minute


@frozen(kw_only=True)
class CallRow:
    """A live call. Those who wait stand in the order of: higher band, smaller due, call id as text."""

    call_id: str
    queue: str
    tier: str
    #: what it needs of an agent, before any step relaxes that
    skills: dict[str, int]
    state: CallState
    since_at: int
    enqueued_at: int
    due_at: int
    band: int
    why: Why
    agent_id: str | None
    #: a customer whose link is lost is not offered
    link: Literal["up", "lost"]
    #: the end of its maximum wait
    limit_at: int | None
    #: the end of a pending offer
    deadline_at: int | None


@frozen(kw_only=True)
class AgentRow:
    """An agent who is logged in."""

    id: str
    name: str
    state: AgentState
    reason: str | None
    since_at: int
    call_id: str | None
    next_state: AgentState | None
    queues: list[str]
    skills: dict[str, int]
    handled: int
    no_answers: int


@frozen(kw_only=True)
class Assigned:
    """A call was offered to an agent."""

    at: int
    call_id: str
    queue: str
    tier: str
    agent_id: str
    why: Why


@frozen(kw_only=True)
class Gone:
    """Rows to be taken off the board: ended calls, agents who logged out."""

    calls: list[str] = field(factory=list)
    agents: list[str] = field(factory=list)


@frozen(kw_only=True)
class BoardSnapshot:
    """The whole board. `assigned`: the latest, newest last. `history`: by queue, oldest minute first."""

    type: ClassVar[str] = "board.snapshot"
    rev: int
    queues: list[QueueRow]
    calls: list[CallRow]
    agents: list[AgentRow]
    assigned: list[Assigned]
    history: dict[str, list[Minute]]


@frozen(kw_only=True)
class BoardDelta:
    """What changed. `from_rev` is the `rev` of the frame before it; if it is not, `board.watch` again."""

    type: ClassVar[str] = "board.delta"
    from_rev: int
    rev: int
    queues: list[QueueRow]
    calls: list[CallRow]
    agents: list[AgentRow]
    assigned: list[Assigned]
    gone: Gone

    def and_then(self, later: "BoardDelta") -> "BoardDelta | None":
        """Both in one, for a board that has not been told this one yet; None if `later` is not the next.

        A board takes rows off before it puts rows on, and keeps the figures of each minute it was told of.
        """
        if later.from_rev != self.rev:
            return None
        queues = {(row.id, row.minute.at): row for row in (*self.queues, *later.queues)}
        calls = {row.call_id: row for row in self.calls if row.call_id not in later.gone.calls}
        agents = {row.id: row for row in self.agents if row.id not in later.gone.agents}
        return BoardDelta(
            from_rev=self.from_rev,
            rev=later.rev,
            queues=list(queues.values()),
            calls=list((calls | {row.call_id: row for row in later.calls}).values()),
            agents=list((agents | {row.id: row for row in later.agents}).values()),
            assigned=[*self.assigned, *later.assigned][-ASSIGNED:],
            gone=Gone(
                calls=list(dict.fromkeys(self.gone.calls + later.gone.calls)),
                agents=list(dict.fromkeys(self.gone.agents + later.gone.agents)),
            ),
        )
