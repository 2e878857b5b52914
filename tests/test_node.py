"""A node that is asked to stop before it takes traffic: when it starts, and when it is made anew."""

import socket

import trio
import trio.testing

from engine.node import Node
from engine.settings import Settings


def nowhere() -> str:
    """The address of a store that is not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


def node() -> Node:
    return Node(Settings(secret=b"a secret for this test alone, long enough"), nowhere())


async def test_a_node_that_was_never_run_has_nothing_to_drain() -> None:
    with trio.fail_after(30):
        await node().drain()


async def test_a_node_that_waits_for_its_store_has_nothing_to_drain(nursery: trio.Nursery) -> None:
    waiting = node()
    nursery.start_soon(nursery.start, waiting.run)
    await trio.testing.wait_all_tasks_blocked()
    with trio.fail_after(30):
        await waiting.drain()
    nursery.cancel_scope.cancel()
