"""The matchmaker's board: who waits and who is free, arranged so that a decision is cheap.

Calls that need the same stand in one *lane*, in order of priority; agents who can the same form one
*profile*. A decision then costs O(lanes x profiles), never O(calls x agents). A call's lane depends on how
long it has waited (steps), on whom it avoids and prefers (nobody whom it avoids); `settle(now)` moves those
whose time has come.

What is proposed is *reserved* until its commit is known; a call or agent whose changes keep being refused
*rests*. Neither stands in a lane or among the ready meanwhile, nor do the people of a node that died.
Records of version at most the known one are old news and change nothing.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field

from engine.domain.agenda import Agenda
from engine.domain.lanes import (
    Entry,
    Idle,
    Lane,
    LaneKey,
    Occupied,
    Profile,
    ProfileKey,
    occupancy,
    skill_key,
)
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call, Customer, QueueGate, Record, Ref, deadline
from engine.domain.rules import Policy, able, needs_at


def _remove(entries: list[Any], entry: tuple[Any, ...]) -> None:
    at = bisect_left(entries, entry)
    if at < len(entries) and entries[at] == entry:
        del entries[at]


def _keep(held: dict[str, Any], name: str, record: Record | None) -> None:
    if record is None:
        held.pop(name, None)
    else:
        held[name] = record


@define
class Board:
    """Every record of the pool, as last heard."""

    policy: Policy
    #: nodes that died: until their people are dropped or come elsewhere, they are nobody's
    gone: frozenset[str] = frozenset()
    calls: dict[str, Call] = field(factory=dict)
    agents: dict[str, Agent] = field(factory=dict)
    customers: dict[str, Customer] = field(factory=dict)
    gates: dict[str, QueueGate] = field(factory=dict)
    lanes: dict[LaneKey, Lane] = field(factory=dict)
    profiles: dict[ProfileKey, Profile] = field(factory=dict)
    #: all waiting calls of a queue in order, lost links and reservations included
    order: dict[str, list[Entry]] = field(factory=dict)
    _lane_of: dict[str, tuple[Lane, Entry]] = field(factory=dict)
    _order_of: dict[str, tuple[str, Entry]] = field(factory=dict)
    _idle_of: dict[str, tuple[Profile, Idle, Occupied]] = field(factory=dict)
    _profiles_rev: int = 0
    _profile_of: dict[str, Profile] = field(factory=dict)
    _held: set[Ref] = field(factory=set)  # reserved, or resting until a timer ends it
    _timers: Agenda = field(factory=Agenda)  # when a call's needs change, or a rest ends
    _deadlines: Agenda = field(factory=Agenda)

    def get(self, ref: Ref) -> Record | None:
        kind, _, name = ref.partition(":")
        kinds: dict[str, Mapping[str, Record]]
        kinds = {"call": self.calls, "agent": self.agents, "queue": self.gates}
        return kinds.get(kind, self.customers).get(name)

    def everything(self) -> list[Record]:
        return [r for kind in (self.calls, self.agents, self.customers, self.gates) for r in kind.values()]

    def nodes(self) -> set[str]:
        """The nodes that hold anybody's socket."""
        return {r.node for people in (self.agents, self.customers) for r in people.values() if r.node}

    def put(self, ref: Ref, record: Record | None, now: int) -> None:
        """Take in a record as heard; None = deleted. Old news changes nothing."""
        known = self.get(ref)
        if record is None or known is None or record.version > known.version:
            self.correct(ref, record, now)

    def correct(self, ref: Ref, record: Record | None, now: int) -> None:
        """Take in what the store said it holds, whatever was known; None = nothing."""
        kind, _, name = ref.partition(":")
        if kind == "call":
            assert record is None or isinstance(record, Call)
            self._put_call(name, record, now)
        elif kind == "agent":
            assert record is None or isinstance(record, Agent)
            self._put_agent(name, record)
        elif kind == "queue":
            _keep(self.gates, name, record)
        else:
            _keep(self.customers, name, record)
        self._deadlines.put(ref, None if record is None else deadline(record))

    def _put_call(self, name: str, call: Call | None, now: int) -> None:
        self._unlane(name)
        if (was := self._order_of.pop(name, None)) is not None:
            _remove(self.order[was[0]], was[1])
        if call is None:
            self.calls.pop(name, None)
            self._forget(f"call:{name}")
            return
        self.calls[name] = call
        if call.state is CallState.WAITING:
            entry = (call.score, name)
            insort(self.order.setdefault(call.queue, []), entry)
            self._order_of[name] = (call.queue, entry)
            self._lane(call, now)

    def _forget(self, ref: Ref) -> None:
        self._held.discard(ref)
        self._timers.put(ref, None)

    def _unlane(self, name: str) -> None:
        if (placed := self._lane_of.pop(name, None)) is not None:
            lane, entry = placed
            _remove(lane.calls, entry)
            if not lane.calls:
                self.lanes.pop(lane.key, None)

    def _lane(self, call: Call, now: int) -> None:
        """Stand the call in the lane of what it needs now, if it may be offered."""
        if call.ref in self._held:
            return
        if call.state is not CallState.WAITING or call.customer_until is not None or call.node in self.gone:
            self._timers.put(call.ref, None)
            return
        queue = self.policy.queues.get(call.queue)
        steps = () if queue is None else queue.steps
        changes = [call.enqueued_at + s.after_ms for s in steps] + list(call.avoid.values())
        avoid = tuple(sorted(a for a, until in call.avoid.items() if until > now))
        prefers = call.preferred_until is not None and call.preferred_until > now
        prefers = prefers and call.preferred not in avoid
        if prefers and call.preferred_until is not None:
            changes.append(call.preferred_until)
        self._timers.put(call.ref, min((c for c in changes if c > now), default=None))
        key = LaneKey(
            queue=call.queue,
            step=sum(call.enqueued_at + s.after_ms <= now for s in steps),
            skills=skill_key(call.skills),
            avoid=avoid,
            preferred=call.preferred if prefers else "",
        )
        lane = self.lanes.get(key)
        if lane is None:
            needed, serving = (
                (call.skills, frozenset({call.queue}))
                if queue is None
                else needs_at(queue, call.skills, key.step)
            )
            lane = self.lanes[key] = Lane(key, serving, needed)
        entry = (call.score, call.id)
        insort(lane.calls, entry)
        self._lane_of[call.id] = (lane, entry)

    def _put_agent(self, name: str, agent: Agent | None) -> None:
        self._unready(name)
        if agent is None or agent.state is AgentState.OFFLINE:
            self._leave_profile(name)
        else:
            self._join_profile(agent)
        if agent is None:
            self.agents.pop(name, None)
            self._forget(f"agent:{name}")
        else:
            self.agents[name] = agent
            self._ready(agent)

    def _join_profile(self, agent: Agent) -> None:
        key = (tuple(sorted(agent.queues)), skill_key(agent.skills))
        if (known := self._profile_of.get(agent.id)) is not None and known.key == key:
            return
        self._leave_profile(agent.id)
        profile = self.profiles.get(key)
        if profile is None:
            profile = self.profiles[key] = Profile(key, agent.skills)
            self._profiles_rev += 1
        profile.members.add(agent.id)
        self._profile_of[agent.id] = profile

    def _leave_profile(self, name: str) -> None:
        if (profile := self._profile_of.pop(name, None)) is not None:
            profile.members.discard(name)
            if not profile.members:
                del self.profiles[profile.key]
                self._profiles_rev += 1

    def _unready(self, name: str) -> None:
        if (placed := self._idle_of.pop(name, None)) is not None:
            profile, idle, occupied = placed
            _remove(profile.idle, idle)
            _remove(profile.occupied, occupied)

    def _ready(self, agent: Agent) -> None:
        here = agent.node and agent.node not in self.gone
        if agent.state is AgentState.READY and here and agent.ref not in self._held:
            profile, since = self._profile_of[agent.id], agent.idle_since
            idle, occupied = (since, agent.id), (occupancy(agent), since, agent.id)
            insort(profile.idle, idle)
            insort(profile.occupied, occupied)
            self._idle_of[agent.id] = (profile, idle, occupied)

    @property
    def anyone_idle(self) -> bool:
        return bool(self._idle_of)

    def is_idle(self, name: str) -> bool:
        """Whether that agent may be offered a call."""
        return name in self._idle_of

    def able(self, lane: Lane) -> tuple[Profile, ...]:
        """The profiles that can give what the lane needs."""
        if lane.profiles_of != self._profiles_rev:
            lane.profiles_of = self._profiles_rev
            lane.profiles = tuple(
                p for p in self.profiles.values() if able(p.key[0], p.skills, lane.serving, lane.needed)
            )
        return lane.profiles

    def settle(self, now: int) -> int | None:
        """Move what time has moved to another lane; the instant at which to look again, if any."""
        while (ref := self._timers.pop_due(now)) is not None:
            self._held.discard(ref)
            self._place(ref, now)
        first = self._timers.first()
        return None if first is None else first[0]

    def _place(self, ref: Ref, now: int) -> None:
        match self.get(ref):
            case Call() as call:
                self._unlane(call.id)
                self._lane(call, now)
            case Agent() as agent:
                self._unready(agent.id)
                self._ready(agent)

    def hold(self, refs: Iterable[Ref], until: int | None = None) -> None:
        """Reserve (`until` None: until released) or rest these."""
        for ref in refs:
            self._held.add(ref)
            self._timers.put(ref, until)
            self.set_aside(ref)

    def set_aside(self, ref: Ref) -> None:
        """Take it from its lane or from among the idle, until it is released or its record changes."""
        kind, _, name = ref.partition(":")
        if kind == "call":
            self._unlane(name)
        else:
            self._unready(name)

    def release(self, refs: Iterable[Ref], now: int) -> None:
        """Give reservations back: each stands where its newest record says."""
        for ref in refs:
            self._forget(ref)
            self._place(ref, now)

    def bereave(self, gone: frozenset[str], now: int) -> None:
        """These nodes died, and no others: who was there stands in no lane and not among the ready."""
        differing, self.gone = gone ^ self.gone, gone
        if differing:
            for people in (self.calls, self.agents):
                for ref in [r.ref for r in people.values() if r.node in differing]:
                    self._place(ref, now)

    def rank(self, call: Call) -> int:
        """How many waiting calls of its queue stand before it."""
        return bisect_left(self.order.get(call.queue, []), (call.score, call.id))

    def under(self, policy: Policy, now: int) -> "Board":
        """The same board under other rules: who is reserved or rests still does."""
        other = Board(policy, self.gone)
        other._held = set(self._held)
        for record in self.everything():
            other.put(record.ref, record, now)
        for ref in self._held:
            other._timers.put(ref, self._timers.at(ref))
        return other

    def next_deadline(self) -> tuple[int, Ref] | None:
        """The earliest deadline on the board, (instant, ref)."""
        return self._deadlines.first()

    def postpone(self, ref: Ref, until: int) -> None:
        """Do not look at this deadline again before `until`: its change was refused."""
        self._deadlines.put(ref, until)
