"""A comparison as data."""

import pytest
from attrs import evolve

from engine.domain.rules import Rule
from engine.replay.comparison import Comparison, Run, as_json, compared, notes_of
from engine.replay.result import Dispatch
from engine.replay.rows import AgentRow, CallRow
from engine.replay.sample import Day
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import scenario

CALLS = (
    CallRow(id="first", arrive_s=0, queue="q", handle_s=50),
    CallRow(id="early", arrive_s=10, queue="q", handle_s=50),
    CallRow(id="vip", arrive_s=20, queue="q", tier="vip", handle_s=50),
    CallRow(id="late", arrive_s=400, queue="q", handle_s=50),
)


def played(*rules: Rule) -> Day:
    return Day(replay(scenario(CALLS, rules=rules, agents=(AgentRow(id="a", login_s=0, queues=("q",)),))))


VIP = Rule(when={"tier": ("vip",)}, head_start_ms=90_000)


def runs_of(*rules: tuple[Rule, ...]) -> list[Run]:
    days = (played(*some).result.scenario for some in rules)
    return [Run(f"r{n}", day, Dispatch.PRIORITY, live=False) for n, day in enumerate(days)]


def several(*rules: tuple[Rule, ...]) -> Comparison:
    return compared(runs_of(*rules), [played(*some) for some in rules])


def test_the_json_tells_every_run_and_every_change() -> None:
    plain = as_json(several((), (VIP,)))
    first, other = plain["runs"]
    assert [first["title"], other["title"]] == ["r0", "r1"]
    assert first["measures"]["calls"] == 4
    assert other["tiers"]["vip"]["mean_wait_s"] == 60
    assert first["changed"] is None
    assert {c["call_id"] for c in other["changed"]} == {"early", "vip"}
    assert [first["differences"], other["differences"]] == [[], ["rule tier=vip is new (head start 90s)"]]


def test_dispatchers_are_not_compared_call_by_call() -> None:
    assert [run["changed"] for run in as_json(evolve(several((), (VIP,)), changes=None))["runs"]] == [
        None,
        None,
    ]


def test_every_run_is_compared_with_the_first() -> None:
    made = several((VIP,), (), (evolve(VIP, head_start_ms=45_000),))
    assert made.told == (
        (),
        ("rule tier=vip is gone (head start 90s)",),
        ("rule tier=vip: head start 90s → 45s",),
    )
    assert made.changes is not None
    assert [len(changes) for changes in made.changes] == [2, 0]


def test_the_json_holds_each_run_whole() -> None:
    results = [run["result"] for run in as_json(several((), (VIP,)))["runs"]]
    assert [result["calls"][2]["wait_s"] for result in results] == [80 + 60, 60]
    assert all(result["journal"] for result in results)


def test_journals_of_large_days_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """All the runs together bear as many calls as one result does."""
    monkeypatch.setattr("engine.replay.comparison.JOURNAL_CALLS", 7)
    for run in as_json(several((), (VIP,)))["runs"]:
        assert run["result"]["journal"] == "left out: more than 3 calls"


def test_what_is_wrong_in_every_run_is_said_once() -> None:
    nobody = Rule(when={"tier": ("gold",)}, band=1)
    said = "rules[0] (tier=gold) matches none of 4 calls; there are tier regular, vip"
    assert notes_of(runs_of((nobody,), (nobody, VIP))) == [said]
    assert notes_of(runs_of((nobody,), (VIP,))) == [f"r0: {said}"]
