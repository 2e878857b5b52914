"""Who is measured: the bare server and the engine, each a process of its own. Linux, for the memory."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

QUEUE = "bench"
SECRET = "a bench's own secret, of no use to anyone"
#: Wrap-up and archiving belong to what a call costs; they are short so that they happen within the run.
CONFIG = f"""
[timings]
ask_every = "0s"
keep_ended = "2s"
[[queues]]
name = "{QUEUE}"
wrap_up = "1ms"
"""
STOP_S = 30.0


@frozen
class Server:
    """A server that takes traffic."""

    url: str
    pid: int

    def rss_kb(self) -> float:
        """Its resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None, "no such process"
        return float(found[1])


@contextmanager
def bare() -> Iterator[Server]:
    """A plain trio-websocket echo server."""
    with _running([sys.executable, "-m", "bench.echo"], Path.cwd(), {}) as server:
        yield server


@contextmanager
def engine() -> Iterator[Server]:
    """One node with its embedded store in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="giliran-bench-") as name:
        directory = Path(name)
        (directory / "giliran.toml").write_text(CONFIG, encoding="utf-8")
        options = "serve --embedded data --ws 127.0.0.1:0 --http 127.0.0.1:0 --node bench"
        command = [sys.executable, "-m", "engine", *options.split()]
        with _running(command, directory, {"GILIRAN_SECRET": SECRET}) as server:
            yield server


@contextmanager
def _running(command: Sequence[str], directory: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    """The process, from its ready line to its end; what it logged is shown if it does not come up."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GILIRAN_")}
    with tempfile.TemporaryFile(mode="w+") as log:
        process = subprocess.Popen(
            command, cwd=directory, env={**clean, **environ}, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            found = re.match(r"ready ws=(\S+)", process.stdout.readline())
            if found is None:
                log.seek(0)
                raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read()}")
            yield Server(found[1], process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            finally:
                process.kill()
                process.communicate()
