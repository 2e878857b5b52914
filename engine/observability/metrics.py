"""What a node counts, in a registry of its own, for `/metrics`.

Labels are closed sets (states, codes, outcomes, the bank's own queues), so a client cannot make a new series.
Durations come in as ms and go out as seconds, as Prometheus has it. Only `watch_loop` reads a clock.
"""

from collections.abc import Mapping

import trio
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

_WAITS_S = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600)
_COMMITS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_LAGS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
LOOP_CHECK_S = 0.5


class NodeMetrics:
    """Every series of one node. Methods are what happened, or what now is."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._totals: dict[tuple[str, str], int] = {}
        self._waiting = self._gauge("queue_waiting", "Calls that wait", "queue")
        self._waits = self._histogram("wait_seconds", "Arrival to connection", _WAITS_S, "queue")
        self._offers = self._counter("offers_ended", "Offers by how they ended", "how")
        self._agents = self._gauge("agents", "Agents by state", "state")
        self._commits = self._counter("commits", "Changes by how their commit ended", "outcome")
        self._commit_s = self._histogram(
            "commit_seconds", "Hand-over to known outcome of a commit", _COMMITS_S
        )
        self._refusals = self._counter("matchmaker_refused", "Changes of the matchmaker that met a conflict")
        self._mailboxes = self._gauge("mailbox_depth", "Messages in the fullest mailbox of a kind", "actor")
        self._lag = self._histogram("loop_lag_seconds", "How late the event loop woke a sleeper", _LAGS_S)
        self._sockets = self._gauge("sockets", "Open WebSocket connections by role", "role")
        self._frames = self._counter("frames", "WebSocket frames by direction", "direction")
        self._closes = self._counter("closes", "WebSocket connections closed, by code", "code")
        self._leading = self._gauge("leader", "1 while this node leads its pool")
        self._available = self._gauge("store_available", "1 while the store can be reached")
        self._restarts = self._counter("http_restarts", "Times the HTTP side fell and was started again")
        GCCollector(registry=self.registry)
        ProcessCollector(registry=self.registry)

    def waiting(self, by_queue: Mapping[str, int]) -> None:
        """Calls that wait, as this node's board has them; a queue left out is none any more."""
        self._waiting.clear()
        for queue, calls in by_queue.items():
            self._waiting.labels(queue).set(calls)

    def waited(self, queue: str, ms: int) -> None:
        self._waits.labels(queue).observe(ms / 1000)

    def offer_ended(self, how: str) -> None:
        self._offers.labels(how).inc()

    def agents(self, by_state: Mapping[str, int]) -> None:
        """The pool's, as this node's board has them; states left out have none."""
        self._agents.clear()
        for state, count in by_state.items():
            self._agents.labels(state).set(count)

    def committed(self, outcome: str, ms: float) -> None:
        """`outcome`: receipt, conflict, not_sent or unknown."""
        self._commits.labels(outcome).inc()
        self._commit_s.observe(ms / 1000)

    def refused(self) -> None:
        self._refusals.inc()

    def mailbox(self, actor: str, depth: int) -> None:
        self._mailboxes.labels(actor).set(depth)

    def loop_was_late(self, ms: float) -> None:
        self._lag.observe(ms / 1000)

    def sockets(self, by_role: Mapping[str, int]) -> None:
        """Open sockets now; roles left out have none."""
        self._sockets.clear()
        for role, count in by_role.items():
            self._sockets.labels(role).set(count)

    def frames(self, direction: str, total: int) -> None:
        """`direction`: in or out. `total`: since the node began."""
        self._raise_to(self._frames.labels(direction), ("frames", direction), total)

    def closes(self, by_code: Mapping[int, int]) -> None:
        """Connections that ended since the node began, by close code."""
        for code, total in by_code.items():
            label = str(code) if code else "other"
            self._raise_to(self._closes.labels(label), ("closes", label), total)

    def _raise_to(self, counter: Counter, key: tuple[str, str], total: int) -> None:
        counter.inc(max(0, total - self._totals.get(key, 0)))
        self._totals[key] = total

    def leading(self, leads: bool) -> None:
        self._leading.set(leads)

    def store_available(self, available: bool) -> None:
        self._available.set(available)

    def http_restarted(self) -> None:
        self._restarts.inc()

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"giliran_{name}", about, labels, registry=self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"giliran_{name}", about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"giliran_{name}", about, labels, buckets=buckets, registry=self.registry)


async def watch_loop(metrics: NodeMetrics) -> None:
    """Measure for ever how late a sleeper wakes: a slow event loop is every customer's delay."""
    while True:
        due = trio.current_time() + LOOP_CHECK_S
        await trio.sleep_until(due)
        metrics.loop_was_late((trio.current_time() - due) * 1000)
