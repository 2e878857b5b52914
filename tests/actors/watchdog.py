"""Looks at the pool after every commit: what must hold of all records, their indexes and the journal, always.

It reads hashes and sorted sets as stored, and rebuilds the present from the facts alone. The numbers name
the invariants: one state (1), one thing per agent (2), no half link (3), one deadline per offer (4),
connected once (5), nothing lost (6), nobody stuck (7), the place kept (10).
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
    _places: dict[str, tuple[str, str]] = field(factory=dict)

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
            self._calls, self._connected, self._ended_offers = {}, {}, set()
        hashes = self.memory.hashes
        calls = {ref.partition(":")[2]: h for ref, h in hashes.items() if ref.startswith("call:")}
        agents = {ref.partition(":")[2]: h for ref, h in hashes.items() if ref.startswith("agent:")}
        for name, call in calls.items():
            self._call(name, call, agents)
        for name, agent in agents.items():
            self._agent(name, agent, calls)
        self._journal(calls)

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
        place = (call["due_at"], call["enqueued_at"])
        assert self._places.setdefault(name, place) == place, f"I10 {ref} lost its place"

    def _agent(self, name: str, agent: Hash, calls: dict[str, Hash]) -> None:
        ref, state = f"agent:{name}", agent["state"]
        assert (ref in self._index("ready")) is (state == "ready"), f"I2 {ref}"
        if state in ("offered", "on_call"):
            assert calls[agent["call"]]["agent"] == name, f"I3 {ref}"
        if state in ("wrap_up",) or (state == "offline" and "node" not in agent):
            assert ref in self._index("deadlines"), f"I7 {ref} is {state} for ever"

    def _journal(self, calls: dict[str, Hash]) -> None:
        for _, _, _, facts in self.memory.journal[self._read :]:
            for fact in facts:
                self._fact(fact)
        self._read = len(self.memory.journal)
        assert self._calls == {name: call["state"] for name, call in calls.items()}, "I6"

    def _fact(self, fact: dict[str, Any]) -> None:
        call = fact.get("call", "")
        match fact["kind"]:
            case "call_queued":
                assert call not in self._calls, f"I6 {call} queued twice"
                self._calls[call] = "waiting"
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
            case "call_requeued":
                self._connected.pop(call, None)
                self._calls[call] = "waiting"
            case "call_ended":
                assert self._calls[call] != "ended", f"I1 {call} ended twice"
                self._connected.pop(call, None)
                self._calls[call] = "ended"
            case "call_archived":
                assert self._calls.pop(call) == "ended", f"I6 {call}"

    def overdue(self, by_ms: int) -> list[str]:
        """Who is past his deadline by more than that."""
        now = self.memory.clock.now()
        return [ref for ref, at in self._index("deadlines").items() if at < now - by_ms]
