"""What a node can be told: every setting once, with its key, its default and its comment."""
# ruff: noqa: RUF009 - every default below is made by the same helper, and is immutable

import os
import re
import socket
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import attrs
from attrs import frozen

from engine.domain.limits import ID, SOCKETS
from engine.domain.rules import Policy
from engine.policy_file import SAMPLE, Labels
from engine.tables import A_NAME, Mistake, duration_text, shown


class Durability(StrEnum):
    """What an answer promises: it is in the append-only file, synced to disk, or on a replica too."""

    APPEND_ONLY = "append_only"
    ALWAYS = "always"
    REPLICATED = "replicated"


class LogFormat(StrEnum):
    JSON = "json"
    CONSOLE = "console"


class VideoProvider(StrEnum):
    NONE = "none"
    P2P = "p2p"
    LIVEKIT = "livekit"


@frozen
class IceServer:
    """A STUN or TURN server, as WebRTC's RTCIceServer."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = attrs.field(default=None, repr=False, metadata={"secret": True})


#: It goes into a header of every page, as the one more place these may speak to.
_WS_URL = re.compile(r"wss?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")
_A_WS_URL = 'a URL such as "wss://video.bank.example/ws"'


def setting(key: str, default: Any, comment: str, *, secret: bool = False, made: bool = False) -> Any:
    metadata = {"key": key, "comment": comment, "secret": secret, "made": made}
    return attrs.field(default=default, repr=not secret, metadata=metadata)


def _node_name() -> str:
    host = re.sub(r"[^A-Za-z0-9_-]+", "-", socket.gethostname())[:40]
    return f"{host or 'node'}-{os.getpid()}"


@frozen(kw_only=True)
class Settings:
    """Everything a node is told. A field without a key is made from others while loading."""

    pool: str = setting("pool", "main", "matching domain (tenant, region); nodes of one pool share one store")
    node: str = setting("node", attrs.Factory(_node_name), "this node's name; default: host-pid")
    timezone: str = setting("timezone", "Asia/Jakarta", "in which reports count days and intervals")
    redis_url: str | None = setting(
        "redis.url", None, "Redis >= 7.0 or Valkey >= 7.2; absent: the embedded store", secret=True
    )
    data_dir: Path = setting(
        "store.data_dir", Path(".giliran/data"), "where the embedded store keeps its data"
    )
    durability: Durability = setting(
        "store.durability",
        Durability.APPEND_ONLY,
        "what an answer promises: append_only, always or replicated",
    )
    ws_host: str = setting("listen.ws_host", "127.0.0.1", "address of the WebSocket port")
    ws_port: int = setting("listen.ws_port", 8765, "0: any free port")
    ws_url: str | None = setting("listen.ws_url", None, "by which browsers reach it, if through a proxy")
    other_ws_urls: tuple[str, ...] = setting(
        "listen.other_ws_urls", (), "other nodes' ws_url, for clients to try; none behind a load balancer"
    )
    http_host: str = setting(
        "listen.http_host",
        "127.0.0.1",
        "address of the HTTP port: pages, health, metrics (a proxy should hide /metrics)",
    )
    http_port: int = setting("listen.http_port", 8080, "0: any free port")
    max_sockets: int = setting(
        "listen.max_sockets", SOCKETS, "connections this node takes before it answers 503"
    )
    secret_file: str | None = setting(
        "auth.secret_file", None, "signs tokens, >= 32 bytes, beside this file; or GILIRAN_SECRET; else made"
    )
    public_key_files: tuple[str, ...] = setting(
        "auth.public_keys", (), "PEM files (or PEM texts) of those who may sign tokens instead of the secret"
    )
    audience: str = setting("auth.audience", "giliran", "the `aud` a token must have")
    origins: tuple[str, ...] = setting(
        "auth.origins", (), "web origins whose pages may connect; empty: the node's own HTTP origin"
    )
    video_provider: VideoProvider = setting(
        "video.provider", VideoProvider.P2P, "p2p, livekit, or none: the bank has its own"
    )
    ice_servers: tuple[IceServer, ...] = setting(
        "video.ice_servers", (), '[{ urls = ["turn:…"], username = "…", credential = "…" }]', secret=True
    )
    turn_urls: tuple[str, ...] = setting(
        "video.turn_urls", (), "of coturn with use-auth-secret; credentials are made for each call"
    )
    turn_secret: str | None = setting("video.turn_secret", None, "coturn's static-auth-secret", secret=True)
    turn_ttl_ms: int = setting(
        "video.turn_ttl", 2 * 3_600_000, "how long they are good: longer than any call, whose link may break"
    )
    livekit_url: str | None = setting("video.livekit_url", None, "by which browsers reach the LiveKit server")
    livekit_key: str | None = setting("video.livekit_key", None, "API key that names the secret")
    livekit_secret: str | None = setting(
        "video.livekit_secret", None, "API secret, >= 32 bytes; or GILIRAN_VIDEO_LIVEKIT_SECRET", secret=True
    )
    livekit_ttl_ms: int = setting("video.livekit_ttl", 2 * 3_600_000, "how long a token lets into the room")
    retention_ms: int = setting("retention.journal", 30 * 86_400_000, "how long the journal keeps its facts")
    lease_ms: int = setting("cluster.lease", 3_000, "silence after which a leader or a node counts as dead")
    beat_ms: int = setting("cluster.beat", 1_000, "how often leader and nodes show that they live")
    position_every_ms: int = setting("limits.position_every", 1_000, "how often a place in the queue is told")
    log_format: LogFormat = setting("log.format", LogFormat.CONSOLE, "json or console")

    config_file: Path | None = setting("", None, "", made=True)
    secret: bytes = setting("", b"", "", secret=True, made=True)
    public_keys: tuple[bytes, ...] = setting("", (), "", made=True)
    policy: Policy = setting("", SAMPLE.policy, "", made=True)
    labels: Labels = setting("", attrs.Factory(lambda: SAMPLE.labels), "", made=True)

    def mistakes(self) -> Iterator[Mistake]:
        """What a type cannot say of a setting."""
        for key, name in (("pool", self.pool), ("node", self.node)):
            if not ID.fullmatch(name):
                yield Mistake(key, shown(name), f"expected a name of {A_NAME}")
        for key, port in (("listen.ws_port", self.ws_port), ("listen.http_port", self.http_port)):
            if not 0 <= port <= 65_535:
                yield Mistake(key, shown(port), "expected a port, 0 to 65535")
        zones = available_timezones()
        if zones and self.timezone not in zones:
            yield Mistake("timezone", shown(self.timezone), 'expected a zone such as "Asia/Jakarta"')
        if self.redis_url is not None and urlsplit(self.redis_url).scheme not in ("redis", "rediss", "unix"):
            yield Mistake("redis.url", "(hidden)", "expected redis://, rediss:// or unix://")
        for origin in self.origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin:
                yield Mistake(
                    "auth.origins", shown(origin), 'expected an origin such as "https://video.bank.example"'
                )
        own = () if self.ws_url is None else (self.ws_url,)
        for key, urls in (("listen.ws_url", own), ("listen.other_ws_urls", self.other_ws_urls)):
            for url in urls:
                if not _WS_URL.fullmatch(url):
                    yield Mistake(key, shown(url), f"expected {_A_WS_URL}")
        if not self.audience:
            yield Mistake("auth.audience", '""', "expected a text")
        if self.max_sockets < 1:
            yield Mistake("listen.max_sockets", shown(self.max_sockets), "expected 1 or more")
        for key, ms in (("cluster.beat", self.beat_ms), ("limits.position_every", self.position_every_ms)):
            if ms <= 0:
                yield Mistake(key, '"0s"', "expected more than 0s")
        if self.lease_ms < 2 * self.beat_ms:
            yield Mistake("cluster.lease", "", "expected twice cluster.beat or more")
        yield from self._video_mistakes()

    def _video_mistakes(self) -> Iterator[Mistake]:
        for server in self.ice_servers:
            for url in server.urls:
                if urlsplit(url).scheme not in ("stun", "stuns", "turn", "turns"):
                    yield Mistake("video.ice_servers", "(hidden)", "expected urls of stun: or turn:")
        for url in self.turn_urls:
            if urlsplit(url).scheme not in ("turn", "turns"):
                yield Mistake(
                    "video.turn_urls", shown(url), 'expected a URL such as "turn:turn.bank.example"'
                )
        if self.turn_urls and not self.turn_secret:
            yield Mistake("video.turn_secret", "", "expected coturn's static-auth-secret for video.turn_urls")
        for key, ms in (("video.turn_ttl", self.turn_ttl_ms), ("video.livekit_ttl", self.livekit_ttl_ms)):
            if ms < 60_000:
                yield Mistake(key, f'"{duration_text(ms)}"', 'expected "1m" or more')
        if self.livekit_url is not None and not _WS_URL.fullmatch(self.livekit_url):
            yield Mistake("video.livekit_url", shown(self.livekit_url), f"expected {_A_WS_URL}")
        if self.video_provider is VideoProvider.LIVEKIT:
            for name in ("livekit_url", "livekit_key", "livekit_secret"):
                if not getattr(self, name):
                    yield Mistake(f"video.{name}", "", "missing, as video.provider is livekit")
        if self.livekit_secret and len(self.livekit_secret.encode()) < 32:
            yield Mistake("video.livekit_secret", "(hidden)", "expected 32 bytes or more")
