"""Faults in virtual time: nodes die, the store goes away or comes back empty, links break; days go on."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from engine.domain.facts import AgentMoved, CallConnected, CallQueued, LinkBack, LinkLost
from engine.domain.lifecycle import AgentState
from engine.domain.rules import Queue
from engine.replay.arrivals import Arrivals, Share
from engine.replay.crews import Crew
from engine.replay.distributions import Constant, Exponential, Gamma
from engine.replay.faults import Fault, FaultKind
from engine.replay.result import Result
from engine.replay.rows import AgentRow, CallRow, Drop
from engine.replay.scenario import Scenario, dump_scenario, load_scenario
from engine.replay.virtual import replay
from engine.tables import ConfigError

ANI = AgentRow(id="ani", login_s=0, queues=("q",))
DAY = Scenario(
    name="faults",
    queues=(Queue(name="q", wrap_up_ms=5_000),),
    agents=(ANI,),
    calls=tuple(CallRow(id=f"c{n}", arrive_s=10 * n, queue="q", handle_s=30) for n in range(1, 6)),
)


def suffering(*faults: Fault, day: Scenario = DAY, **keys: Any) -> Result:
    return replay(evolve(day, faults=faults, **keys))


def outcomes(result: Result) -> dict[str, tuple[str, float | None]]:
    return {call.call_id: (call.outcome, call.wait_s) for call in result.calls}


def at(second: float, kind: FaultKind, **keys: Any) -> Fault:
    return Fault(at_s=second, kind=kind, **keys)


QUIET = outcomes(replay(DAY))


def test_several_nodes_serve_like_one() -> None:
    assert outcomes(replay(evolve(DAY, nodes=3))) == QUIET


def test_when_the_leader_dies_another_leads_and_everybody_comes_back() -> None:
    result = suffering(at(42, FaultKind.KILL_LEADER), nodes=2)
    assert result.violations == ()
    assert result.extra["reconnects"] > 0
    assert {outcome for outcome, _ in outcomes(result).values()} == {"served"}
    assert [c.call_id for c in sorted(result.calls, key=lambda c: c.arrived_s + (c.wait_s or 0))] == list(
        QUIET
    )


def test_a_node_that_does_not_lead_may_die_unnoticed_by_the_others() -> None:
    result = suffering(at(42, FaultKind.KILL_NODE), nodes=3)
    assert result.violations == ()
    assert outcomes(result).keys() == QUIET.keys()
    assert {outcome for outcome, _ in outcomes(result).values()} == {"served"}


def test_the_only_node_comes_up_again_and_finds_what_it_held() -> None:
    result = suffering(at(42, FaultKind.KILL_NODE, for_ms=5_000))
    assert result.violations == ()
    assert {outcome for outcome, _ in outcomes(result).values()} == {"served"}
    connected = [fact.call for fact in result.facts if isinstance(fact, CallConnected)]
    assert len(connected) == len(set(connected)) == 5


def test_where_no_node_is_left_nobody_is_served_any_more() -> None:
    result = suffering(at(42, FaultKind.KILL_LEADER), at(43, FaultKind.KILL_NODE), nodes=2)
    assert [outcome for outcome, _ in outcomes(result).values()].count("unserved") == 4


def test_while_the_store_is_away_nothing_changes_and_nothing_is_lost() -> None:
    result = suffering(at(42, FaultKind.STORE_AWAY, for_ms=20_000))
    assert result.violations == ()
    assert {outcome for outcome, _ in outcomes(result).values()} == {"served"}
    away = range(result.start_at + 42_001, result.start_at + 62_000)
    assert not [fact for fact in result.facts if fact.at in away]


def test_a_store_that_comes_back_empty_is_told_everything_anew() -> None:
    result = suffering(at(42, FaultKind.STORE_EMPTIED), nodes=2)
    assert result.violations == ()
    again = [fact for fact in result.facts if isinstance(fact, CallQueued) and fact.restored]
    assert len({fact.call for fact in again}) == 3
    first = {fact.call for fact in result.facts if isinstance(fact, CallQueued) and not fact.restored}
    assert len(first) == 5
    assert {outcome for outcome, _ in outcomes(result).values()} == {"served"}


@pytest.mark.parametrize("for_ms", [None, 8_000])
def test_a_link_that_a_fault_breaks_is_like_one_that_breaks_by_itself(for_ms: int | None) -> None:
    result = suffering(at(25, FaultKind.DROP_CUSTOMER, who="c2", for_ms=for_ms))
    lost, back = (
        next(f for f in result.facts if isinstance(f, kind) and f.who.endswith("c2"))
        for kind in (LinkLost, LinkBack)
    )
    assert lost.at - result.start_at == 25_000
    assert back.at - lost.at == for_ms if for_ms else 0 <= back.at - lost.at <= 500
    if for_ms:
        calls = [evolve(c, drops=(Drop(at_s=25, for_ms=for_ms),)) if c.id == "c2" else c for c in DAY.calls]
        assert outcomes(result) == outcomes(replay(evolve(DAY, calls=tuple(calls))))


def test_an_agent_may_lose_his_link_too() -> None:
    result = suffering(at(25, FaultKind.DROP_AGENT, who="ani", for_ms=3_000))
    assert [f.who for f in result.facts if isinstance(f, LinkLost)] == ["agent:ani"]
    assert outcomes(result) == QUIET


def test_an_agent_who_reads_nothing_is_lost_at_his_next_offer_and_comes_back_when_he_reads() -> None:
    budi = AgentRow(id="budi", login_s=1, queues=("q",))
    day = evolve(DAY, agents=(ANI, budi), calls=DAY.calls[:1])
    result = suffering(at(5, FaultKind.SLOW_READER, who="ani", for_ms=20_000), day=day)
    assert result.violations == ()
    assert [(f.who, f.at - result.start_at) for f in result.facts if isinstance(f, LinkLost)] == [
        ("agent:ani", 13_000)
    ]
    assert outcomes(result) == {"c1": ("served", 3.0)}
    assert result.calls[0].agent_id == "budi"
    moved = [f for f in result.facts if isinstance(f, AgentMoved) and f.agent == "ani"]
    assert [f.state for f in moved[-2:]] == [AgentState.OFFLINE, AgentState.READY]
    assert 25_000 <= moved[-1].at - result.start_at <= 25_500


def test_a_reader_who_is_slow_for_a_moment_only_hears_all_of_it_later() -> None:
    day = evolve(DAY, calls=DAY.calls[:1])
    result = suffering(at(5, FaultKind.SLOW_READER, who="ani", for_ms=7_000), day=day)
    assert outcomes(result) == {"c1": ("served", 2.0)}
    assert not [f for f in result.facts if isinstance(f, LinkLost)]


def test_a_caller_who_reads_nothing_is_found_by_pings_alone() -> None:
    """The first ping since he came at 20 is at 35, and its answer is due at 45."""
    result = suffering(at(22, FaultKind.SLOW_READER, who="c2", for_ms=30_000))
    assert result.violations == ()
    assert [(f.who, f.at - result.start_at) for f in result.facts if isinstance(f, LinkLost)] == [
        ("customer:c2", 45_000)
    ]


def test_a_store_that_is_restarted_has_lost_nothing() -> None:
    result = suffering(at(42, FaultKind.STORE_RESTARTED), nodes=2)
    assert result.violations == ()
    assert {outcome for outcome, _ in outcomes(result).values()} == {"served"}
    assert not [fact for fact in result.facts if isinstance(fact, CallQueued) and fact.restored]


ROUGH = Scenario(
    name="rough",
    nodes=3,
    queues=(Queue(name="q", wrap_up_ms=5_000),),
    crews=(Crew(id="a-{n}", count=6, queues=("q",), answer=Gamma(mean_s=3, cv=1), accept=0.9),),
    arrivals=(
        Arrivals(
            to_s=900,
            per_hour=500,
            mix=(Share(queue="q"),),
            handle=Exponential(mean_s=30),
            patience=Constant(value_s=400),
        ),
    ),
    faults=(
        at(200, FaultKind.KILL_LEADER, for_ms=30_000),
        at(203, FaultKind.DROP_AGENT, who="a-2", for_ms=4_000),
        at(300, FaultKind.STORE_AWAY, for_ms=12_000),
        at(400, FaultKind.KILL_NODE),
        at(500, FaultKind.STORE_EMPTIED),
        at(505, FaultKind.KILL_LEADER, for_ms=10_000),
        at(600, FaultKind.SLOW_READER, who="a-3", for_ms=40_000),
        at(650, FaultKind.STORE_RESTARTED),
    ),
)


@pytest.mark.parametrize("seed", range(3))
def test_a_rough_day_breaks_no_promise(seed: int) -> None:
    result = replay(ROUGH, seed)
    assert result.violations == ()
    assert sum(call.outcome == "served" for call in result.calls) > len(result.calls) * 0.8
    assert all(call.outcome != "unserved" for call in result.calls)


def test_a_rough_day_is_the_same_every_time() -> None:
    assert replay(ROUGH, 3).to_json() == replay(ROUGH, 3).to_json()


def test_faults_are_read_as_they_are_written(tmp_path: Path) -> None:
    path, steps = tmp_path / "rough.toml", [at(700, FaultKind.CLOCK_STEP, by_ms=ms) for ms in (90_000, -1)]
    rough = evolve(ROUGH, faults=(*ROUGH.faults, *steps))
    path.write_text(dump_scenario(rough), encoding="utf-8")
    assert load_scenario(path) == rough


def test_a_part_of_a_day_has_its_faults() -> None:
    assert [(f.at_s, f.kind) for f in ROUGH.between(250, 500).faults] == [
        (50, FaultKind.STORE_AWAY),
        (150, FaultKind.KILL_NODE),
    ]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ('kind = "drop_agent"', "faults[0].who = None: expected whose link breaks, by id"),
        (
            'kind = "drop_agent", who = "anni"',
            "faults[0].who = 'anni': expected whose link breaks, by id;",
        ),
        ('kind = "drop_customer", who = "c9"', "faults[0].who = 'c9': expected whose link breaks, by id"),
        ('kind = "kill_node", who = "n1"', "faults[0].who = 'n1': expected none: kill_node is about nobody"),
        ('kind = "store_away"', "faults[0].for: missing: how long the store is away"),
        ('kind = "slow_reader", for = "9s"', "faults[0].who = None: expected who stops reading"),
        ('kind = "slow_reader", who = "ani"', "faults[0].for: missing: how long his client reads nothing"),
        ('kind = "clock_step"', "faults[0].by: missing: how far the clock is set"),
        ('kind = "clock_step", by = "0s"', "faults[0].by: missing: how far the clock is set"),
        ('kind = "clock_step", by = "five"', "faults[0].by = 'five': expected a duration"),
        ('kind = "clock_step", by = "5m", for = "9s"', 'faults[0].for = "9000ms": expected none'),
        ('kind = "kill_node", by = "-5m"', 'faults[0].by = "-300000ms": expected none'),
        ('kind = "store_emptied", for = "9s"', 'faults[0].for = "9000ms": expected none'),
        ('kind = "fire"', "faults[0].kind = 'fire': expected one of drop_agent"),
        ('kind = "kill_leader", at_s = -1', "faults[0].at_s = -1: expected seconds"),
    ],
)
def test_a_fault_that_cannot_happen_is_a_mistake(tmp_path: Path, fault: str, expected: str) -> None:
    path = tmp_path / "s.toml"
    when = "" if "at_s" in fault else "at_s = 9, "
    path.write_text(
        f"faults = [{{ {when}{fault} }}]\nnodes = 0\n"
        'agents = [{ id = "ani", login_s = 0, queues = ["q"] }]\n[[queues]]\nname = "q"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_scenario(path)
    told = [str(mistake) for mistake in caught.value.mistakes]
    assert any(line.startswith(expected) for line in told), told
    unreadable = "kind = 'fire'" in expected or "a duration" in expected  # what fits nothing is told first
    assert unreadable or "nodes = 0: expected 1 to 16" in told
