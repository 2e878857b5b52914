"""The wire format as an AsyncAPI 3.0.0 document, made from the message classes and nothing else.

The application that it describes is the engine: it *receives* what clients send and *sends* what they get.
Each role is a channel. A frame that both directions know by one name is told apart by its class; a welcome
differs by role.
"""

from collections.abc import Iterator
from typing import Any

from attrs import define, field

from engine.actors.ports import CloseCode
from engine.actors.requests import Signal
from engine.domain.errors import Code
from engine.domain.limits import MESSAGE_BYTES, SIGNAL_BYTES
from engine.gateway.messages import (
    ASKS,
    CLIENT_FRAMES,
    CONFIGURED,
    OWN,
    SERVER_FRAMES,
    Hello,
    Ping,
    Role,
    Welcome,
)
from engine.reference import examples
from engine.reference.schemas import Schema, Schemas
from engine.reference.words import Words, words_of

Document = dict[str, Any]

INTRODUCTION = """\
How a client is a customer, an agent or a supervisor: WebSocket, JSON text frames, subprotocol `giliran.v1`.

Every frame is an object with `type`. Instants (`…_at`) are integer milliseconds of pool time, durations \
(`…_ms`) integer milliseconds. Ids are 1 to 64 of `A-Z a-z 0-9 _ -`.

`GET /client.json` on the HTTP port says where the WebSocket is. Connect with the subprotocol and send \
`hello` within 5 s; the token travels there and never in a URL. After `welcome` the server tells the present \
in full, so a client that knows nothing and one that comes back do the same.

A client's frame may carry `ref`; it is answered by `ok` or `error` with that `ref`, and what it changed \
follows its `ok`. Every request may be repeated: what a broken link left unanswered is asked again after the \
next welcome.

A client that heard nothing for 25 s sends `ping`; without a `pong` within 5 s it reconnects, after a random \
pause that grows. A client's frame has no field but those listed here; a server's frame may gain some, and a \
client passes over what it does not know.
"""

CHANNELS = {
    Role.CUSTOMER: "A customer asks for a call, waits his turn, is connected and rates the call.",
    Role.AGENT: "An agent is ready or not, takes the calls that are offered to him, and wraps up.",
    Role.SUPERVISOR: "A supervisor watches queues, calls and agents, and intervenes.",
}


def document(version: str) -> Document:
    """The whole document, ready for JSON."""
    return _Making(version).document()


@define
class _Making:
    version: str
    schemas: Schemas = field(factory=Schemas)
    messages: dict[str, Document] = field(factory=dict)

    def document(self) -> Document:
        channels = {role.value: self._channel(role) for role in Role}
        operations = dict(each for role in Role for each in self._operations(role))
        self.schemas.of(Code)
        twice = self.messages.keys() & self.schemas.named.keys()
        assert not twice, f"frames and records of one name: {twice}"
        return {
            "asyncapi": "3.0.0",
            "info": {
                "title": "Giliran",
                "version": self.version,
                "description": INTRODUCTION,
                "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            },
            "defaultContentType": "application/json",
            "servers": {
                "node": {
                    "host": "video.bank.example",
                    "protocol": "wss",
                    "description": "Any node of the pool, as `/client.json` tells it.",
                }
            },
            "channels": channels,
            "operations": operations,
            "components": {
                "messages": self.messages,
                "schemas": self.schemas.named,
                "correlationIds": {
                    "ref": {"description": "The client's own mark.", "location": "$message.payload#/ref"}
                },
            },
            "x-close-codes": _close_codes(),
        }

    def _channel(self, role: Role) -> Document:
        names = [self._asked(cls) for cls in asks(role)] + [
            self._told(cls, role) for cls in SERVER_FRAMES[role]
        ]
        return {
            "address": f"/{role}",
            "title": role.value.capitalize(),
            "description": CHANNELS[role],
            "servers": [{"$ref": "#/servers/node"}],
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
            "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
        }

    def _operations(self, role: Role) -> Iterator[tuple[str, Document]]:
        channel = {"$ref": f"#/channels/{role}"}
        for cls in asks(role):
            yield (
                f"{role}.{cls.type}",
                {
                    "action": "receive",
                    "channel": channel,
                    "summary": words_of(cls).summary,
                    "messages": [_in_channel(role, cls.__name__)],
                    "reply": {
                        "channel": channel,
                        "messages": [_in_channel(role, name) for name in _replies(cls, role)],
                    },
                },
            )
        told = [_in_channel(role, told_name(cls, role)) for cls in SERVER_FRAMES[role]]
        yield (
            f"{role}.told",
            {"action": "send", "channel": channel, "summary": f"What the {role} gets.", "messages": told},
        )

    def _asked(self, cls: Any) -> str:
        name: str = cls.__name__
        if name not in self.messages:
            most = SIGNAL_BYTES if cls is Signal else MESSAGE_BYTES
            self.messages[name] = {
                **_message(cls, self.schemas.asked(cls), examples.asked(cls)),
                "correlationId": {"$ref": "#/components/correlationIds/ref"},
                "x-most-bytes": most,
            }
        return name

    def _told(self, cls: Any, role: Role) -> str:
        name = told_name(cls, role)
        if name not in self.messages:
            self.messages[name] = _message(cls, self.schemas.told(cls, role), examples.told(cls, role))
        return name


def asks(role: Role) -> list[Any]:
    """What clients of that role send, in the order of the table."""
    return [cls for cls in CLIENT_FRAMES.values() if cls in OWN or cls in ASKS[role]]


def told_name(cls: type, role: Role) -> str:
    """A server's frame by the name of its class, if that is no client's frame too."""
    if cls in CONFIGURED:
        return f"{role.value.capitalize()}{cls.__name__}"
    taken = {asked.__name__ for asked in CLIENT_FRAMES.values()}
    return f"{cls.__name__}Notice" if cls.__name__ in taken else cls.__name__


def _replies(cls: type, role: Role) -> list[str]:
    if cls is Hello:
        return [told_name(Welcome, role)]
    return ["Pong"] if cls is Ping else ["Ok", "Error"]


def _in_channel(role: Role, name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{role}/messages/{name}"}


def _message(cls: Any, payload: Schema, example: Document) -> Document:
    words: Words = words_of(cls)
    return {
        "name": cls.type,
        "title": cls.type,
        "summary": words.summary,
        "description": words.text,
        "payload": payload,
        "examples": [{"payload": example}],
    }


def _close_codes() -> dict[str, str]:
    told = words_of(CloseCode).of
    return {str(code.value): told[code.name] for code in CloseCode if code.name in told}
