"""The server's frames as a client of the engine reads them: text becomes the very notice it was made from.

The table is the gateway's own. A frame outside it is a bug of the engine and raises `UnknownFrame`; fields
that are not in it are passed over, because a newer node may send them.
"""

from collections.abc import Callable
from typing import Any

import orjson
from cattrs import Converter

from engine.gateway.messages import SERVER_FRAMES, Role, ServerMessage

Reader = Callable[[str | bytes], ServerMessage]


class UnknownFrame(Exception):
    """The server sent what its role's table does not have."""


def reader(role: Role) -> Reader:
    """What reads the frames that this role gets."""
    converter = Converter()
    classes: tuple[Any, ...] = SERVER_FRAMES[role]
    table = {cls.type: cls for cls in classes}

    def read(text: str | bytes) -> ServerMessage:
        frame = orjson.loads(text)
        cls = table.get(frame.get("type"))
        if cls is None:
            raise UnknownFrame(f"{role}: {frame.get('type')}")
        message: ServerMessage = converter.structure(frame, cls)
        return message

    return read
