"""The lifecycle tables themselves: what they forbid, and that they hold together."""

import itertools

import pytest

from engine.domain.change import Change, Write
from engine.domain.lifecycle import (
    AGENT_MOVES,
    ASKABLE,
    CALL_MOVES,
    OFFER_ENDS,
    WORKING,
    AgentState,
    CallState,
    IllegalMove,
    OfferEnd,
    check_agent,
    check_call,
)

from .builders import agent, call, customer

CALLS = [None, *CallState]
AGENTS = [None, *AgentState]


@pytest.mark.parametrize(("before", "after"), list(itertools.product(CALLS, CALLS)))
def test_a_call_goes_only_where_the_table_says(before: CallState | None, after: CallState | None) -> None:
    if before == after or after in CALL_MOVES[before]:
        check_call(before, after)
    else:
        with pytest.raises(IllegalMove, match=f"from {before} to {after}"):
            check_call(before, after)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(AGENTS, AGENTS)))
def test_an_agent_goes_only_where_the_table_says(before: AgentState | None, after: AgentState | None) -> None:
    if before == after or after in AGENT_MOVES[before]:
        check_agent(before, after)
    else:
        with pytest.raises(IllegalMove, match=f"from {before} to {after}"):
            check_agent(before, after)


def test_every_state_has_its_row_and_nothing_stays_for_ever() -> None:
    assert set(CALL_MOVES) == set(CALLS)
    assert set(AGENT_MOVES) == set(AGENTS)
    assert all(CALL_MOVES.values())
    assert all(AGENT_MOVES.values())


def test_every_way_an_offer_ends_is_a_legal_move_of_both_sides() -> None:
    assert set(OFFER_ENDS) == set(OfferEnd)
    for ending in OFFER_ENDS.values():
        check_call(CallState.OFFERED, ending.call)
        check_agent(AgentState.OFFERED, ending.agent)


def test_what_may_be_asked_for_is_never_work() -> None:
    assert not ASKABLE & WORKING
    assert set(AgentState) == ASKABLE | WORKING


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (call(CallState.ENDED), call(CallState.WAITING)),
        (call(CallState.WAITING), call(CallState.CONNECTED)),
        (call(CallState.CONNECTED), None),
        (agent(AgentState.READY), agent(AgentState.ON_CALL)),
        (agent(AgentState.READY), None),
        (None, agent(AgentState.OFFERED)),
    ],
)
def test_a_write_the_tables_forbid_cannot_be_built(before: object, after: object) -> None:
    with pytest.raises(IllegalMove):
        Write(before, after)  # type: ignore[arg-type]


def test_a_write_concerns_one_record_and_a_change_writes_each_once() -> None:
    with pytest.raises(ValueError, match="before or after"):
        Write(None, None)
    with pytest.raises(ValueError, match="cannot turn"):
        Write(call(), call(id="c2"))
    with pytest.raises(ValueError, match="once"):
        Change(writes=(Write(call(), call(node="")), Write(call(), call(node="n9"))))


def test_a_write_carries_the_version_and_stamp_that_were_read() -> None:
    fresh, known = Write(None, customer()), Write(call(), call(node=""))
    assert (fresh.ref, fresh.version, fresh.stamp) == ("customer:k1", 0, "")
    assert (known.ref, known.version, known.stamp) == ("call:c1", 3, "boot:3")
