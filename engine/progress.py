"""How far a row of replays is, for those who wait for it: a bar at a terminal, elsewhere a line now and then.

A line says what runs, how far it is, and about how much longer all of it takes. A live day is as long as its
last call, divided by the speed, and the days after the first as long as those before them were; how fast a
virtual day goes is seen only once some of its calls have come.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from attrs import define, field
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TaskID

if TYPE_CHECKING:
    from engine.replay.comparison import Run

#: What is over before that needs no words; and how often there are some.
FIRST_S, EVERY_S = 10.0, 30.0

Progress = Callable[[int, int], None]  #: calls that are done with, calls in all


@contextmanager
def following(runs: "Sequence[Run]", speed: float) -> "Iterator[Callable[[Run], Progress]]":
    """Inside, each of `runs`, once it begins, gets whom to tell how far it is."""
    console = Console(stderr=True)
    if console.is_terminal:
        with Bar(console=console, transient=True) as bar:
            yield lambda run: _drawn(bar, run)
        return
    row = Row(runs, speed)
    with _telling(row.line):
        yield row.begin


def _drawn(bar: Bar, run: "Run") -> Progress:
    task: TaskID = bar.add_task(run.title, total=len(run.scenario.calls))
    return lambda done, _all: bar.update(task, completed=done)


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Inside, `total` replays that run beside one another, and whom to tell how many are over."""
    console = Console(stderr=True)
    if console.is_terminal:
        with Bar(console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda over: bar.update(task, completed=over)
        return
    heap = Heap(what, total)
    with _telling(heap.line):
        yield heap.hear


@contextmanager
def _telling(line: Callable[[], str]) -> Iterator[None]:
    """Inside, the line is said now and then."""
    over = Event()
    teller = Thread(target=_tell, args=(line, over), name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _tell(line: Callable[[], str], over: Event) -> None:
    wait_s = FIRST_S
    while not over.wait(wait_s):
        print(f"giliran: {line()}", file=sys.stderr, flush=True)
        wait_s = EVERY_S


@define(eq=False)
class Heap:
    """Replays that run beside one another, as they are seen by a clock of seconds."""

    what: str
    total: int
    clock: Callable[[], float] = time.monotonic
    _done: int = 0
    _begun_at: float = field(init=False)

    @_begun_at.default
    def _now(self) -> float:
        return self.clock()

    def hear(self, over: int) -> None:
        self._done = over

    def line(self) -> str:
        """How many are over, and how much longer the rest takes."""
        told = f"replaying {self.what}: {self._done} of {self.total} replays are over"
        if not self._done:
            return told
        left_s = (self.clock() - self._begun_at) / self._done * (self.total - self._done)
        return f"{told}; about {about(left_s)} more"


@define(eq=False)
class Row:
    """Replays that run one after the other, as they are seen by a clock of seconds."""

    runs: "Sequence[Run]"
    speed: float
    clock: Callable[[], float] = time.monotonic
    _begun_at: list[float] = field(factory=list)
    _done: int = 0

    def begin(self, _run: "Run") -> Progress:
        self._done = 0
        self._begun_at.append(self.clock())
        return self._hear

    def _hear(self, done: int, _all: int) -> None:
        self._done = done

    def line(self) -> str:
        """What runs, how far it is, and how much longer it takes."""
        if not self._begun_at:
            return "the replay begins"
        n = len(self._begun_at) - 1
        run = self.runs[n]
        which = f" ({n + 1} of {len(self.runs)})" if len(self.runs) > 1 else ""
        pace = f", live at {self.speed:g} times the clock" if run.live else ""
        what = "callers have left" if run.live else "calls have come"
        left_s = self._left_s(n)
        rest = "" if left_s is None else f"; about {about(left_s)} more"
        return f"replaying {run.title}{which}{pace}: {self._done} of {len(run.scenario.calls)} {what}{rest}"

    def _left_s(self, n: int) -> float | None:
        """Seconds until the last run is over; None if that cannot be told."""
        now = self.clock()
        gone_s, run = now - self._begun_at[n], self.runs[n]
        if not run.live and not self._done:
            return None
        if not run.live:
            whole_s = gone_s * len(run.scenario.calls) / self._done
        elif n:
            whole_s = (self._begun_at[n] - self._begun_at[0]) / n
        else:
            whole_s = length_s(run) / self.speed
        return max(0.0, whole_s - gone_s) + whole_s * (len(self.runs) - n - 1)


def length_s(run: "Run") -> float:
    """About how long the day lasts, in seconds of the day: until nobody would have to wait any longer."""
    day = run.scenario
    ends = [call.arrive_s + call.handle_s for call in day.calls]
    return max(ends, default=0.0) if day.end_s is None else day.end_s


def about(seconds: float) -> str:
    """A duration as one says it, in steps of five seconds, from two minutes on of whole ones."""
    fives = 5 * max(1, round(seconds / 5))
    return f"{fives} s" if fives < 120 else f"{round(seconds / 60)} min"
