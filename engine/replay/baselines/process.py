"""A baseline as a process: `python -m engine.replay.baselines.<name> RULES.toml DATA`.

It starts its store in the directory DATA, prints one ready line once it takes traffic, and drains on SIGTERM
or SIGINT. The secret of its people's tokens is in GILIRAN_SECRET. The store dies with this process, and this
process with its starter if that asks the kernel so, as `node_process` does.
"""

import os
import signal
import sys
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis
import trio

from engine.domain.rules import Policy
from engine.gateway.auth import Verifier
from engine.policy_file import PolicyTables, policy_converter
from engine.replay.baselines.ledger import Ledger
from engine.store.embedded import Embedded
from engine.store.wire import Address
from engine.tables import structure

#: Serves until the event is set, which asks it to drain; calls back with the URL once it takes traffic.
Serve = Callable[[Ledger, Policy, Verifier, trio.Event, Callable[[str], None]], Awaitable[None]]

AUDIENCE = "giliran"


def main(name: str, serve: Serve) -> None:
    """Run the baseline of that name until it is told to end."""
    rules, data = map(Path, sys.argv[1:])
    tables = structure(policy_converter(), tomllib.loads(rules.read_text()), PolicyTables, str(rules))
    verify = Verifier.of_secret(os.environ["GILIRAN_SECRET"].encode(), AUDIENCE)
    with Embedded(data) as store, Address(store.url).client() as client:

        def ready(url: str) -> None:
            scheme = url.partition(":")[0]
            print(f"ready {scheme}={url} node={name} store={store.url}", flush=True)

        trio.run(_until_told, client, name, serve, tables.policy, verify, ready)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the end has come already


async def _until_told(
    client: "redis.Redis",
    name: str,
    serve: Serve,
    policy: Policy,
    verify: Verifier,
    ready: Callable[[str], None],
) -> None:
    told = trio.Event()
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:

            async def listen() -> None:
                async for _ in signals:
                    told.set()

            nursery.start_soon(listen)
            await serve(Ledger(client, name), policy, verify, told, ready)
            nursery.cancel_scope.cancel()
