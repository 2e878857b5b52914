"""The houses that are put to the test: Poisson arrivals, exponential services, equal agents, some rule.

A house is written in units of the mean service, as theory is; its rows are in seconds and whole
milliseconds, as the engine counts. With `SERVICE_S` of 10 s a millisecond is a ten-thousandth of a service.
Houses that differ in their rule alone get the very same callers from the same seed, so that what differs
between their waits is the rule's doing (common random numbers).
"""

from collections.abc import Iterator, Mapping
from random import Random

from attrs import evolve, field, frozen

from engine.domain.rules import Queue, Rule
from engine.replay.rows import AgentRow, CallRow
from engine.replay.scenario import Scenario

SERVICE_S = 10.0
QUEUE = "general"


@frozen(kw_only=True)
class House:
    """`rates`: calls per mean service, by tier, first served first. `patience`: its mean; None: endless."""

    name: str
    agents: int
    rates: Mapping[str, float]
    patience: float | None = None
    bands: Mapping[str, int] = field(factory=dict)
    head_starts: Mapping[str, float] = field(factory=dict)

    @property
    def rate(self) -> float:
        return sum(self.rates.values())

    def calls(self, count: int, seed: int) -> tuple[CallRow, ...]:
        """That many callers. Each one's numbers are drawn in one order, whatever the rule."""
        random = Random(f"{seed} {self.agents} {sorted(self.rates.items())} {self.patience}")
        tiers, weights = tuple(self.rates), tuple(self.rates.values())
        rows, at_s = [], 0.0
        for n in range(count):
            at_s += random.expovariate(self.rate / SERVICE_S)
            patience_s = None
            if self.patience is not None:
                patience_s = round(random.expovariate(1 / (self.patience * SERVICE_S)), 3)
            rows.append(
                CallRow(
                    id=f"c{n}",
                    arrive_s=round(at_s, 3),
                    queue=QUEUE,
                    tier=random.choices(tiers, weights)[0],
                    handle_s=round(random.expovariate(1 / SERVICE_S), 3),
                    patience_s=patience_s,
                )
            )
        return tuple(rows)

    def scenario(self, count: int, seed: int) -> Scenario:
        """The day of those callers: agents who answer at once and need no wrap-up, no maximum wait."""
        return Scenario(
            name=self.name,
            seed=seed,
            queues=(Queue(name=QUEUE, wrap_up_ms=0, max_wait_ms=None),),
            rules=tuple(
                Rule(
                    when={"tier": (tier,)},
                    band=self.bands.get(tier, 0),
                    head_start_ms=self.head_start_ms(tier),
                )
                for tier in self.rates
                if tier in self.bands or tier in self.head_starts
            ),
            agents=tuple(AgentRow(id=f"a{n}", login_s=0, queues=(QUEUE,)) for n in range(self.agents)),
            calls=self.calls(count, seed),
        )

    def head_start_ms(self, tier: str) -> int:
        return round(self.head_starts.get(tier, 0.0) * SERVICE_S * 1000)


def _one(name: str, agents: int, rate: float, patience: float | None = None) -> House:
    return House(name=name, agents=agents, rates={"regular": rate}, patience=patience)


#: No patience, first come first served: Erlang C.
ENDLESS = (
    _one("one-agent", 1, 0.7),
    _one("three-agents", 3, 1.5),
    _one("five-agents", 5, 4.0),
)

#: Erlang C again. So few wait, and then so long, that a few thousand calls tell nothing.
TWENTY = _one("twenty-agents", 20, 16.0)

#: Erlang A, from an idle house with patient callers to an overloaded one with impatient callers.
PATIENT = (
    _one("patient", 10, 9.0, patience=2.0),
    _one("as-patient-as-served", 30, 30.0, patience=1.0),
    _one("overloaded", 10, 12.0, patience=0.5),
)


@frozen
class Rules:
    """One house under every rule: the same callers each time."""

    fifo: House
    short_head_start: House
    long_head_start: House
    bands: House

    def __iter__(self) -> Iterator[House]:
        """From no priority to the most."""
        return iter((self.fifo, self.short_head_start, self.long_head_start, self.bands))


def _ruled(name: str, rates: Mapping[str, float]) -> Rules:
    house = House(name=name, agents=10, rates=rates)
    return Rules(
        fifo=evolve(house, name=f"{name}-fifo"),
        short_head_start=evolve(house, name=f"{name}-short", head_starts={"gold": 0.2, "silver": 0.1}),
        long_head_start=evolve(house, name=f"{name}-long", head_starts={"gold": 1.0, "silver": 0.4}),
        bands=evolve(house, name=f"{name}-bands", bands={"gold": 2, "silver": 1}),
    )


#: Ten agents at 90 %, who forget their past slowly: only the full run has calls enough.
BUSY = _ruled("busy", {"gold": 2.0, "silver": 3.0, "regular": 4.0})
#: The same at 75 %: some 30 calls later the past is forgotten.
CALM = _ruled("calm", {"gold": 2.0, "silver": 2.5, "regular": 3.0})

#: Another pair of classes.
TWO_BANDS = House(name="two-bands", agents=4, rates={"gold": 1.0, "regular": 2.2}, bands={"gold": 9})

OTHERS = (*ENDLESS, *PATIENT, TWO_BANDS)
