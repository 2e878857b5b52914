"""What a session holds of the store, and the one way it changes it: decide, commit, learn from the answer.

Every change is guarded by the session: once the person's record names another, or none, nothing more can be
changed, and `Replaced` is raised.
"""

from collections.abc import Callable

from attrs import define, field

from engine.actors.context import Context
from engine.actors.role import Role
from engine.actors.view import View
from engine.domain.change import Change, Conflict, Guard, Unavailable
from engine.domain.errors import Code, Refused
from engine.domain.model import Call, Record, Ref

#: Conflicts in a row before a request is answered `unavailable`: only a broken store gets here.
ATTEMPTS = 20
#: How soon what the store would not answer is tried again.
RETRY_MS = 1_000

Decide = Callable[[View, int], Change]


class Replaced(Exception):
    """The record names another session, or none: this socket is no longer the person's."""


@define(eq=False)
class Holding:
    context: Context
    role: Role
    session: str
    view: View = field(factory=View)

    def check(self) -> None:
        """Raises Replaced."""
        own = self.view.get(self.role.ref)
        if own is None or isinstance(own, Call) or own.session != self.session:
            raise Replaced

    async def complete(self, view: View) -> None:
        """Read what `view` lacks: each record may name the next. Raises Unavailable."""
        while missing := view.missing(self.role.refs(view)):
            found = await self.context.store.read(missing)
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
            try:
                receipt = await self.context.store.commit(change)
            except Conflict as conflict:
                self.view.correct(conflict.records)
                for guard in conflict.guards:
                    self.view.records.pop(guard.ref, None)
                continue
            self.view.learn(receipt.records)
            return True
        raise Refused(Code.UNAVAILABLE, "too many changes at once", retry_ms=RETRY_MS)

    async def patiently(self, decide: Decide, *, guarded: bool = True) -> None:
        """Commit what must be committed, however long the store is away."""
        while True:
            try:
                await self.commit(decide, guarded=guarded)
            except Unavailable:
                await self.pause()
            else:
                return

    async def pause(self) -> None:
        """Return when the store may be tried again."""
        await self.context.clock.sleep_until(self.context.clock.now() + RETRY_MS)
