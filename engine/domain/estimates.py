"""Expected waits: how long until the k-th call in line is taken.

Calls leave a busy queue at rate n / h (n agents, each busy h ms per call), so the time until k of them
have left is Erlang(k, n / h). Its quantiles are taken by Wilson and Hilferty's cube-root normal
approximation of chi-square (E. B. Wilson and M. M. Hilferty, "The distribution of chi-square", PNAS 17,
1931), good to 0.5 per cent for k >= 2 and 1.4 for k = 1. h is followed by an exponentially weighted mean
over the queue's calls.
"""

from statistics import NormalDist

from attrs import define, field, frozen

from engine.domain.lifecycle import CallState
from engine.domain.model import Call, Record
from engine.domain.rules import Policy

#: Weight of the newest call in the mean handle time: about the last 20 calls count.
WEIGHT = 0.1
Z50, Z90 = 0.0, NormalDist().inv_cdf(0.9)


@frozen(kw_only=True)
class Estimate:
    """Expected wait from now, ms: half of the callers wait less than p50, nine of ten less than p90."""

    p50: int
    p90: int


@define
class Pace:
    """How long an agent is busy per call of each queue, ms, as seen lately."""

    busy_ms: dict[str, float] = field(factory=dict)

    def saw(self, queue: str, busy_ms: int) -> None:
        known = self.busy_ms.get(queue)
        self.busy_ms[queue] = busy_ms if known is None else known + WEIGHT * (busy_ms - known)

    def learn(self, before: Record | None, after: Record | None, policy: Policy) -> None:
        """From a call that ends: its agent was busy with it, and is with its wrap-up."""
        if (
            isinstance(before, Call)
            and isinstance(after, Call)
            and before.state is CallState.CONNECTED
            and after.state is CallState.ENDED
            and before.connected_at is not None
        ):
            queue = policy.queues.get(after.queue)
            wrap_up_ms = 0 if queue is None else queue.wrap_up_ms
            self.saw(after.queue, after.since_at - before.connected_at + wrap_up_ms)


def erlang_quantile(k: int, mean_ms: float, z: float) -> float:
    """Quantile of the sum of k exponential times of that mean, at normal quantile z."""
    ninth = 1 / (9 * k)
    cube: float = 1 - ninth + z * ninth**0.5
    return max(0.0, k * mean_ms * cube**3)


def expected_wait(position: int, agents: int, busy_ms: float | None) -> Estimate | None:
    """For the call at `position` (1 = next); None while nothing is known."""
    if agents <= 0 or busy_ms is None or position <= 0:
        return None
    gap = busy_ms / agents
    return Estimate(
        p50=round(erlang_quantile(position, gap, Z50)), p90=round(erlang_quantile(position, gap, Z90))
    )
