"""What every actor of a node is given: the ports, the policy, and the node's own small facts."""

from collections.abc import Callable

from attrs import define, field, frozen

from engine.actors.notices import Estimate
from engine.actors.ports import Clock, Ids, Meeting, Metrics, Receipts, Store
from engine.actors.rulebook import Rulebook, rulebook
from engine.domain.estimates import expected_wait
from engine.domain.rules import Policy

#: The address of the leader's published standings, beside the refs of persons.
STANDINGS = "standings"


@frozen
class QueueStanding:
    """What the leader last published of a queue."""

    waiting: int
    agents: int
    busy_ms: float | None
    open: bool = True


@define
class Standings:
    """The leader's last word on every queue, as this node heard it."""

    queues: dict[str, QueueStanding] = field(factory=dict)

    def waiting(self, queue: str) -> int:
        standing = self.queues.get(queue)
        return 0 if standing is None else standing.waiting

    def is_open(self, queue: str) -> bool | None:
        """Whether it takes requests; None if that was not heard."""
        standing = self.queues.get(queue)
        return None if standing is None else standing.open

    def estimate(self, queue: str, position: int) -> Estimate | None:
        standing = self.queues.get(queue)
        if standing is None:
            return None
        return expected_wait(position, standing.agents, standing.busy_ms)


class Uncounted:
    """Metrics nobody reads."""

    def refused(self) -> None: ...


def midnight_utc(now: int) -> int:
    return now - now % 86_400_000


@frozen(kw_only=True)
class Context:
    store: Store
    clock: Clock
    ids: Ids
    rules: Rulebook = field(alias="policy", converter=rulebook)
    receipts: Receipts
    video: Meeting
    metrics: Metrics = field(factory=Uncounted)
    standings: Standings = field(factory=Standings)
    #: calls this node saw end lately: a resume token cannot bring them back
    ended: "Recent" = field(factory=lambda: Recent(10_000))
    #: when the bank's day began to which an instant belongs (pool time, ms)
    day_at: Callable[[int], int] = midnight_utc

    @property
    def policy(self) -> Policy:
        """The rules as they are now."""
        return self.rules.policy


@define
class Recent:
    """The last `limit` names put in."""

    limit: int
    _names: dict[str, None] = field(factory=dict)

    def add(self, name: str) -> None:
        self._names[name] = None
        if len(self._names) > self.limit:
            del self._names[next(iter(self._names))]

    def __contains__(self, name: object) -> bool:
        return name in self._names
