"""The records of the last changes, decoded once though a change comes by several ways.

A node's own change is answered by the link and comes again as a message on every channel that the node
follows, in any order. What an op wrote is the same wherever it is read, so whoever is first decodes it.
"""

from collections.abc import Callable

from attrs import define, field

from engine.domain.model import Record, Ref

Records = dict[Ref, Record | None]

#: How many changes are remembered: more than are on their way at once.
MOST = 256


@define(eq=False)
class Decoded:
    """By op; one per node."""

    _by_op: dict[str, Records] = field(factory=dict)

    def of(self, op: str, decode: Callable[[], Records]) -> Records:
        """What `op` wrote; `decode` is called if nobody has decoded it."""
        records = self._by_op.get(op)
        if records is None:
            records = self._by_op[op] = decode()
            if len(self._by_op) > MOST:
                del self._by_op[next(iter(self._by_op))]
        return records
