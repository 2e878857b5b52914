"""Scenarios: what is written is what is read, and bad rows are named by line and column."""

from pathlib import Path

import pytest

from engine.domain.rules import Queue, Rule, Select, Step
from engine.policy_file import Named
from engine.replay.call_log import import_call_log
from engine.replay.expectations import Expectation, Measure, failures, summary
from engine.replay.rows import AgentRow, CallRow
from engine.replay.scenario import Scenario, dump_scenario, load_scenario
from engine.tables import ConfigError

CALLS = "call_id,arrive_s,queue,tier,skills,handle_s,patience_s\n"
AGENTS = "agent_id,login_s,logout_s,queues,skills\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def told(caught: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [str(m) for m in caught.value.mistakes]


FULL = Scenario(
    name="full",
    seed=7,
    end_s=90_000.5,
    tiers=(Named("regular"), Named("vip", {"id": 'Isti"mewa\n\x7f', "en": "VIP"})),
    queues=(
        Queue(name="a", select=Select.BEST_SKILL, max_wait_ms=None, wrap_up_ms=0, ring_ms=250),
        Queue(name="b", steps=(Step(after_ms=90_000, drop_skills=("*",), queues=("a",)),), open=False),
    ),
    rules=(Rule(when={"tier": ("vip",), "city": ("Kota Bandung", "Ubud")}, head_start_ms=5_400_000, band=2),),
    expect=(Expectation(measure=Measure.MEAN_WAIT_S, max=20.5, tier="vip"),),
    agents=(
        AgentRow(id="x", login_s=0, logout_s=10.25, queues=("a", "b"), skills={"loan": 1, "card": 3}),
        AgentRow(id="x", login_s=20, queues=("a",), skills={"loan": 1}, answer_ms=2_000, accept=0.9),
    ),
    calls=(
        CallRow(id="c1", arrive_s=1.125, queue="a", handle_s=60),
        CallRow(
            id="c2",
            arrive_s=2,
            queue="b",
            tier="vip",
            skills={"loan": 2},
            handle_s=0,
            patience_s=30,
            attributes={"city": "Kota Bandung"},
        ),
    ),
)


def test_a_scenario_is_read_as_it_is_written(tmp_path: Path) -> None:
    assert load_scenario(write(tmp_path / "full.toml", dump_scenario(FULL))) == FULL


def test_a_scenario_by_hand_takes_rows_from_files_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "c.csv", CALLS + "c2,5,q,,loan card,30,\n")
    write(tmp_path / "a.csv", AGENTS + "a1,0,,q,loan\n")
    path = write(
        tmp_path / "story.one.toml",
        """
        calls_csv = "c.csv"
        agents_csv = "a.csv"
        agents = [{ id = "a0", login_s = 0, queues = ["q"], skills = { x = 2 }, answer = "3s", accept = 0.5 }]
        calls = [{ id = "c1", arrive_s = 1, queue = "q", handle_s = 9, patience_s = 60 }]
        [[queues]]
        name = "q"
        [[expect]]
        measure = "served"
        min = 2
        """,
    )
    scenario = load_scenario(path)
    assert scenario.name == "story-one"
    assert [(a.id, a.skills, a.answer_ms, a.accept) for a in scenario.agents] == [
        ("a0", {"x": 2}, 3_000, 0.5),
        ("a1", {"loan": 1}, 0, 1.0),
    ]
    assert [(c.id, c.tier, c.skills, c.patience_s) for c in scenario.calls] == [
        ("c1", "regular", {}, 60.0),
        ("c2", "regular", {"loan": 1, "card": 1}, None),
    ]


def test_an_imported_day_holds_everything_itself(tmp_path: Path) -> None:
    calls = write(
        tmp_path / "c.csv", "\ufeff" + CALLS + "c1,0,bank,priority,PS,9,\r\n\r\nc2,1.5,loans,regular,,0,7\r\n"
    )
    agents = write(tmp_path / "a.csv", AGENTS + "a1,0,,bank loans,PS IN\n")
    day = import_call_log(calls, agents, name="day", head_starts_ms={"priority": 90_000, "none": 0})
    assert [q.name for q in day.queues] == ["bank", "loans"]
    for queue in day.queues:
        assert (queue.wrap_up_ms, queue.max_wait_ms) == (8_000, None)
        assert queue.select is Select.LEAST_FLEXIBLE
    assert day.rules == (Rule(when={"tier": ("priority",)}, head_start_ms=90_000),)
    assert [c.patience_s for c in day.calls] == [None, 7.0]
    assert day.agents[0].answer_ms == 0
    assert load_scenario(write(tmp_path / "day.toml", dump_scenario(day))) == day


def test_a_part_of_the_day_begins_at_second_zero() -> None:
    rows = (
        AgentRow(id="before", login_s=0, logout_s=100, queues=("a",)),
        AgentRow(id="across", login_s=50, logout_s=150, queues=("a",)),
        AgentRow(id="within", login_s=120, queues=("a",)),
        AgentRow(id="after", login_s=200, queues=("a",)),
    )
    calls = tuple(CallRow(id=f"c{at}", arrive_s=at, queue="a", handle_s=1) for at in (99, 100, 199, 200))
    day = Scenario(name="day", queues=(Queue(name="a"),), agents=rows, calls=calls, end_s=300)
    part = day.between(100, 200)
    assert [(a.id, a.login_s, a.logout_s) for a in part.agents] == [("across", 0, 50), ("within", 20, None)]
    assert [(c.id, c.arrive_s) for c in part.calls] == [("c100", 0), ("c199", 99)]


def test_an_agent_is_not_in_two_places_at_once(tmp_path: Path) -> None:
    rows = (AgentRow(id="x", login_s=0, queues=("a",)), AgentRow(id="x", login_s=20, queues=("a",)))
    twice = Scenario(name="twice", queues=(Queue(name="a"),), agents=rows)
    with pytest.raises(ConfigError) as caught:
        load_scenario(write(tmp_path / "twice.toml", dump_scenario(twice)))
    assert told(caught) == ["agents = 'x': expected a log-out before the log-in at 20 s"]


def test_a_row_that_fits_nothing_is_told(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.toml",
        """
        tiers = ["regular"]
        calls = [{ id = "c", arrive_s = 1, queue = "p", tier = "vip", handle_s = -1 }]
        agents = [{ id = "a", login_s = 9, logout_s = 8, queues = [], accept = 2 }]
        expect = [
          { measure = "served", min = 2, max = 1, queue = "p" },
          { measure = "served", tier = "regular", call = "d", agent = "b" },
          { order = ["c", "c"], tier = "vip" },
          { order = ["c", "e"] },
          { call = "c" },
        ]
        [[queues]]
        name = "q"
        """,
    )
    with pytest.raises(ConfigError) as caught:
        load_scenario(path)
    assert [line.partition(":")[0] for line in told(caught)] == [
        "calls[0].handle_s = -1",
        "calls[0].queue = 'p'",
        "calls[0].tier = 'vip'",
        "agents[0].logout_s = 8",
        "agents[0].queues",
        "agents[0].accept = 2",
        "expect[0].max = 1",
        "expect[0].queue = 'p'",
        "expect[1]",
        "expect[1].tier = 'regular'",
        "expect[1].agent = 'b'",
        "expect[1].call = 'd'",
        "expect[2].order = ['c', 'c']",
        "expect[2].tier = 'vip'",
        "expect[3].order = 'e'",
        "expect[4]",
    ]


def row(call_id: str, outcome: str, wait_s: float | None, tier: str = "regular") -> dict[str, object]:
    """Call c3 comes at second 3, and so on; a VIP is served by Ani, everybody else by Budi."""
    return {
        "call_id": call_id,
        "queue": "q",
        "tier": tier,
        "arrived_s": float(call_id[1:]),
        "outcome": outcome,
        "wait_s": wait_s,
        "agent_id": None if outcome != "served" else "ani" if tier == "vip" else "budi",
        "offers": 1,
    }


ROWS = [
    row("c1", "served", 0.0),
    row("c2", "served", 20.0),
    row("c3", "served", 40.0, "vip"),
    row("c4", "abandoned", 4.9),
    row("c5", "abandoned", 5.0),
    row("c6", "unserved", None),
]


def test_every_measure_of_a_day_counted_by_hand() -> None:
    assert summary(ROWS, {"q": 20.0}) == {
        "calls": 6,
        "served": 3,
        "abandoned": 2,
        "unserved": 1,
        "abandonment": pytest.approx(2 / 6),
        "mean_wait_s": pytest.approx(69.9 / 5),
        "mean_answer_s": 20.0,
        "p50_wait_s": 5.0,
        "p90_wait_s": 40.0,
        "p99_wait_s": 40.0,
        "max_wait_s": 40.0,
        "service_level": 2 / 4,
        "offers": 6,
        "overtaken_by_s": 0.0,
    }
    assert summary([], {})["service_level"] is None


def test_an_expectation_says_what_it_found() -> None:
    expect = (
        Expectation(measure=Measure.SERVED, min=3, max=3),
        Expectation(measure=Measure.MEAN_ANSWER_S, max=10, tier="vip"),
        Expectation(measure=Measure.MAX_WAIT_S, min=1, call="c9"),
    )
    assert failures(expect, ROWS, {"q": 20.0}) == [
        "Wait of those served, mean, tier vip: expected at most 10 s, found 40 s",
        "Wait, longest, call c9: expected at least 1 s, nothing to measure",
    ]


def test_an_order_is_that_of_being_connected() -> None:
    """c1 is connected at second 1, c2 at 22, c3 at 43."""
    assert failures((Expectation(order=("c1", "c2", "c3")),), ROWS, {}) == []
    assert failures(
        (
            Expectation(order=("c1", "c3", "c2")),
            Expectation(order=("c1", "c4")),
            Expectation(order=("c1", "c1")),
        ),
        ROWS,
        {},
    ) == [
        "order c1, c3, c2: found c3 at 43 s, c2 at 22 s",
        "order c1, c4: c4 was not served",
        "order c1, c1: found c1 at 1 s, c1 at 1 s",
    ]


@pytest.mark.parametrize(
    ("left", "calls", "most", "said"),
    [
        (7, 73, 0.05, "9.59%"),
        (7, 73, 0.095885, "9.59%"),
        (1, 3, 0.33332, "33.3333%"),
        (1, 25_000, 0.0, "0.004%"),
    ],
)
def test_a_share_that_was_found_is_rounded_unless_it_then_looked_as_expected(
    left: int, calls: int, most: float, said: str
) -> None:
    rows = [{"outcome": "abandoned" if n < left else "served", "wait_s": 9.0} for n in range(calls)]
    [told] = failures((Expectation(measure=Measure.ABANDONMENT, max=most),), rows, {})
    assert told.endswith(f", found {said}")


def test_whoever_was_overtaken_is_found_among_all() -> None:
    """c1 waits until second 91; c30, which came 29 s later, is connected at 35."""
    late = [row("c1", "served", 90.0, "vip"), row("c30", "served", 5.0), row("c60", "abandoned", 1.0)]
    of_vips = Expectation(measure=Measure.OVERTAKEN_BY_S, max=20, tier="vip")
    assert failures((of_vips,), late, {}) == ["Overtaken by, tier vip: expected at most 20 s, found 29 s"]
    assert failures((Expectation(measure=Measure.OVERTAKEN_BY_S, max=0, agent="budi"),), late, {}) == []
    elsewhere = [late[0], {**late[1], "queue": "r"}]
    assert failures((Expectation(measure=Measure.OVERTAKEN_BY_S, max=0),), elsewhere, {}) == []
