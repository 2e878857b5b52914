"""Rules files: a scenario's day under other rules.

A rules file is TOML with some of a scenario's policy tables, and says only what is to be otherwise. A table
of `[[queues]]` changes the scenario's queue of that name, in the keys that it has; `[timings]` changes those
timings that it names; `rules` and every list (`tiers`, `skills`, …) replace the scenario's. An empty file
changes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs
from attrs import evolve

from engine.domain.rules import Queue, Timings
from engine.policy_file import PolicyTables, policy_converter
from engine.replay.scenario import Scenario
from engine.tables import ConfigError, Mistake, key_of, nearest, read_toml, shown, structure

T = TypeVar("T", Queue, Timings)


def ruled(scenario: Scenario, path: Path) -> Scenario:
    """The scenario under the rules of that file. Raises `ConfigError` with every mistake."""
    raw = read_toml(path)
    tables = structure(policy_converter(), raw, PolicyTables, str(path))
    if mistakes := list(_misnamed(scenario, tables)):
        raise ConfigError(str(path), mistakes)
    changes = {key: getattr(tables, key) for key in raw}
    own = {queue.name: queue for queue in scenario.queues}
    written = zip(tables.queues, raw.get("queues", ()), strict=True)
    merged = {queue.name: _merged(own[queue.name], queue, said) for queue, said in written}
    changes["queues"] = tuple((own | merged).values())
    changes["timings"] = _merged(scenario.timings, tables.timings, raw.get("timings", {}))
    made = evolve(scenario, **changes)
    # first the rules by themselves, in the file's order, so that a mistake names the place where it stands
    rules = evolve(made, queues=tuple((merged | own | merged).values()))
    for mistakes in (list(PolicyTables.mistakes(rules)), list(made.mistakes())):
        if mistakes:
            raise ConfigError(f"{path} with {scenario.name}", mistakes)
    return made


def _misnamed(scenario: Scenario, tables: PolicyTables) -> Iterator[Mistake]:
    """Queues that the scenario does not have, and those that are changed twice."""
    own = [queue.name for queue in scenario.queues]
    seen = Counter(queue.name for queue in tables.queues)
    for n, queue in enumerate(tables.queues):
        if queue.name not in own:
            expected = f"expected a queue of {scenario.name}{nearest(queue.name, own)}"
            yield Mistake(f"queues[{n}].name", shown(queue.name), expected)
        elif seen[queue.name] > 1:
            expected = f"expected once, found {seen[queue.name]} times"
            yield Mistake(f"queues[{n}].name", shown(queue.name), expected)


def _merged(own: T, written: T, said: Mapping[str, Any]) -> T:
    """`own` with what the table `said`, of which `written` was made."""
    fields = (f for f in attrs.fields(type(own)) if key_of(f) in said)
    return evolve(own, **{f.name: getattr(written, f.name) for f in fields})
