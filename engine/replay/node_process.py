"""A server of its own for a live replay, in another process, with a store of its own.

It is a node, `giliran serve`, or one of the systems before it (`baselines`).

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
    Dispatch.PRIORITY: ("engine", "serve", "--config", "giliran.toml", "--embedded", "data"),
    Dispatch.STREAM: ("engine.replay.baselines.stream", "giliran.toml", "data"),
    Dispatch.POLLING: ("engine.replay.baselines.polling", "giliran.toml", "data"),
}


class NodeFailed(Exception):
    """The node could not be started, or ended by itself; the message has its last words."""


class NodeProcess:
    """A node while the `with` block lasts."""

    def __init__(self, tables: PolicyTables, speed: float, dispatch: Dispatch = Dispatch.PRIORITY) -> None:
        self.secret = secrets.token_urlsafe(48)
        self.dispatch = dispatch
        #: where its people go: a WebSocket's URL without the role's path, or HTTP's
        self.url = ""
        self.store_url = ""
        scaled = tables.policy.scaled(speed)
        own = dispatch is Dispatch.PRIORITY
        self._text = config(tables, scaled) if own else rules(tables, scaled)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "NodeProcess":
        self._directory = TemporaryDirectory(prefix="giliran-replay-")
        try:
            self._start(Path(self._directory.name))
            self._await_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def pool(self) -> str:
        """The pool whose journal it keeps."""
        return "main" if self.dispatch is Dispatch.PRIORITY else self.dispatch.value

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
        """Raise `NodeFailed` if it has ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise NodeFailed(f"the node ended with status {self._process.returncode}: {self._last_words()}")

    def _start(self, directory: Path) -> None:
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

        with (directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *_COMMANDS[self.dispatch]],
                cwd=directory,
                env={**ours, "GILIRAN_SECRET": self.secret, "PYTHONPATH": os.pathsep.join(path)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_starter,
            )

    def _await_ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        stdout, said = self._process.stdout.fileno(), b""
        give_up_at = time.monotonic() + START_S
        while not said.endswith(b"\n"):
            left_s = give_up_at - time.monotonic()
            if left_s <= 0 or not select.select([stdout], [], [], left_s)[0]:
                raise NodeFailed(f"the node was not ready within {START_S:.0f} s: {self._last_words()}")
            read = os.read(stdout, 4096)
            if not read:
                self._process.wait()
                self.check()
            said += read
        words = dict(word.split("=", 1) for word in said.decode().split() if "=" in word)
        self.url = words["http" if self.dispatch is Dispatch.POLLING else "ws"]
        self.store_url = words["store"]

    def _stop(self) -> None:
        process = self._process
        if process is not None:
            assert process.stdout is not None
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        self._directory.cleanup()

    def _last_words(self) -> str:
        lines = (Path(self._directory.name) / "log").read_text(errors="replace").splitlines()
        return " / ".join([line for line in lines if line.strip()][-3:]) or "it said nothing"


def config(tables: PolicyTables, policy: Policy) -> str:
    """A node's settings: those rules, any free port."""
    return rules(tables, policy) + "[listen]\nws_port = 0\nhttp_port = 0\n"


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
