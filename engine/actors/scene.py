"""The wallboard as rows: what the store's records look like to a supervisor, and which rows changed.

It is fed records as they become known and asked for what is new; it knows no time but `now`, and does
nothing.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field

from engine.actors.board_notices import (
    ASSIGNED,
    AgentRow,
    Assigned,
    BoardDelta,
    BoardSnapshot,
    CallRow,
    EstimateError,
    Gone,
    Minute,
    QueueRow,
)
from engine.domain.board import Board
from engine.domain.estimates import Estimate, Pace, expected_wait
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.matching import able_agents, explain_due, takes_requests
from engine.domain.model import Agent, Call, Record, Ref
from engine.domain.rules import Policy, Queue
from engine.domain.tally import Accuracy, Bucket, Tally, minute_of

#: A call seen for the first time this soon after it was queued is a newcomer: what he was told is known.
NEW_MS = 3_000
#: For so long news of what was before a minute turned may still come.
TURN_MS = 1_500


@define(eq=False)
class Scene:
    """What is known of the last hour (`tally`, `pace`, `accuracy`, assignments) outlives `begin_anew`."""

    policy: Policy
    board: Board = field(init=False)
    tally: Tally = field(init=False)
    pace: Pace = field(factory=Pace)
    accuracy: Accuracy = field(factory=Accuracy)
    rev: int = 0
    _queues: dict[str, QueueRow] = field(factory=dict)
    _calls: dict[str, CallRow] = field(factory=dict)
    _agents: dict[str, AgentRow] = field(factory=dict)
    #: the latest by offer, and those that no delta has told yet
    _assigned: dict[str, Assigned] = field(factory=dict)
    _fresh: list[Assigned] = field(factory=list)
    _changed: dict[Ref, None] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.board, self.tally = Board(self.policy), Tally(self.policy)

    # news

    def begin_anew(self, policy: Policy, everything: Iterable[Record], now: int) -> None:
        """Everything was read again, perhaps under other rules; what is known of the last hour stays."""
        self.policy = self.tally.policy = policy
        self.board = Board(policy)
        self._queues, self._calls, self._agents = {}, {}, {}
        self._changed.clear()
        self.put({record.ref: record for record in everything}, now)
        self.accuracy.keep(self.board.calls)

    def put(self, records: Mapping[Ref, Record | None], now: int) -> None:
        """Records as heard (None = deleted). Old news changes nothing."""
        for ref, record in records.items():
            before = self.board.get(ref)
            self.board.put(ref, record, now)
            if isinstance(record, Call):
                self._saw(before if isinstance(before, Call) else None, record, now)
            self._changed[ref] = None

    def _saw(self, before: Call | None, call: Call, now: int) -> None:
        self.pace.learn(before, call, self.policy)
        self.tally.saw(call, now)
        newcomer = before is None and call.state is CallState.WAITING and not call.requeues
        if newcomer and now - call.enqueued_at < NEW_MS:
            self.accuracy.told(call, self._estimate(call.queue, self.board.rank(call) + 1))
        self.accuracy.saw(call)
        if call.offer and (before is None or before.offer != call.offer):
            self._saw_offer(call)

    def _saw_offer(self, call: Call) -> None:
        """It may be over by now, or have been told before everything was read anew."""
        if call.offer in self._assigned:
            return
        self._assigned[call.offer] = assigned = _assigned(call)
        self._fresh.append(assigned)
        if len(self._assigned) > ASSIGNED:
            del self._assigned[min(self._assigned, key=lambda offer: _when(self._assigned[offer]))]

    def _estimate(self, queue: str, position: int) -> Estimate | None:
        rules = self.policy.queues.get(queue)
        agents = 0 if rules is None else able_agents(self.board, rules)
        return expected_wait(position, agents, self.pace.busy_ms.get(queue))

    # rows

    def snapshot(self, now: int) -> BoardSnapshot:
        """Everything, as last told by `delta`."""
        self._draw(now)
        return BoardSnapshot(
            rev=self.rev,
            queues=list(self._queues.values()),
            calls=list(self._calls.values()),
            agents=list(self._agents.values()),
            assigned=sorted(self._assigned.values(), key=_when),
            history={name: self._history(name, now) for name in self.policy.queues},
        )

    def delta(self, now: int) -> BoardDelta | None:
        """What changed since the last one; None if nothing did."""
        queues, calls, agents, gone = self._draw(now)
        assigned, self._fresh = self._fresh, []
        if not (queues or calls or agents or assigned or gone.calls or gone.agents):
            return None
        return BoardDelta(
            from_rev=self.rev,
            rev=self.rev,
            queues=queues,
            calls=calls,
            agents=agents,
            assigned=assigned,
            gone=gone,
        )

    def _draw(self, now: int) -> tuple[list[QueueRow], list[CallRow], list[AgentRow], Gone]:
        """Bring the rows up to date: those that differ, and those that are no more."""
        calls: list[CallRow] = []
        agents: list[AgentRow] = []
        gone = Gone()
        for ref in self._changed:
            kind, _, name = ref.partition(":")
            if kind == "call":
                call = self.board.calls.get(name)
                _update(self._calls, name, _call_row(call) if call and call.live else None, calls, gone.calls)
            elif kind == "agent":
                agent = self.board.agents.get(name)
                row = _agent_row(agent) if agent and agent.state is not AgentState.OFFLINE else None
                _update(self._agents, name, row, agents, gone.agents)
        self._changed.clear()
        queues: list[QueueRow] = []
        for name, queue in self.policy.queues.items():
            _update(self._queues, name, self._queue_row(queue, now), queues, [])
        return queues, calls, agents, gone

    def _queue_row(self, queue: Queue, now: int) -> QueueRow:
        name, waiting = queue.name, self.board.order.get(queue.name, ())
        hour, judged = self.tally.hour(name, now), self.accuracy.hour(name, now)
        gate = self.board.gates.get(name)
        paused = gate is not None and gate.paused
        return QueueRow(
            id=name,
            state="open" if takes_requests(self.board, queue) else "paused" if paused else "closed",
            waiting=len(waiting),
            longest_at=min((self.board.calls[call].enqueued_at for _, call in waiting), default=None),
            service_level=_rounded(hour.service_level),
            abandonment=_rounded(hour.abandonment),
            answered=hour.answered,
            abandoned=hour.abandoned,
            ewt_ms=self._estimate(name, len(waiting) + 1),
            ewt_error=None
            if judged is None
            else EstimateError(
                calls=judged.calls, median_ms=judged.median_ms, within_p90=round(judged.within_p90, 4)
            ),
            minute=self._minute(name, len(waiting), now),
        )

    def _minute(self, queue: str, waiting: int, now: int) -> Minute:
        """The minute that has begun; when it has just begun, once more the one before."""
        at = minute_of(now - TURN_MS)
        if at < minute_of(now):
            waiting = max(0, waiting - self.tally.minute(queue, now).stayed)
        return _minute(at, self.tally.minute(queue, at), waiting)

    def _history(self, queue: str, now: int) -> list[Minute]:
        waiting = len(self.board.order.get(queue, ()))
        minutes = self.tally.minutes(queue, waiting, now)
        return [_minute(at, bucket, waited) for at, (bucket, waited) in minutes.items()]


def _update(rows: dict[str, Any], name: str, row: Any, changed: list[Any], gone: list[str]) -> None:
    known = rows.get(name)
    if row is None:
        if known is not None:
            del rows[name]
            gone.append(name)
    elif row != known:
        rows[name] = row
        changed.append(row)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _minute(at: int, bucket: Bucket, waiting: int) -> Minute:
    return Minute(
        at=at,
        arrived=bucket.arrived,
        answered=bucket.answered,
        in_time=bucket.in_time,
        abandoned=bucket.abandoned,
        waiting=waiting,
    )


def _call_row(call: Call) -> CallRow:
    waiting = call.state is CallState.WAITING
    return CallRow(
        call_id=call.id,
        queue=call.queue,
        tier=call.tier,
        skills=dict(call.skills),
        state=call.state,
        since_at=call.since_at,
        enqueued_at=call.enqueued_at,
        due_at=call.due_at,
        band=call.band,
        why=explain_due(call) if waiting or not call.why else json.loads(call.why),
        agent_id=call.agent or None,
        link="lost" if call.customer_until is not None else "up",
        limit_at=call.give_up_at if waiting else None,
        deadline_at=call.offer_until,
    )


def _agent_row(agent: Agent) -> AgentRow:
    return AgentRow(
        id=agent.id,
        name=agent.name,
        state=agent.state,
        reason=agent.reason or None,
        since_at=agent.since_at,
        call_id=agent.call or None,
        next_state=agent.next_state,
        queues=list(agent.queues),
        skills=dict(agent.skills),
        handled=agent.handled,
        no_answers=agent.no_answers,
    )


def _when(assigned: Assigned) -> tuple[int, str]:
    return assigned.at, assigned.call_id


def _assigned(call: Call) -> Assigned:
    return Assigned(
        at=call.offered_at or call.since_at,
        call_id=call.id,
        queue=call.queue,
        tier=call.tier,
        agent_id=call.agent,
        why=json.loads(call.why) if call.why else explain_due(call),
    )
