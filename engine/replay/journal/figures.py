"""The interval report's figures: what each queue and each agent came to, interval by interval.

A thing counts in the interval in which it happened; a call is not followed from its arrival's interval into
others, so a short interval may answer more calls than it was offered. Times that agents spend in a state are
cut at the intervals' edges. Definitions follow ITU-T E.600 (terms of traffic engineering) and E.423 (grade of
service), in the form that call centres use them.

Of a queue (of a call that is passed on: the queue in which it is then):
  offered           calls that asked for it, when they asked
  transferred_in    calls that were passed on to it from elsewhere
  answered          calls connected for the first time
  in_time           of these, within the queue's `service_level`
  abandoned         calls whose customer left, or was lost for good, before the first connection
  short_abandons    of these, those who left within 5 s: they had not begun to wait
  unanswered        calls that ended before the first connection otherwise (maximum wait, supervisor)
  service_level     in_time / (answered + abandoned - short_abandons)
  abandonment       abandoned / (answered + abandoned)
  asa_s             average speed of answer: mean of arrival to first connection, of answered
  longest_wait_s    longest from arrival until answered, or until left unanswered
  handled           conversations that were brought to an end, when wrap-up ended (or the talk, without one)
  aht_s             average handle time: mean of talk and wrap-up, of handled
  transferred       conversations that the agent passed on

Of an agent:
  logged_in_s       any state but offline
  ready_s offered_s on_call_s wrap_up_s not_ready_s   the states that this is made of
  not_ready_<reason>_s                                 not_ready by reason; `other`: those not configured
  handled, aht_s    as above, of his conversations
  no_answers, declined                                 offers that ended so
  occupancy         (on_call + wrap_up) / (on_call + wrap_up + ready + offered)

The work of an agent who was lost in a call, so that it waited again, is on_call time, but not handled.
"""

from attrs import define, field

from engine.domain.lifecycle import AgentState
from engine.domain.moves.agent import SYSTEM_REASONS

_BUSY = (AgentState.ON_CALL, AgentState.WRAP_UP)
_FREE = (AgentState.READY, AgentState.OFFERED)


def reasons_of(configured: tuple[str, ...]) -> tuple[str, ...]:
    """The reasons that have a column: the bank's, and those that the engine itself gives."""
    return tuple(dict.fromkeys((*configured, *sorted(SYSTEM_REASONS))))


def share(part: float, whole: float) -> str:
    """A ratio as the report has it: four decimals, empty where there is nothing to divide by."""
    return f"{part / whole:.4f}" if whole else ""


def mean_s(total_ms: int, count: int) -> str:
    return f"{total_ms / count / 1000:.3f}" if count else ""


@define
class QueueFigures:
    offered: int = 0
    transferred_in: int = 0
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    short_abandons: int = 0
    unanswered: int = 0
    waited_ms: int = 0
    longest_wait_ms: int = 0
    handled: int = 0
    handle_ms: int = 0
    transferred: int = 0

    def row(self) -> dict[str, str]:
        """By column, in order."""
        counted = self.answered + self.abandoned - self.short_abandons
        ended = self.answered + self.abandoned + self.unanswered
        return {
            "offered": str(self.offered),
            "transferred_in": str(self.transferred_in),
            "answered": str(self.answered),
            "in_time": str(self.in_time),
            "abandoned": str(self.abandoned),
            "short_abandons": str(self.short_abandons),
            "unanswered": str(self.unanswered),
            "service_level": share(self.in_time, counted),
            "abandonment": share(self.abandoned, self.answered + self.abandoned),
            "asa_s": mean_s(self.waited_ms, self.answered),
            "longest_wait_s": mean_s(self.longest_wait_ms, 1) if ended else "",
            "handled": str(self.handled),
            "aht_s": mean_s(self.handle_ms, self.handled),
            "transferred": str(self.transferred),
        }


@define
class AgentFigures:
    #: time by state, and not ready by reason
    spent_ms: dict[AgentState, int] = field(factory=dict)
    not_ready_ms: dict[str, int] = field(factory=dict)
    handled: int = 0
    handle_ms: int = 0
    no_answers: int = 0
    declined: int = 0

    def spend(self, state: AgentState, reason: str, ms: int) -> None:
        self.spent_ms[state] = self.spent_ms.get(state, 0) + ms
        if state is AgentState.NOT_READY:
            self.not_ready_ms[reason] = self.not_ready_ms.get(reason, 0) + ms

    def row(self, reasons: tuple[str, ...]) -> dict[str, str]:
        """By column, in order; `reasons` have columns of their own."""
        busy = sum(self.spent_ms.get(state, 0) for state in _BUSY)
        free = sum(self.spent_ms.get(state, 0) for state in _FREE)
        other = sum(ms for reason, ms in self.not_ready_ms.items() if reason not in reasons)
        row = {"logged_in_s": mean_s(sum(self.spent_ms.values()), 1)}
        for state in (*_FREE, *_BUSY, AgentState.NOT_READY):
            row[f"{state}_s"] = mean_s(self.spent_ms.get(state, 0), 1)
        for reason in reasons:
            row[f"not_ready_{reason}_s"] = mean_s(self.not_ready_ms.get(reason, 0), 1)
        return {
            **row,
            "not_ready_other_s": mean_s(other, 1),
            "handled": str(self.handled),
            "aht_s": mean_s(self.handle_ms, self.handled),
            "no_answers": str(self.no_answers),
            "declined": str(self.declined),
            "occupancy": share(busy, busy + free),
        }
