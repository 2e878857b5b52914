"""Serves houses through the engine's virtual replay, each once, and keeps what theory is compared with.

Small, a house is served in one run that is cut into batches; full (GILIRAN_THEORY), in as many runs of their
own, in two processes.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

import structlog
from attrs import define, field, frozen

from engine.replay.virtual import replay

from .houses import BUSY, CALM, OTHERS, SERVICE_S, TWENTY, House
from .intervals import Estimate, Row, estimate

FULL = bool(os.environ.get("GILIRAN_THEORY"))
CONFIDENCE = 0.95 if FULL else 0.999
BATCHES = 20 if FULL else 10
PROCESSES = 2

RULES = BUSY if FULL else CALM
HOUSES = (*OTHERS, *((TWENTY,) if FULL else ()), *RULES)


@frozen
class Waited:
    """One call: its tier, its wait in mean services, and whether it was served after it."""

    tier: str
    wait: float
    served: bool


Batches = list[list[Waited]]
Quantity = Callable[[Any], float]


@frozen(kw_only=True)
class Size:
    """How many calls a run has: those of the warm-up and of the end, when no later caller comes to pass
    those who wait, are served but not measured."""

    runs: int
    warm_up: int
    measured: int
    cool_down: int

    @property
    def calls(self) -> int:
        return self.warm_up + self.measured + self.cool_down


def size(house: House) -> Size:
    if not FULL:
        return Size(runs=1, warm_up=400, measured=3000, cool_down=100)
    return Size(runs=BATCHES, warm_up=1000, measured=_measured(house), cool_down=250)


def _measured(house: House) -> int:
    """Calls of a full run: impatience makes a house forget soon, a busy one hardly does without."""
    if house.patience is not None:
        return 5_000
    return 20_000 if house in tuple(BUSY) else 10_000


@frozen
class Run:
    """One day served: every call in order of arrival, and the CPU time it took."""

    calls: tuple[tuple[str, int, bool], ...]  #: tier, wait in ms, served
    cpu_s: float


def serve(house: House, seed: int) -> Run:
    """Serve one day of that house. Raises if the engine broke an invariant or left a caller waiting."""
    day = house.scenario(size(house).calls, seed)
    began_s = time.process_time()
    result = replay(day)
    cpu_s = time.process_time() - began_s
    assert not result.violations, result.violations
    calls = []
    for call in result.calls:
        assert call.wait_s is not None, f"{call.call_id} of {house.name} is {call.outcome}"
        calls.append((call.tier, round(call.wait_s * 1000), call.outcome == "served"))
    return Run(tuple(calls), cpu_s)


def _quiet() -> None:
    """In a process of the laboratory's own nobody reads the engine's log."""

    def drop(*_: object) -> dict[str, Any]:
        raise structlog.DropEvent

    structlog.configure(processors=[drop])


@define(eq=False)
class Laboratory:
    """Every house is served when it is first asked for; the full ones all at once, so that none waits."""

    say: Callable[[str], None]
    rows: list[Row] = field(factory=list)
    calls: int = 0
    cpu_s: float = 0.0
    _runs: dict[str, list[Run]] = field(factory=dict)
    _futures: dict[str, list[Future[Run]]] = field(factory=dict)

    def batches(self, house: House) -> Batches:
        """The measured calls, in `BATCHES` batches."""
        s = size(house)
        days = [run.calls[s.warm_up : s.warm_up + s.measured] for run in self.runs(house)]
        calls = [Waited(tier, ms / 1000 / SERVICE_S, served) for day in days for tier, ms, served in day]
        length = len(calls) // BATCHES
        return [calls[n * length : (n + 1) * length] for n in range(BATCHES)]

    def runs(self, house: House) -> list[Run]:
        if house.name not in self._runs:
            futures = self._futures.get(house.name)
            runs = [f.result() for f in futures] if futures else [serve(house, s) for s in seeds(house)]
            self._runs[house.name] = runs
            self.calls += sum(len(run.calls) for run in runs)
            self.cpu_s += sum(run.cpu_s for run in runs)
        return self._runs[house.name]

    def compare(self, house: str, quantity: str, theory: float, simulated: Estimate) -> Row:
        """The line of the table, once it is known."""
        row = Row(house=house, quantity=quantity, theory=theory, simulated=simulated, confidence=CONFIDENCE)
        self.rows.append(row)
        return row

    def check(self, house: House, expected: Mapping[str, tuple[float, Quantity]]) -> None:
        """Compare each quantity of a house with theory; fails with the lines that do not hold."""
        batches = self.batches(house)
        rows = [
            self.compare(house.name, name, theory, estimate(batches, quantity))
            for name, (theory, quantity) in expected.items()
        ]
        assert all(row.holds for row in rows), "\n".join(["", *map(str, rows)])

    def begin(self, pool: ProcessPoolExecutor) -> None:
        for house in HOUSES:
            self._futures[house.name] = [pool.submit(serve, house, seed) for seed in seeds(house)]

    def wait(self) -> None:
        """Tell how far it is until everything is served."""
        every = [future for futures in self._futures.values() for future in futures]
        calls, cpu_s = 0, 0.0
        for n, done in enumerate(as_completed(every), 1):
            run = done.result()
            calls, cpu_s = calls + len(run.calls), cpu_s + run.cpu_s
            self.say(f"{n} of {len(every)} runs, {calls:,} calls, {calls / cpu_s:,.0f} a CPU second")


def seeds(house: House) -> range:
    return range(1, size(house).runs + 1)


@contextmanager
def opened(say: Callable[[str], None]) -> Iterator[Laboratory]:
    laboratory = Laboratory(say)
    if not FULL:
        yield laboratory
        return
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        laboratory.begin(pool)
        try:
            laboratory.wait()
            yield laboratory
        finally:
            pool.shutdown(cancel_futures=True)


def tell(line: str) -> None:
    """Progress: one line that is written over on a terminal, else a line each."""
    print(f"theory: {line}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
