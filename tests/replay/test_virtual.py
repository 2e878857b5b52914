"""The virtual replay: every story of `scenarios/` comes true, and real days agree with an independent
dispatcher.

The real days are those of a bank's call centre in 1999 (Guedj and Mandelbaum, Technion), which are not part
of the product; tests that need them look in GILIRAN_BANK_DATA, or beside the checkout, and skip where they
are not.
"""

import csv
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from stories import IN_VIRTUAL_TIME, STORIES

from engine.domain.rules import Queue, Select
from engine.replay.call_log import import_call_log
from engine.replay.rows import AgentRow, CallRow
from engine.replay.scenario import Scenario, load_scenario
from engine.replay.virtual import replay

ROOT = Path(__file__).parents[2]
BANK = Path(os.environ.get("GILIRAN_BANK_DATA", ROOT.parent / "shared" / "data" / "bank1999"))

needs_bank = pytest.mark.skipif(
    not BANK.is_dir(), reason=f"no bank data at {BANK.name}: set GILIRAN_BANK_DATA"
)


@pytest.mark.parametrize("story", IN_VIRTUAL_TIME)
def test_every_story_comes_true(story: Path) -> None:
    assert replay(load_scenario(story)).to_json()["violations"] == []


def test_the_same_seed_gives_the_same_day() -> None:
    story = load_scenario(STORIES[0])
    assert replay(story, 3).to_json() == replay(story, 3).to_json()


def test_nobody_is_reserved_twice_when_many_things_happen_at_once() -> None:
    """Everything on whole tens of seconds: wrap-ups, arrivals and services end together all day."""
    random = Random(7)
    skills = [("loan",), ("card",), ("loan", "card")]
    day = Scenario(
        name="together",
        queues=(Queue(name="general", wrap_up_ms=10_000, select=Select.LEAST_FLEXIBLE),),
        agents=tuple(
            AgentRow(id=f"a{n}", login_s=0, queues=("general",), skills=dict.fromkeys(skills[n % 3], 1))
            for n in range(6)
        ),
        calls=tuple(
            CallRow(
                id=f"c{n}",
                arrive_s=10 * random.randrange(100),
                queue="general",
                skills=dict.fromkeys(random.choice(skills), 1),
                handle_s=10 * random.randint(1, 4),
            )
            for n in range(200)
        ),
    )
    result = replay(day).to_json()
    assert result["summary"]["served"] == 200
    assert result["summary"]["refused_commits"] == 0


@needs_bank
@pytest.mark.parametrize("day", ["1999-08-03", "1999-01-03", "1999-10-12"])
@pytest.mark.parametrize(("rule", "head_starts"), [("fifo", {}), ("head_start_90s", {"priority": 90_000})])
def test_a_real_day_agrees_with_an_independent_dispatcher(
    day: str, rule: str, head_starts: dict[str, int], record_property: Callable[[str, object], None]
) -> None:
    scenario = import_call_log(
        BANK / f"{day}.calls.csv",
        BANK / f"{day}.agents.csv",
        name=day,
        head_starts_ms=head_starts,
        wrap_up_ms=8_000,
        select=Select.LEAST_FLEXIBLE,
    )
    ours = {call.call_id: call for call in replay(scenario).calls}
    with (BANK / f"{day}.reference.{rule}.csv").open() as file:
        theirs = {row["call_id"]: (row["outcome"], float(row["wait_s"])) for row in csv.DictReader(file)}
    assert ours.keys() == theirs.keys()
    calls = len(theirs)

    def share(outcome: str) -> tuple[float, float]:
        mine = sum(call.outcome == outcome for call in ours.values())
        return mine / calls, sum(o == outcome for o, _ in theirs.values()) / calls

    for outcome in ("served", "abandoned"):
        mine, other = share(outcome)
        assert mine == pytest.approx(other, abs=0.005)
    prompt = sum(c.outcome == "served" and (c.wait_s or 0) <= 20 for c in ours.values()) / calls
    their_prompt = sum(o == "served" and w <= 20 for o, w in theirs.values()) / calls
    assert prompt == pytest.approx(their_prompt, abs=0.005)
    mean = sum(c.wait_s or 0 for c in ours.values()) / calls
    assert mean == pytest.approx(sum(w for _, w in theirs.values()) / calls, rel=0.02)
    same = sum(
        c.outcome == theirs[i][0] and abs((c.wait_s or 0) - theirs[i][1]) <= 1 for i, c in ours.items()
    )
    record_property("calls with the same outcome and wait within 1 s", f"{same / calls:.2%}")
