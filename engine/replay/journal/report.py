"""The interval report: a journal's facts counted into `figures`, interval by interval, and told as CSV.

An interval is told once facts are so much later than its end that none of it can still come; only what is
still open is held. `facts` begin well before the first interval, so that those who were logged in and the
calls that were waiting then are known.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from enum import StrEnum

from attrs import define, field

from engine.domain.facts import (
    AgentMoved,
    CallConnected,
    CallEnded,
    CallQueued,
    CallTransferred,
    Fact,
    OfferEnded,
)
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd
from engine.domain.rules import Policy
from engine.domain.tally import SHORT_MS
from engine.replay.journal.exports import csv_line, iso
from engine.replay.journal.figures import AgentFigures, QueueFigures, reasons_of
from engine.replay.journal.intervals import boundaries
from engine.replay.journal.line import Caller, Line, Worker, arrival
from engine.replay.journal.sources import LOOK_BACK_MS, SLACK_MS, Journal

_LEFT = frozenset({EndReason.ABANDONED, EndReason.CUSTOMER_LOST})
_BUSY = frozenset({AgentState.ON_CALL, AgentState.WRAP_UP})


class By(StrEnum):
    QUEUE = "queue"
    AGENT = "agent"


def report(
    journal: Journal, policy: Policy, by: By, from_at: int, to_at: int, interval_ms: int, *, now: int
) -> Iterator[str]:
    """The CSV: a row for each interval and queue, or agent who was there. Nothing is known after `now`."""
    marks = boundaries(from_at, to_at, interval_ms, journal.zone)
    reasons = reasons_of(policy.reasons)
    example = QueueFigures().row() if by is By.QUEUE else AgentFigures().row(reasons)
    yield csv_line(("from", "to", by.value, *example))
    facts = journal.facts(marks[0] - LOOK_BACK_MS, marks[-1])
    for found in intervals(facts, marks, policy, now=now):
        span = (_instant(found.from_at, journal), _instant(found.to_at, journal))
        if by is By.QUEUE:
            for name, queue in sorted(found.queues.items()):
                yield csv_line((*span, name, *queue.row().values()))
        else:
            for name, agent in sorted(found.agents.items()):
                yield csv_line((*span, name, *agent.row(reasons).values()))


def _instant(at: int, journal: Journal) -> str:
    """As a spreadsheet reads it: of a replay, which has no date, what its scenario's clock shows."""
    if journal.midnight_at is None:
        return iso(at, journal.zone)
    minutes, seconds = divmod((at - journal.midnight_at) // 1000, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


@define
class Interval:
    """From `from_at` up to `to_at`: figures of every queue that is configured or was used, and of agents."""

    from_at: int
    to_at: int
    queues: dict[str, QueueFigures]
    agents: dict[str, AgentFigures] = field(factory=dict)

    def queue(self, name: str) -> QueueFigures:
        return self.queues.setdefault(name, QueueFigures())

    def agent(self, name: str) -> AgentFigures:
        return self.agents.setdefault(name, AgentFigures())


def intervals(facts: Iterable[Fact], marks: list[int], policy: Policy, *, now: int) -> Iterator[Interval]:
    """The intervals between `marks` that have begun by `now`, each as soon as nothing more can come."""
    day = _Day(policy, marks)
    for fact in facts:
        if fact.at >= marks[-1] + SLACK_MS:
            break
        yield from day.close(fact.at - SLACK_MS)
        day.take(fact)
    day.settle(min(now, marks[-1]))
    yield from (found for found in day.left() if found.from_at < now)


@define
class _Work:
    """A conversation and what follows it: in which queue, since when, whether it was brought to an end."""

    queue: str
    since_at: int
    done: bool = False


@define
class _Day:
    policy: Policy
    marks: list[int]
    line: Line = field(factory=Line)
    #: the first interval that is still open
    first: int = 0
    open: dict[int, Interval] = field(factory=dict)
    #: up to when each agent's time has been counted
    counted: dict[str, int] = field(factory=dict)
    work: dict[str, _Work] = field(factory=dict)

    # intervals

    def at(self, at: int) -> Interval | None:
        """The open interval of that instant."""
        n = bisect_right(self.marks, at) - 1
        return self._interval(n) if self.first <= n < len(self.marks) - 1 else None

    def _interval(self, n: int) -> Interval:
        if n not in self.open:
            queues = {name: QueueFigures() for name in self.policy.queues}
            self.open[n] = Interval(self.marks[n], self.marks[n + 1], queues)
        return self.open[n]

    def close(self, before_at: int) -> Iterator[Interval]:
        """The intervals that ended by then."""
        while self.first < len(self.marks) - 1 and self.marks[self.first + 1] <= before_at:
            self.settle(self.marks[self.first + 1])
            yield self._pop()

    def left(self) -> Iterator[Interval]:
        while self.first < len(self.marks) - 1:
            yield self._pop()

    def _pop(self) -> Interval:
        found = self._interval(self.first)
        del self.open[self.first]
        self.first += 1
        return found

    # agents' time

    def settle(self, at: int) -> None:
        """Count everybody's time up to then."""
        for worker in self.line.agents.values():
            self._spend(worker, at)

    def _spend(self, worker: Worker, to_at: int) -> None:
        since = max(self.counted.get(worker.id, worker.since_at), self.marks[self.first])
        while since < to_at and (found := self.at(since)) is not None:
            until = min(to_at, found.to_at)
            found.agent(worker.id).spend(worker.state, worker.reason, until - since)
            since = until
        self.counted[worker.id] = max(since, to_at)

    # facts

    def take(self, fact: Fact) -> None:
        match fact:
            case AgentMoved():
                self._moved(fact)
            case CallQueued(call=name) if name not in self.line.calls:
                if (found := self.at(arrival(fact))) is not None:
                    found.queue(fact.queue).offered += 1
            case OfferEnded(agent=agent, how=how) if (found := self.at(fact.at)) is not None:
                found.agent(agent).no_answers += how is OfferEnd.EXPIRED
                found.agent(agent).declined += how is OfferEnd.DECLINED
            case CallConnected(call=name) if name in self.line.calls:
                self._connected(fact, self.line.calls[name])
            case CallTransferred(call=name) if name in self.line.calls:
                self._transferred(fact, self.line.calls[name].queue)
            case CallEnded(call=name) if name in self.line.calls:
                self._ended(fact, self.line.calls[name])
        self.line.take(fact)

    def _moved(self, fact: AgentMoved) -> None:
        worker = self.line.agents.get(fact.agent)
        if worker is not None:
            self._spend(worker, fact.at)
        self.counted[fact.agent] = fact.at
        work = self.work.get(fact.agent)
        if work is None or fact.state in _BUSY:
            return
        del self.work[fact.agent]
        if work.done and (found := self.at(fact.at)) is not None:
            spent_ms = fact.at - work.since_at
            for figures in (found.agent(fact.agent), found.queue(work.queue)):
                figures.handled += 1
                figures.handle_ms += spent_ms

    def _connected(self, fact: CallConnected, call: Caller) -> None:
        self.work[fact.agent] = _Work(call.queue, fact.at)
        at = call.arrived_at + fact.waited_ms if fact.restored else fact.at
        if call.answered_at is not None or (found := self.at(at)) is None:
            return
        queue, rules = found.queue(call.queue), self.policy.queues.get(call.queue)
        queue.answered += 1
        queue.in_time += rules is not None and fact.waited_ms <= rules.service_level_ms
        queue.waited_ms += fact.waited_ms
        queue.longest_wait_ms = max(queue.longest_wait_ms, fact.waited_ms)

    def _transferred(self, fact: CallTransferred, queue: str) -> None:
        if fact.agent in self.work:
            self.work[fact.agent].done = True
        if (found := self.at(fact.at)) is not None:
            found.queue(queue).transferred += 1
            if fact.queue != queue:
                found.queue(fact.queue).transferred_in += 1

    def _ended(self, fact: CallEnded, call: Caller) -> None:
        if fact.agent in self.work:
            self.work[fact.agent].done = True
        if call.answered_at is not None or (found := self.at(fact.at)) is None:
            return
        queue, waited_ms = found.queue(call.queue), fact.at - call.arrived_at
        queue.longest_wait_ms = max(queue.longest_wait_ms, waited_ms)
        if fact.reason in _LEFT:
            queue.abandoned += 1
            queue.short_abandons += waited_ms < SHORT_MS
        else:
            queue.unanswered += 1
