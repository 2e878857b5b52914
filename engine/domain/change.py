"""A change: the only way state moves. Records to write, guards that must hold, facts that happened.

The store applies all of it or none. Each write names the record it replaces; the store compares that
record's version and stamp with what it holds. A change that a lifecycle table forbids cannot be built.
"""

from attrs import field, frozen

from engine.domain.evolving import evolve
from engine.domain.facts import Fact
from engine.domain.lifecycle import AgentState, CallState, check_agent, check_call
from engine.domain.model import Agent, Call, Record, Ref

#: The guard key under which the leader's token ("<epoch>:<nonce>") stands.
LEADER = "leader"


@frozen
class Guard:
    """A field of a stored record (or of `leader`) that must hold `value`; `None` means it is absent."""

    ref: Ref
    field: str
    value: str | None


@frozen
class Write:
    """Replace `before` (as it was read; None = absent) by `after` (None = delete)."""

    before: Record | None
    after: Record | None

    def __attrs_post_init__(self) -> None:
        if self.before is None and self.after is None:
            raise ValueError("a write needs a record before or after")
        if self.before is not None and self.after is not None and self.before.ref != self.after.ref:
            raise ValueError(f"a write cannot turn {self.before.ref} into {self.after.ref}")
        some = self.before if self.after is None else self.after
        if isinstance(some, Call):
            check_call(_call_state(self.before), _call_state(self.after))
        elif isinstance(some, Agent):
            check_agent(_agent_state(self.before), _agent_state(self.after))

    @property
    def ref(self) -> Ref:
        some = self.before if self.after is None else self.after
        assert some is not None
        return some.ref

    @property
    def version(self) -> int:
        """The version that must be stored for this write to apply; 0 = absent."""
        return 0 if self.before is None else self.before.version

    @property
    def stamp(self) -> str:
        return "" if self.before is None else self.before.stamp


def _call_state(record: Record | None) -> CallState | None:
    return record.state if isinstance(record, Call) else None


def _agent_state(record: Record | None) -> AgentState | None:
    return record.state if isinstance(record, Agent) else None


@frozen
class Change:
    """What is to happen, all or nothing."""

    writes: tuple[Write, ...] = ()
    guards: tuple[Guard, ...] = ()
    facts: tuple[Fact, ...] = ()

    def __attrs_post_init__(self) -> None:
        refs = [w.ref for w in self.writes]
        if len(set(refs)) < len(refs):
            raise ValueError(f"a change writes a record once: {refs}")

    def guarded(self, *guards: Guard) -> "Change":
        """The same change under more guards."""
        return evolve(self, guards=self.guards + guards)


@frozen
class Receipt:
    """A change was committed: `records` are its writes' outcomes as stored (None = deleted), by ref."""

    rev: int
    records: dict[Ref, Record | None] = field(factory=dict)


class Conflict(Exception):
    """A change was not applied because the store holds something else.

    `records` holds every record of the change that differed, as stored (None = absent). `guards` are the
    guards that failed.
    """

    def __init__(self, records: dict[Ref, Record | None], guards: tuple[Guard, ...] = ()) -> None:
        super().__init__(f"differs: {sorted(records)} {[g.ref + '.' + g.field for g in guards]}")
        self.records = records
        self.guards = guards


class Unavailable(Exception):
    """The store cannot be reached, or would not answer in time."""


class NotSent(Unavailable):
    """The change surely did not happen."""


class Unknown(Unavailable):
    """The change was sent and may have happened; the store goes on trying to learn which."""


class Reaped(Exception):
    """This boot of the node was declared dead; it must close its sockets and register anew."""
