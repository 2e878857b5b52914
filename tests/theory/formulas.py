"""What queueing theory says of a house with Poisson arrivals, exponential services and equal servers.

Everywhere `servers` is their number, an arrival rate is calls per unit of time, `service_rate` what one
server ends per unit of time, and *load* the quotient of the two (in erlang). Waits are in the same unit of
time. Nothing here knows the engine, or that anything was simulated.

Erlang C: nobody leaves. A caller waits with the probability C(servers, load); then his wait is exponential
with the rate at which the full house gets ahead of its arrivals.
Erlang A (Palm): each caller leaves after an exponential patience of his own, if he still waits.
Cobham: classes of callers, the first served first, a service begun is not interrupted.
Kleinrock: whatever the order in which those who wait are served, if it looks at no service time, the mean
work that waits is the same: sum of load x mean wait over the classes.
"""

from collections.abc import Iterator, Sequence
from math import exp, log

from attrs import frozen

#: States whose probability, relative to the likeliest, is below this are left out of a birth-death sum.
NEGLIGIBLE = 1e-15


def erlang_b(servers: int, load: float) -> float:
    """The share of calls lost if nobody may wait (Erlang, 1917), by the recursion of his formula."""
    lost = 1.0
    for n in range(1, servers + 1):
        lost = load * lost / (n + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """The probability that a caller must wait if nobody leaves (Erlang, 1917). `load` < `servers`."""
    lost = erlang_b(servers, load)
    return lost / (1.0 - load / servers * (1.0 - lost))


@frozen
class ErlangC:
    """M/M/c, first come first served (Erlang, 1917)."""

    servers: int
    arrival_rate: float
    service_rate: float = 1.0

    @property
    def load(self) -> float:
        return self.arrival_rate / self.service_rate

    @property
    def ahead(self) -> float:
        """How fast a full house gets ahead of its arrivals: a wait, if any, is exponential with that rate."""
        return self.servers * self.service_rate - self.arrival_rate

    @property
    def wait_probability(self) -> float:
        return erlang_c(self.servers, self.load)

    @property
    def mean_wait(self) -> float:
        """Over all callers, those who do not wait included."""
        return self.wait_probability / self.ahead

    @property
    def mean_waiting(self) -> float:
        """How many wait at a moment (Little, 1961)."""
        return self.arrival_rate * self.mean_wait

    def service_level(self, within: float) -> float:
        """The share of callers who wait no longer than that."""
        return 1.0 - self.wait_probability * exp(-self.ahead * within)

    def wait_quantile(self, share: float) -> float:
        """The wait that this share of callers does not exceed."""
        return max(0.0, log(self.wait_probability / (1.0 - share)) / self.ahead)


@frozen
class ErlangA:
    """M/M/c+M (Palm, 1946; Garnett, Mandelbaum and Reiman, 2002), solved as the birth-death process it is.

    With n callers in the house, arrivals come at `arrival_rate` and departures at
    min(n, servers) x service_rate + max(0, n - servers) x abandon_rate.
    """

    servers: int
    arrival_rate: float
    abandon_rate: float
    service_rate: float = 1.0

    def _states(self) -> Iterator[tuple[int, float]]:
        """(n, its probability up to a common factor), scaled so that the likeliest is near 1."""
        start = max(1, min(self.servers, int(self.arrival_rate / self.service_rate)))
        yield start, 1.0
        weight = 1.0
        for n in range(start, 0, -1):
            weight *= self._departures(n) / self.arrival_rate
            yield n - 1, weight
        n, weight = start, 1.0
        while weight > NEGLIGIBLE or n <= self.servers or self.arrival_rate > self._departures(n):
            n += 1
            weight *= self.arrival_rate / self._departures(n)
            yield n, weight

    def _departures(self, n: int) -> float:
        return min(n, self.servers) * self.service_rate + max(0, n - self.servers) * self.abandon_rate

    @property
    def wait_probability(self) -> float:
        """The probability that all servers are busy, which is what arrivals see (Wolff, 1982)."""
        states = list(self._states())
        return sum(w for n, w in states if n >= self.servers) / sum(w for _, w in states)

    @property
    def mean_waiting(self) -> float:
        states = list(self._states())
        return sum(w * (n - self.servers) for n, w in states if n > self.servers) / sum(w for _, w in states)

    @property
    def mean_wait(self) -> float:
        """Over all callers: until served or gone (Little, 1961)."""
        return self.mean_waiting / self.arrival_rate

    @property
    def abandonment(self) -> float:
        """The share who leave: those who wait do so at `abandon_rate` each."""
        return self.abandon_rate * self.mean_wait

    @property
    def occupancy(self) -> float:
        """The share of time a server is busy."""
        return self.arrival_rate * (1.0 - self.abandonment) / (self.servers * self.service_rate)


def cobham(servers: int, arrival_rates: Sequence[float], service_rate: float = 1.0) -> tuple[float, ...]:
    """Mean wait of each class, the first served first, no service interrupted (Cobham, 1954).

    W_k = C / (servers x service_rate) / ((1 - r_{k-1}) (1 - r_k)), with r_k the share of the servers' time
    that the first k classes take, and C = Erlang's probability of waiting, whatever the class.
    """
    capacity = servers * service_rate
    first = erlang_c(servers, sum(arrival_rates) / service_rate) / capacity
    waits, taken = [], 0.0
    for rate in arrival_rates:
        before, taken = taken, taken + rate / capacity
        waits.append(first / ((1.0 - before) * (1.0 - taken)))
    return tuple(waits)


def waiting_work(
    servers: int, arrival_rates: Sequence[float], waits: Sequence[float], service_rate: float = 1.0
) -> float:
    """What no order of service changes (Kleinrock, 1965): the sum of servers' time taken x mean wait."""
    return sum(rate / (servers * service_rate) * w for rate, w in zip(arrival_rates, waits, strict=True))
