"""What serving a day cost: requests, store commands, processor time, bytes. Measured from outside.

Bytes and requests are counted at the people's end of their sockets, in all systems alike: what they sent is
what the servers received. Bytes are those of TCP's payload, so HTTP's and WebSocket's own are in them and
TCP's are not. Processor time is read from /proc; a replay on a system without it has no cost.

What a server does by itself, a node's beats above all, it does by the machine's clock: at speed 40 a day
holds a fortieth of that. What people bring about is in it whole. To know what a day costs in all, replay it
at speed 1, or add what the idle server takes in the time that was left out.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

_PROC = Path("/proc")
#: Fields of /proc/<pid>/stat after the command's name (man proc_pid_stat): parent, and the four times.
_PPID, _TIMES = 1, slice(11, 15)


@frozen(kw_only=True)
class Cost:
    """Totals of a live replay, from second 0 to the end of the day; of its servers alone, not of its people.

    `http_requests`: requests answered over HTTP. `store_commands`: commands the store carried out, those of
    scripts among them. `cpu_s`: user and system time of the serving processes and the store. `bytes_in`,
    `bytes_out`: what the serving processes received from and sent to clients.
    """

    http_requests: int = 0
    store_commands: int = 0
    cpu_s: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0

    def since(self, before: "Cost") -> "Cost":
        """What came after `before`."""
        return Cost(
            http_requests=self.http_requests - before.http_requests,
            store_commands=self.store_commands - before.store_commands,
            cpu_s=round(self.cpu_s - before.cpu_s, 3),
            bytes_in=self.bytes_in - before.bytes_in,
            bytes_out=self.bytes_out - before.bytes_out,
        )

    def and_spent(self, *, cpu_s: float, store_commands: int) -> "Cost":
        """With what servers had spent that are gone."""
        return evolve(self, cpu_s=self.cpu_s + cpu_s, store_commands=self.store_commands + store_commands)


@define
class Traffic:
    """What went over the sockets of all people of a day."""

    bytes_sent: int = 0
    bytes_received: int = 0
    http_requests: int = 0
    #: how long each answer over HTTP took, in real time
    answered_s: list[float] = field(factory=list)


def so_far(traffic: Traffic, pids: Iterable[int], store: Any) -> Cost | None:
    """The totals now, of the servers that `pids` and their descendants are; None where there is no /proc.

    `store` is a client of their store.
    """
    if not _PROC.exists():
        return None
    return Cost(
        http_requests=traffic.http_requests,
        store_commands=commands(store),
        cpu_s=cpu_s(*pids),
        bytes_in=traffic.bytes_sent,
        bytes_out=traffic.bytes_received,
    )


def commands(store: Any) -> int:
    """The commands that a store carried out since it started. Looking costs one, which is not counted."""
    stats: Mapping[str, Mapping[str, int]] = store.info("commandstats")
    return sum(each["calls"] for each in stats.values()) - stats.get("cmdstat_info", {}).get("calls", 0)


def cpu_s(*pids: int) -> float:
    """User and system time of processes and all their descendants, those that ended among them."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        name = int(path.parent.name)
        parents[name], ticks[name] = int(fields[_PPID]), sum(map(int, fields[_TIMES]))
    family = set(pids)
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(ticks.get(member, 0) for member in family) / os.sysconf("SC_CLK_TCK")
