"""Metrics: every method moves its series, each node has its own, and the loop's lag is measured."""

from typing import Any

import pytest
import trio

from engine.actors.ports import Metrics
from engine.observability.metrics import NodeMetrics, watch_loop


def value(metrics: NodeMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"giliran_{name}", labels)


def test_it_is_what_the_actors_need() -> None:
    metrics: Metrics = NodeMetrics()
    metrics.refused()


def test_every_method_moves_its_series() -> None:
    m = NodeMetrics()
    m.waiting({"former": 2})
    m.waiting({"general": 3})
    m.waited("general", 2_500)
    m.offer_ended("accepted")
    m.agents({"ready": 2, "on_call": 1})
    m.agents({"ready": 1})
    m.committed("receipt", 4)
    m.refused()
    m.mailbox("agent", 7)
    m.loop_was_late(30)
    m.sockets({"agent": 2, "customer": 1})
    m.sockets({"agent": 1})
    m.closes({4001: 1})
    m.closes({4001: 3, 1006: 1, 0: 2})
    m.frames("in", 5)
    m.frames("in", 7)
    m.leading(True)
    m.store_available(False)
    m.http_restarted()
    assert value(m, "queue_waiting", queue="general") == 3
    assert value(m, "queue_waiting", queue="former") is None
    assert value(m, "wait_seconds_sum", queue="general") == 2.5
    assert value(m, "wait_seconds_bucket", queue="general", le="2.0") == 0
    assert value(m, "wait_seconds_bucket", queue="general", le="5.0") == 1
    assert value(m, "offers_ended_total", how="accepted") == 1
    assert value(m, "agents", state="ready") == 1
    assert value(m, "agents", state="on_call") is None
    assert value(m, "commits_total", outcome="receipt") == 1
    assert value(m, "commit_seconds_sum") == pytest.approx(0.004)
    assert value(m, "matchmaker_refused_total") == 1
    assert value(m, "mailbox_depth", actor="agent") == 7
    assert value(m, "loop_lag_seconds_sum") == pytest.approx(0.03)
    assert value(m, "sockets", role="agent") == 1
    assert value(m, "sockets", role="customer") is None
    assert value(m, "closes_total", code="4001") == 3
    assert value(m, "closes_total", code="other") == 2
    assert value(m, "frames_total", direction="in") == 7
    assert value(m, "leader") == 1
    assert value(m, "store_available") == 0
    assert value(m, "http_restarts_total") == 1


def test_two_nodes_of_one_process_count_apart() -> None:
    first, second = NodeMetrics(), NodeMetrics()
    first.refused()
    assert value(second, "matchmaker_refused_total") == 0


async def test_the_loop_is_watched(autojump_clock: Any) -> None:
    metrics = NodeMetrics()
    with trio.move_on_after(10.25):
        await watch_loop(metrics)
    assert value(metrics, "loop_lag_seconds_count") == 20
    assert value(metrics, "loop_lag_seconds_sum") == pytest.approx(0)
