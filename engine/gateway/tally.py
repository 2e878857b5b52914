"""What the gateway counts, for `/metrics`. Nothing here identifies anybody."""

from collections import Counter

from attrs import define, field

from engine.actors.ports import CloseCode

_LAST_STANDARD_CODE = 1015
_OURS = frozenset(map(int, CloseCode))


@define(eq=False)
class Tally:
    """Totals since the node began."""

    accepted: int = 0
    frames_in: int = 0
    frames_out: int = 0
    #: refused upgrades, by HTTP status
    refused: Counter[int] = field(factory=Counter)
    #: connections that ended, by close code; 1006 = without one, 0 = a code of the client's own
    closed: Counter[int] = field(factory=Counter)
    #: links dropped because a ping was not answered, a write took too long
    silent: int = 0
    slow: int = 0
    #: exceptions that ended one connection and nothing else
    faults: int = 0

    def ended(self, code: int) -> None:
        """A connection ended with this code; a client's own inventions are all counted as 0."""
        self.closed[code if code <= _LAST_STANDARD_CODE or code in _OURS else 0] += 1
