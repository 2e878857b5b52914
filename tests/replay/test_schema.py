"""The schema beside the scenarios says what the classes say, no more and no less."""

import tomllib
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from stories import SCENARIOS, STORIES

from engine.replay.scenario import load_scenario
from engine.replay.schema import schema, text
from engine.tables import ConfigError

VALIDATE = fastjsonschema.compile(schema())
HEADER = "#:schema scenario.schema.json"


def test_the_schema_is_that_of_the_classes() -> None:
    """If not: python -m engine.replay.schema > scenarios/scenario.schema.json."""
    assert (SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_every_story_names_the_schema_and_keeps_it(story: Path) -> None:
    written = story.read_text(encoding="utf-8")
    assert written.splitlines()[0] == HEADER
    VALIDATE(tomllib.loads(written))


WHOLE = """
name = "whole"
seed = 3
clock = "08:00"
end_s = "17:00:30"
tiers = ["regular", { name = "vip", label = { en = "VIP" } }]
timings = { avoid = "1m30s", call_grace = "250ms" }
calls_csv = "c.csv"
expect = [{ measure = "calls", min = 0 }, { order = ["c1", "day-1"] }]
queues = [{ name = "q", max_wait = "never", select = "best_skill",
  steps = [{ after = "5m", drop_skills = ["*"] }] }]
rules = [{ when = { tier = "vip", city = ["Ubud", "Kuta"] }, head_start = "90s", band = 2 }]
crews = [{ id = "a-{n}", count = 2, queues = ["q"], skills = ["loan"], stagger = "5m",
  shifts = [{ login_s = 0, logout_s = "16:00" }], answer = { distribution = "constant", value_s = 3 },
  breaks = [{ at_s = "12:00", for = "30m" }],
  drops = { per_hour = 0.5, away = { distribution = "exponential", mean_s = 9 } } }]
arrivals = [{ id = "day", to_s = 900, shape = "linear", rates = [{ at_s = 0, per_hour = 5.5 }],
  mix = [{ weight = 2, queue = "q", skills = { loan = 2 },
  handle = { distribution = "lognormal", median_s = 9, cv = 1 } }],
  handle = { distribution = "empirical", values_s = [1, 2.5], weights = [1, 1] } }]
agents = [{ id = "a", login_s = 0.5, queues = ["q"], refusal = "declined",
  drops = [{ at_s = 9, for = "9s" }] }]
calls = [{ id = "c1", arrive_s = "09:00", queue = "q", handle_s = 60, patience_s = 9,
  attributes = { city = "Ubud" } }]
"""
#: Each a change of the whole that both the schema and the classes refuse.
WRONG = [
    ('name = "whole"', "name = 3"),
    ("seed = 3", 'seeds = "3"'),
    ('end_s = "17:00:30"', 'end_s = "5 pm"'),
    ('avoid = "1m30s"', "avoid = 90"),
    ('avoid = "1m30s"', 'avoid = ""'),
    ('avoid = "1m30s"', 'avoid = "5ms3s"'),
    ('"best_skill"', '"best"'),
    ('max_wait = "never"', "max_wait = 5"),
    ('"calls", min = 0', '"cals", min = 0'),
    ("count = 2, ", ""),
    ('queues = ["q"], skills = ["loan"]', 'queues = "q"'),
    ("value_s = 3", "value_s = true"),
    ('"constant"', '"always"'),
    ("per_hour = 5.5", 'per_hour = "5.5"'),
    ("cv = 1 }", "sigma = 1 }"),
    ("loan = 2", 'loan = "two"'),
    ('city = ["Ubud", "Kuta"]', "city = [1]"),
    ('attributes = { city = "Ubud" }', "attributes = { city = 1 }"),
    ('name = "q", ', ""),
]


def both(tmp_path: Path, written: str) -> tuple[bool, bool]:
    """Whether the schema takes it, and whether the classes do."""
    (tmp_path / "c.csv").write_text("call_id,arrive_s,queue,tier,skills,handle_s,patience_s\n")
    (tmp_path / "s.toml").write_text(written, encoding="utf-8")
    return _takes(VALIDATE, tomllib.loads(written)), _takes(load_scenario, tmp_path / "s.toml")


def _takes(read: Any, what: object) -> bool:
    try:
        read(what)
    except (ConfigError, fastjsonschema.JsonSchemaException):
        return False
    return True


def one_line(toml: str) -> str:
    """TOML 1.0 has inline tables on one line only."""
    return toml.replace(",\n  ", ", ")


def test_every_key_is_known_to_both(tmp_path: Path) -> None:
    assert both(tmp_path, one_line(WHOLE)) == (True, True)


@pytest.mark.parametrize(("right", "wrong"), WRONG, ids=[wrong or f"no {right}" for right, wrong in WRONG])
def test_what_the_classes_refuse_the_schema_refuses(tmp_path: Path, right: str, wrong: str) -> None:
    assert one_line(WHOLE).count(right) >= 1
    assert both(tmp_path, one_line(WHOLE).replace(right, wrong, 1)) == (False, False)
