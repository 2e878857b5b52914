"""How an offer ends: every row of `OFFER_ENDS`, carried out by the moves that end offers so."""

from collections.abc import Callable

import pytest
from attrs import evolve, frozen

from engine.domain.change import Change
from engine.domain.facts import AgentMoved, CallConnected, CallEnded, CallRequeued, Fact, OfferEnded
from engine.domain.lifecycle import (
    OFFER_ENDS,
    AgentState,
    CallState,
    EndReason,
    OfferEnd,
    Party,
    RequeueReason,
)
from engine.domain.model import Agent, Call, deadline
from engine.domain.moves import agent as agents
from engine.domain.moves import customer as customers
from engine.domain.moves import time

from .builders import CALL, LATER, NOW, POLICY, TIMINGS, agent, agent_after, call, call_after, customer

OFFERED_CALL, OFFERED_AGENT = call(CallState.OFFERED), agent(AgentState.OFFERED)


def _expire() -> Change:
    until = OFFERED_CALL.offer_until
    assert until is not None
    change = time.due(OFFERED_CALL, OFFERED_AGENT, POLICY, until)
    assert change is not None
    return change


ENDS: list[tuple[OfferEnd, Callable[[], Change]]] = [
    (OfferEnd.ACCEPTED, lambda: agents.accept(OFFERED_AGENT, OFFERED_CALL, "o1", NOW)),
    (OfferEnd.DECLINED, lambda: agents.decline(OFFERED_AGENT, OFFERED_CALL, "o1", POLICY, NOW)),
    (OfferEnd.EXPIRED, _expire),
    (OfferEnd.RESCINDED, lambda: customers.drop(customer(), OFFERED_CALL, OFFERED_AGENT, POLICY, NOW)),
    (OfferEnd.AGENT_LOST, lambda: agents.drop(OFFERED_AGENT, OFFERED_CALL, POLICY, NOW)),
]


def _after(change: Change) -> tuple[Call, Agent]:
    return call_after(change), agent_after(change)


def test_every_way_is_tried() -> None:
    assert [how for how, _ in ENDS] == list(OFFER_ENDS)


@pytest.mark.parametrize(("how", "move"), ENDS)
def test_both_sides_go_where_the_table_says(how: OfferEnd, move: Callable[[], Change]) -> None:
    change, ending = move(), OFFER_ENDS[how]
    c, a = _after(change)
    assert (c.state, a.state, a.reason) == (ending.call, ending.agent, ending.agent_reason)
    assert (a.last_offer, a.last_offer_end) == ("o1", how)
    assert c.avoid == ({"a1": NOW + TIMINGS.avoid_ms} if ending.avoid else {})
    assert a.no_answers == (how is OfferEnd.EXPIRED)
    assert (a.idle_ms > 0) is ending.keeps_idle


@pytest.mark.parametrize(("how", "move"), ENDS[1:])
def test_a_call_that_waits_again_keeps_its_due_and_nothing_of_the_agent(
    how: OfferEnd, move: Callable[[], Change]
) -> None:
    c, a = _after(move())
    assert (c.score, c.enqueued_at, c.give_up_at) == (
        OFFERED_CALL.score,
        OFFERED_CALL.enqueued_at,
        OFFERED_CALL.give_up_at,
    )
    assert (c.offer, c.agent, c.agent_name, c.agent_node, c.why) == ("", "", "", "", "")
    assert (c.offered_at, c.offer_until, c.agent_until) == (None, None, None)
    assert (a.offer, a.call) == ("", "")
    assert c.requeues == 1
    assert c.requeue_reason is _requeue_reason(how)


FACTS: dict[OfferEnd, list[type[Fact]]] = {
    OfferEnd.ACCEPTED: [OfferEnded, CallConnected, AgentMoved],
    OfferEnd.DECLINED: [OfferEnded, CallRequeued, AgentMoved],
    OfferEnd.EXPIRED: [OfferEnded, CallRequeued, AgentMoved],
    OfferEnd.RESCINDED: [OfferEnded, CallRequeued, AgentMoved],
    OfferEnd.AGENT_LOST: [OfferEnded, CallRequeued, AgentMoved],
}


@pytest.mark.parametrize(("how", "move"), ENDS)
def test_the_facts_tell_how_it_ended(how: OfferEnd, move: Callable[[], Change]) -> None:
    facts = [f for f in move().facts if f.kind != "link_lost"]
    assert [type(f) for f in facts] == FACTS[how]
    assert facts[0] == OfferEnded(at=facts[0].at, call="c1", agent="a1", offer="o1", how=how)
    again = [f for f in facts if isinstance(f, CallRequeued)]
    assert all((f.due_at, f.reason) == (OFFERED_CALL.due_at, _requeue_reason(how)) for f in again)


def _requeue_reason(how: OfferEnd) -> RequeueReason:
    return RequeueReason.AGENT_LOST if how is OfferEnd.AGENT_LOST else RequeueReason.NO_AGENT


@frozen
class Row:
    """What the agent wished for while the offer rang, and where each end then leads him."""

    wish: AgentState | None
    declined: tuple[AgentState, str]
    expired: tuple[AgentState, str]
    rescinded: tuple[AgentState, str]


_A = AgentState
WISHES = [
    Row(None, (_A.NOT_READY, "declined"), (_A.NOT_READY, "no_answer"), (_A.READY, "")),
    Row(_A.READY, (_A.NOT_READY, "declined"), (_A.NOT_READY, "no_answer"), (_A.READY, "")),
    Row(_A.NOT_READY, (_A.NOT_READY, "lunch"), (_A.NOT_READY, "lunch"), (_A.NOT_READY, "lunch")),
    Row(_A.OFFLINE, (_A.OFFLINE, ""), (_A.OFFLINE, ""), (_A.OFFLINE, "")),
]


@pytest.mark.parametrize("row", WISHES)
def test_a_wish_uttered_while_it_rang_takes_effect_when_it_ends(row: Row) -> None:
    reason = "lunch" if row.wish is _A.NOT_READY else ""
    ringing = evolve(OFFERED_AGENT, next_state=row.wish, next_reason=reason)
    expired = time.due(OFFERED_CALL, ringing, POLICY, LATER)
    assert expired is not None
    for change, where in (
        (agents.decline(ringing, OFFERED_CALL, "o1", POLICY, NOW), row.declined),
        (expired, row.expired),
        (customers.leave(OFFERED_CALL, ringing, POLICY, NOW), row.rescinded),
    ):
        _, a = _after(change)
        assert (a.state, a.reason, a.next_state, a.next_reason) == (*where, None, "")
    busy = _after(agents.accept(ringing, OFFERED_CALL, "o1", NOW))[1]
    assert (busy.state, busy.next_state, busy.next_reason) == (_A.ON_CALL, row.wish, reason)


def test_a_customer_who_hangs_up_ends_the_call_and_the_offer_in_one_change() -> None:
    change = customers.leave(OFFERED_CALL, OFFERED_AGENT, POLICY, NOW)
    c, a = _after(change)
    assert (c.state, c.end_reason, c.ended_by) == (CallState.ENDED, EndReason.ABANDONED, Party.CUSTOMER)
    assert (c.offer, c.agent, c.live, c.requeues) == ("", "", False, 0)
    assert a.state is AgentState.READY
    assert [type(f) for f in change.facts] == [OfferEnded, AgentMoved, CallEnded]


def test_a_customer_who_drops_waits_in_grace_and_is_not_offered_meanwhile() -> None:
    c, _ = _after(customers.drop(customer(), OFFERED_CALL, OFFERED_AGENT, POLICY, NOW))
    assert (c.state, c.node, c.customer_until) == (CallState.WAITING, "", NOW + TIMINGS.customer_grace_ms)
    assert deadline(c) == c.customer_until


def test_a_rescinded_offer_counts_as_if_it_had_never_been() -> None:
    ready = agent()
    rung = time.offer(call(), ready, offer_id="o1", why="", policy=POLICY, now=NOW)
    c, a = _after(rung)
    _, freed = _after(customers.leave(c, a, POLICY, NOW + 9_000))
    assert freed.idle_since == ready.idle_since


def test_an_offer_already_over_leaves_an_agent_busy_with_another_alone() -> None:
    elsewhere = agent(AgentState.ON_CALL, offer="o9", call="c9")
    change = time.due(OFFERED_CALL, elsewhere, POLICY, LATER)
    assert change is not None
    assert _after(change)[1] == elsewhere


def test_an_offer_whose_agent_is_unknown_still_ends() -> None:
    change = time.due(OFFERED_CALL, None, POLICY, LATER)
    assert change is not None
    assert [w.ref for w in change.writes] == [CALL]
    assert [type(f) for f in change.facts] == [OfferEnded, CallRequeued]
