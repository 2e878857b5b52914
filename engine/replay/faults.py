"""What goes wrong on a day: links, nodes, the store and its clock, at an instant of the scenario.

Not every replay can carry out all of it: see `feasible`.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from attrs import field, frozen

from engine.replay.expectations import Known
from engine.replay.rows import Second, bad_second
from engine.tables import Mistake, nearest, shown

MOST_NODES = 16


class FaultKind(StrEnum):
    DROP_AGENT = "drop_agent"  # his link breaks
    DROP_CUSTOMER = "drop_customer"
    SLOW_READER = "slow_reader"  # his client stops reading
    KILL_NODE = "kill_node"  # a node that does not lead, if there is one
    KILL_LEADER = "kill_leader"
    STORE_AWAY = "store_away"  # nobody reaches it
    STORE_RESTARTED = "store_restarted"  # killed, and started again on its file
    STORE_EMPTIED = "store_emptied"  # it lost everything
    CLOCK_STEP = "clock_step"  # somebody sets the clock of its machine


#: What is about somebody, and what is expected of `who`.
ABOUT: Mapping[FaultKind, str] = {
    FaultKind.DROP_AGENT: "whose link breaks",
    FaultKind.DROP_CUSTOMER: "whose link breaks",
    FaultKind.SLOW_READER: "who stops reading, an agent or a caller",
}
#: What lasts, and what is expected of `for`; and what does not, and why.
LASTS: Mapping[FaultKind, str] = {
    FaultKind.STORE_AWAY: "how long the store is away",
    FaultKind.SLOW_READER: "how long his client reads nothing",
}
LASTS_NOT: Mapping[FaultKind, str] = {
    FaultKind.STORE_EMPTIED: "what was lost stays lost",
    FaultKind.CLOCK_STEP: "a step takes no time; another one steps back",
}


@frozen(kw_only=True)
class Fault:
    """`who`: whose link. `for`: how long a link or the store is away, or until a killed node is up again.

    Without it a link comes back as soon as its client tries, a restarted store at once, and a node never.
    `by`: how far a clock is set forward, or, negative, back.
    """

    at_s: Second
    kind: FaultKind
    who: str | None = None
    for_ms: int | None = None
    by_ms: int | None = field(default=None, metadata={"signed": True})

    def mistakes(self, at: str, known: Known) -> Iterator[Mistake]:
        yield from bad_second(f"{at}.at_s", self.at_s)
        yield from self._bad_who(f"{at}.who", known)
        if self.kind in LASTS and not self.for_ms:
            yield Mistake(f"{at}.for", "", f'missing: {LASTS[self.kind]}, such as "10s"')
        if self.kind in LASTS_NOT and self.for_ms is not None:
            yield Mistake(f"{at}.for", f'"{self.for_ms}ms"', f"expected none: {LASTS_NOT[self.kind]}")
        steps = self.kind is FaultKind.CLOCK_STEP
        if steps and not self.by_ms:
            yield Mistake(f"{at}.by", "", 'missing: how far the clock is set, such as "5m" or "-5m"')
        if not steps and self.by_ms is not None:
            yield Mistake(f"{at}.by", f'"{self.by_ms}ms"', f"expected none: {self.kind} sets no clock")

    def _bad_who(self, key: str, known: Known) -> Iterator[Mistake]:
        expected = ABOUT.get(self.kind)
        if expected is None:
            if self.who is not None:
                yield Mistake(key, shown(self.who), f"expected none: {self.kind} is about nobody")
            return
        names: list[str] = []
        if self.kind is not FaultKind.DROP_CUSTOMER:
            names += known.agents
        if self.kind is not FaultKind.DROP_AGENT:
            names += known.calls
        called = self.kind is not FaultKind.DROP_AGENT and known.called(self.who or "")
        if self.who not in names and not called:
            hint = nearest(self.who or "", names[:20]) if names else ""
            yield Mistake(key, shown(self.who), f"expected {expected}, by id{hint}")
