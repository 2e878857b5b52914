"""A scenario: a day as data. Who calls and who answers, under which rules, and what must come of it.

A scenario is a TOML file with the policy tables of `giliran.toml` (`tiers`, `queues`, `rules`, `timings`, …)
and rows of agents and calls, written in the file or named as CSV files beside it (`calls_csv`, `agents_csv`).
Callers may come by rates (`arrivals`) and agents by the dozen (`crews`): `day` draws their rows. Keys that
end in `_s` are seconds of the scenario, from 0, or what the clock shows then; durations are texts ("8s").
Nothing here runs anything.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from math import floor
from pathlib import Path
from typing import Any

import attrs
from attrs import evolve, field, frozen

from engine.domain.limits import ID
from engine.policy_file import PolicyTables
from engine.replay.arrivals import Arrivals
from engine.replay.crews import MOST_AGENTS, Crew
from engine.replay.csv_rows import read_agents, read_calls
from engine.replay.expectations import Expectation, Known
from engine.replay.faults import MOST_NODES, Fault
from engine.replay.reading import CLOCK, as_clock, clock_s, scenario_converter
from engine.replay.rows import AgentRow, CallRow, Second
from engine.tables import A_NAME, ConfigError, Mistake, duration_text, read_toml, shown, structure
from engine.toml_text import toml_rows, toml_value

_ROWS = ("queues", "rules", "expect", "faults", "arrivals", "crews", "agents", "calls")


@frozen(kw_only=True)
class Scenario(PolicyTables):
    """One day. `end_s`: nothing happens after it; without it the day ends when no event remains.

    `clock`: what a clock shows at second 0. `nodes`: how many serve; what `faults` do to them is theirs.
    """

    name: str
    seed: int = 1
    clock: str = "00:00"
    end_s: Second | None = None
    nodes: int = 1
    faults: tuple[Fault, ...] = ()
    expect: tuple[Expectation, ...] = ()
    agents_csv: str | None = None
    calls_csv: str | None = None
    arrivals: tuple[Arrivals, ...] = ()
    crews: tuple[Crew, ...] = ()
    agents: tuple[AgentRow, ...] = field(default=(), repr=False)
    calls: tuple[CallRow, ...] = field(default=(), repr=False)

    @property
    def zero_s(self) -> int:
        """What a clock shows at second 0, in seconds since midnight."""
        return clock_s(self.clock) or 0

    @property
    def service_level_s(self) -> Mapping[str, float]:
        """Each queue's service level threshold, in seconds."""
        return {q.name: q.service_level_ms / 1000 for q in self.queues}

    def day(self, seed: int | None = None) -> "Scenario":
        """The day as `seed` (the scenario's own if None) draws it: every agent and call a row."""
        seed = self.seed if seed is None else seed
        if not self.arrivals and not self.crews:
            return self
        return evolve(
            self,
            seed=seed,
            agents=(*self.agents, *chain.from_iterable(crew.rows(seed) for crew in self.crews)),
            calls=(*self.calls, *chain.from_iterable(source.rows(seed) for source in self.arrivals)),
            crews=(),
            arrivals=(),
        )

    def between(self, start_s: float, end_s: float, seed: int | None = None) -> "Scenario":
        """That part of the day alone, from second 0: its calls, and the agents who are logged in then.

        Nothing is expected of a part: what is expected is of the whole day.
        """
        day = self.day(seed)
        calls = [c.later(-start_s) for c in day.calls if start_s <= c.arrive_s < end_s]
        agents = [
            a.later(-start_s)
            for a in day.agents
            if a.login_s < end_s and (a.logout_s is None or a.logout_s > start_s)
        ]
        faults = [evolve(f, at_s=f.at_s - start_s) for f in day.faults if start_s <= f.at_s < end_s]
        clock = as_clock(self.zero_s + floor(start_s))
        part = evolve(day, clock=clock, end_s=None, expect=())
        return evolve(part, calls=tuple(calls), agents=tuple(agents), faults=tuple(faults))

    def mistakes(self) -> Iterator[Mistake]:
        yield from super().mistakes()
        if not ID.fullmatch(self.name):
            yield Mistake("name", shown(self.name), f"expected a name of {A_NAME}")
        if clock_s(self.clock) is None:
            yield Mistake("clock", shown(self.clock), f"expected {CLOCK}")
        for n, source in enumerate(self.arrivals):
            yield from source.mistakes(f"arrivals[{n}]", self.policy)
        for n, crew in enumerate(self.crews):
            yield from crew.mistakes(f"crews[{n}]", self.policy)
        yield from _row_mistakes(self)
        if not 1 <= self.nodes <= MOST_NODES:
            yield Mistake("nodes", str(self.nodes), f"expected 1 to {MOST_NODES}")
        known = self._known()
        for n, fault in enumerate(self.faults):
            yield from fault.mistakes(f"faults[{n}]", known)
        for n, expectation in enumerate(self.expect):
            yield from expectation.mistakes(f"expect[{n}]", known)

    def _known(self) -> Known:
        shares = [share for source in self.arrivals for share in source.mix]
        ids = frozenset(call.id for call in self.calls)
        crews = (crew for crew in self.crews if 0 < crew.count <= MOST_AGENTS)
        agents = chain(self.agents, chain.from_iterable(crew.rows(self.seed) for crew in crews))
        return Known(
            queues=tuple(queue.name for queue in self.queues),
            tiers=tuple(sorted({call.tier for call in self.calls} | {share.tier for share in shares})),
            agents=tuple(dict.fromkeys(agent.id for agent in agents)),
            calls=tuple(call.id for call in self.calls),
            called=lambda name: name in ids or any(source.made(name) for source in self.arrivals),
        )


def load_scenario(path: Path) -> Scenario:
    """The scenario of that file, its CSV files read into rows. Raises `ConfigError` with every mistake."""
    raw = read_toml(path)
    raw.setdefault("name", as_name(path.stem))
    conv = scenario_converter(str(raw.get("clock", "00:00")))
    scenario = structure(conv, raw, Scenario, str(path))
    if scenario.agents_csv:
        agents = read_agents(path.parent / scenario.agents_csv, scenario.zero_s)
        scenario = evolve(scenario, agents=scenario.agents + agents)
    if scenario.calls_csv:
        calls = read_calls(path.parent / scenario.calls_csv, scenario.zero_s)
        scenario = evolve(scenario, calls=scenario.calls + calls)
    if mistakes := list(scenario.mistakes()):
        raise ConfigError(str(path), mistakes)
    return evolve(scenario, agents_csv=None, calls_csv=None)


def as_name(stem: str) -> str:
    """A scenario's name made from its file's."""
    return "".join(c if ID.fullmatch(c) else "-" for c in stem)[:64] or "scenario"


def dump_scenario(scenario: Scenario) -> str:
    """The scenario as TOML that holds everything itself, one row a line.

    A queue's wrap-up is written even where it is the default: it is what one looks for first.
    """
    plain: dict[str, Any] = scenario_converter().unstructure(scenario)
    for queue, row in zip(scenario.queues, plain.get("queues", ()), strict=True):
        row["wrap_up"] = duration_text(queue.wrap_up_ms)
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
    ids = [c.id for c in s.calls] + [f"{source.id}-…" for source in s.arrivals]
    for call_id, count in Counter(ids).items():
        if count > 1:
            yield Mistake("calls", shown(call_id), f"expected each id once, found {count} times")
    for source in s.arrivals:
        for call in s.calls:
            if source.made(call.id):
                yield Mistake(
                    "calls", shown(call.id), f"expected no id that arrivals of {source.id} may have"
                )
    crews = [crew for crew in s.crews if 0 < crew.count <= MOST_AGENTS]
    yield from _overlaps((*s.agents, *chain.from_iterable(crew.rows(s.seed) for crew in crews)))


def _overlaps(agents: tuple[AgentRow, ...]) -> Iterator[Mistake]:
    until: dict[str, float] = {}
    for row in sorted(agents, key=lambda a: (a.id, a.login_s)):
        if row.login_s < until.get(row.id, 0.0):
            yield Mistake(
                "agents", shown(row.id), f"expected a log-out before the log-in at {row.login_s:g} s"
            )
        until[row.id] = float("inf") if row.logout_s is None else row.logout_s
