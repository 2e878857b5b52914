"""Days that are recorded and served again: stories, lives at random, a real day, a live one."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from actors.test_life_at_random import POLICY as LIFE
from stories import IN_VIRTUAL_TIME
from told import lived_at_random

from engine.domain.rules import Queue, Rule
from engine.replay import live
from engine.replay.call_log import import_call_log
from engine.replay.journal.likeness import Cause, Likeness, Run, compare
from engine.replay.journal.recording import Recorded, record
from engine.replay.journal.sources import Journal, ResultJournal, journal_of
from engine.replay.replies import Answer
from engine.replay.rows import AgentRow, Break, CallRow, Refusal
from engine.replay.scenario import Scenario, dump_scenario, load_scenario
from engine.replay.virtual import replay

BANK = Path(os.environ.get("GILIRAN_BANK_DATA", Path(__file__).parents[3] / "shared" / "data" / "bank1999"))


def served_again(made: Recorded, journal: Journal) -> Likeness:
    again = replay(made.scenario)
    day, other = Run(made.facts, made.zero_at), Run(again.facts, again.start_at, by_request=True)
    return compare(day, other, tie_ms=journal.latency_ms)


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
