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


@frozen(kw_only=True)
class Server:
    """A server that takes traffic. `url` is its WebSocket's; what only the engine has is empty of others."""

    url: str
    pid: int
    directory: Path
    http: str = ""
    #: the URL by which another node joins its store
    store: str = ""

    def rss_kb(self) -> float:
        """Its resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None, "no such process"
        return float(found[1])

    def cpu_s(self) -> float:
        """What it has run on a processor so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine_busy_s() -> float:
    """What all processors of this machine have run so far, for whomever."""
    fields = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0].split()[1:9]
    user, nice, system, _, _, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


@contextmanager
def bare() -> Iterator[Server]:
    """A plain trio-websocket echo server."""
    with _running([sys.executable, "-m", "bench.echo"], Path.cwd(), {}) as server:
        yield server


@contextmanager
def engine(config: str = CONFIG) -> Iterator[Server]:
    """One node with its embedded store in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="giliran-bench-") as name:
        directory = Path(name)
        (directory / "giliran.toml").write_text(config, encoding="utf-8")
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
            said = process.stdout.readline().split()
            if said[:1] != ["ready"]:
                log.seek(0)
                raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read()}")
            found = dict(each.split("=", 1) for each in said[1:])
            yield Server(
                url=found["ws"],
                pid=process.pid,
                directory=directory,
                http=found.get("http", ""),
                store=found.get("store", ""),
            )
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            finally:
                process.kill()
                process.communicate()
