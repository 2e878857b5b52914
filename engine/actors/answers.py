"""How a request is answered, whoever does it: by `ok` once it is done, or by what kept it from it."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.actors.notices import Error, Ok
from engine.actors.ports import Client
from engine.domain.change import Unavailable
from engine.domain.errors import Code, Refused

#: How soon what the store would not answer is tried again.
RETRY_MS = 1_000


@contextmanager
def answering(client: Client, ref: str | None) -> Iterator[None]:
    """Answer the request `ref` by what becomes of the block; a refusal ends there."""
    try:
        yield
    except Refused as refused:
        client.tell(Error.of(ref, refused))
    except Unavailable:
        unconfirmed = Refused(Code.UNAVAILABLE, "not confirmed; safe to repeat", retry_ms=RETRY_MS)
        client.tell(Error.of(ref, unconfirmed))
    else:
        if ref is not None:
            client.tell(Ok(ref=ref))
