"""A node in a process of its own, for tests in plain calls: playwright's are not asynchronous here."""

import os
import select
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from attrs import define
from e2e.process import COMMAND, GENEROUS_S, environment


@define(eq=False)
class Node:
    """`directory` holds settings, data and log. Started again it has the ports it had before."""

    directory: Path
    settings: str
    name: str = "one"
    arguments: tuple[str, ...] = ()
    ws: str = "127.0.0.1:0"
    http: str = "127.0.0.1:0"
    url: str = ""  #: its pages
    store: str = ""
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> "Node":
        """Start it, unless it was begun, and wait for its line."""
        if not self.running:
            self.begin()
        line = self._line()
        assert line.startswith("ready "), f"{self.name}: {line} {self.log()[-3000:]}"
        said = dict(word.split("=", 1) for word in line.split()[1:])
        self.url, self.store = said["http"], said["store"]
        self.ws, self.http = urlsplit(said["ws"]).netloc, urlsplit(said["http"]).netloc
        return self

    def begin(self) -> "Node":
        """Start it and do not wait."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, *self._command(), "--ws", self.ws, "--http", self.http, *self.arguments],
                cwd=self.directory,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        return self

    def _command(self) -> tuple[str, ...]:
        config = self.directory / f"{self.name}.toml"
        config.write_text(self.settings)
        return "serve", "--config", str(config), "--node", self.name

    def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        out, said, give_up_at = self._process.stdout.fileno(), b"", time.monotonic() + GENEROUS_S
        while b"\n" not in said and time.monotonic() < give_up_at:
            if select.select([out], [], [], 0.5)[0]:
                chunk = os.read(out, 4096)
                if not chunk:
                    break
                said += chunk
        return said.partition(b"\n")[0].decode()

    @property
    def _log(self) -> Path:
        return self.directory / f"{self.name}.log"

    def log(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        """It is gone, without a word, and an embedded store with it."""
        assert self._process is not None
        self._process.kill()
        self._end()

    def ask_to_end(self) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Gently, and then not."""
        self.ask_to_end()
        if self._process is None:
            return
        try:
            self._process.wait(GENEROUS_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._end()

    def _end(self) -> None:
        assert self._process is not None
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
