"""What a report looks at: one run or several, on the same scales, and a section of it."""

from collections.abc import Sequence
from functools import cached_property

from attrs import frozen

from engine.domain.lifecycle import AgentState
from engine.replay.report import plot
from engine.replay.report.html import Html
from engine.replay.report.plot import Frame
from engine.replay.sample import Day, told_apart
from engine.replay.scenario import Scenario

#: States in the order in which they are stacked, each with the series that draws it.
STATES = {
    AgentState.ON_CALL: (0, "on a call"),
    AgentState.WRAP_UP: (1, "wrap-up"),
    AgentState.OFFERED: (2, "being alerted"),
    AgentState.READY: (3, "ready"),
    AgentState.NOT_READY: (4, "not ready"),
}
#: The first series of tiers or queues, and how many are told apart; the rest are one.
FIRST, MOST = 5, 7
OTHERS = "others"
#: Room for the name of the upright axis.
TOP = 28.0


@frozen
class Section:
    """One kind of drawing: `drawings` has one for each run."""

    name: str
    heading: str
    about: str
    legend: Html
    drawings: tuple[Html, ...]
    numbers: Html


@frozen(slots=False)
class View:
    """The runs that are shown, and how they are named; several share a row, so each is narrower."""

    days: Sequence[Day]
    titles: Sequence[str]

    @property
    def width(self) -> float:
        return {1: 860.0, 2: 520.0}.get(len(self.days), 400.0)

    @cached_property
    def end_s(self) -> float:
        return max(1.0, *(day.course.end_s for day in self.days))

    @cached_property
    def groups(self) -> tuple[str, list[str]]:
        """By what calls are told apart, "tier" or "queue", and its names."""
        kind, names = told_apart(self.days)
        return kind, names if len(names) <= MOST else [*names[: MOST - 1], OTHERS]

    def group(self, name: str) -> str:
        return name if name in self.groups[1] else OTHERS

    @property
    def legend(self) -> list[tuple[int, str]]:
        return [(FIRST + k, name) for k, name in enumerate(self.groups[1])]

    @property
    def scenario(self) -> Scenario:
        """What the runs have in common: all but their rules."""
        return self.days[0].result.scenario

    @property
    def zero_s(self) -> int:
        """What a clock shows at second 0."""
        return self.scenario.zero_s

    def clock(self) -> list[tuple[float, str]]:
        return plot.clock_ticks(self.end_s, round(self.width / 72), self.zero_s)

    def shown(self, second: float) -> str:
        """What a clock shows then."""
        return plot.clock(second + self.zero_s, short=True)

    def frame(self, height: float, most: float, *, top: float = TOP, **more: float) -> Frame:
        return Frame(width=self.width, height=height, x=(0, self.end_s), y=(0, most), top=top, **more)

    def named(self, name: str, n: int) -> str:
        return name if len(self.days) == 1 else f"{name}-{n + 1}"

    def of(self, n: int) -> str:
        return "" if len(self.days) == 1 else f", {self.titles[n]}"
