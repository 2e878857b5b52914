"""Looks at the pool after every commit: what must hold of all records, their indexes and the journal, always.

It reads hashes and sorted sets as stored, and rebuilds the present from the facts alone. The numbers name
the invariants: one state (1), one thing per agent (2), no half link (3), one deadline per offer (4),
connected once (5), nothing lost (6), nobody stuck (7), the place kept unless a supervisor gave another (10),
nobody let into a paused queue (11), every command in the journal with what it led to (12).
"""

from typing import Any

from attrs import define, field

from engine.store.memory_pool import MemoryPool

STATES = ("offered", "connected", "ended")
Hash = dict[str, str]


@define(eq=False)
class Watchdog:
    """`look` after each commit; `overdue` whenever time has passed. Both raise AssertionError."""

    memory: MemoryPool
    commits: int = 0
    _era: str = ""
    _read: int = 0
    _calls: dict[str, str] = field(factory=dict)
    _ended_offers: set[str] = field(factory=set)
    _connected: dict[str, str] = field(factory=dict)
    #: every place (due, band) a call ever had, the present one last; and since when and where it waits
    _places: dict[str, list[tuple[int, int]]] = field(factory=dict)
    _enqueued_at: dict[str, str] = field(factory=dict)
    _queues: dict[str, str] = field(factory=dict)
    _paused: set[str] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        apply = self.memory.apply

        def watched(*args: Any) -> Any:
            done = apply(*args)
            self.look()
            return done

        self.memory.apply = watched  # type: ignore[assignment,method-assign]

    def look(self) -> None:
        self.commits += 1
        if self._era != self.memory.era:
            self._era, self._read = self.memory.era, 0
            self._calls, self._connected, self._ended_offers, self._paused = {}, {}, set(), set()
        hashes = self.memory.hashes
        calls = {ref.partition(":")[2]: h for ref, h in hashes.items() if ref.startswith("call:")}
        agents = {ref.partition(":")[2]: h for ref, h in hashes.items() if ref.startswith("agent:")}
        self._journal(calls)
        for name, call in calls.items():
            self._call(name, call, agents)
        for name, agent in agents.items():
            self._agent(name, agent, calls)

    def _index(self, name: str) -> dict[str, int]:
        return self.memory.indexes.get(name, {})

    def _call(self, name: str, call: Hash, agents: dict[str, Hash]) -> None:
        ref, state = f"call:{name}", call["state"]
        stands = [i for i, held in self.memory.indexes.items() if ref in held and i != "deadlines"]
        assert stands == [f"waiting:{call['queue']}" if state == "waiting" else state], f"I1 {ref} {stands}"
        if state in ("offered", "connected"):
            agent = agents[call["agent"]]
            busy = {"offered": "offered", "connected": "on_call"}[state]
            assert (agent["state"], agent["call"], agent["offer"]) == (busy, name, call["offer"]), f"I3 {ref}"
        elif state == "waiting":
            assert "agent" not in call, f"I3 {ref}"
            assert "offer" not in call, f"I3 {ref}"
        if state == "offered":
            assert self._index("deadlines")[ref] == int(call["offer_until"]) > int(call["offered_at"]), "I4"
        place = (int(call["due_at"]), int(call.get("band", 0)))
        assert place == self._places[name][-1], f"I10 {ref} lost its place"
        since = self._enqueued_at.setdefault(name, call["enqueued_at"])
        assert call["enqueued_at"] == since, f"I10 {ref} has not waited since then"
        assert call["queue"] == self._queues[name], f"I10 {ref} stands in another queue"

    def _agent(self, name: str, agent: Hash, calls: dict[str, Hash]) -> None:
        ref, state = f"agent:{name}", agent["state"]
        assert (ref in self._index("ready")) is (state == "ready"), f"I2 {ref}"
        if state in ("offered", "on_call"):
            assert calls[agent["call"]]["agent"] == name, f"I3 {ref}"
        if state in ("wrap_up",) or (state == "offline" and "node" not in agent):
            assert ref in self._index("deadlines"), f"I7 {ref} is {state} for ever"

    def _journal(self, calls: dict[str, Hash]) -> None:
        for _, _, _, facts in self.memory.journal[self._read :]:
            commands = [fact["command"] for fact in facts if fact["kind"] == "commanded"]
            for fact in facts:
                self._fact(fact, commands)
        self._read = len(self.memory.journal)
        assert self._calls == {name: call["state"] for name, call in calls.items()}, "I6"

    def _fact(self, fact: dict[str, Any], commands: list[str]) -> None:
        call = fact.get("call", "")
        match fact["kind"]:
            case "call_queued":
                assert call not in self._calls, f"I6 {call} queued twice"
                self._calls[call] = "waiting"
                self._stands(call, fact)
            case "call_offered":
                assert self._calls[call] == "waiting", f"I1 {call}"
                self._calls[call] = "offered"
            case "offer_ended":
                assert fact["offer"] not in self._ended_offers, f"I4 {fact['offer']} ended twice"
                self._ended_offers.add(fact["offer"])
            case "call_connected":
                assert call not in self._connected, f"I5 {call} with {self._connected} and {fact['agent']}"
                self._connected[call] = fact["agent"]
                self._calls[call] = "connected"
            case "call_transferred":
                assert self._connected[call] == fact["agent"], f"I5 {call} was not his to pass on"
                self._queues[call] = fact["queue"]
            case "call_requeued":
                assert fact["due_at"] == self._places[call][-1][0], f"I10 {call}"
                self._connected.pop(call, None)
                self._calls[call] = "waiting"
            case "call_ended":
                assert self._calls[call] != "ended", f"I1 {call} ended twice"
                assert (fact["by"] == "supervisor") is ("call.end" in commands), f"I12 {call}"
                self._connected.pop(call, None)
                self._calls[call] = "ended"
            case "call_archived":
                assert self._calls.pop(call) == "ended", f"I6 {call}"
            case _:
                self._command(fact, commands)

    def _stands(self, call: str, fact: dict[str, Any]) -> None:
        """Where and at what place a call waits; in a new era as far as its customer had heard."""
        place = (fact["due_at"], fact["band"])
        if fact["restored"]:
            assert place in self._places[call], f"I10 {call} was restored to another place"
        else:
            assert fact["queue"] not in self._paused, f"I11 {call}"
        self._places.setdefault(call, []).append(place)
        self._queues[call] = fact["queue"]

    def _command(self, fact: dict[str, Any], commands: list[str]) -> None:
        match fact["kind"]:
            case "call_prioritised":
                assert commands == ["call.prioritise"], f"I12 {fact}"
                assert self._calls[fact["call"]] in ("waiting", "offered"), f"I1 {fact}"
                self._places[fact["call"]].append((fact["due_at"], fact["band"]))
            case "agent_reskilled":
                assert commands == ["agent.set_skills"], f"I12 {fact}"
            case "queue_paused":
                assert commands == ([] if fact["restored"] else ["queue.pause"]), f"I12 {fact}"
                self._paused.add(fact["queue"])
            case "queue_resumed":
                assert commands == ([] if fact["restored"] else ["queue.resume"]), f"I12 {fact}"
                self._paused.discard(fact["queue"])

    def overdue(self, by_ms: int) -> list[str]:
        """Who is past his deadline by more than that."""
        now = self.memory.clock.now()
        return [ref for ref, at in self._index("deadlines").items() if at < now - by_ms]
