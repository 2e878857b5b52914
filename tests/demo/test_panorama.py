"""What there is to see: every difference is a moment, once; and a screen that fits the terminal."""

from io import StringIO

import pytest
from attrs import evolve
from rich.console import Console

from engine.demo.panorama import Panorama, What
from engine.demo.screen import WIDE, counters, lines, screen, status
from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd
from engine.domain.model import Agent, Call, Customer, Record
from engine.domain.news import Changed, Resynced

WHY = (
    '{"waited_ms":4000,"terms":{"tier vip":60000},"band":0,"step":0,"considered":{},"select":"longest_idle",'
    '"passed_over":0}'
)
WAITING = Call(
    id="c1",
    queue="general",
    customer="k1",
    customer_name="Ayu",
    state=CallState.WAITING,
    since_at=1_000,
    enqueued_at=1_000,
    due_at=1_000,
    version=1,
)
OFFERED = evolve(WAITING, state=CallState.OFFERED, since_at=5_000, offer="o1", agent="a1", why=WHY, version=2)
CONNECTED = evolve(OFFERED, state=CallState.CONNECTED, since_at=6_000, version=3)
ENDED = evolve(CONNECTED, state=CallState.ENDED, since_at=9_000, end_reason=EndReason.COMPLETED, version=4)
READY = Agent(id="a1", name="Sari", state=AgentState.READY, since_at=500, queues=("general",), version=1)


def told(panorama: Panorama, *records: Record) -> list[What]:
    """What happened, once the panorama has heard of these, each in a change of its own."""
    panorama.moments.clear()
    for record in records:
        panorama.news(Changed(1, {record.ref: record}))
    return [moment.what for moment in panorama.moments]


def test_the_life_of_a_call() -> None:
    panorama = Panorama()
    told(panorama, READY)
    assert told(panorama, WAITING, OFFERED, CONNECTED, ENDED) == [
        What.ASKED,
        What.ASSIGNED,
        What.CONNECTED,
        What.TALKED,
    ]
    assert counters(panorama) == (
        "1 asked, 1 assigned, 1 connected (mean wait 5 s), 1 done, "
        "0 gave up, 0 declined, 0 not answered, 0 lost"
    )


def test_news_that_repeats_or_comes_late_is_no_moment() -> None:
    panorama = Panorama()
    told(panorama, WAITING, OFFERED)
    assert told(panorama, OFFERED, WAITING) == []
    assert panorama.calls["c1"] == OFFERED


def test_what_a_resync_brings_has_happened_before() -> None:
    panorama = Panorama()
    customer = Customer(id="k1", version=1)
    panorama.news(Resynced(1, "era", {r.ref: r for r in (OFFERED, READY, customer)}))
    assert not panorama.moments
    assert told(panorama, customer, CONNECTED) == [What.CONNECTED]


def test_offers_that_come_to_nothing() -> None:
    panorama = Panorama()
    declined = evolve(READY, last_offer="o1", last_offer_end=OfferEnd.DECLINED, version=2)
    expired = evolve(READY, last_offer="o2", last_offer_end=OfferEnd.EXPIRED, version=3)
    accepted = evolve(READY, last_offer="o3", last_offer_end=OfferEnd.ACCEPTED, version=4)
    assert told(panorama, READY, declined, expired, accepted) == [What.DECLINED, What.UNANSWERED]
    said = [line.text for line in lines(panorama, tuple(panorama.moments), 0)]
    assert said == [
        "Sari declined: the call goes back to its place",
        "Sari did not answer: the call goes back to its place",
    ]


def test_how_a_wait_may_end() -> None:
    panorama = Panorama()
    left = evolve(WAITING, state=CallState.ENDED, end_reason=EndReason.ABANDONED, since_at=3_000, version=2)
    lost = evolve(left, id="c2", end_reason=EndReason.CUSTOMER_LOST)
    assert told(panorama, left, lost) == [What.ASKED, What.LEFT, What.ASKED, What.LOST]
    said = [str(line) for line in lines(panorama, tuple(panorama.moments), 1_000)]
    assert said == [
        "    2.0 s  Ayu (general) gave up after 2 s",
        "    2.0 s  Ayu (general) was lost after 2 s",
    ]


def test_what_is_deleted_is_gone() -> None:
    panorama = Panorama()
    told(panorama, READY, WAITING)
    panorama.news(Changed(2, {READY.ref: None, WAITING.ref: None, "customer:k1": None}))
    assert (panorama.calls, panorama.agents) == ({}, {})


def test_an_assignment_says_who_got_whom_and_why() -> None:
    panorama = Panorama()
    vip = evolve(OFFERED, tier="vip", skills={"loan": 1})
    told(panorama, READY, WAITING, vip)
    [line] = lines(panorama, tuple(panorama.moments), 0)
    assert line.text == (
        "Sari gets Ayu (general, vip, needs loan): waited 4 s; counts as 1:00 earlier (tier vip); "
        "nobody else was free"
    )


def test_the_present_is_a_line() -> None:
    panorama = Panorama()
    told(panorama, READY, WAITING)
    assert status(panorama, ["general", "premium"], 8_000) == (
        "general: 1 waiting, longest 7 s; premium: 0 waiting; 1 ready"
    )


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (150, 45)])
def test_a_screen_shows_everything_and_fits(width: int, height: int) -> None:
    panorama = Panorama()
    agents = [evolve(READY, id=f"a{n}", name=f"Agent {n}") for n in range(7)]
    resting = evolve(READY, id="z", name="Wati", state=AgentState.NOT_READY, reason="no_answer")
    gone = evolve(READY, id="y", name="Nobody", state=AgentState.OFFLINE)
    told(panorama, *agents, resting, gone, WAITING, evolve(OFFERED, tier="vip", skills={"loan": 1}))
    recent = lines(panorama, tuple(panorama.moments) * 60, 0)
    console = Console(width=width, height=height, record=True, file=StringIO())
    console.print(
        screen(panorama, recent, ["general", "premium"], ["join", "  by", "  this"], 9_000, *console.size)
    )
    shown = console.export_text().splitlines()
    assert height - 3 <= len(shown) < height
    text = "\n".join(shown)
    for word in (
        "premium",
        "Agent 6",
        "no answer",
        "Wati",
        "Agent 1 gets Ayu",
        "nobody else was free",
        "1 asked",
    ):
        assert word in text
    assert shown[-1] == "  this"
    assert ("serves" in text) is (width >= WIDE)
    assert "Nobody" not in text
