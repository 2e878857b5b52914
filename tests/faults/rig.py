"""Two nodes on a store of their own, killed at random moments while a crowd lives on them.

The rig starts the store itself, with an append-only file, because it also kills it: a `kill -9` must lose
nothing that was answered. Who led, and when, it reads off the beat in the store.
"""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import orjson
import redis
import trio
from attrs import define, field
from e2e.process import Engine

from .checker import Evidence
from .crowd import Crowd, now_ms

SETTINGS = """
[cluster]
lease = "1500ms"
beat = "500ms"

[limits]
position_every = "500ms"

[log]
format = "json"

[timings]
customer_grace = "8s"
call_grace = "8s"
agent_grace = "8s"
ask_every = "0s"
keep_ended = "10m"

[[queues]]
name = "general"
ring = "2s"
wrap_up = "1s"
"""
RULES = {"grace_ms": 8_000, "wrap_up_ms": 1_000, "beat_ms": 500, "avoid_ms": 60_000}
PREFIX = "giliran:{main}:"

#: One round: in it the leading node dies once and the store dies once.
ROUND_S = 12.0
#: The killed node is back after this.
BACK_S = (2.0, 4.0)
#: At the end everybody leaves; by then all has come to rest.
REST_S = 60.0
LOOK_S = 0.5


@define(eq=False)
class StoreServer:
    """A Redis of the rig's own."""

    directory: Path
    port: int
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        server = shutil.which("redis-server")
        assert server is not None, "redis-server is missing"
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "logfile": str(self.directory / "store.log"),
        }
        command = [server, *(part for k, v in options.items() for part in (f"--{k}", v))]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, decode_responses=True, socket_timeout=2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@define(eq=False)
class Rig:
    """`rounds` of harm to `customers` and `agents`; everything random comes from `seed`."""

    directory: Path
    seed: int
    customers: int
    agents: int
    rounds: int
    beats: list[int] = field(factory=list)
    harm: list[str] = field(factory=list)
    leader: str = ""
    random: Random = field(init=False)
    store: StoreServer = field(init=False)
    engines: list[Engine] = field(init=False)
    crowd: Crowd = field(init=False)

    def __attrs_post_init__(self) -> None:
        (self.directory / "giliran.toml").write_text(SETTINGS)
        self.random = Random(self.seed)
        self.store = StoreServer(self.directory, free_port())
        self.engines = [Engine(self.directory, name, ("--redis", self.store.url)) for name in ("one", "two")]
        self.crowd = Crowd(self.engines, Random(self.random.random()))

    async def run(self) -> Evidence:
        """Live through it; everything the checker needs to know of it."""
        self.store.start()
        try:
            for engine in self.engines:
                await engine.start()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._feel_the_pulse)
                nursery.start_soon(self.crowd.run, self.customers, self.agents)
                await trio.sleep(3)
                for _ in range(self.rounds):
                    await self._round()
                await self._close()
                nursery.cancel_scope.cancel()
            journal = await trio.to_thread.run_sync(self._journal)
        finally:
            with trio.CancelScope(shield=True):
                for engine in self.engines:
                    await engine.stop()
                self.store.kill()
        return Evidence(journal, self.crowd.log, self.beats, RULES)

    async def _round(self) -> None:
        """The leader and the store die, each at a moment of its own; they may meet."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._kill_leader, self.random.uniform(0, ROUND_S - BACK_S[1]))
            nursery.start_soon(self._kill_store, self.random.uniform(0, ROUND_S - BACK_S[1]))
            await trio.sleep(ROUND_S)

    async def _kill_leader(self, after_s: float) -> None:
        await trio.sleep(after_s)
        leading = [e for e in self.engines if e.running and self.leader.startswith(f"{e.name}-")]
        victim = leading[0] if leading else self.engines[0]
        self.harm.append(f"{now_ms()} kill {victim.name}")
        await victim.kill()
        await trio.sleep(self.random.uniform(*BACK_S))
        await victim.start()
        self.harm.append(f"{now_ms()} {victim.name} is back")

    async def _kill_store(self, after_s: float) -> None:
        await trio.sleep(after_s)
        self.harm.append(f"{now_ms()} kill the store")
        self.store.kill()
        self.store.start()

    async def _feel_the_pulse(self) -> None:
        """Note when the leader's beat rises, and who leads."""
        last: tuple[Any, ...] = ()
        with self.store.client() as client:
            while True:
                try:
                    held: Any = await trio.to_thread.run_sync(client.hgetall, f"{PREFIX}leader")
                except redis.RedisError:
                    held = {}
                pulse = (held.get("epoch"), held.get("nonce"), held.get("beat"))
                if held.get("nonce") and pulse != last:
                    last, self.leader = pulse, held["node"]
                    self.beats.append(now_ms())
                await trio.sleep(0.05)

    async def _close(self) -> None:
        """Everybody leaves; whatever still runs comes to its end."""
        self.crowd.closing = True
        for person in self.crowd.people:
            person.soon(0, 1)
        with self.store.client() as client:
            for _ in range(round(REST_S / LOOK_S)):
                await trio.sleep(LOOK_S)
                if self.crowd.quiet and await trio.to_thread.run_sync(_at_rest, client):
                    return

    def _journal(self) -> list[dict[str, Any]]:
        with self.store.client() as client:
            entries: Any = client.xrange(f"{PREFIX}journal")
        return [fact for _, fields in entries for fact in orjson.loads(fields["facts"])]


def _at_rest(client: "redis.Redis") -> bool:
    try:
        names = [f"{PREFIX}{name}" for name in ("waiting:general", "offered", "connected")]
        return not any(client.zcard(name) for name in names)
    except redis.RedisError:
        return False
