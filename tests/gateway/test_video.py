"""How two sides meet: credentials are judged here as the servers they are for judge them."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from attrs import evolve

from engine.actors.notices import Video
from engine.domain.lifecycle import CallState, Party
from engine.domain.model import Call
from engine.gateway.video import Elsewhere, LiveKit, PeerToPeer, Turn

NOW = 1_700_000_000
SECRET = "north of the river, where nobody goes"
STUN = {"urls": ["stun:stun.bank.example"]}


def call() -> Call:
    """A connected call whose two people happen to have the same id."""
    return Call(
        id="c-1",
        queue="general",
        customer="u1",
        customer_name="Budi",
        state=CallState.CONNECTED,
        since_at=0,
        enqueued_at=0,
        due_at=0,
        offer="o-1",
        agent="u1",
        agent_name="Siti",
    )


def turn(ttl_s: int = 3600) -> Turn:
    return Turn(
        urls=("turn:turn.bank.example?transport=udp",), secret=SECRET, ttl_s=ttl_s, unix_s=lambda: NOW + 0.9
    )


def livekit(secret: str = SECRET) -> LiveKit:
    return LiveKit(
        url="wss://livekit.bank.example", key="APIkey", secret=secret, ttl_s=600, unix_s=lambda: NOW
    )


def coturn_lets_in(server: dict[str, Any], now: int, secret: str = SECRET) -> bool:
    """What coturn does under `use-auth-secret`: the time in the name, and the password made of the name."""
    expires, _, user = server["username"].partition(":")
    password = base64.b64encode(hmac.new(secret.encode(), server["username"].encode(), hashlib.sha1).digest())
    return bool(user) and int(expires) >= now and password.decode() == server["credential"]


def livekit_lets_in(token: str, keys: dict[str, str], now: int, leeway: int = 60) -> dict[str, Any]:
    """What a LiveKit server does: the key by `iss`, HS256, the times give or take a minute, the grant."""
    signed, _, signature = token.rpartition(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split("."))
    mac = hmac.new(keys[claims["iss"]].encode(), signed.encode(), hashlib.sha256).digest()
    assert header == {"alg": "HS256", "typ": "JWT"}
    assert base64.urlsafe_b64encode(mac).rstrip(b"=").decode() == signature
    assert claims["nbf"] <= now + leeway
    assert claims["exp"] >= now - leeway
    assert claims["sub"]
    assert claims["video"]["roomJoin"] is True
    assert claims["video"]["room"]
    return dict(claims)


def test_a_bank_with_its_own_video_gets_the_room_and_the_roles() -> None:
    assert Elsewhere().of(call(), Party.AGENT) == Video(
        provider="none", room="c-1", role="offerer", ice_servers=[]
    )
    assert Elsewhere().of(call(), Party.CUSTOMER).role == "answerer"


def test_peers_without_a_turn_server_get_what_is_configured() -> None:
    video = PeerToPeer(ice_servers=(STUN,)).of(call(), Party.CUSTOMER)
    assert video == Video(provider="p2p", room="c-1", role="answerer", ice_servers=[STUN])


def test_turn_credentials_are_as_coturn_checks_them() -> None:
    stun, server = PeerToPeer(ice_servers=(STUN,), turn=turn()).of(call(), Party.AGENT).ice_servers
    assert stun == STUN
    assert server["urls"] == ["turn:turn.bank.example?transport=udp"]
    assert server["username"] == f"{NOW + 3600}:u1"
    assert coturn_lets_in(server, NOW)
    assert coturn_lets_in(server, NOW + 3600)
    assert not coturn_lets_in(server, NOW + 3601)
    assert not coturn_lets_in(server, NOW, "another secret")
    longer = server | {"username": f"{NOW + 9999}:u1"}
    assert not coturn_lets_in(longer, NOW)


def test_a_turn_credential_that_is_known() -> None:
    """Computed with OpenSSL: printf 1700003600:u1 | openssl dgst -sha1 -hmac "$SECRET" -binary | base64."""
    assert turn().server("u1")["credential"] == "Y4Er5h9zJ6js2DjRj7UgQnKR7O0="


@pytest.mark.parametrize(("side", "name"), [(Party.CUSTOMER, "Budi"), (Party.AGENT, "Siti")])
def test_a_token_is_as_livekit_checks_it(side: Party, name: str) -> None:
    video = livekit().of(call(), side)
    assert (video.provider, video.room, video.url) == ("livekit", "c-1-o-1", "wss://livekit.bank.example")
    assert video.token is not None
    claims = livekit_lets_in(video.token, {"APIkey": SECRET}, NOW)
    assert claims == {
        "iss": "APIkey",
        "sub": f"{side}:u1",
        "name": name,
        "nbf": NOW - 30,
        "exp": NOW + 600,
        "video": {
            "room": "c-1-o-1",
            "roomJoin": True,
            "canPublish": True,
            "canSubscribe": True,
            "canPublishData": True,
        },
    }


def test_who_passed_a_call_on_has_no_token_for_the_room_it_goes_on_in() -> None:
    first, again = call(), evolve(call(), offer="o-2", agent="u2", connected_at=60_000)
    assert livekit().of(first, Party.AGENT).room == livekit().of(first, Party.CUSTOMER).room
    assert livekit().of(first, Party.AGENT).room != livekit().of(again, Party.CUSTOMER).room
    token = livekit().of(first, Party.AGENT).token or ""
    claims = livekit_lets_in(token, {"APIkey": SECRET}, NOW + 300)
    assert claims["video"]["room"] != livekit().of(again, Party.AGENT).room


def test_a_server_whose_clock_is_behind_lets_in_too() -> None:
    token = livekit().of(call(), Party.AGENT).token or ""
    assert livekit_lets_in(token, {"APIkey": SECRET}, NOW - 30, leeway=0)


def test_no_secret_and_no_credential_shows() -> None:
    peers = PeerToPeer(ice_servers=({**STUN, "credential": "hunter2"},), turn=turn())
    shown = repr([peers, livekit(), peers.of(call(), Party.AGENT), livekit().of(call(), Party.AGENT)])
    for hidden in (SECRET, "hunter2", turn().server("u1")["credential"], "eyJ"):
        assert hidden not in shown
