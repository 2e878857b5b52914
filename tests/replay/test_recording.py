"""A served day as a scenario: its rows, its rules, and that a replay makes the same assignments."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from actors.test_life_at_random import POLICY as LIFE
from stories import IN_VIRTUAL_TIME
from told import JAKARTA, Told, at, lived_at_random

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason
from engine.domain.rules import Policy, Queue, Rule, Select
from engine.policy_file import Named
from engine.replay import live
from engine.replay.call_log import import_call_log
from engine.replay.journal.likeness import Cause, Likeness, Run, compare
from engine.replay.journal.recording import NothingToRecord, Recorded, record
from engine.replay.journal.sources import Journal, ResultJournal, journal_of
from engine.replay.replies import Answer, Reply
from engine.replay.rows import AgentRow, Break, CallRow, Drop, Refusal
from engine.replay.scenario import Scenario, dump_scenario, load_scenario
from engine.replay.virtual import replay

BANK = Path(os.environ.get("GILIRAN_BANK_DATA", Path(__file__).parents[3] / "shared" / "data" / "bank1999"))
POLICY = Policy(queues={name: Queue(name=name, wrap_up_ms=30_000) for name in ("general", "cards")})


def recorded(
    day: Told, policy: Policy = POLICY, from_s: float | None = None, to_s: float | None = None
) -> Recorded:
    edges = {"from_at": None if from_s is None else at(from_s), "to_at": None if to_s is None else at(to_s)}
    made = record(day.journal(JAKARTA), policy, name="day", **edges)
    assert list(made.scenario.mistakes()) == []
    return made


def served_again(made: Recorded, journal: Journal) -> Likeness:
    again = replay(made.scenario)
    day, other = Run(made.facts, made.zero_at), Run(again.facts, again.start_at, by_request=True)
    return compare(day, other, tie_ms=journal.latency_ms)


def agent(made: Recorded, name: str = "ani") -> AgentRow:
    [row] = [row for row in made.scenario.agents if row.id == name]
    return row


def call(made: Recorded, name: str) -> CallRow:
    [row] = [row for row in made.scenario.calls if row.id == name]
    return row


# days that are served again


@pytest.mark.parametrize("story", IN_VIRTUAL_TIME)
def test_a_story_is_recorded_and_comes_out_the_same(story: Path, tmp_path: Path) -> None:
    day = load_scenario(story)
    journal = journal_of(replay(day).to_json())
    made = record(journal, day.policy, name="again")
    file = tmp_path / "again.toml"
    file.write_text(dump_scenario(made.scenario))
    assert load_scenario(file) == made.scenario
    like = served_again(made, journal)
    if day.faults:
        assert Cause.UNEXPLAINED not in {d.cause for d in like.differences}
    else:
        assert (like.same, like.differences) == (like.first, ())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_life_at_random_is_lived_again_to_the_millisecond(seed: int) -> None:
    """With links that drop, agents who decline, rest, let it ring, pass calls on and end wrap-up early."""
    journal = ResultJournal(lived_at_random(seed, calm=True))
    made = record(journal, LIFE, name="life")
    like = served_again(made, journal)
    assert (like.first, like.same, like.off_ms, like.differences) == (like.first, like.first, 0, ())
    assert like.first > 40
    assert made.notes == ()
    replies = [reply for row in made.scenario.agents for reply in row.replies]
    assert {reply.how for reply in replies} == set(Answer)
    assert any(reply.pass_on_ms for reply in replies)
    assert any(row.drops for row in made.scenario.calls)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_supervisors_and_a_nemesis_did_is_said_and_explains_the_differences(seed: int) -> None:
    journal = ResultJournal(lived_at_random(seed))
    made = record(journal, LIFE, name="life")
    assert any(note.startswith("supervisors' call.prioritise") for note in made.notes)
    assert any("was given other queues or skills" in note for note in made.notes)
    like = served_again(made, journal)
    assert Cause.UNEXPLAINED not in {d.cause for d in like.differences}


@pytest.mark.skipif(not BANK.is_dir(), reason=f"no bank data at {BANK.name}: set GILIRAN_BANK_DATA")
def test_two_hours_of_a_real_day_are_served_again_to_the_millisecond() -> None:
    day = import_call_log(
        BANK / "1999-10-12.calls.csv",
        BANK / "1999-10-12.agents.csv",
        name="day",
        head_starts_ms={"priority": 90_000},
    ).between(9 * 3600, 11 * 3600)
    journal = journal_of(replay(day).to_json())
    like = served_again(record(journal, day.policy, name="again"), journal)
    assert (like.same, like.off_ms, like.differences) == (like.first, 0, ())
    assert like.first > 100


#: Scenario seconds a second: a second of the day is a tenth of the machine's.
SPEED = 10.0


def test_a_live_day_is_served_again_in_virtual_time(record_property: Callable[[str, object], None]) -> None:
    """Real sockets, a real store, a machine that takes its time: the same assignments in the same order."""
    random = Random(3)
    day = Scenario(
        name="day",
        queues=(
            Queue(name="general", ring_ms=15_000, wrap_up_ms=4_000),
            Queue(name="cards", wrap_up_ms=6_000),
        ),
        rules=(Rule(when={"tier": ("priority",)}, head_start_ms=20_000),),
        agents=(
            AgentRow(id="ani", login_s=0, queues=("general",), answer_ms=2_000),
            AgentRow(
                id="budi", login_s=3, logout_s=55, queues=("general", "cards"), answer_ms=3_000, accept=0.7
            ),
            AgentRow(
                id="cici",
                login_s=6,
                queues=("cards", "general"),
                answer_ms=1_000,
                accept=0.8,
                refusal=Refusal.DECLINED,
                breaks=(Break(at_s=20, for_ms=8_000),),
            ),
        ),
        calls=tuple(
            CallRow(
                id=f"c{n}",
                arrive_s=4 + 3 * n,
                queue=random.choice(["general", "general", "cards"]),
                tier=random.choice(["regular", "priority"]),
                handle_s=random.randint(3, 12),
                patience_s=25 if n % 5 == 4 else None,
            )
            for n in range(15)
        ),
    )
    result = live.replay(day, speed=SPEED).to_json()
    assert result["violations"] == []
    journal = journal_of(result)
    made = record(journal, day.policy, name="again")
    like = served_again(made, journal)
    record_property("assignments", like.first)
    record_property("standing alike", like.same)
    record_property("instants off by at most, ms of the machine", like.off_ms / SPEED)
    assert like.first >= 10
    causes = [d.cause for d in like.differences]
    assert not causes or (causes[0] is Cause.TIE and Cause.UNEXPLAINED not in causes), like.differences


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


# rules

GOLD = Rule(when={"segment": ("gold", "platinum")}, head_start_ms=60_000)
FRAUD = Rule(when={"flag": ("fraud",), "tier": ("regular",)}, band=5)
RULES = Policy(
    queues={"general": Queue(name="general", head_start_ms=5_000)},
    rules=(Rule(when={"tier": ("priority",)}, head_start_ms=90_000), GOLD, FRAUD),
)


def asked(*calls: tuple[str, str, dict[str, int], int]) -> Told:
    day = Told()
    day.logs_in(0, "ani")
    for n, (name, tier, terms, band) in enumerate(calls):
        day.asks(10 + n, name, tier=tier, terms=terms, band=band)
    return day


def test_where_the_rules_give_the_places_they_stay_and_calls_get_what_they_ask_for() -> None:
    own = {"queue general": 5_000}
    day = asked(
        ("plain", "regular", own, 0),
        ("vip", "priority", {**own, "tier priority": 90_000}, 0),
        ("gold", "regular", {**own, "segment": 60_000}, 0),
        ("fraud", "regular", own, 5),
    )
    made = recorded(day, RULES)
    assert made.scenario.rules == RULES.rules
    assert {row.id: dict(row.attributes) for row in made.scenario.calls} == {
        "plain": {},
        "vip": {},
        "gold": {"segment": "gold"},
        "fraud": {"flag": "fraud"},
    }
    assert made.notes == ("4 calls had not ended when the journal did",)


def test_where_they_do_not_the_head_starts_themselves_are_rules() -> None:
    old = {"tier priority": 30_000}
    day = asked(("plain", "regular", {}, 0), ("vip", "priority", old, 0), ("other", "priority", old, 2))
    made = recorded(day, RULES)
    assert (
        "the rules as configured do not give the calls their places; their head starts are recorded"
        in made.notes
    )
    policy = made.scenario.policy
    places = {
        row.id: policy.prioritise(row.queue, row.tier, row.attributes, 0) for row in made.scenario.calls
    }
    assert {name: (place.due_at, place.band) for name, place in places.items()} == {
        "plain": (0, 0),
        "vip": (-30_000, 0),
        "other": (-30_000, 2),
    }


def test_queues_are_as_they_were_served() -> None:
    day = Told()
    day.logs_in(0, "ani", "general", "cards")
    day.asks(10, "a")
    day.asks(11, "gone")
    day.offered(10, "a", "ani", select="best_skill")
    offer = day.facts[-2]
    assert isinstance(offer, f.CallOffered)
    day.facts[-2] = f.CallOffered(
        at=offer.at, call="a", agent="ani", offer=offer.offer, until=at(40), why=offer.why
    )
    day.ends_offer(12, "a", OfferEnd.ACCEPTED)
    day.hung_up(50, "a")
    day.moves(95.02, "ani", AgentState.READY)
    day.asks(100, "b", "cards")
    day.served(100, "b", "ani")
    day.hung_up(110, "b", wrap_up=False)
    day.left(611.01, "gone", EndReason.EXPIRED)
    made = recorded(day)
    general, cards = made.scenario.queues
    assert (general.ring_ms, general.wrap_up_ms, general.max_wait_ms) == (30_000, 45_000, 600_000)
    assert general.select is Select.BEST_SKILL
    assert cards.wrap_up_ms == 0
    assert made.notes[:2] == (
        "queue general was served with ring 30s, wrap_up 45s, max_wait 10m, select best_skill, "
        "not as configured",
        "queue cards was served with wrap_up 0s, not as configured",
    )


def test_a_maximum_wait_that_nobody_was_held_to_was_none() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(0, "a")
    day.served(7200, "a", "ani")
    assert recorded(day).scenario.queues[0].max_wait_ms is None


def test_names_that_the_rules_no_longer_have_are_there() -> None:
    policy = Policy(
        queues={"general": Queue(name="general", tiers=("priority",), open=False, max_waiting=1)},
        tiers=("priority",),
        skills=("card",),
        reasons=("break",),
    )
    day = Told()
    day.logs_in(0, "ani", "general", "old", skills={"loan": 1})
    day.moves(1, "ani", AgentState.NOT_READY, "prayer")
    day.moves(5, "ani", AgentState.READY)
    day.asks(10, "a", "old", tier="gone")
    day.asks(11, "b", tier="regular", skills={"loan": 1})
    made = recorded(day, policy)
    assert [word.name for word in made.scenario.tiers] == ["priority", "gone", "regular"]
    assert made.scenario.skills == (Named("card"), Named("loan"))
    assert [word.name for word in made.scenario.reasons] == ["break", "prayer"]
    assert {queue.name: queue.tiers for queue in made.scenario.queues} == {
        "old": (),
        "general": ("priority", "regular"),
    }
    assert all(queue.open and queue.max_waiting is None for queue in made.scenario.queues)


def test_what_a_replay_does_not_do_again_is_said() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(1, "a")
    day.tell(f.Commanded(at=at(2), by="boss", command="queue.pause", target="queue:general"))
    day.tell(f.RulesReloaded(at=at(3), rules="r2"))
    day.tell(f.DeadlinesShifted(at=at(4), who="call:a", by_ms=500))
    day.asks(1, "a", restored_s=5)
    day.served(6, "a", "ani")
    day.requeued(9, "a", RequeueReason.AGENT_LOST)
    day.left(10, "a")
    assert recorded(day).notes == (
        "supervisors' queue.pause: 1 times, not commanded again",
        "the rules were read again while it was served",
        "the store was away for a while",
        "the store came back empty, and calls were placed anew",
    )
