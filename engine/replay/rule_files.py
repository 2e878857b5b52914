"""Rules files: a scenario's day under other rules.

A rules file is TOML with the policy tables of a scenario (`queues`, `rules`, `timings`, `tiers`, …); those
it has replace the scenario's.
"""

import tomllib
from pathlib import Path

import attrs
from attrs import evolve

from engine.policy_file import PolicyTables, policy_converter
from engine.replay.csv_rows import MAX_MISTAKES
from engine.replay.scenario import Scenario
from engine.tables import ConfigError, Mistake, structure


def ruled(scenario: Scenario, path: Path) -> Scenario:
    """The scenario under the rules of that file. Raises `ConfigError` with every mistake."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(path), [Mistake("file", "", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [Mistake("file", "", f"is not TOML: {error}")]) from error
    if not raw:
        known = ", ".join(f.name for f in attrs.fields(PolicyTables))
        raise ConfigError(str(path), [Mistake("file", "", f"expected at least one of {known}")])
    tables = structure(policy_converter(), raw, PolicyTables, str(path))
    made = evolve(scenario, **{key: getattr(tables, key) for key in raw})
    if mistakes := list(made.mistakes()):
        raise ConfigError(f"{path} with {scenario.name}", mistakes[:MAX_MISTAKES])
    return made
