"""What a run found: figures with their repeats, and the aims beside what was reached."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen
from rich.console import Console
from rich.table import Table


@frozen
class Figure:
    """One measure, once per repeat."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def to_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "values": list(self.values),
        }


@frozen
class Aim:
    """A median, or a ratio of medians, and the bound it should keep: at most, or at least."""

    name: str
    reached: float
    bound: float
    at_most: bool

    @property
    def met(self) -> bool:
        return self.reached <= self.bound if self.at_most else self.reached >= self.bound

    def to_json(self) -> dict[str, Any]:
        kind = "at_most" if self.at_most else "at_least"
        return {"reached": self.reached, kind: self.bound, "met": self.met}


@define
class Report:
    """Figures as they come in, in the order in which they were first measured."""

    machine: Mapping[str, Any]
    #: what should be reached, reckoned from the figures
    _aims: Callable[["Report"], Sequence[Aim]]
    _found: dict[str, tuple[str, list[float]]] = field(factory=dict)

    def add(self, name: str, unit: str, value: float) -> None:
        self._found.setdefault(name, (unit, []))[1].append(value)

    def __getitem__(self, name: str) -> Figure:
        unit, values = self._found[name]
        return Figure(name, unit, tuple(values))

    def figures(self) -> list[Figure]:
        return [self[name] for name in self._found]

    def aims(self) -> Sequence[Aim]:
        return self._aims(self)

    def to_json(self) -> dict[str, Any]:
        return {
            "machine": dict(self.machine),
            "figures": {figure.name: figure.to_json() for figure in self.figures()},
            "aims": {aim.name: aim.to_json() for aim in self.aims()},
        }

    def show(self, console: Console) -> None:
        figures = Table("figure", "unit", title=", ".join(f"{k} {v}" for k, v in self.machine.items()))
        for heading in ("median", "min", "max"):
            figures.add_column(heading, justify="right")
        for f in self.figures():
            figures.add_row(f.name, f.unit, _shown(f.median), _shown(min(f.values)), _shown(max(f.values)))
        aims = Table("of medians", "aim", "reached", "")
        for aim in self.aims():
            bound = f"{'≤' if aim.at_most else '≥'} {aim.bound:g}"
            aims.add_row(aim.name, bound, f"{aim.reached:.2f}", "met" if aim.met else "missed")
        console.print(figures)
        console.print(aims)


def percentile(values: Iterable[float], share: float) -> float:
    """The nearest-rank percentile."""
    found: Sequence[float] = sorted(values)
    return found[min(len(found) - 1, int(share * len(found)))]


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
