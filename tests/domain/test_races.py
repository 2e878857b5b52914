"""Every race of two: both decide on what was true before either, or on half of the other's news.

From each scene, one does something and it is committed. The other decides on old records, or on records of
which one kind is old and the rest new, as a node would whose news of one commit has come half. The store
refuses that, or all invariants hold.
"""

import contextlib
import itertools

import pytest

from engine.domain.errors import Refused
from engine.domain.lifecycle import AGENT_MOVES, CALL_MOVES, AgentState, CallState
from engine.domain.model import Agent, Call, Record
from engine.domain.moves.restore import restore_agent

from .builders import BEFORE, TIMINGS, agent, call
from .invariants import check
from .ledger import Ledger, Stale
from .people import AGENT, CUSTOMER, SUPERVISOR, TIME, Doing, Look

EVERYTHING = CUSTOMER + AGENT + SUPERVISOR + TIME
HERE = ("hello", "ready", "come")
ASKED = (*HERE, "ask")
TALKING = (*ASKED, "offer", "accept")

#: How each scene comes about, from nothing.
SCENES: dict[str, tuple[str, ...]] = {
    "nobody": (),
    "here": HERE,
    "waiting": ASKED,
    "waiting, customer away": (*ASKED, "customer_drop"),
    "offered": (*ASKED, "offer"),
    "offered, wants lunch": (*ASKED, "offer", "not_ready"),
    "declined": (*ASKED, "offer", "decline"),
    "talking": TALKING,
    "talking, wants lunch": (*TALKING, "not_ready"),
    "talking, wants to go": (*TALKING, "offline"),
    "talking, agent away": (*TALKING, "agent_drop"),
    "talking, customer away": (*TALKING, "customer_drop"),
    "talking, both away": (*TALKING, "customer_drop", "agent_drop"),
    "wrapping up": (*TALKING, "hang_up"),
    "wrapping up, wants lunch": (*TALKING, "hang_up", "not_ready"),
    "wrapping up, away": (*TALKING, "hang_up", "agent_drop"),
    "wrapping up, next request": (*TALKING, "leave", "ask"),
    "agent gone": (*ASKED, "agent_drop"),
    "assigned": (*ASKED, "assign"),
    "passed on": (*TALKING, "transfer"),
    "passed on, customer away": (*TALKING, "customer_drop", "transfer"),
    "passed on, and he is there": (*TALKING, "transfer", "ready"),
    "ended by a supervisor": (*TALKING, "end"),
    "paused": (*HERE, "pause"),
}

#: Which kind of record the second one has old news of; "" = of all.
OLD = ("", "call:", "agent:", "customer:", "queue:")


def staged(doings: tuple[str, ...], queue: str) -> tuple[Ledger, int]:
    ledger, now = Ledger(), BEFORE
    for n, command in enumerate(doings):
        now += 100
        doing = Doing(command=command, who=1, now=now, fresh=f"{n:02}", queue=queue)
        change = doing.decide(Look(ledger.records))
        assert change is not None
        ledger.commit(change)
    return ledger, now


def tries(ledger: Ledger, command: str, look: Look, now: int, fresh: str) -> None:
    with contextlib.suppress(Refused, Stale):
        change = Doing(command=command, who=1, now=now, fresh=fresh).decide(look)
        if change is not None and change.writes:
            ledger.commit(change)


@pytest.mark.parametrize("queue", ["general", "instant"])
@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("late_ms", [1, 5_000_000])
def test_two_at_once(scene: str, queue: str, late_ms: int) -> None:
    staged_at = staged(SCENES[scene], queue)
    for first, second, old in itertools.product(EVERYTHING, EVERYTHING, OLD):
        ledger = Ledger(dict(staged_at[0].records), list(staged_at[0].facts), staged_at[0].ops)
        now, before = staged_at[1] + late_ms, dict(ledger.records)
        tries(ledger, first, Look(before), now, "first")
        check(ledger.records, ledger.facts)
        mixed = {ref: r for ref, r in ledger.records.items() if not ref.startswith(old)}
        mixed |= {ref: r for ref, r in before.items() if ref.startswith(old)}
        tries(ledger, second, Look(mixed), now + 1, "second")
        try:
            check(ledger.records, ledger.facts)
        except (AssertionError, KeyError) as broken:
            raise AssertionError(f"{first}, then {second} on old news of {old or 'all'}") from broken


def test_every_move_of_the_tables_is_made_and_no_other() -> None:
    """The tables allow nothing that the moves do not need."""
    made: set[tuple[str, str | None, str | None]] = set()

    def note(before: Record | None, after: Record | None) -> None:
        kinds = {r.KIND for r in (before, after) if isinstance(r, Call | Agent)}
        was, now = (r.state if isinstance(r, Call | Agent) else None for r in (before, after))
        made.update((kind, was, now) for kind in kinds)

    for doings, queue, late_ms in itertools.product(SCENES.values(), ("general", "instant"), (1, 10**9)):
        ledger, now = staged(doings, queue)
        for command in EVERYTHING:
            with contextlib.suppress(Refused):
                change = Doing(command=command, who=1, now=now + late_ms, fresh="x").decide(
                    Look(ledger.records)
                )
                for write in () if change is None else change.writes:
                    note(write.before, write.after)
    for state in (AgentState.OFFLINE, AgentState.READY, AgentState.ON_CALL, AgentState.WRAP_UP):
        for write in restore_agent(agent(state), call(CallState.CONNECTED), None, TIMINGS, BEFORE).writes:
            note(write.before, write.after)
    allowed: set[tuple[str, str | None, str | None]] = set()
    allowed |= {("call", before, after) for before, targets in CALL_MOVES.items() for after in targets}
    allowed |= {("agent", before, after) for before, targets in AGENT_MOVES.items() for after in targets}
    assert {m for m in made if m[1] != m[2]} == allowed
