"""The rule of the stream system: the agent who is free longest takes the oldest entry he may.

A call is pushed (XADD) to the stream of what it needs, its *lane*: a stream cannot be searched, so a queue
has one for each set of skills. All agents are consumers of one group. A free agent reads (XREADGROUP) from
the lane whose next entry is oldest of those he serves. The entry is his until he accepts (XACK). What an
agent was given and did not take, because he did not answer, declined or lost his link, stays pending under
his name until it has lain there for as long as its queue rings; then the next free agent claims it
(XAUTOCLAIM). An entry whose caller has gone is taken out by whoever gets it, and the next one is read. A call
that lost its agent in mid-call is pushed again, and so stands last.

What is undelivered or left lying is mirrored in memory, so that the heads of lanes can be compared.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import trio
from attrs import define, field, frozen

from engine.domain.change import Change, Write
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call
from engine.domain.rules import Policy, able
from engine.replay.baselines.floor import Floor, unix_ms
from engine.replay.baselines.ledger import Command, Ledger

#: The name of the pool and of its one node, and of every lane's consumer group.
NAME, GROUP = "stream", "agents"
#: After so long an entry is tried again that the store would not yet let us claim.
AGAIN_MS = 2

Entry = tuple[int, str]  #: when it was pushed, and the call


@define(eq=False)
class Lane:
    """Calls of one queue that need the same skills."""

    key: str
    queue: str
    skills: dict[str, int]
    ring_ms: int
    #: undelivered, oldest first
    new: deque[Entry] = field(factory=deque)
    #: left by the agent who had it, and from when on it can be claimed
    lying: dict[Entry, int] = field(factory=dict)

    def oldest(self, now: int) -> Entry | None:
        """What an agent would get now."""
        claimable = [entry for entry, at in self.lying.items() if at <= now]
        return min([*claimable, *list(self.new)[:1]], default=None)


@frozen
class Delivered:
    """An entry that is pending under some agent's name."""

    lane: Lane
    id: str
    entry: Entry


class OldestEntry:
    """A `Dispatch`. `assign` is to be called whenever `moved` is set."""

    def __init__(self, ledger: Ledger, policy: Policy, now: Callable[[], int] = unix_ms) -> None:
        self.ledger = ledger
        self.floor = Floor(ledger, policy, NAME, self, now)
        #: what has changed and was not told yet
        self.news: deque[Change] = deque()
        #: set by every change
        self.moved = trio.Event()
        self._lanes: dict[str, Lane] = {}
        self._delivered: dict[str, Delivered] = {}
        self._ready: dict[str, Agent] = {}

    # where calls wait

    def place(self, write: Write) -> Iterable[Command]:
        after = write.after
        if not isinstance(after, Call):
            return
        if _pushed(write):
            name = _lane(after)
            key = self.ledger.key(name)
            if name not in self._lanes:
                yield "XGROUP", "CREATE", key, GROUP, "0", "MKSTREAM"
            yield "XADD", key, "*", "call", after.id, "at", after.since_at
        elif after.state in (CallState.CONNECTED, CallState.ENDED) and after.id in self._delivered:
            yield from self._done(self._delivered[after.id])

    def _done(self, held: Delivered) -> Iterable[Command]:
        yield "XACK", held.lane.key, GROUP, held.id
        yield "XDEL", held.lane.key, held.id

    def changed(self, change: Change) -> None:
        self.news.append(change)
        self.moved.set()
        for write in change.writes:
            match write.after:
                case Call() as call:
                    self._call_changed(write, call)
                case Agent(state=AgentState.READY) as agent:
                    self._ready[agent.id] = agent
                case Agent(id=name):
                    self._ready.pop(name, None)

    def _call_changed(self, write: Write, call: Call) -> None:
        before, held = write.before, self._delivered.get(call.id)
        if _pushed(write):
            self._lane_of(call).new.append((call.since_at, call.id))
        elif call.state is CallState.WAITING and held is not None:
            left = isinstance(before, Call) and before.state is CallState.OFFERED
            if left and isinstance(before, Call):
                held.lane.lying[held.entry] = before.offer_until or call.since_at
        elif call.state in (CallState.CONNECTED, CallState.ENDED) and held is not None:
            held.lane.lying.pop(held.entry, None)
            del self._delivered[call.id]

    def _lane_of(self, call: Call) -> Lane:
        name = _lane(call)
        if name not in self._lanes:
            ring_ms = self.floor.policy.queues[call.queue].ring_ms
            self._lanes[name] = Lane(self.ledger.key(name), call.queue, dict(call.skills), ring_ms)
        return self._lanes[name]

    # who gets whom

    def assign(self) -> int | None:
        """Offer what can be offered. When to look again if nothing happens; None = then there is no need."""
        self.floor.settle()
        for agent in sorted(self._ready.values(), key=lambda a: (a.idle_since, a.id)):
            while (lane := self._next_lane(agent)) is not None:
                call = self._take(lane, agent)
                if call is not None:
                    self.floor.offer(call, agent, select="longest_ready")
                    break
        now = self.floor.now()
        lying = (at for lane in self._lanes.values() for at in lane.lying.values() if at > now)
        return min(lying, default=None)

    def _next_lane(self, agent: Agent) -> Lane | None:
        """The lane he serves whose next entry is oldest."""
        now = self.floor.now()
        heads = [
            (entry, lane.key, lane)
            for lane in self._lanes.values()
            if able(agent.queues, agent.skills, frozenset({lane.queue}), lane.skills)
            and (entry := lane.oldest(now)) is not None
        ]
        return min(heads)[2] if heads else None

    def _take(self, lane: Lane, agent: Agent) -> Call | None:
        """The lane's next entry, now under his name; None if its caller does not wait any more."""
        now = self.floor.now()
        oldest = lane.oldest(now)
        claiming = oldest in lane.lying
        found = self._claim(lane, agent) if claiming else self._read(lane, agent)
        if found is None:
            assert claiming, "what was pushed can be read"
            lane.lying |= {entry: now + AGAIN_MS for entry, at in lane.lying.items() if at <= now}
            return None
        lane.lying.pop(found.entry, None)
        self._delivered[found.entry[1]] = found
        call = self.floor.call(found.entry[1])
        if call is None or call.state is CallState.ENDED:
            del self._delivered[found.entry[1]]
            self.ledger.ask_all(self._done(found))
            return None
        if call.state is not CallState.WAITING or not call.node:
            lane.lying[found.entry] = now + lane.ring_ms  # its caller is away: left for later
            return None
        return call

    def _read(self, lane: Lane, agent: Agent) -> Delivered | None:
        lane.new.popleft()
        source = ("STREAMS", lane.key, ">")
        answer: Any = self.ledger.ask("XREADGROUP", "GROUP", GROUP, agent.id, "COUNT", 1, *source)
        return _delivered(lane, answer[0][1]) if answer else None

    def _claim(self, lane: Lane, agent: Agent) -> Delivered | None:
        claim = ("XAUTOCLAIM", lane.key, GROUP, agent.id, lane.ring_ms, "0-0", "COUNT", 1)
        return _delivered(lane, self.ledger.ask(*claim)[1])


def _delivered(lane: Lane, entries: Any) -> Delivered | None:
    for name, fields in entries:
        return Delivered(lane, name, (int(fields["at"]), fields["call"]))
    return None


def _pushed(write: Write) -> bool:
    """Whether the call comes to wait without an entry of its own."""
    before, after = write.before, write.after
    new = before is None or (isinstance(before, Call) and before.state is CallState.CONNECTED)
    return new and isinstance(after, Call) and after.state is CallState.WAITING


def _lane(call: Call) -> str:
    needs = ",".join(f"{name}={level}" for name, level in sorted(call.skills.items()))
    return f"calls:{call.queue}:{needs}"
