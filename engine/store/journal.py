"""The journal: what happened, in the past tense, one entry per change and in the order of `rev`.

It holds facts only, and so no names, notes, comments or attribute values. `entries` reads it where there
is no event loop (exports, reports); a store's own `journal` method is the same for a running node. An
entry's id begins with the store's clock in ms: a range of time is a range of ids.
"""

from collections.abc import Iterator
from typing import Any

import orjson
import redis
from attrs import frozen

from engine.domain.facts import Fact
from engine.store.keys import Keys
from engine.store.records import decode_fact

#: Entries read at once.
PAGE = 1000


@frozen
class Entry:
    """One change's facts. `id` is the journal's own and sorts by time; `op` is who made the change."""

    id: str
    rev: int
    op: str
    facts: tuple[Fact, ...]


def entries(
    client: "redis.Redis", keys: Keys, *, after: str = "", until: str = "+", limit: int | None = None
) -> Iterator[Entry]:
    """The entries after the one named `after` ("" = all), up to `until`, at most `limit`.

    `after` and `until` may also be instants of the store's clock, ms. Raises redis-py's errors, and
    `Corrupt` on what no node of this version wrote.
    """
    left = limit
    while left is None or left > 0:
        page: Any = client.xrange(
            keys.of("journal"),
            f"({after}" if after else "-",
            until,
            PAGE if left is None else min(PAGE, left),
        )
        for name, fields in page:
            facts = tuple(decode_fact(said) for said in orjson.loads(fields["facts"]))
            yield Entry(name, int(fields["rev"]), fields["op"], facts)
        if not page:
            return
        after = page[-1][0]
        left = None if left is None else left - len(page)
