"""How sure a simulation is of what it found.

The waits of one run depend on each other, so their own spread says nothing. Batch means (Law and Kelton,
"Simulation Modeling and Analysis"): what came before the warm-up is cut off, the rest is cut into batches so
long that they hardly know of each other (or are runs of their own), and it is the batches that spread.
Sectioning (Asmussen and Glynn, 2007, III.5) makes it right for quantiles and quotients too: the estimate is
that of all batches together, and the batches' estimates spread around it.
"""

from collections.abc import Callable, Sequence
from math import inf, sqrt
from typing import TypeVar

from attrs import frozen

T = TypeVar("T")

#: Student's t (1908), two-sided, by confidence and number of batches.
STUDENT = {(0.95, 20): 2.093, (0.999, 20): 3.883, (0.95, 10): 2.262, (0.999, 10): 4.781}

#: What theory's number may be off by, whatever the interval.
TOLERANCE = 0.03


@frozen
class Estimate:
    """A simulated quantity and the standard error of it, from so many batches."""

    value: float
    error: float
    batches: int

    def half_width(self, confidence: float) -> float:
        return STUDENT[confidence, self.batches] * self.error


def estimate(batches: Sequence[Sequence[T]], quantity: Callable[[Sequence[T]], float]) -> Estimate:
    """`quantity` of all batches together, with its standard error by sectioning."""
    count = len(batches)
    whole = quantity([each for batch in batches for each in batch])
    squares = sum((quantity(batch) - whole) ** 2 for batch in batches)
    return Estimate(whole, sqrt(squares / (count - 1) / count), count)


@frozen(kw_only=True)
class Row:
    """One line of the table: what theory says, what the engine did, and how sure it is of it."""

    house: str
    quantity: str
    theory: float
    simulated: Estimate
    confidence: float

    @property
    def half_width(self) -> float:
        return self.simulated.half_width(self.confidence)

    @property
    def difference(self) -> float:
        """Relative to theory."""
        return self.simulated.value / self.theory - 1.0 if self.theory else inf

    @property
    def within_tolerance(self) -> bool:
        return abs(self.difference) <= TOLERANCE

    @property
    def within_interval(self) -> bool:
        return abs(self.simulated.value - self.theory) <= self.half_width

    @property
    def holds(self) -> bool:
        return self.within_tolerance or self.within_interval

    def __str__(self) -> str:
        return (
            f"{self.house:22}{self.quantity:30}{self.theory:10.4f}{self.simulated.value:11.4f}"
            f"  ±{self.half_width:8.4f}{self.difference:+9.1%}  {self.verdict}"
        )

    @property
    def verdict(self) -> str:
        if self.within_tolerance:
            return f"within {TOLERANCE:.0%}" + (" and the interval" if self.within_interval else "")
        return "within the interval" if self.within_interval else "DIFFERS"


def heading(confidence: float) -> str:
    return (
        f"{'house':22}{'quantity':30}{'theory':>10}{'simulated':>11}  {f'{confidence:.1%} int.':>9}"
        f"{'differs':>9}"
    )
