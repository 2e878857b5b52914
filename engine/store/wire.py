"""Connections to Redis: redis-py's, with retries off, RESP2, and the few calls that the store needs of them.

`Wire` is one raw connection for a thread that pipelines or subscribes; `client` is redis-py's own, for
everything that asks one thing and waits for the answer. What cannot be decoded as UTF-8 is replaced, so
that one poisoned byte in a hash spoils that record only.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: How long a connection is waited for, and an answer on it.
TIMEOUT_S = 2.0
#: The waits between attempts to connect.
BACKOFF_S = (0.05, 0.1, 0.2, 0.5, 1.0)
#: What a lost connection looks like, including one that no longer speaks Redis.
LOST = (redis.RedisError, OSError)


def backoff_s(failures: int) -> float:
    """How long to wait after so many failures in a row."""
    return BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]


class Wire:
    """One connection, used by one thread. Any method may raise what is in `LOST`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def send(self, commands: Sequence[Sequence[str]]) -> None:
        """Send commands as one pipeline."""
        self._connection.send_packed_command(self._connection.pack_commands(commands))

    def reply(self) -> Any:
        """The next reply; an error reply is returned, not raised."""
        try:
            return self._connection.read_response(disconnect_on_error=False)
        except (redis.ResponseError, redis.exceptions.BusyLoadingError) as error:
            return error

    def readable(self, timeout_s: float) -> bool:
        """Whether a reply comes within that time."""
        return bool(self._connection.can_read(timeout=timeout_s))

    def close(self) -> None:
        """Drop the connection."""
        self._connection.disconnect()


class Address:
    """Where a Redis is: `redis://`, `rediss://` or `unix://` URL."""

    def __init__(self, url: str) -> None:
        self._pool = redis.ConnectionPool.from_url(
            url,
            protocol=2,
            decode_responses=True,
            encoding_errors="replace",
            retry=Retry(NoBackoff(), 0),
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
        )

    def wire(self) -> Wire:
        """A new connection, connected."""
        connection = self._pool.connection_class(**self._pool.connection_kwargs)
        connection.connect()
        return Wire(connection)

    def client(self) -> "redis.Redis":
        """A client with connections of its own; closing it closes them."""
        pool = redis.ConnectionPool(self._pool.connection_class, **self._pool.connection_kwargs)
        return redis.Redis.from_pool(pool)


def pairs(flat: Iterable[str]) -> dict[str, str]:
    """`[k, v, k, v, ...]`, as Lua answers a hash, as a dict."""
    it = iter(flat)
    return dict(zip(it, it, strict=True))
