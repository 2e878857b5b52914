"""A served day as a scenario: the rows of agents and callers, and which of them a range has."""

import pytest
from recorded import agent, call, recorded
from told import Told, at

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party
from engine.replay.journal.recording import NothingToRecord
from engine.replay.replies import Answer, Reply
from engine.replay.rows import AgentRow, Break, CallRow, Drop

# rows


def test_an_agent_s_day() -> None:
    day = Told()
    day.logs_in(10, "ani", "general", "cards", skills={"loan": 2}, ready=False)
    day.moves(12.5, "ani", AgentState.READY)
    day.asks(20, "a")
    day.offered(20.004, "a", "ani")
    day.ends_offer(22.5, "a", OfferEnd.ACCEPTED)
    day.hung_up(40, "a")
    day.moves(45, "ani", AgentState.READY)
    day.asks(50, "b")
    day.offered(50, "b", "ani")
    day.ends_offer(53, "b", OfferEnd.DECLINED)
    day.moves(58.003, "ani", AgentState.READY)
    day.asks(70, "c")
    day.offered(70, "c", "ani")
    day.ends_offer(85.002, "c", OfferEnd.EXPIRED)
    day.moves(95, "ani", AgentState.READY)
    day.moves(100, "ani", AgentState.NOT_READY, "break")
    day.moves(160, "ani", AgentState.NOT_READY, "prayer")
    day.moves(190, "ani", AgentState.READY)
    day.tell(f.LinkLost(at=at(200), who="agent:ani"))
    day.moves(200, "ani", AgentState.OFFLINE, "lost")
    day.logs_in(207, "ani", "general", "cards", skills={"loan": 2}, ready=False)
    day.moves(208, "ani", AgentState.READY)
    day.moves(300, "ani", AgentState.OFFLINE)
    for name in "bc":
        day.left(310, name)
    assert agent(recorded(day)) == AgentRow(
        id="ani",
        login_s=12.5,
        logout_s=300,
        queues=("general", "cards"),
        skills={"loan": 2},
        answer_ms=2_500,
        accept=0.333,
        breaks=(Break(at_s=100, for_ms=90_000),),
        drops=(Drop(at_s=200, for_ms=8_000),),
        replies=(
            Reply(after_ms=2_500, wrap_up_ms=5_000),
            Reply(how=Answer.DECLINED, after_ms=3_000),
            Reply(how=Answer.NO_ANSWER, back_ms=10_000),
        ),
    )


def test_whoever_left_while_he_waited_again_did_not_end_the_talk_before_that() -> None:
    """Passed on after 8 s, he gave up after 20: had it gone on he would have talked for longer."""
    day = Told()
    day.logs_in(0, "ani")
    day.asks(10, "a", request="a")
    day.served(10, "a", "ani")
    day.passed_on(18, "a", "ani", "general")
    day.left(30, "a")
    day.moves(48, "ani", AgentState.READY)
    row = call(recorded(day), "a")
    assert (row.handle_s, row.patience_s) == (9, 20)


def test_what_was_asked_for_while_busy_is_asked_for_while_busy() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(10, "a")
    day.served(10, "a", "ani")
    day.hung_up(40, "a")
    day.moves(70, "ani", AgentState.NOT_READY, "break")
    day.moves(100, "ani", AgentState.READY)
    day.asks(110, "b")
    day.served(110, "b", "ani")
    day.hung_up(140, "b")
    day.moves(170, "ani", AgentState.OFFLINE)
    row = agent(recorded(day))
    assert row.breaks == (Break(at_s=40.001, for_ms=30_000),)
    assert row.logout_s == 140.001


def test_an_agent_who_comes_back_with_other_skills_is_another_row() -> None:
    day = Told()
    day.logs_in(0, "ani", "general")
    day.moves(50, "ani", AgentState.OFFLINE)
    day.logs_in(60, "ani", "cards")
    day.tell(f.LinkLost(at=at(80), who="agent:ani"))
    day.moves(80, "ani", AgentState.OFFLINE, "lost")
    day.logs_in(90, "ani", "general", skills={"loan": 1})
    day.asks(95, "a")
    rows = [(r.login_s, r.logout_s, r.queues, dict(r.skills)) for r in recorded(day).scenario.agents]
    assert rows == [
        (0, 50, ("general",), {}),
        (60, 80, ("cards",), {}),
        (90, None, ("general",), {"loan": 1}),
    ]


def test_an_agent_who_never_came_back_stays_away() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.tell(f.LinkLost(at=at(50), who="agent:ani"))
    day.moves(50, "ani", AgentState.OFFLINE, "lost")
    day.asks(60, "a")
    day.left(100, "a")
    row = agent(recorded(day))
    assert row.drops == (Drop(at_s=50, for_ms=51_000),)


def test_callers_come_wait_talk_and_leave() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(5, "served", tier="vip", skills={"loan": 2})
    day.asks(6, "left")
    day.asks(7, "expired")
    day.asks(8, "cancelled")
    day.asks(9, "lost")
    day.tell(f.LinkLost(at=at(9.5), who="customer:of-served", call="served", until=at(30)))
    day.tell(f.LinkBack(at=at(11), who="customer:of-served", call="served"))
    day.served(12, "served", "ani")
    day.left(20, "left")
    day.left(21, "expired", EndReason.EXPIRED)
    day.left(22, "cancelled", EndReason.CANCELLED)
    day.tell(f.LinkLost(at=at(23), who="customer:of-lost", call="lost", until=at(43)))
    day.left(43, "lost", EndReason.CUSTOMER_LOST)
    day.hung_up(52.25, "served")
    made = recorded(day)
    row = CallRow(id="served", arrive_s=5, queue="general", tier="vip", skills={"loan": 2}, handle_s=40.25)
    assert call(made, "served") == CallRow(
        **{name: getattr(row, name) for name in ("id", "arrive_s", "queue", "tier", "skills", "handle_s")},
        drops=(Drop(at_s=9.5, for_ms=1_500),),
    )
    patience = {row.id: row.patience_s for row in made.scenario.calls}
    assert patience == {"served": None, "left": 14, "expired": None, "cancelled": 14, "lost": None}
    assert call(made, "lost").drops == (Drop(at_s=23, for_ms=21_000),)
    assert call(made, "left").handle_s == 40.25, "as those of his queue talk on average"


def test_a_caller_who_is_lost_in_a_call_would_have_gone_on() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(5, "x")
    day.served(5, "x", "ani")
    day.tell(f.LinkLost(at=at(20), who="customer:of-x", call="x", until=at(50)))
    end = f.CallEnded(at=at(50), call="x", reason=EndReason.CUSTOMER_LOST, by=Party.SYSTEM, agent="ani")
    day.tell(end)
    day.moves(50, "ani", AgentState.WRAP_UP, call="x")
    made = recorded(day)
    assert (call(made, "x").handle_s, call(made, "x").drops) == (46, (Drop(at_s=20, for_ms=31_000),))


def test_a_call_of_several_talks_is_ended_by_its_last_agent() -> None:
    day = Told()
    for name in ("ani", "budi"):
        day.logs_in(0, name, "general", "cards")
    day.asks(5, "x")
    day.served(5, "x", "ani")
    day.passed_on(65, "x", "ani", "cards")
    day.served(65, "x", "budi")
    day.hung_up(75, "x")
    made = recorded(day)
    assert call(made, "x").handle_s == 61
    assert agent(made).replies == (Reply(pass_on_ms=60_000, queue="cards"),)
    assert agent(made, "budi").replies == (Reply(hang_up_ms=10_000),)


# ranges


def test_a_range_begins_with_those_who_were_there_and_follows_its_callers_to_their_ends() -> None:
    day = Told()
    for s, name in ((0, "ani"), (30, "budi"), (60, "cici")):
        day.logs_in(s, name)
    day.asks(90, "before")
    day.served(90, "before", "ani")
    day.asks(110, "a")
    day.served(110, "a", "budi")
    day.hung_up(130, "before", wrap_up=False)
    day.asks(199, "b")
    day.asks(200, "after")
    day.served(205, "b", "cici")
    day.logs_in(210, "dedi")
    day.hung_up(300, "b")
    made = recorded(day, from_s=100, to_s=200)
    assert [row.id for row in made.scenario.calls] == ["a", "b"]
    assert [(row.id, row.login_s) for row in made.scenario.agents] == [
        *(("budi", 0), ("cici", 0.001), ("ani", 30)),
    ]
    assert call(made, "b").handle_s == 95
    assert all(row.replies == () for row in made.scenario.agents), (
        "they all answered at once, as their rows say"
    )
    assert "1 calls were waiting or talking when it began, and are left out" in made.notes
    assert "1 calls had not ended when the journal did" in made.notes


def test_second_0_is_the_whole_minute_before_all() -> None:
    day = Told()
    day.logs_in(3 * 3600 + 61, "ani")
    day.asks(3 * 3600 + 70, "x")
    made = recorded(day)
    assert (made.zero_at, made.scenario.clock) == (at(3 * 3600 + 60), "03:01")
    assert call(made, "x").arrive_s == 10


def test_where_there_is_nothing_to_record_it_is_said() -> None:
    for day, expected in ((Told(), "empty"), (Told(), "no agent"), (Told(), "nobody asked")):
        if expected == "no agent":
            day.asks(1, "x")
        elif expected == "nobody asked":
            day.logs_in(1, "ani")
        with pytest.raises(NothingToRecord, match=expected):
            recorded(day)
