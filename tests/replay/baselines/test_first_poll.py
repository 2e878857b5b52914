"""Who polls first gets the oldest call, and nobody gets two."""

from collections.abc import Mapping
from typing import Any

import pytest
import redis

from engine.actors.ports import Identity
from engine.domain.errors import Code, Refused
from engine.domain.rules import Policy, Queue, Rule
from engine.replay.baselines.first_poll import UNSEEN_MS, FirstPoll
from engine.replay.baselines.ledger import Ledger
from engine.replay.invariants import violations
from engine.store.journal import entries
from engine.store.keys import Keys

POLICY = Policy(
    queues={
        name: Queue(name=name, ring_ms=15_000, wrap_up_ms=8_000, max_wait_ms=600_000)
        for name in ("q", "other")
    }
    | {"shut": Queue(name="shut", open=False)},
    rules=(Rule(when={"tier": ("vip",)}, head_start_ms=90_000),),
)


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


class Shop:
    """The system, and words for what people do there."""

    def __init__(self, client: "redis.Redis") -> None:
        self.client = client
        self.now = Clock()
        self.system = FirstPoll(Ledger(client, "polling"), POLICY, self.now)

    def after(self, ms: int) -> None:
        self.now.ms += ms
        self.system.floor.settle()

    def asks(self, name: str, queue: str = "q", tier: str = "regular", **skills: int) -> str:
        self.after(10)
        who = Identity(sub=name, role="customer", tier=tier)
        said = {"request_id": name, "queue": queue, "skills": skills}
        return str(self.system.ask(who, said)["call_id"])

    def looks(self, name: str) -> Mapping[str, Any]:
        return self.system.status(Identity(sub=name, role="customer"))

    def leaves(self, name: str) -> None:
        self.system.leave(Identity(sub=name, role="customer"))

    def comes(self, name: str, *queues: str, **skills: int) -> None:
        who = Identity(sub=name, role="agent", queues=queues or ("q",), skills=skills)
        self.system.log_in(who)
        self.system.set_state(who, {"state": "ready"})

    def polls(self, name: str, *, answers: bool = True) -> Mapping[str, Any]:
        return self.system.next_call(Identity(sub=name, role="agent"), answers=answers)

    def gets(self, name: str) -> str | None:
        call_id: str | None = self.polls(name)["call_id"]
        return call_id

    def facts(self) -> list[Any]:
        return [fact for entry in entries(self.client, Keys("polling")) for fact in entry.facts]


@pytest.fixture
def shop(client: "redis.Redis") -> Shop:
    return Shop(client)


def test_first_come_first_served_whatever_the_tier(shop: Shop) -> None:
    calls = [shop.asks("c1"), shop.asks("c2", tier="vip"), shop.asks("c3", "other")]
    for agent in ("a1", "a2", "a3"):
        shop.comes(agent, "other", "q")
    assert [shop.gets(agent) for agent in ("a3", "a1", "a2")] == calls


def test_who_polls_first_wins_however_long_another_was_idle(shop: Shop) -> None:
    shop.comes("idle-longest")
    shop.after(60_000)
    shop.comes("quick")
    call = shop.asks("c1")
    assert shop.gets("quick") == call
    assert shop.polls("idle-longest")["state"] == "ready"


def test_a_poll_passes_over_what_the_agent_may_not_take(shop: Shop) -> None:
    shop.asks("c1", "other")
    shop.asks("c2", loan=2)
    mine = shop.asks("c3", loan=1)
    shop.comes("a1", loan=1)
    assert shop.gets("a1") == mine


def test_nobody_gets_two_calls_nor_the_same_one(shop: Shop) -> None:
    first, second = shop.asks("c1"), shop.asks("c2")
    shop.comes("a1")
    shop.comes("a2")
    assert [shop.gets("a1"), shop.gets("a1"), shop.gets("a2")] == [first, first, second]
    assert shop.looks("c1")["state"] == "connected"
    assert shop.gets("a1") == first


def test_both_are_there_only_once_the_customer_has_asked(shop: Shop) -> None:
    shop.asks("c1")
    shop.comes("a1")
    assert shop.polls("a1")["state"] == "offered"
    shop.after(2_000)
    assert shop.looks("c1")["agent"] == "a1"
    assert shop.polls("a1")["state"] == "on_call"
    [connected] = [fact for fact in shop.facts() if fact.kind == "call_connected"]
    assert connected.waited_ms == 2_000


def test_who_hung_up_is_not_handed_out(shop: Shop) -> None:
    shop.asks("c1")
    second = shop.asks("c2")
    shop.leaves("c1")
    shop.comes("a1")
    assert shop.gets("a1") == second
    shop.leaves("c2")
    assert shop.polls("a1")["state"] == "ready"
    assert [fact.kind for fact in shop.facts()].count("call_offered") == 1


def test_who_does_not_answer_loses_the_call_which_keeps_its_place(shop: Shop) -> None:
    first = shop.asks("c1")
    shop.asks("c2")
    shop.comes("silent")
    shop.comes("a1")
    assert shop.polls("silent", answers=False)["call_id"] == first
    shop.after(15_000)
    assert shop.polls("silent")["reason"] == "no_answer"
    assert shop.gets("a1") == first


def test_who_accepts_late_is_refused(shop: Shop) -> None:
    shop.asks("c1")
    shop.comes("a1")
    offer = shop.polls("a1", answers=False)["offer_id"]
    shop.after(15_000)
    with pytest.raises(Refused) as refused:
        shop.system.accept(Identity(sub="a1", role="agent"), {"offer_id": offer})
    assert refused.value.code is Code.OFFER_GONE


def test_a_customer_who_does_not_ask_is_not_waited_for_for_ever(shop: Shop) -> None:
    shop.asks("c1")
    shop.comes("a1")
    shop.polls("a1")
    shop.after(UNSEEN_MS - 1)
    assert shop.polls("a1")["state"] == "offered"
    shop.after(1)
    assert shop.polls("a1")["state"] == "not_ready"


def test_after_the_call_there_is_wrap_up_and_a_wish_to_go_is_kept(shop: Shop) -> None:
    shop.asks("c1")
    shop.comes("a1")
    shop.polls("a1")
    shop.looks("c1")
    shop.system.set_state(Identity(sub="a1", role="agent"), {"state": "offline"})
    shop.leaves("c1")
    assert (shop.polls("a1")["state"], shop.polls("a1")["left_ms"]) == ("wrap_up", 8_000)
    shop.after(8_000)
    assert shop.system.state(Identity(sub="a1", role="agent"))["state"] == "offline"


def test_the_journal_tells_it_as_the_engine_does(shop: Shop) -> None:
    shop.comes("a1", loan=3)
    shop.asks("c1")
    shop.polls("a1")
    shop.looks("c1")
    shop.leaves("c1")
    shop.after(8_000)
    facts = shop.facts()
    moves = [(fact.state, fact.queues, fact.skills) for fact in facts if fact.kind == "agent_moved"]
    assert moves[0] == ("not_ready", ("q",), {"loan": 3})
    assert [state for state, *_ in moves[1:]] == ["ready", "offered", "on_call", "wrap_up", "ready"]
    assert list(violations(facts, {"c1": False}, complete=True)) == []


def test_asking_again_is_answered_and_not_done_again(shop: Shop) -> None:
    assert shop.asks("c1") == shop.asks("c1")
    assert [fact.kind for fact in shop.facts()] == ["call_queued"]


def test_a_closed_queue_takes_nobody(shop: Shop) -> None:
    with pytest.raises(Refused) as refused:
        shop.asks("c1", "shut")
    assert refused.value.code is Code.QUEUE_CLOSED
