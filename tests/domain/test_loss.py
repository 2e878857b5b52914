"""What is lost and comes back: a node that died, a store that was away, a store that came back empty."""

from typing import Any

import pytest
from attrs import evolve

from engine.domain.change import Change
from engine.domain.facts import AgentMoved, CallConnected, CallQueued, DeadlinesShifted, LinkLost
from engine.domain.lifecycle import AgentState, CallState, OfferEnd
from engine.domain.model import Agent, Call, Customer, Record, Ref, deadline
from engine.domain.moves import agent as agents
from engine.domain.moves import customer as customers
from engine.domain.moves import time
from engine.domain.moves.restore import rebuilt, restore_agent, restore_customer

from .builders import (
    BEFORE,
    NOW,
    POLICY,
    TIMINGS,
    agent,
    agent_after,
    call,
    call_after,
    customer,
    customer_after,
)

_C, _A = CallState, AgentState
PAIRS = [(_C.WAITING, _A.READY), (_C.OFFERED, _A.OFFERED), (_C.CONNECTED, _A.ON_CALL), (_C.ENDED, _A.WRAP_UP)]


def looking_at(*records: Record) -> Any:
    held: dict[Ref, Record] = {r.ref: r for r in records}
    return held.get


@pytest.mark.parametrize(("of_call", "of_agent"), PAIRS)
def test_a_node_that_died_is_as_if_each_of_its_sockets_had_dropped(
    of_call: CallState, of_agent: AgentState
) -> None:
    c, a, k = call(of_call), agent(of_agent), customer()
    look = looking_at(c, a, k)
    mine = c if a.call else None
    assert time.lost(a, look, POLICY, NOW) == agents.drop(a, mine, POLICY, NOW)
    assert time.lost(k, look, POLICY, NOW) == customers.drop(k, c, a if c.agent else None, POLICY, NOW)
    assert time.lost(c, look, POLICY, NOW) is None


def test_people_whose_call_is_unknown_are_lost_all_the_same() -> None:
    nothing = looking_at()
    alone = time.lost(agent(_A.ON_CALL), nothing, POLICY, NOW)
    assert alone is not None
    assert agent_after(alone).state is _A.OFFLINE
    left = time.lost(customer(), nothing, POLICY, NOW)
    assert left is not None
    assert not [f for f in left.facts if isinstance(f, LinkLost)]


AWAY_MS = 45_000


@pytest.mark.parametrize(
    "record",
    [
        call(give_up_at=NOW),
        call(customer_until=NOW, give_up_at=None),
        call(_C.CONNECTED, agent_until=NOW, customer_until=NOW + 5),
        call(_C.ENDED),
        agent(_A.WRAP_UP),
        agent(_A.NOT_READY, reason="declined", until=NOW),
        agent(_A.OFFLINE, lost_at=NOW, forget_at=NOW + 9),
        customer(forget_at=NOW),
    ],
)
def test_after_an_outage_deadlines_move_by_its_length(record: Record) -> None:
    change = time.after_outage(record, looking_at(record), AWAY_MS, POLICY, NOW)
    assert change is not None
    [write] = change.writes
    assert write.after is not None
    was, now = deadline(record), deadline(write.after)
    assert was is not None
    assert now == was + AWAY_MS
    assert change.facts == (DeadlinesShifted(at=NOW, who=record.ref, by_ms=AWAY_MS),)


def test_after_an_outage_a_pending_offer_is_rescinded_and_the_wait_is_longer() -> None:
    c, a = call(_C.OFFERED), agent(_A.OFFERED)
    change = time.after_outage(c, looking_at(c, a), AWAY_MS, POLICY, NOW)
    assert change is not None
    assert c.give_up_at is not None
    assert (call_after(change).state, call_after(change).give_up_at) == (_C.WAITING, c.give_up_at + AWAY_MS)
    assert (agent_after(change).state, agent_after(change).last_offer_end) == (_A.READY, OfferEnd.RESCINDED)


@pytest.mark.parametrize("record", [agent(), agent(_A.ON_CALL), customer(), call(_C.CONNECTED)])
def test_what_has_no_deadline_is_left_alone(record: Record) -> None:
    assert time.after_outage(record, looking_at(record), AWAY_MS, POLICY, NOW) is None


def written(change: Change) -> list[str]:
    assert all(w.version == 0 for w in change.writes), "created, not replaced"
    return [w.ref for w in change.writes]


@pytest.mark.parametrize("state", [_A.READY, _A.NOT_READY, _A.WRAP_UP])
def test_in_a_new_era_an_agent_is_what_he_was(state: AgentState) -> None:
    held = agent(state)
    change = restore_agent(held, None, None, TIMINGS, NOW)
    assert written(change) == ["agent:a1"]
    again = agent_after(change)
    assert (again.state, again.reason, again.until, again.idle_since) == (
        held.state,
        held.reason,
        held.until,
        held.idle_since,
    )
    assert (again.version, again.stamp) == (0, "")
    assert [type(f) for f in change.facts] == [AgentMoved]


def test_in_a_new_era_an_offer_is_not_made_again() -> None:
    again = agent_after(restore_agent(agent(_A.OFFERED), call(_C.OFFERED), None, TIMINGS, NOW))
    assert (again.state, again.offer, again.call) == (_A.READY, "", "")
    change = restore_customer(None, customer(), call(_C.OFFERED), NOW)
    waits = call_after(change)
    assert (waits.state, waits.offer, waits.agent, waits.score) == (_C.WAITING, "", "", call().score)


def test_in_a_new_era_a_connected_pair_is_re_created_in_one_change() -> None:
    change = restore_agent(agent(_A.ON_CALL, node="n7"), call(_C.CONNECTED), None, TIMINGS, NOW)
    assert written(change) == ["agent:a1", "call:c1", "customer:k1"]
    assert (customer_after(change).call, customer_after(change).session) == ("c1", ""), "he finds it"
    c, a = call_after(change), agent_after(change)
    assert (c.state, c.agent, c.offer, c.agent_node, c.agent_until) == (_C.CONNECTED, "a1", "o1", "n7", None)
    assert c.customer_until == NOW + 30_000, "his own side has to say that he is there"
    assert (a.state, a.call, a.offer) == (_A.ON_CALL, "c1", "o1")
    assert [type(f) for f in change.facts] == [CallQueued, CallConnected, AgentMoved]
    assert agents.accept(a, c, "o1", NOW) == Change(), "saying again that he accepts stays harmless"


@pytest.mark.parametrize("names", ["", "c1", "another"])
def test_in_a_new_era_a_customer_who_came_first_has_the_call_unless_he_asked_for_another(names: str) -> None:
    known = customer(call=names, version=3, stamp="op:3")
    change = restore_agent(agent(_A.ON_CALL), call(_C.CONNECTED), known, TIMINGS, NOW)
    assert agent_after(change).state is (_A.READY if names == "another" else _A.ON_CALL)
    mine = [w for w in change.writes if w.ref == known.ref]
    assert [(w.before, w.after) for w in mine] == ([] if names else [(known, evolve(known, call="c1"))])


def test_in_a_new_era_an_agent_whose_call_is_not_known_is_ready() -> None:
    again = agent_after(restore_agent(agent(_A.ON_CALL), None, None, TIMINGS, NOW))
    assert (again.state, again.offer, again.call) == (_A.READY, "", "")


def test_in_a_new_era_a_waiting_call_stands_where_it_stood() -> None:
    held = call(customer_until=NOW + 5, avoid={"a2": NOW + 9}, requeues=2)
    change = restore_customer(None, customer(node="n7"), held, NOW)
    again = call_after(change)
    assert (again.score, again.enqueued_at, again.give_up_at, again.requeues) == (
        held.score,
        held.enqueued_at,
        held.give_up_at,
        2,
    )
    assert (again.node, again.customer_until) == ("n7", None)
    assert (customer_after(change).call, customer_after(change).forget_at) == ("c1", None)
    [fact] = change.facts
    assert isinstance(fact, CallQueued)
    assert fact.restored


def test_in_a_new_era_a_customer_without_a_call_is_just_there() -> None:
    change = restore_customer(None, customer(forget_at=NOW), None, NOW)
    assert written(change) == ["customer:k1"]
    assert (customer_after(change).call, customer_after(change).forget_at) == ("", None)
    known = Customer(id="k1", version=4, stamp="op:4")
    over = restore_customer(known, customer(), None, NOW)
    assert (over.writes[0].version, over.writes[0].stamp) == (4, "op:4")


CLAIMS: dict[str, Any] = {
    "sub": "k1",
    "call": "c1",
    "queue": "general",
    "request_id": "r1",
    "skills": {"id": 2},
    "band": 1,
    "enqueued_at": BEFORE,
    "due_at": BEFORE - 90_000,
}


def place(now: int, **claims: Any) -> Call | None:
    return rebuilt(CLAIMS | claims, name="Budi", tier="priority", attributes={}, policy=POLICY, now=now)


def test_a_receipt_gives_the_old_place_back() -> None:
    c = place(NOW)
    assert c is not None
    assert (c.id, c.score) == ("c1", call(due_at=BEFORE - 90_000, band=1).score)
    assert (c.state, c.live, c.enqueued_at, c.give_up_at) == (
        _C.WAITING,
        True,
        BEFORE,
        BEFORE + 3_600_000,
    )
    assert sum(t.head_start_ms for t in c.terms) == c.enqueued_at - c.due_at


def test_a_receipt_older_than_the_maximum_wait_or_for_no_queue_gives_none() -> None:
    assert place(BEFORE + 3_599_999) is not None
    assert place(BEFORE + 3_600_000) is None
    assert place(NOW, queue="nowhere") is None
    endless = place(BEFORE + 10**9, queue="instant")
    assert endless is not None
    assert endless.give_up_at is None


def test_grace_is_not_used_up_by_an_outage() -> None:
    lost = agent_after(agents.drop(agent(), None, POLICY, NOW))
    shifted = time.shift(lost, AWAY_MS)
    assert isinstance(shifted, Agent)
    back = agents.log_in(
        shifted,
        None,
        sub="a1",
        name="",
        queues=(),
        skills={},
        session="s9",
        node="n9",
        day_at=0,
        timings=TIMINGS,
        now=NOW + AWAY_MS + TIMINGS.agent_grace_ms,
    )
    assert agent_after(back).state is _A.READY
