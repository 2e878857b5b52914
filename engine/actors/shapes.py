"""What several frames have within them."""

from typing import Any, Literal, NotRequired, TypedDict

from attrs import field, frozen


def optional() -> Any:
    """A field that is left out of the frame while it is None."""
    return field(default=None, metadata={"optional": True})


@frozen(kw_only=True)
class Person:
    """The other side of a call."""

    id: str
    #: as shown; may be empty
    name: str


class IceServer(TypedDict):
    """A STUN or TURN server, as WebRTC's RTCIceServer."""

    urls: list[str]
    username: NotRequired[str]
    credential: NotRequired[str]


@frozen(kw_only=True)
class Video:
    """How the two pages meet. Made anew each time it is told: credentials in it expire."""

    #: `p2p`: WebRTC between the two pages, by `signal`; `livekit`: a LiveKit server; `none`: the bank's own
    provider: Literal["p2p", "livekit", "none"]
    room: str
    #: the offerer (the agent) begins the WebRTC negotiation
    role: Literal["offerer", "answerer"]
    ice_servers: list[IceServer] = field(repr=False)
    #: of the LiveKit server
    url: str | None = optional()
    #: lets this side into that room of the LiveKit server
    token: str | None = field(default=None, repr=False, metadata={"optional": True})
