"""Settings and message classes turned into what a node's parts are given."""

from collections.abc import Callable, Mapping

import orjson

from engine.actors import shapes
from engine.actors.ports import Meeting
from engine.gateway.video import Elsewhere, LiveKit, PeerToPeer, Turn
from engine.reference.asyncapi import document
from engine.reference.page import page
from engine.settings import IceServer, Settings, VideoProvider
from engine.web.pages import Document


def meeting(settings: Settings, unix_s: Callable[[], float]) -> Meeting:
    """How the two sides of a call meet. `settings` has no mistakes."""
    match settings.video_provider:
        case VideoProvider.NONE:
            return Elsewhere()
        case VideoProvider.LIVEKIT:
            return LiveKit(
                url=settings.livekit_url or "",
                key=settings.livekit_key or "",
                secret=settings.livekit_secret or "",
                ttl_s=settings.livekit_ttl_ms // 1000,
                unix_s=unix_s,
            )
        case VideoProvider.P2P:
            turn = Turn(
                urls=settings.turn_urls,
                secret=settings.turn_secret or "",
                ttl_s=settings.turn_ttl_ms // 1000,
                unix_s=unix_s,
            )
            return PeerToPeer(
                ice_servers=tuple(_as_browsers_have_it(server) for server in settings.ice_servers),
                turn=turn if turn.urls else None,
            )


def _as_browsers_have_it(server: IceServer) -> shapes.IceServer:
    told: shapes.IceServer = {"urls": list(server.urls)}
    if server.username is not None:
        told["username"] = server.username
    if server.credential is not None:
        told["credential"] = server.credential
    return told


def reference(version: str) -> Mapping[str, Document]:
    """The reference of the wire format, by path."""
    told = document(version)
    return {
        "/docs": Document(page(told).encode(), "text/html"),
        "/docs/asyncapi.json": Document(orjson.dumps(told, option=orjson.OPT_INDENT_2), "application/json"),
    }
