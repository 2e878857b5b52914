"""What each agent of a replayed day was doing at any moment, and when each call was given to whom."""

from bisect import bisect_right
from collections.abc import Sequence

from attrs import frozen

from engine.domain.facts import AgentMoved, CallOffered, CallQueued, OfferEnded
from engine.domain.lifecycle import AgentState, OfferEnd
from engine.replay.result import Result


@frozen
class Doing:
    """An agent's state; `call` is the one he is alerted to, on, or in wrap-up of, by the scenario's name."""

    state: AgentState
    reason: str = ""
    call: str = ""

    def __str__(self) -> str:
        match self.state:
            case AgentState.OFFLINE:
                return "not logged in"
            case AgentState.NOT_READY:
                return f"not ready ({self.reason})" if self.reason else "not ready"
            case AgentState.READY:
                return "ready"
            case _:
                return f"busy with {self.call}"


OFFLINE = Doing(AgentState.OFFLINE)


class Doings:
    """Instants are pool time of that day."""

    def __init__(self, result: Result) -> None:
        #: by call: when it was given to the agent who took it
        self.given_at: dict[str, int] = {}
        self._starts: dict[str, list[int]] = {}
        self._doings: dict[str, list[Doing]] = {}
        names: dict[str, str] = {}
        offered_at: dict[str, int] = {}
        for fact in result.facts:
            match fact:
                case CallQueued():
                    names[fact.call] = fact.request_id
                case CallOffered():
                    offered_at[fact.offer] = fact.at
                case OfferEnded(how=OfferEnd.ACCEPTED):
                    self.given_at[names[fact.call]] = offered_at[fact.offer]
                case AgentMoved():
                    self._starts.setdefault(fact.agent, []).append(fact.at)
                    doing = Doing(fact.state, fact.reason, names.get(fact.call, ""))
                    self._doings.setdefault(fact.agent, []).append(doing)

    def of(self, agent: str, at: int) -> Doing:
        """What the agent was doing once everything of that instant had happened."""
        found: Sequence[Doing] = self._doings.get(agent, ())
        last = bisect_right(self._starts.get(agent, ()), at) - 1
        return found[last] if last >= 0 else OFFLINE
