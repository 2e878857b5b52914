"""Where a record stands, and when time moves it."""

import itertools

import pytest

from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import BAND, Agent, Call, Customer, Record, deadline, indexes, nodes

from .builders import BEFORE, agent, call, customer

DEADLINES: list[tuple[Record, int | None]] = [
    (call(CallState.WAITING, give_up_at=None), None),
    (call(CallState.WAITING, give_up_at=50), 50),
    (call(CallState.WAITING, give_up_at=50, customer_until=20), 20),
    (call(CallState.WAITING, give_up_at=10, customer_until=20), 10),
    (call(CallState.OFFERED, give_up_at=10, offer_until=30), 30),
    (call(CallState.CONNECTED, give_up_at=10), None),
    (call(CallState.CONNECTED, customer_until=40), 40),
    (call(CallState.CONNECTED, agent_until=41), 41),
    (call(CallState.CONNECTED, customer_until=40, agent_until=39), 39),
    (call(CallState.ENDED, archive_at=60, give_up_at=10), 60),
    (agent(AgentState.READY), None),
    (agent(AgentState.NOT_READY), None),
    (agent(AgentState.NOT_READY, reason="declined", until=70), 70),
    (agent(AgentState.WRAP_UP, until=71), 71),
    (agent(AgentState.OFFLINE, forget_at=72), 72),
    (customer(), None),
    (customer(forget_at=73), 73),
]


@pytest.mark.parametrize(("record", "when"), DEADLINES)
def test_the_deadline_and_its_index_are_one(record: Record, when: int | None) -> None:
    assert deadline(record) == when
    assert indexes(record).get("deadlines") == when


CALL_INDEX = {
    CallState.WAITING: {"waiting:general": BEFORE - 500},
    CallState.OFFERED: {"offered": BEFORE},
    CallState.CONNECTED: {"connected": BEFORE},
    CallState.ENDED: {"ended": BEFORE},
}


@pytest.mark.parametrize("state", CallState)
def test_a_call_stands_in_exactly_the_index_of_its_state(state: CallState) -> None:
    found = indexes(call(state))
    found.pop("deadlines", None)
    assert found == CALL_INDEX[state]


@pytest.mark.parametrize(("state", "node"), list(itertools.product(AgentState, ["", "n2"])))
def test_only_a_ready_agent_stands_among_the_ready(state: AgentState, node: str) -> None:
    found = indexes(agent(state, node=node))
    found.pop("deadlines", None)
    expected = {"agents": BEFORE}
    if state is AgentState.READY:
        expected["ready"] = BEFORE - 1_000
    if node:
        expected["sessions:n2"] = 0
    assert found == expected


def test_a_customer_stands_with_his_session() -> None:
    assert indexes(customer()) == {"customers": 0, "sessions:n1": 0}
    assert indexes(customer(node="", forget_at=9)) == {"customers": 0, "deadlines": 9}


def test_a_call_concerns_the_nodes_of_both_its_sides() -> None:
    assert nodes(call(CallState.CONNECTED)) == {"n1", "n2"}
    assert nodes(call(CallState.WAITING)) == {"n1"}
    assert nodes(agent(node="")) == frozenset()
    assert nodes(customer()) == {"n1"}


def test_a_band_outweighs_any_due_and_scores_are_exact_in_a_double() -> None:
    year_2255 = 9_000_000_000_000
    urgent = call(due_at=year_2255, band=1)
    assert urgent.score < call(due_at=0).score
    for band, due in itertools.product(range(10), (0, year_2255)):
        score = due - band * BAND
        assert int(float(score)) == score


def test_refs_name_the_kind_and_the_id() -> None:
    for record, ref in ((call(), "call:c1"), (agent(), "agent:a1"), (customer(), "customer:k1")):
        assert record.ref == ref
    assert {c.KIND for c in (Call, Agent, Customer)} == {"call", "agent", "customer"}
