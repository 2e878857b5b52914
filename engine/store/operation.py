"""A change made ready to send: everything the script needs, written out beforehand, under the op's name.

Built once and sent as often as it takes; nothing in it depends on when it arrives.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import trio
from attrs import define

from engine.domain.change import Change, Conflict, NotSent, Reaped, Receipt, Unknown
from engine.domain.model import Ref, indexes, nodes
from engine.store.decoded import Decoded, Records
from engine.store.keys import FEED, node_channel
from engine.store.records import Fields, decode, encode, encode_fact
from engine.store.wire import pairs

#: Where in the arguments the acknowledged ops stand; the link fills it in as it sends.
ACKNOWLEDGED = 4

Reply = list[Any] | Exception


@define(eq=False)
class Operation:
    """One change on its way. `sent` and `withdrawn` change under the link's lock only."""

    n: int
    name: str
    change: Change
    args: list[str]
    hashes: dict[Ref, Fields | None]
    channels: frozenset[str]
    sent: bool = False
    withdrawn: bool = False
    #: whether a replica was seen to have it, where commits wait for that
    confirmed: bool = True
    attempts: int = 0
    reply: Reply | None = None
    #: the trio side took note of the reply
    answered: bool = False
    receipt: Receipt | None = None
    waiter: trio.lowlevel.Task | None = None

    def applied(self, rev: str, decoded: Decoded) -> Receipt:
        """The receipt of this op, applied as `rev`."""
        return Receipt(int(rev), decoded.of(self.name, self._written))

    def _written(self) -> Records:
        return {ref: None if fields is None else decode(ref, fields) for ref, fields in self.hashes.items()}

    def outcome(self, reply: Reply) -> Receipt:
        """What the reply means for the caller. Raises Conflict, NotSent, Unknown or Reaped."""
        if isinstance(reply, Unknown):
            raise reply
        if isinstance(reply, Exception):
            raise NotSent(f"the store refused: {reply}")
        match reply[0]:
            case "reaped":
                raise Reaped(self.name)
            case "era":
                raise NotSent("the store is of another era")
            case "conflict":
                raise self._conflict(*reply[1:])
        if not self.confirmed:
            raise Unknown("no replica has confirmed it")
        assert self.receipt is not None
        return self.receipt

    def _conflict(self, failed: list[str], differing: list[Any]) -> Conflict:
        records = {
            ref: decode(ref, pairs(flat)) if flat else None
            for ref, flat in zip(differing[::2], differing[1::2], strict=True)
        }
        return Conflict(records, tuple(self.change.guards[int(i) - 1] for i in failed))


def operation(change: Change, *, n: int, boot: str, node: str, era: str) -> Operation:
    """Write `change` out as op `<boot>:<n>`, in the layout that commit.lua describes."""
    name = f"{boot}:{n}"
    hashes: dict[Ref, Fields | None] = {}
    channels: set[str] = set()
    written: list[str] = []
    for write in change.writes:
        after, ref = write.after, write.ref
        fields: Fields | None = None
        standing: dict[str, int] = {}
        if after is not None:
            standing = indexes(after)
            fields = encode(after, write.version + 1, name, standing)
        hashes[ref] = fields
        for side in (write.before, after):
            if side is not None:
                channels.update(map(node_channel, nodes(side)))
        written += (ref, str(write.version), write.stamp)
        _spread(written, standing)
        _spread(written, fields or {})
    guards = [text for g in change.guards for text in (g.ref, g.field, g.value or "")]
    args = [
        era,
        node,
        boot,
        str(n),
        "",
        orjson.dumps([encode_fact(f) for f in change.facts]).decode(),
        orjson.dumps(hashes).decode(),
        " ".join((FEED, *sorted(channels))),
        str(len(change.guards)),
        *guards,
        str(len(change.writes)),
        *written,
    ]
    return Operation(n, name, change, args, hashes, frozenset({FEED, *channels}))


def _spread(args: list[str], pairs: Mapping[str, str | int]) -> None:
    args.append(str(len(pairs)))
    for name, value in pairs.items():
        args += (name, str(value))
