"""The agent who is free longest gets the oldest entry he may; what lies too long is claimed by the next."""

from typing import Any

import pytest
import redis

from engine.actors.ports import Identity
from engine.actors.requests import CallHangup, CallRequest, OfferAccept, OfferDecline, StateSet
from engine.domain.lifecycle import AgentState
from engine.domain.rules import Policy, Queue, Rule
from engine.replay.baselines.ledger import Ledger
from engine.replay.baselines.oldest_entry import GROUP, OldestEntry
from engine.replay.invariants import violations
from engine.store.journal import entries
from engine.store.keys import Keys

#: The system's clock is here a test's own, but how long an entry has lain the store judges by its own. So
#: what rings does so for milliseconds, and `after` waits by both.
RING_MS = 20
POLICY = Policy(
    queues={name: Queue(name=name, ring_ms=RING_MS, wrap_up_ms=0) for name in ("q", "other")},
    rules=(Rule(when={"tier": ("vip",)}, head_start_ms=90_000),),
)


class Shop:
    """The system, and words for what people do there."""

    def __init__(self, client: "redis.Redis") -> None:
        self.client: Any = client
        self.now_ms = 1_000_000
        self.system = OldestEntry(Ledger(client, "stream"), POLICY, lambda: self.now_ms)

    def after(self, ms: int) -> None:
        """So much later, by either clock."""
        until = self._store_ms() + ms
        while self._store_ms() < until:
            pass
        self.now_ms += ms

    def _store_ms(self) -> int:
        seconds, micros = self.client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def asks(self, name: str, queue: str = "q", tier: str = "regular", **skills: int) -> str:
        self.now_ms += 1
        who = Identity(sub=name, role="customer", tier=tier)
        self.system.floor.come(who, name)
        self.system.floor.customer_asks(who, CallRequest(request_id=name, queue=queue, skills=skills))
        return self.system.floor.customer(name).call  # type: ignore[union-attr]

    def leaves(self, name: str) -> None:
        self.system.floor.customer_asks(Identity(sub=name, role="customer"), CallHangup())

    def comes(self, name: str, *queues: str, **skills: int) -> None:
        self.now_ms += 1
        who = Identity(sub=name, role="agent", queues=queues or ("q",), skills=skills)
        self.system.floor.log_in(who, name)
        self.system.floor.agent_asks(who, StateSet(state=AgentState.READY))

    def does(self, name: str, what: type[OfferAccept] | type[OfferDecline]) -> None:
        offer_id = self.system.floor.agent(name).offer  # type: ignore[union-attr]
        self.system.floor.agent_asks(Identity(sub=name, role="agent"), what(offer_id=offer_id))

    def given(self) -> dict[str, str]:
        """Which call each agent is alerted of, now that what can be offered is."""
        self.system.assign()
        offers: dict[str, str] = {}
        for fact in self.facts():
            if fact.kind == "call_offered":
                offers[fact.agent] = fact.call
            elif fact.kind == "offer_ended":
                offers.pop(fact.agent)
        return offers

    def pending(self, lane: str) -> int:
        return int(self.client.xpending(Keys("stream").of(lane), GROUP)["pending"])

    def facts(self) -> list[Any]:
        return [fact for entry in entries(self.client, Keys("stream")) for fact in entry.facts]


@pytest.fixture
def shop(client: "redis.Redis") -> Shop:
    return Shop(client)


def test_first_come_first_served_whatever_the_tier(shop: Shop) -> None:
    calls = [shop.asks("c1"), shop.asks("c2", tier="vip"), shop.asks("c3", "other")]
    for agent in ("a1", "a2", "a3"):
        shop.comes(agent, "other", "q")
    assert shop.given() == dict(zip(("a1", "a2", "a3"), calls, strict=True))


def test_who_is_free_longest_is_alerted_first(shop: Shop) -> None:
    shop.comes("a2")
    shop.comes("a1")
    call = shop.asks("c1")
    assert shop.given() == {"a2": call}


def test_an_agent_gets_only_what_he_may_take(shop: Shop) -> None:
    shop.asks("c1", "other")
    shop.asks("c2", loan=2)
    mine = shop.asks("c3", loan=1)
    shop.comes("a1", loan=1)
    assert shop.given() == {"a1": mine}


def test_nobody_gets_two_calls_nor_the_same_one(shop: Shop) -> None:
    first, second = shop.asks("c1"), shop.asks("c2")
    shop.comes("a1")
    assert shop.given() == shop.given() == {"a1": first}
    shop.does("a1", OfferAccept)
    shop.comes("a2")
    assert shop.given() == {"a2": second}
    assert shop.pending("calls:q:") == 1
    assert list(violations(shop.facts(), {"c1": False, "c2": False}, complete=False)) == []


def test_who_hung_up_is_not_handed_out(shop: Shop) -> None:
    shop.asks("c1")
    second = shop.asks("c2")
    shop.leaves("c1")
    shop.comes("a1")
    assert shop.given() == {"a1": second}
    shop.leaves("c2")
    assert shop.given() == {}
    assert shop.pending("calls:q:") == 0
    assert shop.system.floor.agent("a1").state is AgentState.READY  # type: ignore[union-attr]


def test_a_call_that_was_not_answered_goes_to_the_next_in_its_old_place(shop: Shop) -> None:
    first = shop.asks("c1")
    shop.comes("silent")
    assert shop.given() == {"silent": first}
    shop.asks("c2")
    shop.after(RING_MS + 1)
    shop.comes("a1")
    assert shop.given() == {"a1": first}


@pytest.mark.parametrize("how", ["lost", "declined"])
def test_what_an_agent_left_lies_until_its_ring_time_is_over(shop: Shop, how: str) -> None:
    first = shop.asks("c1")
    shop.comes("gone")
    assert shop.given() == {"gone": first}
    if how == "lost":
        shop.system.floor.agent_dropped("gone")
    else:
        shop.does("gone", OfferDecline)
    second = shop.asks("c2")
    shop.comes("a1")
    shop.comes("a2")
    assert shop.given() == {"a1": second}
    shop.does("a1", OfferAccept)
    assert shop.given() == {}
    shop.after(RING_MS)
    assert shop.given() == {"a2": first}


def test_whose_link_is_lost_is_not_offered_meanwhile(shop: Shop) -> None:
    first, second = shop.asks("c1"), shop.asks("c2")
    shop.system.floor.customer_dropped("c1")
    shop.comes("a1")
    assert shop.given() == {"a1": second}
    shop.does("a1", OfferAccept)
    shop.system.floor.come(Identity(sub="c1", role="customer"), "again")
    shop.after(RING_MS)
    shop.comes("a2")
    assert shop.given() == {"a2": first}


def test_a_call_that_lost_its_agent_is_pushed_again(shop: Shop) -> None:
    first = shop.asks("c1")
    shop.comes("a1")
    assert shop.given() == {"a1": first}
    shop.does("a1", OfferAccept)
    shop.system.floor.agent_dropped("a1")
    shop.now_ms += POLICY.timings.call_grace_ms
    shop.comes("a2")
    assert shop.given() == {"a2": first}
