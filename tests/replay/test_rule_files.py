"""Rules files over a scenario."""

from pathlib import Path

import pytest

from engine.domain.rules import Rule
from engine.replay.rows import CallRow
from engine.replay.rule_files import ruled
from engine.tables import ConfigError
from tests.replay.facts_by_hand import scenario

CALLS = (CallRow(id="first", arrive_s=0, queue="q", handle_s=50),)


def test_a_rules_file_replaces_the_tables_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('[[rules]]\nwhen = { tier = "vip" }\nband = 3\n')
    day = scenario(CALLS)
    made = ruled(day, path)
    assert made.rules == (Rule(when={"tier": ("vip",)}, band=3),)
    assert (made.queues, made.calls, made.timings) == (day.queues, day.calls, day.timings)


MISTAKES = {
    "rules = 3": "rules = 3: expected a list",
    '[[rules]]\nhead_stert = "3s"': 'rules[0].head_stert: unknown key; did you mean "head_start"?',
    '[[rules]]\nwhen = { queue = "no" }\nband = 1': "rules[0].when.queue = 'no': expected one that is listed",
    '[[queues]]\nname = "other"': "calls[0].queue = 'q': expected one that is listed",
    'name = "x"': "name: unknown key",
    "": "file: expected at least one of tiers, skills",
    "rules = [": "file: is not TOML",
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.items())
def test_a_mistake_names_file_key_and_remedy(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        ruled(scenario(CALLS), path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)
