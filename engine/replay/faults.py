"""What goes wrong on a day: links, nodes and the store, at an instant of the scenario."""

from collections.abc import Iterator
from enum import StrEnum

from attrs import frozen

from engine.replay.expectations import Known
from engine.replay.rows import Second, bad_second
from engine.tables import Mistake, nearest, shown

MOST_NODES = 16


class FaultKind(StrEnum):
    DROP_AGENT = "drop_agent"  # his link breaks
    DROP_CUSTOMER = "drop_customer"
    KILL_NODE = "kill_node"  # a node that does not lead, if there is one
    KILL_LEADER = "kill_leader"
    STORE_AWAY = "store_away"  # nobody reaches it
    STORE_EMPTIED = "store_emptied"  # it lost everything


@frozen(kw_only=True)
class Fault:
    """`who`: whose link. `for_ms`: how long a link or the store is away, or until a killed node is up again.

    Without it a link comes back as soon as its client tries, and a node never.
    """

    at_s: Second
    kind: FaultKind
    who: str | None = None
    for_ms: int | None = None

    def mistakes(self, at: str, known: Known) -> Iterator[Mistake]:
        yield from bad_second(f"{at}.at_s", self.at_s)
        names = {FaultKind.DROP_AGENT: known.agents, FaultKind.DROP_CUSTOMER: known.calls}.get(self.kind)
        if names is None and self.who is not None:
            yield Mistake(f"{at}.who", shown(self.who), f"expected none: {self.kind} is about nobody")
        elif names is not None and not self._known(known, names):
            hint = nearest(self.who or "", list(names[:20])) if names else ""
            yield Mistake(f"{at}.who", shown(self.who), f"expected whose link breaks, by id{hint}")
        if self.kind is FaultKind.STORE_AWAY and not self.for_ms:
            yield Mistake(f"{at}.for", "", 'missing: how long the store is away, such as "10s"')
        if self.kind is FaultKind.STORE_EMPTIED and self.for_ms is not None:
            yield Mistake(f"{at}.for", f'"{self.for_ms}ms"', "expected none: what was lost stays lost")

    def _known(self, known: Known, names: tuple[str, ...]) -> bool:
        if self.who is None:
            return False
        return known.called(self.who) if self.kind is FaultKind.DROP_CUSTOMER else self.who in names
