"""A scenario: a day as data. Who calls and who answers, under which rules, and what must come of it.

A scenario is a TOML file with the policy tables of `giliran.toml` (`tiers`, `queues`, `rules`, `timings`, …)
and rows of agents and calls, written in the file or named as CSV files beside it (`calls_csv`, `agents_csv`).
Keys that end in `_s` are seconds of the scenario, from 0; other durations are texts ("8s"). Nothing here runs
anything.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import evolve, field, frozen
from cattrs import Converter

from engine.domain.limits import ID
from engine.policy_file import PolicyTables, policy_converter
from engine.replay.csv_rows import MAX_MISTAKES, read_agents, read_calls
from engine.replay.expectations import Expectation
from engine.replay.rows import AgentRow, CallRow
from engine.tables import A_NAME, ConfigError, Expected, Mistake, shown, structure
from engine.toml_text import toml_rows, toml_value

_ROWS = ("queues", "rules", "expect", "agents", "calls")


@frozen(kw_only=True)
class Scenario(PolicyTables):
    """One day. `end_s`: nothing happens after it; without it the day ends when no event remains."""

    name: str
    seed: int = 1
    end_s: float | None = None
    expect: tuple[Expectation, ...] = ()
    agents_csv: str | None = None
    calls_csv: str | None = None
    agents: tuple[AgentRow, ...] = field(default=(), repr=False)
    calls: tuple[CallRow, ...] = field(default=(), repr=False)

    @property
    def service_level_s(self) -> Mapping[str, float]:
        """Each queue's service level threshold, in seconds."""
        return {q.name: q.service_level_ms / 1000 for q in self.queues}

    def between(self, start_s: float, end_s: float) -> "Scenario":
        """That part of the day alone, from second 0: its calls, and the agents who are logged in then."""
        calls = [
            evolve(c, arrive_s=c.arrive_s - start_s) for c in self.calls if start_s <= c.arrive_s < end_s
        ]
        agents = [
            evolve(
                a,
                login_s=max(0.0, a.login_s - start_s),
                logout_s=None if a.logout_s is None else a.logout_s - start_s,
            )
            for a in self.agents
            if a.login_s < end_s and (a.logout_s is None or a.logout_s > start_s)
        ]
        return evolve(self, calls=tuple(calls), agents=tuple(agents), end_s=None)

    def mistakes(self) -> Iterator[Mistake]:
        yield from super().mistakes()
        if not ID.fullmatch(self.name):
            yield Mistake("name", shown(self.name), f"expected a name of {A_NAME}")
        yield from _row_mistakes(self)
        for n, expectation in enumerate(self.expect):
            yield from expectation.mistakes(f"expect[{n}]", self.policy)


def scenario_converter() -> Converter:
    """The policy's converter; a row's skills may be a list of names, each at level 1."""
    conv = policy_converter()
    levels = Mapping[str, int]

    def skills_in(value: object, _cl: Any) -> Any:
        if not isinstance(value, list | dict):
            raise Expected("expected a list of skills, or a table such as { loan = 2 }")
        if isinstance(value, dict):
            return conv.structure(value, dict[str, int])
        return dict.fromkeys(conv.structure(value, list[str]), 1)

    def row_out(row: Any) -> dict[str, Any]:
        plain: dict[str, Any] = hooks[type(row)](row)
        if plain.get("skills") and set(plain["skills"].values()) == {1}:
            plain["skills"] = list(plain["skills"])
        return plain

    conv.register_structure_hook_func(lambda cl: cl == levels, skills_in)
    hooks = {cl: conv.get_unstructure_hook(cl) for cl in (AgentRow, CallRow)}
    for cl in hooks:
        conv.register_unstructure_hook(cl, row_out)
    return conv


def load_scenario(path: Path) -> Scenario:
    """The scenario of that file, its CSV files read into rows. Raises `ConfigError` with every mistake."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(path), [Mistake("file", "", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [Mistake("file", "", f"is not TOML: {error}")]) from error
    raw.setdefault("name", as_name(path.stem))
    scenario = structure(scenario_converter(), raw, Scenario, str(path))
    if scenario.agents_csv:
        scenario = evolve(scenario, agents=scenario.agents + read_agents(path.parent / scenario.agents_csv))
    if scenario.calls_csv:
        scenario = evolve(scenario, calls=scenario.calls + read_calls(path.parent / scenario.calls_csv))
    if mistakes := list(scenario.mistakes()):
        raise ConfigError(str(path), mistakes[:MAX_MISTAKES])
    return evolve(scenario, agents_csv=None, calls_csv=None)


def as_name(stem: str) -> str:
    """A scenario's name made from its file's."""
    return "".join(c if ID.fullmatch(c) else "-" for c in stem)[:64] or "scenario"


def dump_scenario(scenario: Scenario) -> str:
    """The scenario as TOML that holds everything itself, one row a line."""
    plain: dict[str, Any] = scenario_converter().unstructure(scenario)
    known = [f.name for f in attrs.fields(Scenario) if f.name in plain]
    keys = [k for k in ("name", *known) if k not in _ROWS]
    head = "".join(f"{key} = {toml_value(plain[key])}\n" for key in dict.fromkeys(keys))
    return head + "".join("\n" + toml_rows(key, list(plain[key])) for key in _ROWS if plain.get(key))


def _row_mistakes(s: Scenario) -> Iterator[Mistake]:
    """Rows that fit nothing: names that nothing defines, doubled calls, an agent in two places at once."""
    policy = s.policy
    for n, call in enumerate(s.calls):
        yield from call.mistakes(f"calls[{n}]", policy)
    for n, agent in enumerate(s.agents):
        yield from agent.mistakes(f"agents[{n}]", policy)
    for call_id, count in Counter(c.id for c in s.calls).items():
        if count > 1:
            yield Mistake("calls", shown(call_id), f"expected each id once, found {count} times")
    yield from _overlaps(s.agents)


def _overlaps(agents: tuple[AgentRow, ...]) -> Iterator[Mistake]:
    until: dict[str, float] = {}
    for row in sorted(agents, key=lambda a: (a.id, a.login_s)):
        if row.login_s < until.get(row.id, 0.0):
            yield Mistake(
                "agents", shown(row.id), f"expected a log-out before the log-in at {row.login_s:g} s"
            )
        until[row.id] = float("inf") if row.logout_s is None else row.logout_s
