"""What a customer does: ask, leave, lose the link and come back, rate."""

from typing import Any

import pytest
from attrs import evolve

from engine.domain.change import Conflict, Guard
from engine.domain.errors import Code, Refused
from engine.domain.facts import CallEnded, CallQueued, CallRated, LinkBack, LinkLost
from engine.domain.lifecycle import AgentState, CallState, EndReason, Party
from engine.domain.model import Call, Customer, deadline
from engine.domain.moves import customer as moves
from engine.domain.moves import time
from engine.domain.rules import ASK_BURST, Policy, Queue, Rule

from .builders import BEFORE, LATER, NOW, POLICY, TIMINGS, agent, call, call_after, customer, customer_after

BANK = Policy(
    queues={
        "general": Queue(name="general", client_attributes=("topic",), max_wait_ms=600_000, max_waiting=3),
        "premium": Queue(name="premium", tiers=("priority",), head_start_ms=60_000, max_wait_ms=None),
        "closed": Queue(name="closed", open=False),
    },
    rules=(
        Rule(when={"tier": ("priority",)}, head_start_ms=90_000),
        Rule(when={"topic": ("fraud",)}, band=2, name="fraud"),
    ),
    skills=("id", "loan"),
)


def ask(last: Call | None = None, who: Customer | None = None, **given: Any) -> Any:
    extra = {k: given.pop(k) for k in ("waiting",) if k in given}
    fields: dict[str, Any] = {
        "request_id": "r1",
        "queue": "general",
        "tier": "regular",
        "skills": {},
        "attributes": {},
        "client_attributes": {},
    }
    asking = moves.Asking(**(fields | given))
    return moves.ask(who or customer(call=""), last, asking, call_id="c2", policy=BANK, now=NOW, **extra)


def test_asking_stands_him_in_the_queue_with_his_due_and_its_terms() -> None:
    change = ask(queue="premium", tier="priority", skills={"id": 2})
    c = call_after(change)
    assert (c.state, c.live, c.enqueued_at, c.since_at) == (CallState.WAITING, True, NOW, NOW)
    assert (c.due_at, c.band, c.give_up_at, c.rules) == (NOW - 150_000, 0, None, BANK.version)
    assert {t.rule: t.head_start_ms for t in c.terms} == {"queue premium": 60_000, "tier priority": 90_000}
    assert (customer_after(change).call, customer_after(change).request_id) == ("c2", "r1")
    [fact] = change.facts
    assert isinstance(fact, CallQueued)
    assert (fact.due_at, fact.skills, fact.restored) == (c.due_at, {"id": 2}, False)


def test_what_the_client_claims_counts_only_where_the_queue_lets_it() -> None:
    claimed = call_after(ask(client_attributes={"topic": "fraud", "tier": "priority", "vip": "yes"}))
    assert (claimed.band, claimed.due_at) == (2, NOW)
    assert claimed.attributes == {"topic": "fraud", "tier": "priority", "vip": "yes"}
    elsewhere = ask(queue="premium", tier="priority", client_attributes={"topic": "fraud"})
    assert call_after(elsewhere).band == 0
    overruled = ask(client_attributes={"topic": "fraud"}, attributes={"topic": "loan"})
    assert (call_after(overruled).band, call_after(overruled).attributes) == (0, {"topic": "loan"})


def test_a_facts_terms_carry_no_attribute_values() -> None:
    [fact] = ask(client_attributes={"topic": "fraud", "passport": "X123"}).facts
    assert "X123" not in repr(fact)


REFUSED: list[tuple[dict[str, Any], Code, str | None]] = [
    ({"queue": "nowhere"}, Code.NO_SUCH_QUEUE, "queue"),
    ({"queue": "premium"}, Code.NOT_ALLOWED, "queue"),
    ({"waiting": 3}, Code.QUEUE_FULL, "queue"),
    ({"skills": {"juggling": 1}}, Code.BAD_FIELD, "skills"),
    ({"last": call(CallState.WAITING)}, Code.ALREADY_WAITING, None),
    ({"last": call(CallState.OFFERED)}, Code.ALREADY_WAITING, None),
    ({"last": call(CallState.CONNECTED)}, Code.ALREADY_WAITING, None),
]


@pytest.mark.parametrize(("given", "code", "field"), REFUSED)
def test_asking_for_what_cannot_be(given: dict[str, Any], code: Code, field: str | None) -> None:
    with pytest.raises(Refused) as refused:
        ask(**given)
    assert (refused.value.code, refused.value.field) == (code, field)
    if code is Code.ALREADY_WAITING:
        assert (refused.value.call_id, refused.value.state) == ("c1", given["last"].state.value)


#: Whether a queue is open is not known here but compared by the store, at the very moment of asking.
NOT_PAUSED = Guard("queue:general", "paused", None)
OPENED = Guard("queue:closed", "opened", "true")


def test_asking_guards_the_gate_of_the_queue() -> None:
    assert ask().guards == (NOT_PAUSED,)
    assert ask(queue="closed").guards == (OPENED,)
    assert call_after(ask(queue="closed")).queue == "closed"


def test_a_gate_alone_shuts_him_out_and_anything_else_is_to_be_tried_again() -> None:
    for guard in (NOT_PAUSED, OPENED):
        refused = moves.shut(Conflict({}, (guard,)))
        assert refused is not None
        assert (refused.code, refused.field) == (Code.QUEUE_CLOSED, "queue")
    other = Guard("customer:k1", "session", "s2")
    assert moves.shut(Conflict({"customer:k1": customer()}, (NOT_PAUSED,))) is None
    assert moves.shut(Conflict({}, (NOT_PAUSED, other))) is None
    assert moves.shut(Conflict({}, (other,))) is None


def test_two_requests_at_once_cannot_both_succeed() -> None:
    first = ask(who=customer(call=""))
    assert first.guards == (NOT_PAUSED,)
    assert first.writes[0].version == 2
    again = ask(who=customer(call="c1"), last=None)
    assert again.guards == (Guard("call:c1", "live", None), NOT_PAUSED)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (CallState.WAITING, EndReason.ABANDONED),
        (CallState.OFFERED, EndReason.ABANDONED),
        (CallState.CONNECTED, EndReason.COMPLETED),
    ],
)
def test_leaving_ends_the_call_whatever_its_state(state: CallState, reason: EndReason) -> None:
    partner = {CallState.OFFERED: AgentState.OFFERED, CallState.CONNECTED: AgentState.ON_CALL}.get(state)
    change = moves.leave(call(state), None if partner is None else agent(partner), POLICY, NOW)
    c = call_after(change)
    assert (c.state, c.end_reason, c.ended_by, c.ended_at) == (CallState.ENDED, reason, Party.CUSTOMER, NOW)
    assert (c.live, deadline(c)) == (False, NOW + TIMINGS.keep_ended_ms)
    held = "a1" if state is CallState.CONNECTED else ""
    told = [f for f in change.facts if isinstance(f, CallEnded)]
    assert told == [CallEnded(at=NOW, call="c1", reason=reason, by=Party.CUSTOMER, agent=held)]


@pytest.mark.parametrize(
    ("state", "grace_ms", "reason"),
    [
        (CallState.WAITING, TIMINGS.customer_grace_ms, EndReason.CUSTOMER_LOST),
        (CallState.OFFERED, TIMINGS.customer_grace_ms, EndReason.CUSTOMER_LOST),
        (CallState.CONNECTED, TIMINGS.call_grace_ms, EndReason.CUSTOMER_LOST),
    ],
)
def test_who_drops_has_grace_to_come_back_in_and_is_lost_after_it(
    state: CallState, grace_ms: int, reason: EndReason
) -> None:
    partner = {CallState.OFFERED: AgentState.OFFERED, CallState.CONNECTED: AgentState.ON_CALL}.get(state)
    held = None if partner is None else agent(partner)
    lost = moves.drop(customer(), call(state), held, POLICY, NOW)
    c, until = call_after(lost), NOW + grace_ms
    assert (c.node, c.customer_until, deadline(c)) == ("", until, until)
    assert lost.facts[0] == LinkLost(at=NOW, who="customer:k1", call="c1", until=until)
    k = customer_after(lost)
    assert (k.session, k.node) == ("", "")

    back = moves.come(k, c, sub="k1", name="Budi", session="s9", node="n9", now=until)
    assert (call_after(back).node, call_after(back).customer_until) == ("n9", None)
    assert (call_after(back).due_at, call_after(back).state) == (c.due_at, c.state)
    assert customer_after(back).forget_at is None
    assert back.facts == (LinkBack(at=until, who="customer:k1", call="c1"),)

    assert time.due(c, held, POLICY, until - 1) is None
    over = time.due(c, agent(AgentState.ON_CALL), POLICY, until)
    assert over is not None
    assert (call_after(over).end_reason, call_after(over).ended_by) == (reason, Party.SYSTEM)
    archived = call_after(over).archive_at
    assert archived is not None
    assert k.forget_at == archived


def test_a_customer_without_a_call_is_forgotten_after_a_while() -> None:
    gone = moves.drop(customer(), call(CallState.ENDED), None, POLICY, NOW)
    assert deadline(customer_after(gone)) == NOW + TIMINGS.keep_ended_ms
    forgotten = time.due(customer_after(gone), None, POLICY, LATER)
    assert forgotten is not None
    assert [w.after for w in forgotten.writes] == [None]


def test_his_first_hello_and_a_newer_session() -> None:
    first = moves.come(None, None, sub="k1", name="Budi", session="s1", node="n1", now=NOW)
    assert customer_after(first) == Customer(id="k1", name="Budi", session="s1", node="n1")
    second = moves.come(customer(), call(), sub="k1", name="Budi", session="s9", node="n9", now=NOW)
    assert (customer_after(second).session, call_after(second).node) == ("s9", "n9")
    assert second.facts == ()


def test_rating_an_ended_call_of_his_once_or_again() -> None:
    ended = call(CallState.ENDED)
    change = moves.rate(ended, "c1", "k1", 5, "kind and quick", NOW)
    assert (call_after(change).rating, call_after(change).comment) == (5, "kind and quick")
    assert change.facts == (CallRated(at=NOW, call="c1", score=5),)
    again = moves.rate(call_after(change), "c1", "k1", 4, "", NOW)
    assert call_after(again).rating == 4


@pytest.mark.parametrize(
    ("held", "call_id", "sub", "code"),
    [
        (None, "c1", "k1", Code.NO_SUCH_CALL),
        (call(CallState.ENDED), "c9", "k1", Code.NO_SUCH_CALL),
        (call(CallState.ENDED), "c1", "k9", Code.NO_SUCH_CALL),
        (call(CallState.CONNECTED), "c1", "k1", Code.WRONG_STATE),
        (call(CallState.WAITING), "c1", "k1", Code.WRONG_STATE),
    ],
)
def test_rating_what_is_not_his_or_not_over(held: Call | None, call_id: str, sub: str, code: Code) -> None:
    with pytest.raises(Refused) as refused:
        moves.rate(held, call_id, sub, 5, "", NOW)
    assert refused.value.code is code


def test_dropping_keeps_his_place_in_line() -> None:
    c = call_after(moves.drop(customer(), call(), None, POLICY, NOW))
    assert (c.due_at, c.enqueued_at, c.score) == (BEFORE - 500, BEFORE, BEFORE - 500)
    assert evolve(c, node="n1", customer_until=None) == call()


def test_who_asks_again_and_again_is_slowed_down() -> None:
    """Ten requests at once, then one every three seconds; each cancelled one is kept for ten minutes."""
    who = customer(call="")
    for _ in range(ASK_BURST):
        who = evolve(customer_after(ask(who=who)), call="")
    with pytest.raises(Refused) as caught:
        ask(who=who)
    assert (caught.value.code, caught.value.retry_ms) == (Code.TOO_FAST, TIMINGS.ask_every_ms)
    later = evolve(who, asked_until=who.asked_until - TIMINGS.ask_every_ms)
    assert customer_after(ask(who=later)).asked_until == who.asked_until
