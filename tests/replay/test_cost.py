"""What a day cost, from outside: differences, families of processes, and no command of our own."""

import os
import subprocess
import sys
from typing import Any

from engine.replay.cost import Cost, Traffic, cpu_s, so_far

BURN = "x = 0\nfor n in range(3_000_000): x += n\nprint('burnt', flush=True)\ninput()"
CHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])"


class Store:
    """Answers as a client does whose store counts commands, the looking one too."""

    def __init__(self, calls: dict[str, int]) -> None:
        self.calls = calls

    def info(self, section: str) -> dict[str, Any]:
        assert section == "commandstats"
        found = {f"cmdstat_{name}": {"calls": calls, "usec": 1} for name, calls in self.calls.items()}
        self.calls["info"] = self.calls.get("info", 0) + 1
        return found


def test_a_cost_is_what_came_since() -> None:
    before = Cost(http_requests=1, store_commands=2, cpu_s=0.5, bytes_in=3, bytes_out=4)
    after = Cost(http_requests=11, store_commands=22, cpu_s=2.0, bytes_in=33, bytes_out=44)
    more = Cost(http_requests=10, store_commands=20, cpu_s=1.5, bytes_in=30, bytes_out=40)
    assert after.since(before) == more


def test_looking_is_not_counted() -> None:
    store, traffic = Store({"set": 5, "xadd": 2}), Traffic(bytes_sent=7, bytes_received=9, http_requests=1)
    before = so_far(traffic, [os.getpid()], store)
    store.calls["set"] += 3
    after = so_far(traffic, [os.getpid()], store)
    assert before is not None
    assert after is not None
    assert (before.store_commands, after.store_commands) == (7, 10)
    assert (after.bytes_in, after.bytes_out, after.http_requests) == (7, 9, 1)


def test_a_child_of_a_child_belongs_to_the_family() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"burnt\n"
        working = cpu_s(process.pid)
        process.communicate(b"\n")
    assert working > 0.05
    assert cpu_s(process.pid) == 0.0
