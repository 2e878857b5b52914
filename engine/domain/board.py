"""The matchmaker's board: who waits and who is free, arranged so that a decision is cheap.

Calls that need the same stand in one *lane*, in order of priority; agents who can the same form one
*profile*. A decision then costs O(lanes x profiles), never O(calls x agents). A call's lane depends on how
long it has waited (steps), on whom it avoids and prefers; `settle(now)` moves those whose time has come.

What is proposed is *reserved* until its commit is known; a call or agent whose changes keep being refused
*rests*. Neither stands in a lane or among the ready meanwhile. Records of version at most the known one are
old news and change nothing.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterable

from attrs import define, field, frozen

from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call, Customer, Record, Ref, Skills, deadline
from engine.domain.rules import Policy, able, needs_at

Entry = tuple[int, str]  #: (score, call id): sorts by priority
SkillKey = tuple[tuple[str, int], ...]


def skill_key(skills: Skills) -> SkillKey:
    return tuple(sorted(skills.items()))


@frozen
class LaneKey:
    """What a call needs now. Calls with equal keys differ in nothing but priority."""

    queue: str
    step: int
    skills: SkillKey
    avoid: tuple[str, ...]
    preferred: str


@define
class Lane:
    key: LaneKey
    serving: frozenset[str]
    needed: Skills
    calls: list[Entry] = field(factory=list)


@define
class Profile:
    """Agents of the same queues and skills. `members` are logged in; `ready` may be offered a call."""

    queues: tuple[str, ...]
    skills: Skills
    members: set[str] = field(factory=set)
    idle: list[tuple[int, str]] = field(factory=list)  # ready, longest idle first

    def serves(self, lane: Lane) -> bool:
        return able(self.queues, self.skills, lane.serving, lane.needed)


def _remove(entries: list[tuple[int, str]], entry: tuple[int, str]) -> None:
    at = bisect_left(entries, entry)
    if at < len(entries) and entries[at] == entry:
        del entries[at]


@define
class Board:
    """Every record of the pool, as last heard."""

    policy: Policy
    calls: dict[str, Call] = field(factory=dict)
    agents: dict[str, Agent] = field(factory=dict)
    customers: dict[str, Customer] = field(factory=dict)
    lanes: dict[LaneKey, Lane] = field(factory=dict)
    profiles: dict[tuple[tuple[str, ...], SkillKey], Profile] = field(factory=dict)
    #: all waiting calls of a queue in order, lost links and reservations included
    order: dict[str, list[Entry]] = field(factory=dict)
    _lane_of: dict[str, tuple[Lane, Entry]] = field(factory=dict)
    _order_of: dict[str, tuple[str, Entry]] = field(factory=dict)
    _idle_of: dict[str, tuple[Profile, tuple[int, str]]] = field(factory=dict)
    _profile_of: dict[str, Profile] = field(factory=dict)
    _held: dict[Ref, int] = field(factory=dict)  # reserved (no end) or resting (until)
    _timers: list[tuple[int, Ref]] = field(factory=list)
    _deadlines: list[tuple[int, Ref]] = field(factory=list)
    _retry: dict[Ref, int] = field(factory=dict)

    def get(self, ref: Ref) -> Record | None:
        kind, _, name = ref.partition(":")
        match kind:
            case "call":
                return self.calls.get(name)
            case "agent":
                return self.agents.get(name)
            case _:
                return self.customers.get(name)

    def put(self, ref: Ref, record: Record | None, now: int) -> None:
        """Take in a record as stored; None = deleted."""
        kind, _, name = ref.partition(":")
        known = self.get(ref)
        if record is not None and known is not None and record.version <= known.version:
            return
        if kind == "call":
            assert record is None or isinstance(record, Call)
            self._put_call(name, record, now)
        elif kind == "agent":
            assert record is None or isinstance(record, Agent)
            self._put_agent(name, record)
        elif isinstance(record, Customer):
            self.customers[name] = record
        else:
            self.customers.pop(name, None)
        self._retry.pop(ref, None)
        if record is not None:
            when = deadline(record)
            if when is not None:
                heapq.heappush(self._deadlines, (when, ref))

    def _put_call(self, name: str, call: Call | None, now: int) -> None:
        self._unlane(name)
        if (was := self._order_of.pop(name, None)) is not None:
            _remove(self.order[was[0]], was[1])
        if call is None:
            self.calls.pop(name, None)
            self._held.pop(f"call:{name}", None)
            return
        self.calls[name] = call
        if call.state is CallState.WAITING:
            entry = (call.score, name)
            insort(self.order.setdefault(call.queue, []), entry)
            self._order_of[name] = (call.queue, entry)
            self._lane(call, now)

    def _unlane(self, name: str) -> None:
        if (placed := self._lane_of.pop(name, None)) is not None:
            lane, entry = placed
            _remove(lane.calls, entry)
            if not lane.calls:
                self.lanes.pop(lane.key, None)

    def _lane(self, call: Call, now: int) -> None:
        """Stand the call in the lane of what it needs now, if it may be offered."""
        offerable = call.state is CallState.WAITING and call.customer_until is None
        if not offerable or call.ref in self._held:
            return
        queue = self.policy.queues.get(call.queue)
        steps = () if queue is None else queue.steps
        changes = [call.enqueued_at + s.after_ms for s in steps] + list(call.avoid.values())
        prefers = call.preferred_until is not None and call.preferred_until > now
        if prefers and call.preferred_until is not None:
            changes.append(call.preferred_until)
        if (next_change := min((c for c in changes if c > now), default=None)) is not None:
            heapq.heappush(self._timers, (next_change, call.ref))
        key = LaneKey(
            queue=call.queue,
            step=sum(call.enqueued_at + s.after_ms <= now for s in steps),
            skills=skill_key(call.skills),
            avoid=tuple(sorted(a for a, until in call.avoid.items() if until > now)),
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
        if (profile := self._profile_of.pop(name, None)) is not None:
            profile.members.discard(name)
            if not profile.members:
                self.profiles.pop((profile.queues, skill_key(profile.skills)), None)
        if agent is None:
            self.agents.pop(name, None)
            self._held.pop(f"agent:{name}", None)
            return
        self.agents[name] = agent
        if agent.state is not AgentState.OFFLINE:
            key = (tuple(sorted(agent.queues)), skill_key(agent.skills))
            profile = self.profiles.setdefault(key, Profile(key[0], agent.skills))
            profile.members.add(name)
            self._profile_of[name] = profile
            self._ready(agent)

    def _unready(self, name: str) -> None:
        if (placed := self._idle_of.pop(name, None)) is not None:
            _remove(placed[0].idle, placed[1])

    def _ready(self, agent: Agent) -> None:
        if agent.state is AgentState.READY and agent.node and agent.ref not in self._held:
            profile, entry = self._profile_of[agent.id], (agent.idle_since, agent.id)
            insort(profile.idle, entry)
            self._idle_of[agent.id] = (profile, entry)

    def settle(self, now: int) -> int | None:
        """Move what time has moved to another lane; the instant at which to look again, if any."""
        while self._timers and self._timers[0][0] <= now:
            _, ref = heapq.heappop(self._timers)
            if self._held.get(ref, now + 1) <= now:
                del self._held[ref]
            self._place(ref, now)
        return self._timers[0][0] if self._timers else None

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
            self._held[ref] = 2**62 if until is None else until
            if until is not None:
                heapq.heappush(self._timers, (until, ref))
            _, _, name = ref.partition(":")
            self._unlane(name) if ref.startswith("call:") else self._unready(name)

    def release(self, refs: Iterable[Ref], now: int) -> None:
        """Give reservations back: each stands where its newest record says."""
        for ref in refs:
            self._held.pop(ref, None)
            self._place(ref, now)

    def rank(self, call: Call) -> int:
        """How many waiting calls of its queue stand before it."""
        return bisect_left(self.order.get(call.queue, []), (call.score, call.id))

    def next_deadline(self) -> tuple[int, Ref] | None:
        """The earliest deadline on the board, (instant, ref)."""
        while self._deadlines:
            when, ref = self._deadlines[0]
            record = self.get(ref)
            at = None if record is None else deadline(record)
            if at is not None and max(at, self._retry.get(ref, 0)) == when:
                return when, ref
            heapq.heappop(self._deadlines)
        return None

    def postpone(self, ref: Ref, until: int) -> None:
        """Do not look at this deadline again before `until`: its change was refused."""
        self._retry[ref] = until
        heapq.heappush(self._deadlines, (until, ref))
