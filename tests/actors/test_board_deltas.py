"""Changes of a board that were taken together leave it as they do one after the other."""

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.board_notices import ASSIGNED, BoardDelta
from engine.actors.scene import Scene
from engine.domain.lifecycle import AgentState, CallState, EndReason
from engine.domain.model import Record
from engine.domain.tally import MINUTE_MS

from .test_scene import NOW, POLICY, agent, call, offered

_NAMES = st.sampled_from(["1", "2", "3"])
_WHAT = st.sampled_from(["waits", "offered", "ends", "archived", "ready", "on_call", "offline", "forgotten"])
#: Each change at its instant: what becomes of whom, and how long after the change before it.
_CHANGES = st.lists(st.lists(st.tuples(_WHAT, _NAMES), max_size=4), min_size=2, max_size=12)


def record(what: str, name: str, version: int, at: int) -> Record | None:
    given_: dict[str, Any] = {"version": version}
    waiting = call(f"c{name}", enqueued_at=at, **given_)
    match what:
        case "waits":
            return waiting
        case "offered":
            return evolve(offered(waiting, f"o{version}", at), version=version)
        case "ends":
            over = {"ended_at": at, "end_reason": EndReason.ABANDONED}
            return call(f"c{name}", CallState.ENDED, **over, **given_)
        case "ready" | "on_call" | "offline":
            return agent(f"a{name}", AgentState(what), since_at=at, **given_)
    return None


def deltas(changes: list[list[tuple[str, str]]]) -> list[BoardDelta]:
    """What a scene tells, half a minute apart."""
    scene, version = Scene(POLICY), 1
    told: list[BoardDelta] = []
    scene.delta(NOW)
    for n, each in enumerate(changes):
        now = NOW + n * MINUTE_MS // 2
        for what, name in each:
            version += 1
            ref = (
                f"agent:a{name}" if what in ("ready", "on_call", "offline", "forgotten") else f"call:c{name}"
            )
            scene.put({ref: record(what, name, version, now)}, now)
        scene.rev += 1
        if (delta := scene.delta(now)) is not None:
            told.append(evolve(delta, from_rev=told[-1].rev if told else 0))
    return told


def drawn(told: list[BoardDelta]) -> tuple[Any, ...]:
    """A board as its page keeps it: rows go before rows come, and minutes are remembered."""
    rows: dict[str, Any] = {}
    minutes: dict[tuple[str, int], Any] = {}
    assigned: list[Any] = []
    for delta in told:
        for row in delta.queues:
            rows[f"queue:{row.id}"] = row
            minutes[row.id, row.minute.at] = row.minute
        for gone in (*delta.gone.calls, *delta.gone.agents):
            rows.pop(gone, None)
        rows |= {each.call_id: each for each in delta.calls} | {each.id: each for each in delta.agents}
        assigned = [*assigned, *delta.assigned][-ASSIGNED:]
    return rows, minutes, assigned, told[-1].rev


@given(_CHANGES)
def test_together_is_as_one_after_the_other(changes: list[list[tuple[str, str]]]) -> None:
    told = deltas(changes)
    if not told:
        return
    together = told[0]
    for later in told[1:]:
        both = together.and_then(later)
        assert both is not None
        together = both
    assert together.from_rev == told[0].from_rev
    before = deltas([[("waits", "1"), ("offered", "2"), ("ready", "1"), ("on_call", "2")]])
    assert drawn([*before, together]) == drawn([*before, *told])


def test_what_is_not_the_next_is_not_taken_in() -> None:
    first, second, third = deltas([[("waits", "1")], [("waits", "2")], [("waits", "3")]])
    assert first.and_then(third) is None
    assert second.and_then(first) is None
