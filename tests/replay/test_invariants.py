"""The audit of a journal: silent on every lawful story, and loud on each broken one."""

import pytest

from engine.domain.facts import (
    CallConnected,
    CallEnded,
    CallOffered,
    CallPrioritised,
    CallQueued,
    CallRequeued,
    CallTransferred,
    Commanded,
    Fact,
    OfferEnded,
)
from engine.domain.lifecycle import EndReason, OfferEnd, Party, RequeueReason
from engine.replay.invariants import violations


def queued(call: str = "c1", request_id: str = "r1", *, restored: bool = False, at: int = 1) -> Fact:
    return CallQueued(
        at=at,
        call=call,
        customer="x",
        queue="q",
        tier="regular",
        due_at=1,
        band=0,
        terms={},
        rules="",
        skills={},
        request_id=request_id,
        restored=restored,
    )


def offered(agent: str = "a", offer: str = "o1", call: str = "c1") -> Fact:
    return CallOffered(at=2, call=call, agent=agent, offer=offer, until=9, why="")


def over(how: OfferEnd = OfferEnd.ACCEPTED, agent: str = "a", offer: str = "o1", call: str = "c1") -> Fact:
    return OfferEnded(at=3, call=call, agent=agent, offer=offer, how=how)


def connected(agent: str = "a", call: str = "c1") -> Fact:
    return CallConnected(at=3, call=call, agent=agent, waited_ms=2)


def waits(call: str = "c1", reason: RequeueReason = RequeueReason.NO_AGENT) -> Fact:
    return CallRequeued(at=4, call=call, due_at=1, reason=reason)


def ended(reason: EndReason = EndReason.COMPLETED, call: str = "c1") -> Fact:
    return CallEnded(at=5, call=call, reason=reason, by=Party.CUSTOMER)


def passed_on(agent: str = "a", call: str = "c1") -> Fact:
    return CallTransferred(at=4, call=call, agent=agent, queue="p")


def commanded(command: str, call: str = "c1") -> Fact:
    return Commanded(at=4, by="boss", command=command, target=f"call:{call}")


def placed(call: str = "c1") -> Fact:
    return CallPrioritised(at=4, call=call, due_at=0, band=1, terms={})


SERVED = [queued(), offered(), over(), connected(), ended()]


def restored(call: str = "c1", at: int = 4) -> Fact:
    return queued(call, call.replace("c", "r"), restored=True, at=at)


LAWFUL = {
    "the store came back empty while he was connected": [
        *(*SERVED[:-1], restored(), connected(), ended()),
    ],
    "it came back empty while he was offered": [queued(), offered(offer="o0"), restored(), *SERVED[1:]],
    "it came back empty, and whom the agent had never came back": [
        *(queued("c2", "r2"), offered(offer="o2", call="c2"), queued(), restored()),
        *(offered("a", "o3"), over(OfferEnd.ACCEPTED, "a", "o3"), connected(), ended()),
    ],
    "served": SERVED,
    "left while waiting": [queued(), ended(EndReason.ABANDONED)],
    "declined, then served by another": [
        *(queued(), offered("b", "o0"), over(OfferEnd.DECLINED, "b", "o0"), waits()),
        *SERVED[1:],
    ],
    "left while offered": [queued(), offered(), over(OfferEnd.RESCINDED), ended(EndReason.ABANDONED)],
    "the agent was lost, and another went on": [
        *(*SERVED[:-1], waits(reason=RequeueReason.AGENT_LOST)),
        *(offered("b", "o2"), over(OfferEnd.ACCEPTED, "b", "o2"), connected("b"), ended()),
    ],
    "passed on, and served by another": [
        *(*SERVED[:-1], passed_on(), waits(reason=RequeueReason.TRANSFERRED)),
        *(offered("b", "o2"), over(OfferEnd.ACCEPTED, "b", "o2"), connected("b"), ended()),
    ],
    "given another place, and assigned": [
        *(queued(), commanded("call.prioritise"), placed(), commanded("call.assign"), *SERVED[1:]),
    ],
    "ended by a supervisor while offered": [
        *(queued(), offered(), commanded("call.end"), over(OfferEnd.RESCINDED), ended(EndReason.CANCELLED)),
    ],
    "one agent, one call after another": [
        *(*SERVED, queued("c2", "r2"), offered("a", "o2", "c2")),
        *(over(OfferEnd.ACCEPTED, "a", "o2", "c2"), connected("a", "c2"), ended(call="c2")),
    ],
}


@pytest.mark.parametrize("facts", LAWFUL.values(), ids=LAWFUL)
def test_a_lawful_story_breaks_nothing(facts: list[Fact]) -> None:
    assert list(violations(facts, {"r1": False}, complete=True)) == []


BROKEN = {
    "two re-created calls of one agent": (
        [queued(), queued("c2", "r2"), restored(), connected(), restored("c2", 5), connected(call="c2")],
        "agent a got call c2 while he had c1",
    ),
    "assigned twice": ([*SERVED[:-1], connected("b"), ended()], "c1 was assigned twice: to a and b"),
    "an agent with two calls": (
        [*SERVED[:-1], queued("c2", "r2"), offered("a", "o2", "c2")],
        "agent a got call c2 while he had c1",
    ),
    "connected to an agent on a call": (
        [*SERVED[:-1], queued("c2", "r2"), connected("a", "c2")],
        "agent a got call c2 while he had c1",
    ),
    "offered to two": (
        [queued(), offered(), offered("b", "o2"), over(OfferEnd.EXPIRED, "b", "o2"), waits()],
        "call c1 went to b while a had it",
    ),
    "an offer that ends twice": (
        [queued(), offered(), over(OfferEnd.DECLINED), over(OfferEnd.EXPIRED), waits()],
        "offer o1 of call c1 ended, but it was not pending",
    ),
    "an offer forgotten by its call": ([queued(), offered(), ended()], "offer o1 of call c1 never ended"),
    "an offer that pends at the end": ([queued(), offered()], "offer o1 of call c1 never ended"),
    "an offer made twice": (
        [queued(), offered(), over(OfferEnd.DECLINED), waits(), offered(), over()],
        "offer o1 was made twice",
    ),
    "something after the end": ([*SERVED, offered("a", "o2")], "call_offered of call c1, which had ended"),
    "a call from nowhere": ([*SERVED, ended(call="c9")], "call_ended of call c9, which nobody asked for"),
    "two calls of one request": ([*SERVED, queued("c2"), ended(call="c2")], "r1 became two calls: c1 and c2"),
    "a call that was lost": (
        [queued(), ended(EndReason.CUSTOMER_LOST)],
        "request r1 was lost: call c1 ended customer_lost",
    ),
    "passed on by who did not have it": (
        [*SERVED[:-1], passed_on("b"), waits(reason=RequeueReason.TRANSFERRED), ended()],
        "agent b passed on call c1, which he did not have",
    ),
    "passed on before it was his": ([queued(), offered(), passed_on()], "a passed on call c1"),
    "passed on and kept": (
        [*SERVED[:-1], passed_on(), queued("c2", "r2"), offered("a", "o2", "c2")],
        "agent a got call c2 while he had c1",
    ),
    "given a place while it was talked": ([*SERVED[:-1], placed()], "c1 was given a place while a had it"),
    "ended by a supervisor who never said so": (
        [queued(), commanded("call.prioritise"), ended(EndReason.CANCELLED)],
        "request r1 was lost: call c1 ended cancelled",
    ),
    "a request that was lost": ([], "request r1 was lost: it is not in the journal"),
}


@pytest.mark.parametrize(("facts", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_story_is_told(facts: list[Fact], expected: str) -> None:
    found = list(violations(facts, {"r1": False}, complete=True))
    assert any(expected in line for line in found), found


def test_who_was_refused_is_not_lost() -> None:
    assert list(violations([], {"r1": True}, complete=True)) == []


def test_a_day_that_was_cut_short_may_have_an_offer_pending() -> None:
    assert list(violations([queued(), offered()], {"r1": False}, complete=False)) == []
