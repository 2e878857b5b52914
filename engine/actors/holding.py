"""What a session holds of the store, and the one way it changes it: decide, commit, learn from the answer.

Every change is guarded by the session: once the person's record names another, or none, nothing more can be
changed, and `Replaced` is raised. What the store says in another era than the one held is not believed: it
came back empty, and only what is held can restore what was.
"""

from collections.abc import Callable

from attrs import define, field

from engine.actors.answers import RETRY_MS
from engine.actors.context import Context
from engine.actors.role import Role
from engine.actors.view import View
from engine.domain.change import Change, Conflict, Guard, NotSent
from engine.domain.errors import Code, Refused
from engine.domain.model import Person, Record, Ref
from engine.domain.moves.customer import shut

#: Conflicts in a row before a request is answered `unavailable`: only a broken store gets here.
ATTEMPTS = 20

Decide = Callable[[View, int], Change]


class Replaced(Exception):
    """The record names another session, or none: this socket is no longer the person's."""


@define(eq=False)
class Holding:
    context: Context
    role: Role
    session: str
    view: View = field(factory=View)
    era: str = ""

    def __attrs_post_init__(self) -> None:
        self.era = self.context.store.era

    def begin_anew(self) -> None:
        """Hold nothing, in whichever era it is by now."""
        self.view, self.era = View(), self.context.store.era

    def _in_era(self) -> None:
        if self.context.store.era != self.era:
            raise NotSent("the store is of an era that this session has not heard of yet")

    def check(self) -> None:
        """Raises Replaced."""
        own = self.view.get(self.role.ref)
        if not isinstance(own, Person) or own.session != self.session:
            raise Replaced

    async def complete(self, view: View) -> None:
        """Read what `view` lacks: each record may name the next. Raises Unavailable."""
        while missing := view.missing(self.role.refs(view)):
            found = await self.context.store.read(missing)
            self._in_era()
            records: dict[Ref, Record | None] = {ref: found.get(ref) for ref in missing}
            view.correct(records)

    async def commit(self, decide: Decide, *, guarded: bool = True) -> bool:
        """Decide and commit, learning from conflicts; False if there was nothing to change.

        Raises Refused, Unavailable, Replaced, Reaped.
        """
        for _ in range(ATTEMPTS):
            await self.complete(self.view)
            known = guarded and self.view.get(self.role.ref) is not None
            if known:
                self.check()
            change = decide(self.view, self.context.clock.now())
            if not change.writes:
                return False
            if known:
                change = change.guarded(Guard(self.role.ref, "session", self.session))
            self._in_era()
            try:
                receipt = await self.context.store.commit(change)
            except Conflict as conflict:
                self._in_era()
                if (refused := shut(conflict)) is not None:
                    raise refused from conflict
                self.view.correct(conflict.records)
                for guard in conflict.guards:
                    self.view.records.pop(guard.ref, None)
                continue
            self.view.learn(receipt.records)
            return True
        raise Refused(Code.UNAVAILABLE, "too many changes at once", retry_ms=RETRY_MS)

    async def pause(self) -> None:
        """Return when the store may be tried again."""
        await self.context.clock.sleep_until(self.context.clock.now() + RETRY_MS)
