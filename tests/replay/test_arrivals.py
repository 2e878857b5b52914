"""Rates, mixes, distributions and crews: what is drawn has the moments that were asked for, and the same seed
draws the same day, to the byte, in any process."""

import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import fmean, median, pstdev
from typing import Any

import pytest
from attrs import evolve

from engine.domain.rules import Queue
from engine.replay.arrivals import Arrivals, Rate, Shape, Share
from engine.replay.crews import Crew, Drops, Shift
from engine.replay.distributions import (
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    Lognormal,
    Uniform,
)
from engine.replay.rows import AgentRow, Break, Refusal
from engine.replay.scenario import Scenario, dump_scenario, load_scenario
from engine.replay.virtual import replay
from engine.tables import ConfigError

DRAWS = 40_000


@pytest.mark.parametrize(
    ("drawn", "mean", "deviation"),
    [
        (Constant(value_s=7), 7, 0),
        (Uniform(min_s=10, max_s=40), 25, 30 / math.sqrt(12)),
        (Exponential(mean_s=300), 300, 300),
        (Gamma(mean_s=240, cv=0.5), 240, 120),
        (Gamma(mean_s=240, cv=2.0), 240, 480),
        (Lognormal(mean_s=200, cv=0.8), 200, 160),
        (Lognormal(median_s=100, cv=0.5), 100 * math.sqrt(1.25), 50 * math.sqrt(1.25)),
        (Empirical(values_s=(10, 20, 60), weights=(1, 2, 1)), 27.5, 18.87459),
    ],
    ids=lambda value: value.distribution if hasattr(value, "distribution") else "",
)
def test_a_distribution_has_the_moments_it_names(drawn: Distribution, mean: float, deviation: float) -> None:
    random = Random(1)
    values = [drawn.draw(random) for _ in range(DRAWS)]
    within = 5 * deviation / math.sqrt(DRAWS)
    assert fmean(values) == pytest.approx(mean, abs=within + 1e-9)
    assert pstdev(values) == pytest.approx(deviation, rel=0.1)
    if isinstance(drawn, Lognormal) and drawn.median_s:
        assert median(values) == pytest.approx(100, rel=0.02)


WHO = (Share(queue="q"),)
QUICK = Constant(value_s=1)


def per_hour(source: Arrivals) -> Counter[int]:
    return Counter(int(row.arrive_s // 3600) for row in source.rows(3))


def test_rates_in_steps_hold_until_the_next() -> None:
    rates = (
        Rate(at_s=0, per_hour=400),
        Rate(at_s=3600, per_hour=0),
        Rate(at_s=7200, per_hour=4000),
    )
    found = per_hour(Arrivals(to_s=4 * 3600, rates=rates, mix=WHO, handle=QUICK))
    assert found.keys() == {0, 2, 3}
    for hour, rate in ((0, 400), (2, 4000), (3, 4000)):
        assert abs(found[hour] - rate) < 4 * math.sqrt(rate)


def test_linear_rates_move_evenly() -> None:
    rates = (Rate(at_s=3600, per_hour=0), Rate(at_s=2 * 3600, per_hour=6000))
    source = Arrivals(to_s=3 * 3600, rates=rates, shape=Shape.LINEAR, mix=WHO, handle=QUICK)
    assert [source.rate(at) for at in (0, 3600, 5400, 7200, 9000)] == [0, 0, 3000, 6000, 6000]
    found = per_hour(source)
    assert found[0] == 0
    assert abs(found[1] - 3000) < 4 * math.sqrt(3000)
    assert abs(found[2] - 6000) < 4 * math.sqrt(6000)


def test_the_gaps_of_a_constant_rate_have_no_memory() -> None:
    instants = list(Arrivals(to_s=36_000, per_hour=3600, mix=WHO, handle=QUICK).instants(Random(5)))
    gaps = [b - a for a, b in pairwise(instants)]
    assert fmean(gaps) == pytest.approx(1.0, abs=0.03)
    assert sum(gap > 2 for gap in gaps) / len(gaps) == pytest.approx(math.exp(-2), abs=0.01)


MIXED = Arrivals(
    id="m",
    from_s=100,
    to_s=20_000,
    per_hour=1800,
    mix=(
        Share(weight=3, queue="q", attributes={"city": "Ubud"}),
        Share(weight=1, queue="r", tier="vip", skills={"loan": 2}, patience=Constant(value_s=9)),
        Share(weight=0, queue="nobody"),
    ),
    handle=Gamma(mean_s=60, cv=0.7),
)


def test_who_comes_is_chosen_by_weight() -> None:
    rows = list(MIXED.rows(1))
    assert [row.id for row in rows[:2]] == ["m-1", "m-2"]
    assert min(row.arrive_s for row in rows) >= 100
    vips = [row for row in rows if row.queue == "r"]
    assert len(vips) / len(rows) == pytest.approx(0.25, abs=0.02)
    assert {(r.tier, r.skills["loan"], r.patience_s) for r in vips} == {("vip", 2, 9)}
    assert {(r.tier, r.patience_s, r.attributes["city"]) for r in rows if r.queue == "q"} == {
        ("regular", None, "Ubud")
    }


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"handle": Constant(value_s=1)}, "arrive_s queue patience_s"),
        ({"patience": Exponential(mean_s=90)}, "arrive_s queue handle_s"),
        ({"mix": WHO}, "arrive_s handle_s"),
    ],
)
def test_a_change_of_one_thing_leaves_the_others(change: dict[str, Any], kept: str) -> None:
    for before, after in zip(MIXED.rows(1), evolve(MIXED, **change).rows(1), strict=True):
        for key in kept.split():
            if key != "patience_s" or before.patience_s is not None:
                assert getattr(before, key) == getattr(after, key)


CREW = Crew(
    id="sari-{n}",
    count=3,
    queues=("q",),
    skills={"loan": 2},
    shifts=(Shift(login_s=0, logout_s=3600), Shift(login_s=4000, logout_s=7200)),
    stagger_ms=600_000,
    answer=Uniform(min_s=1, max_s=3),
    refusal=Refusal.DECLINED,
    breaks=(Break(at_s=1800, for_ms=60_000), Break(at_s=5000, for_ms=60_000, reason="lunch")),
)


def test_a_crew_is_rows_whose_day_begins_one_after_the_other() -> None:
    rows = [row for row in CREW.rows(1) if row.id == "sari-3"]
    assert rows == [
        AgentRow(
            id="sari-3",
            login_s=login_s,
            logout_s=logout_s,
            queues=("q",),
            skills={"loan": 2},
            answers=CREW.answer,
            refusal=Refusal.DECLINED,
            breaks=breaks,
        )
        for login_s, logout_s, breaks in (
            (1200, 4800, (Break(at_s=3000, for_ms=60_000),)),
            (5200, 8400, (Break(at_s=6200, for_ms=60_000, reason="lunch"),)),
        )
    ]
    assert len(list(CREW.rows(1))) == 6


def test_a_crews_links_break_at_their_rate_within_the_shift() -> None:
    drops = Drops(per_hour=20, away=Constant(value_s=10))
    crew = evolve(CREW, count=50, stagger_ms=0, drops=drops)
    rows = list(crew.rows(2))
    for row in rows:
        assert all(row.login_s < drop.at_s < row.logout_s for drop in row.drops if row.logout_s)
    hours = sum(row.logout_s - row.login_s for row in rows if row.logout_s) / 3600
    expected = hours * 20 / (1 + 20 * 10 / 3600)
    assert abs(sum(len(row.drops) for row in rows) - expected) < 4 * math.sqrt(expected)


DAY = Scenario(
    name="rates",
    clock="08:00",
    queues=(Queue(name="q", wrap_up_ms=5_000), Queue(name="r"), Queue(name="nobody")),
    arrivals=(evolve(MIXED, to_s=1_500, per_hour=300, patience=Exponential(mean_s=60)),),
    crews=(evolve(CREW, queues=("q", "r"), stagger_ms=60_000, accept=0.8),),
)


def test_a_day_by_rates_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rates.toml"
    path.write_text(dump_scenario(DAY), encoding="utf-8")
    assert load_scenario(path) == DAY
    drawn = DAY.day()
    path.write_text(dump_scenario(drawn), encoding="utf-8")
    assert load_scenario(path) == drawn
    assert not drawn.arrivals
    assert len(drawn.calls) > 80


def test_a_replay_is_that_of_the_rows() -> None:
    assert replay(DAY, 4).to_json() == replay(DAY.day(4), 4).to_json()
    assert DAY.day(4).calls != DAY.day(5).calls


ONE_DAY = """
import hashlib, json, sys
from pathlib import Path
from engine.replay.scenario import dump_scenario, load_scenario
from engine.replay.virtual import replay
day = load_scenario(Path(sys.argv[1]))
told = json.dumps(replay(day, 4).to_json())
print(hashlib.sha256((dump_scenario(day.day(4)) + told).encode()).hexdigest())
"""


def test_two_processes_draw_the_same_day_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "rates.toml"
    path.write_text(dump_scenario(DAY), encoding="utf-8")

    def elsewhere(hash_seed: str) -> str:
        run = subprocess.run(
            [sys.executable, "-c", ONE_DAY, str(path)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        )
        return run.stdout.split()[-1]

    assert elsewhere("1") == elsewhere("2")


def test_seconds_may_be_written_as_the_clock_shows_them(tmp_path: Path) -> None:
    path = tmp_path / "clock.toml"
    path.write_text(
        """
        clock = "08:00"
        [[arrivals]]
        from_s = "08:30"
        to_s = "09:00:30"
        per_hour = 1
        mix = [{ queue = "q" }]
        handle = { distribution = "constant", value_s = 60 }
        [[agents]]
        id = "a"
        login_s = "08:00"
        logout_s = "24:00"
        queues = ["q"]
        [[queues]]
        name = "q"
        """,
        encoding="utf-8",
    )
    day = load_scenario(path)
    assert (day.arrivals[0].from_s, day.arrivals[0].to_s) == (1800, 3630)
    assert (day.agents[0].login_s, day.agents[0].logout_s) == (0, 57_600)


def test_a_part_of_a_day_by_rates_is_drawn_first() -> None:
    part = DAY.between(600, 1_200, seed=4)
    assert [c.arrive_s for c in part.calls] == [
        c.arrive_s - 600 for c in DAY.day(4).calls if 600 <= c.arrive_s < 1_200
    ]
    assert [b.at_s for b in part.agents[0].breaks] == [1200]


FEW = '[{ queue = "q" }]'
HANDLE = '{ distribution = "constant", value_s = 60 }'


def arrivals(**changed: str) -> str:
    keys = {"to_s": "9", "per_hour": "1", "mix": FEW, "handle": HANDLE, **changed}
    return "arrivals = [{" + ", ".join(f"{k} = {v}" for k, v in keys.items() if v) + "}]"


def crew(**changed: str) -> str:
    keys = {"id": '"a-{n}"', "count": "2", "queues": '["q"]', **changed}
    return "crews = [{" + ", ".join(f"{k} = {v}" for k, v in keys.items() if v) + "}]"


MISTAKES: list[tuple[Callable[..., str], dict[str, str], str]] = [
    (arrivals, {"per_hour": "-1"}, "arrivals[0].per_hour = -1: expected 0 or more calls an hour"),
    (arrivals, {"per_hour": "1e12"}, "arrivals[0].per_hour = 1e+12: expected 0 or more calls an hour"),
    (arrivals, {"per_hour": ""}, "arrivals[0]: expected either per_hour or rates"),
    (arrivals, {"rates": "[{ at_s = 0, per_hour = 1 }]"}, "arrivals[0]: expected either per_hour or rates"),
    (
        arrivals,
        {"per_hour": "", "rates": "[{ at_s = 5, per_hour = 1 }, { at_s = 5, per_hour = -2 }]"},
        "arrivals[0].rates[1].per_hour = -2: expected 0 or more calls an hour",
    ),
    (arrivals, {"from_s": "9"}, "arrivals[0].to_s = 9: expected a second after from_s, which is 9"),
    (
        arrivals,
        {"from_s": '"7 am"'},
        "arrivals[0].from_s = '7 am': expected seconds of the scenario, or a time",
    ),
    (
        arrivals,
        {"from_s": '"07:00"'},
        "arrivals[0].from_s = '07:00': expected a time after the scenario's clock",
    ),
    (arrivals, {"mix": "[]"}, "arrivals[0].mix = []: expected who comes"),
    (
        arrivals,
        {"mix": '[{ queue = "q", weight = 0 }]'},
        "arrivals[0].mix = sum 0: expected at least one above 0",
    ),
    (
        arrivals,
        {"mix": '[{ queue = "q", weight = -1 }]'},
        "arrivals[0].mix = -1.0: expected 0 or more for each",
    ),
    (arrivals, {"mix": '[{ queue = "p" }]'}, "arrivals[0].mix[0].queue = 'p': expected one that is listed"),
    (arrivals, {"handle": ""}, "arrivals[0].mix[0].handle: missing: how long these callers speak"),
    (arrivals, {"rate": "7"}, "arrivals[0].rate: unknown key"),
    (arrivals, {"id": '"a b"'}, "arrivals[0].id = 'a b': expected 1 to 56 of"),
    (arrivals, {"handle": "60"}, "arrivals[0].handle = 60: expected a table such as"),
    (
        arrivals,
        {"handle": '{ distribution = "normal" }'},
        "arrivals[0].handle = {'distribution': 'normal'}: expected a table such as",
    ),
    (
        arrivals,
        {"handle": '{ distribution = "gamma", mean_s = 3 }'},
        "arrivals[0].handle.cv: missing",
    ),
    (
        arrivals,
        {"handle": '{ distribution = "gamma", mean_s = 0, cv = 1 }'},
        "arrivals[0].handle.mean_s = 0: expected more than 0",
    ),
    (
        arrivals,
        {"handle": '{ distribution = "lognormal", cv = 1 }'},
        "arrivals[0].handle: expected either mean_s or median_s",
    ),
    (
        arrivals,
        {"handle": '{ distribution = "uniform", min_s = 3, max_s = 2 }'},
        "arrivals[0].handle.max_s = 2: expected min_s or more",
    ),
    (
        arrivals,
        {"patience": '{ distribution = "empirical", values_s = [1, 2], weights = [0, 0] }'},
        "arrivals[0].patience.weights = sum 0: expected at least one above 0",
    ),
    (crew, {"queues": "[]"}, "crews[0].queues: expected 1 to"),
    (crew, {"count": "0"}, "crews[0].count = 0: expected 1 to"),
    (crew, {"id": '"sari"'}, "crews[0].id = 'sari': expected {n} in it"),
    (
        crew,
        {"shifts": "[{ login_s = 9, logout_s = 5 }]"},
        "crews[0].shifts[0].logout_s = 5: expected a second after login_s, which is 9",
    ),
    (
        crew,
        {"shifts": "[{ login_s = 0, logout_s = 9 }, { login_s = 5, logout_s = 20 }]"},
        "crews[0].shifts[1].login_s = 5: expected the end of the shift before it, 9",
    ),
    (
        crew,
        {"breaks": '[{ at_s = 0, for = "9s" }, { at_s = 5, for = "1s" }]'},
        "crews[0].breaks[1].at_s = 5: expected the end of the one before it, 9",
    ),
    (crew, {"drops": f"{{ per_hour = 1, away = {HANDLE} }}"}, "crews[0].drops: expected shifts, within"),
]


@pytest.mark.parametrize(("table", "changed", "expected"), MISTAKES, ids=[e for _, _, e in MISTAKES])
def test_a_mistake_names_key_value_and_remedy(
    tmp_path: Path, table: Callable[..., str], changed: dict[str, str], expected: str
) -> None:
    path = tmp_path / "s.toml"
    path.write_text(f'clock = "08:00"\n{table(**changed)}\n[[queues]]\nname = "q"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(path)
    assert any(str(mistake).startswith(expected) for mistake in caught.value.mistakes), str(caught.value)
    assert caught.value.source == str(path)
