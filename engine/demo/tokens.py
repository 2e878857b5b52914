"""Whom the demo lets in.

It gives tokens to whoever can reach its page, and may have the secret of a node that serves people. So its
tokens are for an audience of its own: no other node takes them.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from engine.gateway.auth import mint
from engine.gateway.messages import Role

AUDIENCE = "giliran-demo"
#: A visitor may be away for a while, and find his tabs as they were.
LIFE_S = 8 * 3_600


def minter(
    secret: bytes, role: Role, sub: str, *, audience: str | Sequence[str] = AUDIENCE, **claims: Any
) -> Callable[[], str]:
    """What makes a fresh token for each hello."""

    def token() -> str:
        return mint(secret, audience, sub=sub, role=role, ttl_s=LIFE_S, now_s=int(time.time()), **claims)

    return token
