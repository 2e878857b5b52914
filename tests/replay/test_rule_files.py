"""Rules files over a scenario."""

import re
from pathlib import Path

import pytest
from attrs import evolve

from engine.domain.rules import Queue, Rule, Select, Timings
from engine.policy_file import Named
from engine.replay.rows import CallRow
from engine.replay.rule_files import ruled
from engine.replay.scenario import Scenario, load_scenario
from engine.tables import ConfigError
from tests.replay.facts_by_hand import scenario

CALLS = (CallRow(id="first", arrive_s=0, queue="q", handle_s=50),)


QUEUE = Queue(name="q", wrap_up_ms=8_000, select=Select.LEAST_FLEXIBLE, max_wait_ms=None)
OTHER = Queue(name="other", ring_ms=20_000)
DAY = scenario(CALLS, queues=(QUEUE, OTHER), timings=Timings(avoid_ms=5_000))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.toml"


def under(path: Path, text: str, day: Scenario = DAY) -> Scenario:
    path.write_text(text)
    return ruled(day, path)


def test_a_queue_keeps_what_its_table_leaves_out(path: Path) -> None:
    made = under(path, '[[queues]]\nname = "q"\nwrap_up = "20s"\n')
    assert made == evolve(DAY, queues=(evolve(QUEUE, wrap_up_ms=20_000), OTHER))


def test_a_queue_may_be_set_to_what_is_the_default_elsewhere(path: Path) -> None:
    text = '[[queues]]\nname = "other"\nring = "15s"\n[[queues]]\nname = "q"\nmax_wait = "1h"\n'
    made = under(path, text)
    assert made.queues == (evolve(QUEUE, max_wait_ms=3_600_000), evolve(OTHER, ring_ms=15_000))


def test_timings_keep_what_their_table_leaves_out(path: Path) -> None:
    made = under(path, '[timings]\nprefer = "1s"\n')
    assert made == evolve(DAY, timings=Timings(avoid_ms=5_000, prefer_ms=1_000))


def test_rules_and_lists_replace_those_of_the_scenario(path: Path) -> None:
    day = evolve(DAY, tiers=(Named("regular"), Named("vip")))
    made = under(path, 'tiers = ["regular", "gold"]\n[[rules]]\nwhen = { tier = "gold" }\nband = 3\n', day)
    assert made == evolve(
        day,
        rules=(Rule(when={"tier": ("gold",)}, band=3),),
        tiers=(Named("regular"), Named("gold")),
    )


def test_no_rule_is_written_as_an_empty_list(path: Path) -> None:
    assert under(path, "rules = []") == evolve(DAY, rules=())


def test_an_empty_file_changes_nothing(path: Path) -> None:
    assert under(path, "# as it is\n") == DAY


MISTAKES = {
    '[[rules]]\nhead_stert = "3s"': 'rules[0].head_stert: unknown key; did you mean "head_start"?',
    '[[rules]]\nwhen = { queue = "no" }\nband = 1': "rules[0].when.queue = 'no': expected one that is listed",
    '[[queues]]\nname = "othr"': "queues[0].name = 'othr': expected a queue of by-hand; did you mean",
    '[[queues]]\nwrap_up = "1s"': "queues[0].name: missing",
    '[[queues]]\nname = "other"\nring = "0s"': 'queues[0].ring = "0s": expected more than 0s',
    'name = "x"': "name: unknown key",
    "rules = [": "file: is not TOML",
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.items())
def test_a_mistake_names_file_key_and_remedy(text: str, said: str, path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        under(path, text)
    [line] = str(refused.value).splitlines()
    assert line.startswith(str(path))
    assert said in line


def test_a_queue_is_changed_once(path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        under(path, '[[queues]]\nname = "q"\n[[queues]]\nname = "q"\nring = "9s"\n')
    assert "queues[1].name = 'q': expected once, found 2 times" in str(refused.value)


def test_who_does_not_fit_the_rules_is_told_after_the_rules(path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        under(path, 'rules = []\ntiers = ["gold"]')
    assert "calls[0].tier = 'regular': expected one that is listed" in str(refused.value)
    with pytest.raises(ConfigError) as refused:
        under(path, 'tiers = ["gold"]')
    assert str(refused.value).splitlines() == [
        f"{path} with by-hand: rules[0].when.tier = 'vip': expected one that is listed; known are gold"
    ]


ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("document", ["README.md", "docs/scenarios.md"])
def test_the_rules_file_that_is_shown_can_be_tried(document: str, path: Path) -> None:
    day = load_scenario(ROOT / "scenarios" / "payday_rush.toml")
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    [shown] = [block for block in blocks if 'head_start = "45s"' in block]
    made = under(path, shown, day)
    assert [rule.head_start_ms for rule in made.rules] == [45_000]
    assert made.queues[0].wrap_up_ms == 15_000
    assert made.queues[0].ring_ms == day.queues[0].ring_ms
