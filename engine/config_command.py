"""The command that prints every setting, or says whether a file of ours is good and what it is."""

import os
from pathlib import Path

from engine.config import POLICY_KEYS, load
from engine.policy_file import PolicyTables, policy_converter
from engine.tables import ConfigError, read_toml, structure

#: What only a scenario has: who comes and who answers.
_PEOPLE = {"agents", "agents_csv", "crews", "calls", "calls_csv", "arrivals"}


def config_(*, check: Path | None = None) -> None:
    """Print every setting with its default, as a file to edit.

    Parameters
    ----------
    check
        Instead, say whether this file can be used: a node's settings together with the environment, a
        scenario, or rules to replay a day under.
    """
    from engine.config_template import template

    if check is None:
        print(template(), end="")
        return
    print(f"{check}: {_found(check)}")


def _found(path: Path) -> str:
    """What the file is, if it is good. Raises `ConfigError`."""
    raw = read_toml(path)
    if _PEOPLE & raw.keys():
        from engine.replay.scenario import load_scenario

        load_scenario(path)
        return "good, a scenario: for giliran replay and compare"
    if raw and "queues" not in raw and raw.keys() <= set(POLICY_KEYS):
        tables = structure(policy_converter(), raw, PolicyTables, str(path))
        if wrong := [mistake for mistake in tables.mistakes() if mistake.key != "queues"]:
            raise ConfigError(str(path), wrong)
        return "good, rules for --rules of giliran replay and compare; a node's settings have [[queues]] too"
    load(path, os.environ)
    return "good"
