"""A server of its own for a live replay, in another process.

It is a node, `giliran serve`, over the store that it is told or else one of its own, or one of the systems
before it (`baselines`). It may be killed where it stands, and started again at the address that it had.

It gets the scenario's rules with every business duration divided by the speed, as a `giliran.toml`; lease,
ping and hello are a node's own and stay. It lives in a session of its own, so that Ctrl-C reaches us, who
stop it once its people have gone; the kernel stops it if we are killed (PR_SET_PDEATHSIG, so start it on the
main thread). Nothing it made remains.
"""

import ctypes
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import trio

import engine
from engine.domain.rules import Policy
from engine.policy_file import PolicyTables, policy_converter
from engine.replay.result import Dispatch
from engine.toml_text import toml_rows, toml_value

#: From its start to its ready line; and how long it may take to drain once it was told to end.
START_S, STOP_S = 60.0, 30.0

_PR_SET_PDEATHSIG = 1
_TABLES = ("queues", "rules")


_COMMANDS: Mapping[Dispatch, tuple[str, ...]] = {
    Dispatch.PRIORITY: ("engine", "serve", "--config", "giliran.toml"),
    Dispatch.STREAM: ("engine.replay.baselines.stream", "giliran.toml", "data"),
    Dispatch.POLLING: ("engine.replay.baselines.polling", "giliran.toml", "data"),
}


class NodeFailed(Exception):
    """The node could not be started, or ended by itself; the message has its last words."""


class NodeProcess:
    """A node while the `with` block lasts."""

    def __init__(
        self,
        tables: PolicyTables,
        speed: float,
        dispatch: Dispatch = Dispatch.PRIORITY,
        *,
        name: str = "node",
        ws_port: int = 0,
        store_url: str = "",
        secret: str = "",
    ) -> None:
        self.secret = secret or secrets.token_urlsafe(48)
        self.dispatch = dispatch
        self.name = name
        #: where its people go: a WebSocket's URL without the role's path, or HTTP's
        self.url = ""
        self.store_url = store_url
        #: it takes traffic, and is meant to
        self.up = False
        scaled = tables.policy.scaled(speed)
        own = dispatch is Dispatch.PRIORITY
        self._text = config(tables, scaled, ws_port) if own else rules(tables, scaled)
        self._said = b""
        self._wanted = False
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "NodeProcess":
        self._directory = TemporaryDirectory(prefix="giliran-replay-")
        try:
            self.start()
            self.await_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def status(self) -> int | None:
        """How it ended; None while it lives."""
        assert self._process is not None
        return self._process.returncode

    def check(self) -> None:
        """Raise `NodeFailed` if it has ended by itself."""
        assert self._process is not None
        if self._wanted and self._process.poll() is not None:
            raise NodeFailed(f"the node ended with status {self._process.returncode}: {self._last_words()}")

    def kill(self) -> None:
        """It dies where it stands."""
        assert self._process is not None
        self.up = self._wanted = False
        self._process.kill()
        self._process.wait()
        self._hang_up()

    def terminate(self) -> None:
        """Tell it to end; the end of the `with` block waits for that."""
        self.up = self._wanted = False
        if self._process is not None:
            self._process.terminate()

    def start(self) -> None:
        """Start it, or start it again. To be called on the main thread."""
        directory = Path(self._directory.name)
        (directory / "giliran.toml").write_text(self._text, encoding="utf-8")
        ours = {name: value for name, value in os.environ.items() if not name.startswith("GILIRAN_")}
        path = [str(Path(engine.__file__).parents[1]), *filter(None, [ours.get("PYTHONPATH")])]
        starter = os.getpid()
        libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

        def die_with_starter() -> None:
            if libc is not None:
                libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
                if os.getppid() != starter:
                    os._exit(1)

        command = list(_COMMANDS[self.dispatch])
        if self.dispatch is Dispatch.PRIORITY:
            command += ["--node", self.name]
            command += ["--redis", self.store_url] if self.store_url else ["--embedded", "data"]
        with (directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=directory,
                env={**ours, "GILIRAN_SECRET": self.secret, "PYTHONPATH": os.pathsep.join(path)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_starter,
            )
        self._said, self._wanted = b"", True

    def await_ready(self) -> None:
        """Return once it takes traffic. Raises `NodeFailed`."""
        give_up_at = time.monotonic() + START_S
        while not self.up:
            left_s = give_up_at - time.monotonic()
            if left_s <= 0 or not select.select([self._stdout], [], [], left_s)[0]:
                raise NodeFailed(f"the node was not ready within {START_S:.0f} s: {self._last_words()}")
            self._hear()

    async def becomes_ready(self) -> None:
        """The same, while others go on; its store may be away, however long."""
        while not self.up:
            await trio.lowlevel.wait_readable(self._stdout)
            self._hear()

    def _hear(self) -> None:
        read = os.read(self._stdout, 4096)
        if not read:
            assert self._process is not None
            self._process.wait()
            self.check()
        self._said += read
        if self._said.endswith(b"\n"):
            words = dict(word.split("=", 1) for word in self._said.decode().split() if "=" in word)
            self.url = words["http" if self.dispatch is Dispatch.POLLING else "ws"]
            self.store_url = words["store"]
            self.up = True

    @property
    def _stdout(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def _stop(self) -> None:
        process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._hang_up()
        self._directory.cleanup()

    def _hang_up(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _last_words(self) -> str:
        lines = (Path(self._directory.name) / "log").read_text(errors="replace").splitlines()
        return " / ".join([line for line in lines if line.strip()][-3:]) or "it said nothing"


def config(tables: PolicyTables, policy: Policy, ws_port: int = 0) -> str:
    """A node's settings: those rules, that port for WebSockets or any free one, and any for HTTP."""
    return rules(tables, policy) + f"[listen]\nws_port = {ws_port}\nhttp_port = 0\n"


def rules(tables: PolicyTables, policy: Policy) -> str:
    """The words of `tables`, the rules of `policy`."""
    scaled = PolicyTables(
        tiers=tables.tiers,
        skills=tables.skills,
        reasons=tables.reasons,
        dispositions=tables.dispositions,
        queues=tuple(policy.queues.values()),
        rules=tuple(rule for rule in policy.rules if rule.head_start_ms or rule.band),
        timings=policy.timings,
    )
    plain = policy_converter().unstructure(scaled)
    lines = [f"{key} = {toml_value(value)}\n" for key, value in plain.items() if key not in _TABLES]
    lines += [toml_rows(key, list(plain[key])) for key in _TABLES if key in plain]
    return "".join(lines)
