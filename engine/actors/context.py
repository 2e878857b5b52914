"""What every actor of a node is given: the ports, the policy, and the node's own small facts."""

from attrs import define, field, frozen

from engine.actors.notices import Estimate
from engine.actors.ports import Clock, Ids, Meeting, Metrics, Receipts, Store
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


@define
class Standings:
    """The leader's last word on every queue, as this node heard it."""

    queues: dict[str, QueueStanding] = field(factory=dict)

    def waiting(self, queue: str) -> int:
        standing = self.queues.get(queue)
        return 0 if standing is None else standing.waiting

    def estimate(self, queue: str, position: int) -> Estimate | None:
        standing = self.queues.get(queue)
        if standing is None:
            return None
        found = expected_wait(position, standing.agents, standing.busy_ms)
        return None if found is None else Estimate(p50=found[0], p90=found[1])


class Uncounted:
    """Metrics nobody reads."""

    def refused(self) -> None: ...


@frozen(kw_only=True)
class Context:
    store: Store
    clock: Clock
    ids: Ids
    policy: Policy
    receipts: Receipts
    video: Meeting
    metrics: Metrics = field(factory=Uncounted)
    standings: Standings = field(factory=Standings)
    #: calls this node saw end lately: a resume token cannot bring them back
    ended: "Recent" = field(factory=lambda: Recent(10_000))


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
