"""How the two sides of a call meet on video, by one of three providers.

`p2p`: the two pages speak WebRTC with each other and the engine relays their signals. Networks that let no
such thing through need a TURN server; its credentials are made for one person and a limited time, by the
scheme of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest): the name is `<unix expiry>:<user>`, the
password base64(HMAC-SHA1(secret, name)). `livekit`: both join a room of a LiveKit server, each with a JWT
that lets him into this one room. A call that is passed on gets another: the JWT of the agent who had it is
still good for a while, and what follows is not for him. `none`: the bank brings its own video; the room is
the call's id.

Whoever comes back after a lost link gets new credentials with `call.connected`, so they need not last a day.
The agent's page offers, the customer's answers.
"""

import base64
import hmac
from collections.abc import Callable
from typing import Literal

from attrs import field, frozen
from joserfc import jwt
from joserfc.jwk import OctKey

from engine.actors.shapes import IceServer, Video
from engine.domain.lifecycle import Party
from engine.domain.model import Call

#: Seconds by which a LiveKit server's clock may be behind ours before it takes a token for one of the future.
CLOCKS_APART_S = 30

UnixTime = Callable[[], float]


@frozen
class Elsewhere:
    """The bank has its own video; it finds the call by the room."""

    def of(self, call: Call, side: Party) -> Video:
        return Video(provider="none", room=call.id, role=_role(side), ice_servers=[])


@frozen(kw_only=True)
class Turn:
    """TURN servers that share `secret` with us."""

    urls: tuple[str, ...]
    secret: str = field(repr=False)
    ttl_s: int
    unix_s: UnixTime

    def server(self, user: str) -> IceServer:
        """For that user, from now on."""
        name = f"{int(self.unix_s()) + self.ttl_s}:{user}"
        mac = hmac.digest(self.secret.encode(), name.encode(), "sha1")
        return {"urls": list(self.urls), "username": name, "credential": base64.b64encode(mac).decode()}


@frozen(kw_only=True)
class PeerToPeer:
    """`ice_servers`: those whose credentials, if any, do not change."""

    ice_servers: tuple[IceServer, ...] = field(default=(), repr=False)
    turn: Turn | None = None

    def of(self, call: Call, side: Party) -> Video:
        servers = list(self.ice_servers)
        if self.turn is not None:
            servers.append(self.turn.server(_who(call, side)[0]))
        return Video(provider="p2p", room=call.id, role=_role(side), ice_servers=servers)


@frozen(kw_only=True)
class LiveKit:
    """`key` names the secret that the LiveKit server at `url` knows too."""

    url: str
    key: str
    secret: str = field(repr=False)
    ttl_s: int
    unix_s: UnixTime

    def of(self, call: Call, side: Party) -> Video:
        return Video(
            provider="livekit",
            room=_room(call),
            role=_role(side),
            ice_servers=[],
            url=self.url,
            token=self._token(call, side),
        )

    def _token(self, call: Call, side: Party) -> str:
        """Its `sub` carries the side too: an agent and a customer may have the same id."""
        now_s = int(self.unix_s())
        user, name = _who(call, side)
        claims = {
            "iss": self.key,
            "sub": f"{side}:{user}",
            "name": name,
            "nbf": now_s - CLOCKS_APART_S,
            "exp": now_s + self.ttl_s,
            "video": {
                "room": _room(call),
                "roomJoin": True,
                "canPublish": True,
                "canSubscribe": True,
                "canPublishData": True,
            },
        }
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(self.secret))


def _room(call: Call) -> str:
    """Of the call and the offer by which these two came together: it is kept while they are connected."""
    return f"{call.id}-{call.offer}"


def _role(side: Party) -> Literal["offerer", "answerer"]:
    return "offerer" if side is Party.AGENT else "answerer"


def _who(call: Call, side: Party) -> tuple[str, str]:
    """The id and the name of that side's person."""
    if side is Party.AGENT:
        return call.agent, call.agent_name
    return call.customer, call.customer_name
