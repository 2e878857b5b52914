"""How the queues were served on a day, where the facts say otherwise than the configuration does now.

How long offers ring is in every offer, by what an agent is chosen in its why; how long wrap-up may last shows
in the longest, and a maximum wait in those who were sent away by it. `latency_ms` is what may be the
machine's.
"""

from collections import Counter
from collections.abc import Iterator

from attrs import define, evolve, field

from engine.domain.facts import AgentMoved, CallConnected, CallEnded, CallOffered, CallTransferred, Fact
from engine.domain.lifecycle import AgentState, CallState, EndReason
from engine.domain.rules import Policy, Queue, Select
from engine.replay.journal.line import Line
from engine.replay.journal.passing import explained
from engine.tables import duration_text

SECOND_MS = 1_000


@define
class _Seen:
    rings: Counter[int] = field(factory=Counter)
    selects: Counter[str] = field(factory=Counter)
    #: wrap-ups by their length; 0 where there was none
    wrap_ups: list[int] = field(factory=list)
    expired: list[int] = field(factory=list)
    longest_ms: int = 0


@define(eq=False)
class Served:
    """Takes facts in their order."""

    latency_ms: int
    line: Line = field(factory=Line)
    seen: dict[str, _Seen] = field(factory=dict)
    #: the queue of each agent's call, whose end is still to come or just came
    _queue_of: dict[str, str] = field(factory=dict)
    _ended: set[str] = field(factory=set)

    def take(self, fact: Fact) -> None:
        match fact:
            case CallOffered(call=name) if name in self.line.calls:
                call = self.line.calls[name]
                seen = self._of(call.queue)
                seen.rings[fact.until - fact.at] += 1
                seen.longest_ms = max(seen.longest_ms, fact.at - call.arrived_at)
                if (select := explained(fact).get("select")) in list(Select):
                    seen.selects[select] += 1
            case CallConnected(call=name, agent=agent) if name in self.line.calls:
                self._queue_of[agent] = self.line.calls[name].queue
            case CallTransferred(agent=agent) | CallEnded(agent=agent) if agent in self._queue_of:
                self._ended.add(agent)
            case CallEnded(call=name, reason=EndReason.EXPIRED) if name in self.line.calls:
                call = self.line.calls[name]
                if call.state is CallState.WAITING:
                    self._of(call.queue).expired.append(fact.at - call.arrived_at)
            case AgentMoved(agent=agent) if agent in self._ended:
                self._wraps_up(fact)
        self.line.take(fact)

    def _wraps_up(self, fact: AgentMoved) -> None:
        if fact.state is AgentState.WRAP_UP:
            return
        before = self.line.agents.get(fact.agent)
        wrapped = before is not None and before.state is AgentState.WRAP_UP
        spent_ms = fact.at - before.since_at if before is not None and wrapped else 0
        self._of(self._queue_of[fact.agent]).wrap_ups.append(spent_ms)
        self._ended.discard(fact.agent)

    def _of(self, queue: str) -> _Seen:
        return self.seen.setdefault(queue, _Seen())

    def policy(self, policy: Policy) -> tuple[Policy, list[str]]:
        """The policy as the queues were served, and what of it is not as configured."""
        queues, notes = dict(policy.queues), []
        for name, seen in self.seen.items():
            before = queues.get(name, Queue(name=name))
            after = self._as_seen(before, seen)
            queues[name] = after
            if changes := list(_changes(before, after)):
                notes.append(f"queue {name} was served with {', '.join(changes)}, not as configured")
        return evolve(policy, queues=queues), notes

    def _as_seen(self, queue: Queue, seen: _Seen) -> Queue:
        if seen.rings:
            ring_ms = seen.rings.most_common(1)[0][0]
            queue = queue if self._near(ring_ms, queue.ring_ms) else evolve(queue, ring_ms=ring_ms)
        if seen.selects:
            queue = evolve(queue, select=Select(seen.selects.most_common(1)[0][0]))
        if seen.wrap_ups:
            longest_ms = self._whole(max(seen.wrap_ups))
            over = longest_ms > queue.wrap_up_ms and not self._near(longest_ms, queue.wrap_up_ms)
            queue = evolve(queue, wrap_up_ms=longest_ms) if over or not longest_ms else queue
        if seen.expired:
            most_ms = self._whole(min(seen.expired))
            known_ms = queue.max_wait_ms
            if known_ms is None or not self._near(most_ms, known_ms):
                queue = evolve(queue, max_wait_ms=most_ms)
        elif queue.max_wait_ms is not None and seen.longest_ms > queue.max_wait_ms + self.latency_ms:
            queue = evolve(queue, max_wait_ms=None)
        return queue

    def _near(self, one: int, other: int) -> bool:
        return abs(one - other) <= self.latency_ms

    def _whole(self, ms: int) -> int:
        """In whole seconds, if it is so but for the machine's share."""
        return ms - ms % SECOND_MS if ms % SECOND_MS <= self.latency_ms else ms


def _changes(before: Queue, after: Queue) -> Iterator[str]:
    for key in ("ring", "wrap_up", "max_wait"):
        value = getattr(after, f"{key}_ms")
        if value != getattr(before, f"{key}_ms"):
            yield f"{key} {'never' if value is None else duration_text(value)}"
    if after.select is not before.select:
        yield f"select {after.select}"
