"""What settings make of a node's parts."""

import json

from attrs import evolve

from engine.gateway.video import Elsewhere, LiveKit, PeerToPeer, Turn
from engine.reference.asyncapi import document
from engine.settings import IceServer, Settings, VideoProvider
from engine.web.pages import page_routes
from engine.wiring import meeting, reference
from tests.web.serving import FakeStatus, get, serving

TURN = Settings(
    ice_servers=(IceServer(urls=("stun:a.example",)), IceServer(("turn:b.example",), "u", "hunter2")),
    turn_urls=("turn:c.example",),
    turn_secret="hunter3",
    turn_ttl_ms=90_500,
)


def unix_s() -> float:
    return 1.0


def test_peers_meet_by_the_servers_that_are_set() -> None:
    assert meeting(TURN, unix_s) == PeerToPeer(
        ice_servers=(
            {"urls": ["stun:a.example"]},
            {"urls": ["turn:b.example"], "username": "u", "credential": "hunter2"},
        ),
        turn=Turn(urls=("turn:c.example",), secret="hunter3", ttl_s=90, unix_s=unix_s),
    )
    assert meeting(Settings(), unix_s) == PeerToPeer()


def test_the_other_providers() -> None:
    assert meeting(evolve(TURN, video_provider=VideoProvider.NONE), unix_s) == Elsewhere()
    livekit = Settings(
        video_provider=VideoProvider.LIVEKIT,
        livekit_url="wss://livekit.bank.example",
        livekit_key="APIkey",
        livekit_secret="s" * 32,
        livekit_ttl_ms=60_000,
    )
    assert meeting(livekit, unix_s) == LiveKit(
        url="wss://livekit.bank.example", key="APIkey", secret="s" * 32, ttl_s=60, unix_s=unix_s
    )


async def test_a_node_serves_its_reference() -> None:
    async with serving(FakeStatus(), page_routes(reference("1.2.3"))) as port:
        status, headers, body = await get(port, "/docs")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"reference, version 1.2.3" in body
        status, headers, body = await get(port, "/docs/asyncapi.json")
        assert (status, headers["content-type"]) == (200, "application/json")
        assert json.loads(body) == document("1.2.3")
