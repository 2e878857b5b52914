"""Measures, on days made by hand whose figures one can count, and against a slow oracle on days at random."""

import math
from random import Random

import pytest
from attrs import frozen

from engine.domain.facts import Fact
from engine.domain.lifecycle import AgentState
from engine.domain.rules import Queue, Rule, Step
from engine.replay.cost import Cost
from engine.replay.expectations import percentile
from engine.replay.measures import MEASURES, take
from engine.replay.rows import AgentRow, CallRow
from engine.replay.sample import Day
from engine.replay.turns import Turn, turns
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import (
    HEAD_START_MS,
    asked,
    came,
    ended,
    left,
    moved,
    refused,
    result,
    row,
    scenario,
    taken,
)


def of(found: Day, **which: str) -> dict[str, float | None]:
    return take(found.sample(**which), whole=not which)


# by hand

#: ani is free all along, the polls of an old system find each call late, and the vip is passed over.
SLOW = (
    came("ani", 0),
    asked("c1", 10),
    asked("c2", 12),
    asked("vip", 20, tier="vip"),
    *taken("c1", "ani", 25, asked_s=10),
    *ended("c1", "ani", 40),
    *taken("c2", "ani", 43, asked_s=12, rang_s=2),
    *ended("c2", "ani", 60),
    left("vip", 70),
)
ROWS = (row("c1", 10), row("c2", 12), row("vip", 20, tier="vip"))


def test_waits_are_told_by_tier_and_of_all() -> None:
    day = Day(result(scenario(ROWS), SLOW))
    whole = of(day)
    assert (whole["calls"], whole["served"], whole["abandonment"]) == (3, 2, pytest.approx(1 / 3))
    assert whole["mean_wait_s"] == pytest.approx((15 + 33 + 50) / 3)
    assert [whole[k] for k in ("p50_wait_s", "p90_wait_s", "p99_wait_s", "max_wait_s")] == [33, 50, 50, 50]
    assert whole["service_level"] == pytest.approx(1 / 3)
    assert of(day, tier="vip")["mean_wait_s"] == 50
    assert of(day, tier="regular")["service_level"] == 0.5
    assert of(day, tier="nobody") | {"calls": None} == of(day, queue="nowhere") | {"calls": None}


def test_delay_counts_while_an_agent_is_free_and_those_before_it_have_theirs() -> None:
    """Until the vip came ani was free for c1 alone, then for the vip, who never got her."""
    found = turns(result(scenario(ROWS), SLOW))
    assert found["c1"] == Turn("c1", free_ms=10_000, jumped=1)
    assert found["c2"] == Turn("c2", rang_ms=2_000, jumped=1)
    assert found["vip"].free_ms == (25 - 20 + 43 - 40 + 70 - 60) * 1000
    assert found["vip"].passed == 2
    whole = of(Day(result(scenario(ROWS), SLOW)))
    assert (whole["p50_delay_s"], whole["p99_delay_s"]) == (2, 10)
    assert (whole["inversions"], whole["passed_calls"]) == (2, 1)


def test_who_cannot_take_a_call_is_not_free_for_it() -> None:
    rows = (row("tax", 1, skills={"tax": 2}),)
    facts = (
        came("ani", 0, skills={"tax": 1}),
        asked("tax", 1, skills={"tax": 2}),
        came("budi", 30, skills={"tax": 2}),
        *taken("tax", "budi", 34, asked_s=1),
    )
    assert turns(result(scenario(rows), facts))["tax"].free_ms == 4_000
    steps = (Queue(name="q", steps=(Step(after_ms=9_000, max_level=1),)),)
    assert turns(result(scenario(rows, queues=steps), facts))["tax"].free_ms == 24_000


def test_an_agent_who_refused_is_not_free_for_that_call_for_a_while() -> None:
    rows, facts = (
        (row("c1", 0), row("c2", 3)),
        (
            came("ani", 0),
            asked("c1", 0),
            *refused("c1", "ani", 1, after_s=2),
            asked("c2", 3),
            *taken("c2", "ani", 3, asked_s=3),
            *ended("c2", "ani", 10),
            *taken("c1", "ani", 70, asked_s=0),
        ),
    )
    found = turns(result(scenario(rows), facts))
    assert found["c2"].jumped == 0
    assert found["c1"].free_ms == 1_000 + (70 - 63) * 1000


def test_a_head_start_overtakes_without_inverting() -> None:
    rows = (row("c1", 0), row("vip", 80, tier="vip"), row("late", 95, tier="vip"))
    facts = (
        asked("c1", 0),
        asked("vip", 80, tier="vip"),
        asked("late", 95, tier="vip"),
        came("ani", 100),
        *taken("vip", "ani", 100, asked_s=80),
        *ended("vip", "ani", 110),
        *taken("late", "ani", 110, asked_s=95),
        *ended("late", "ani", 120),
        *taken("c1", "ani", 120, asked_s=0),
    )
    found = turns(result(scenario(rows), facts))
    assert (found["vip"].jumped, found["late"].jumped, found["c1"].passed) == (0, 1, 1)
    whole = of(Day(result(scenario(rows), facts)))
    assert whole["overtaken_by_s"] == 95
    assert whole["ordinary_extra_s"] == pytest.approx(120 - (20 + 15 + 120) / 3)


def test_what_is_decided_at_one_instant_passes_nobody_whatever_is_written_first() -> None:
    rows = (row("early", 0), row("late", 5))
    both = (came("ani", 0), came("budi", 0), asked("early", 0), asked("late", 5))
    first, second = (
        taken("late", "ani", 9, asked_s=5, rang_s=1),
        taken("early", "budi", 9, asked_s=0, rang_s=1),
    )
    told = turns(result(scenario(rows), (*both, *first[:2], *second[:2], *first[2:], *second[2:])))
    assert (told["late"].jumped, told["early"].passed, told["early"].overtaken_ms) == (0, 0, 0)
    later = taken("early", "budi", 9.001, asked_s=0, rang_s=0.999)
    told = turns(result(scenario(rows), (*both, *first[:2], *later[:2], *first[2:], *later[2:])))
    assert (told["late"].jumped, told["early"].passed, told["early"].overtaken_ms) == (1, 1, 5_000)


def test_a_band_goes_before_every_head_start() -> None:
    rules = (
        Rule(when={"tier": ("vip",)}, head_start_ms=HEAD_START_MS),
        Rule(when={"tier": ("sos",)}, band=1),
    )
    facts = (
        asked("vip", 1, tier="vip"),
        asked("sos", 50, tier="sos"),
        came("ani", 60),
        *taken("sos", "ani", 60, asked_s=50),
    )
    day = scenario((row("sos", 50, tier="sos"), row("vip", 1, tier="vip")), rules=rules)
    assert turns(result(day, facts))["vip"].passed == 0
    assert turns(result(scenario(day.calls), facts))["vip"].passed == 1


def test_work_is_spread_by_the_logged_in_hour() -> None:
    rows = tuple(row(f"c{n}", n) for n in range(4))
    facts = [came("ani", 0), came("budi", 0), *(asked(f"c{n}", n) for n in range(4))]
    for n, agent in enumerate(("ani", "ani", "ani", "budi")):
        facts += taken(f"c{n}", agent, 10 + 20 * n, asked_s=n)
        facts += ended(f"c{n}", agent, 20 + 20 * n)
    facts += [moved("ani", 3600, AgentState.OFFLINE), moved("budi", 3600, AgentState.OFFLINE)]
    assert of(Day(result(scenario(rows), facts)))["work_spread"] == pytest.approx(0.5)


def test_cost_is_told_by_the_served_call_or_not_at_all() -> None:
    assert of(Day(result(scenario(ROWS), SLOW)))["cpu_ms"] is None
    cost = Cost(http_requests=30, store_commands=50, cpu_s=0.5, bytes_in=400, bytes_out=600)
    whole = of(Day(result(scenario(ROWS), SLOW, cost=cost)))
    assert [whole[k] for k in ("http_requests", "store_commands", "cpu_ms", "traffic_bytes")] == [
        *(15, 25, 250, 500)
    ]


def test_a_live_day_is_told_in_seconds_of_the_scenario() -> None:
    day = scenario((row("c1", 100),))
    facts = (came("ani", 0), asked("c1", 10), *taken("c1", "ani", 10.5, asked_s=10))
    assert of(Day(result(day, facts, speed=10.0)))["p50_delay_s"] == 5
    assert turns(result(day, facts, speed=10.0))["c1"].free_ms == 500


def test_every_measure_says_what_it_is() -> None:
    assert all(len(m.definition) > 15 and m.definition.endswith(".") for m in MEASURES)
    assert len({m.key for m in MEASURES}) == len({m.title for m in MEASURES}) == len(MEASURES)


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert percentile([], 0.5) is None
    for size in range(1, 40):
        values = [float(n) for n in range(size)]
        for share in (0.01, 0.5, 0.9, 0.99, 1.0):
            first = next(v for v in values if sum(w <= v for w in values) >= share * size - 1e-9)
            assert percentile(values, share) == first


# against the oracle


@frozen
class Service:
    call: str
    agent: str
    at: int
    until: int


@pytest.mark.parametrize("seed", range(12))
def test_turns_agree_with_a_slow_oracle(seed: int) -> None:
    """A day whose dispatcher takes whom it likes, when it likes, told second by second from its plan."""
    random = Random(seed)
    rows, agents, services = a_day(random)
    facts: list[tuple[int, int, list[Fact]]] = [
        (0, 0, [came(name, 0, skills=skills)]) for name, skills in agents.items()
    ]
    for r in rows:
        told = asked(r.id, r.arrive_s, tier=r.tier, skills=dict(r.skills))
        facts.append((int(r.arrive_s), 2, [told]))
    arrive = {r.id: int(r.arrive_s) for r in rows}
    for s in services:
        facts.append((s.at, 3, taken(s.call, s.agent, s.at, asked_s=arrive[s.call])))
        facts.append((s.until, 1, ended(s.call, s.agent, s.until)))
    facts.sort(key=lambda entry: entry[:2])
    day = scenario(rows, agents=tuple(AgentRow(id=a, login_s=0, queues=("q",)) for a in agents))
    found = turns(result(day, [f for _, _, told in facts for f in told]))
    for r in rows:
        expected = oracle(r, rows, agents, services)
        assert (found[r.id].free_ms, found[r.id].jumped, found[r.id].passed) == expected, r.id


def a_day(random: Random) -> tuple[list[CallRow], dict[str, dict[str, int]], list[Service]]:
    agents = {
        f"a{n}": {s: random.randint(1, 2) for s in ("x", "y") if random.random() < 0.6} for n in range(3)
    }
    rows = []
    for n in range(40):
        skills = {s: random.randint(1, 2) for s in ("x", "y") if random.random() < 0.4}
        tier = random.choice(["regular", "vip"])
        rows.append(row(f"c{n:02}", random.randrange(400), tier=tier, skills=skills))
    services: list[Service] = []
    free, waiting = dict.fromkeys(agents, 0), {r.id: r for r in rows}
    for now in range(600):
        for agent, skills in agents.items():
            able = [r for r in waiting.values() if r.arrive_s <= now and fits(skills, r)]
            if free[agent] < now and able and random.random() < 0.2:
                chosen = random.choice(able)
                services.append(Service(chosen.id, agent, now, now + random.randint(1, 40)))
                free[agent] = services[-1].until
                del waiting[chosen.id]
    return rows, agents, services


def fits(has: dict[str, int], r: CallRow) -> bool:
    return all(has.get(skill, 0) >= level for skill, level in r.skills.items())


def oracle(
    r: CallRow, rows: list[CallRow], agents: dict[str, dict[str, int]], services: list[Service]
) -> tuple[int, int, int]:
    """Its definition, word for word."""
    served = {s.call: s for s in services}
    end = max(max(s.until for s in services), *(int(x.arrive_s) for x in rows))

    def waits(x: CallRow, at: int, order: int) -> bool:
        """At that second, after `order` services were begun."""
        begun = {s.call for s in services[:order]}
        return x.arrive_s <= at and x.id not in begun

    def before(x: CallRow) -> tuple[float, str]:
        return x.arrive_s * 1000 - (HEAD_START_MS if x.tier == "vip" else 0), x.id

    def has_one(at: int) -> bool:
        order = sum(s.at <= at for s in services)
        busy = {s.agent for s in services if s.at <= at < s.until}
        ready = sorted((a for a in agents if a not in busy), key=lambda a: (len(agents[a]), a))
        for x in sorted((x for x in rows if waits(x, at, order)), key=before):
            mine = next((a for a in ready if fits(agents[a], x)), None)
            if mine is not None:
                ready.remove(mine)
                if x.id == r.id:
                    return True
        return False

    last = served[r.id].at if r.id in served else end
    free_ms = 1000 * sum(has_one(at) for at in range(int(r.arrive_s), last))
    by_id = {x.id: x for x in rows}
    pairs = [
        (s.call, x.id)
        for order, s in enumerate(services)
        for x in rows
        if x.id != s.call
        and waits(x, s.at, order)
        and (x.id not in served or served[x.id].at != s.at)
        and fits(agents[s.agent], x)
        and before(x) < before(by_id[s.call])
    ]
    return free_ms, sum(first == r.id for first, _ in pairs), sum(left == r.id for _, left in pairs)


def test_the_engine_inverts_nothing_and_wastes_no_time() -> None:
    """In virtual time a free agent is given his call at once, in the order of the rules."""
    random = Random(5)
    rows = [
        CallRow(
            id=f"c{n:03}",
            arrive_s=random.randrange(3000),
            queue="q",
            tier=random.choice(["regular", "vip"]),
            skills={s: 1 for s in ("x", "y") if random.random() < 0.3},
            handle_s=random.randrange(5, 90),
            patience_s=random.choice([None, 60.0]),
        )
        for n in range(200)
    ]
    agents = tuple(
        AgentRow(id=f"a{n}", login_s=0, queues=("q",), skills=dict.fromkeys("xy"[: n % 3], 1))
        for n in range(5)
    )
    whole = of(Day(replay(scenario(rows, agents=agents))))
    assert whole["p99_delay_s"] == whole["inversions"] == 0
    overtaken = whole["overtaken_by_s"]
    assert overtaken is not None
    assert 0 < overtaken <= HEAD_START_MS / 1000
    assert math.isfinite(whole["work_spread"] or math.nan)
