"""The life of a session, the same for agents and customers: enter, answer, hear, drop.

A session is one trio task between one socket and the store. What differs between the two is a `Role`: which
records it cares about, what a request changes, what a change of records is to be told. Everything told
follows from the difference between what was last told and what is known now, so repeated or late news does
no harm, and a session that was rebuilt tells the present in full.

Each change is guarded by `session`: once another socket has entered for the same person the guard fails,
and this one ends (4001). A crash rebuilds the actor from its records; it takes nobody along.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import structlog
import trio

from engine.actors.answers import RETRY_MS, answering
from engine.actors.context import Context
from engine.actors.holding import Holding, Replaced
from engine.actors.mailbox import Asked, Gone, Heard, Item, Mailbox
from engine.actors.notices import Entered, Notice
from engine.actors.notices import Service as ServiceNotice
from engine.actors.ports import Client, CloseCode, Identity
from engine.actors.requests import Request
from engine.actors.role import Role
from engine.actors.view import View
from engine.domain.change import Change, Reaped, Unavailable, Unknown
from engine.domain.errors import Refused
from engine.domain.model import Person, Ref
from engine.domain.moves.restore import PATIENCE_MS
from engine.domain.news import Resynced, Service, Signalled

log = structlog.get_logger()

#: Crashes before the session gives its client up, and as many more to record that he is gone.
LIVES = 3
#: How often a customer looks whether his agent has re-created their call.
PATIENCE_LOOK_MS = 500
#: How long one try to record a lost link may take; a node that stops tries once more.
DROP_S = 5


class SessionActor:
    def __init__(self, context: Context, role: Role, client: Client) -> None:
        self.role = role
        self.mailbox = Mailbox()
        self.session = context.ids.fresh()
        self._context = context
        self.client = client
        self._holding = Holding(context, role, self.session)
        self._told = View()
        self._entered = False
        self._leaving = False
        #: what is held has yet to be read anew
        self._behind = False

    # what the gateway and the directory call

    @property
    def ref(self) -> Ref:
        return self.role.ref

    @property
    def holds_call(self) -> bool:
        return self.role.holds_call(self._holding.view)

    def ask(self, ref: str | None, request: Request) -> None:
        self.mailbox.ask(ref, request)

    def renew(self, identity: Identity) -> None:
        self.role.renew(identity)

    def gone(self) -> None:
        self.mailbox.gone()

    # the actor's own life

    async def run(self) -> None:
        """Live until the socket is gone or another session takes over."""
        for life in range(1, 2 * LIVES + 1):
            try:
                await self._live_out()
            except Reaped:
                self.client.close(CloseCode.GOING_AWAY, "node restarts")
            except Exception:  # the supervisor's place: rebuild this actor, take nobody along
                log.exception("session crashed", who=self.role.ref, life=life)
                if life >= LIVES:
                    self._holding.begin_anew()
                    self.client.close(CloseCode.GOING_AWAY, "please reconnect")
                    self._leaving = True
                continue
            return

    async def _live_out(self) -> None:
        """Live; and if this session believes that it is over, the store must not believe it alive."""
        try:
            await self._live()
        except Replaced:
            self._replaced()
            self._holding.begin_anew()
            while not await self._dropped():
                await self._holding.pause()
                self._holding.begin_anew()

    def _replaced(self) -> None:
        own = self._holding.view.get(self.role.ref)
        if isinstance(own, Person) and own.session:
            self.client.close(CloseCode.REPLACED, "replaced by a newer session")
        else:
            self.client.close(CloseCode.GOING_AWAY, "please reconnect")

    async def _live(self) -> None:
        if self._entered:
            self._behind = True
        elif await self._enter():
            await self._tell()
        else:
            return
        while not (self._leaving and await self._dropped()):
            item = await self._next()
            if isinstance(item, Gone):
                self._leaving = True
            elif item is not None:
                await self._handle(item)

    async def _next(self) -> Item | None:
        """What is to be done next; None if it is time to try again what the store would not answer."""
        if self._behind:
            await self._keep_up(View())
        if not (self._leaving or self._behind):
            return await self.mailbox.receive()
        with trio.move_on_after(RETRY_MS / 1000):
            return await self.mailbox.receive()
        return None

    async def _keep_up(self, fresh: View, *, same_era: bool = False) -> None:
        """Hold what the store holds, of which `fresh` is known; if it cannot be read, try again later.

        Only in the same era is a person's absence believed: in a new one he is re-created of what is held.
        """
        self._behind = True
        try:
            await self._holding.complete(fresh)
        except Unavailable:
            return
        self._behind = False
        if same_era or fresh.get(self.role.ref) is not None:
            self._holding.view = fresh
        await self._catch_up()

    async def _enter(self) -> bool:
        """Become the person's session, however long the store is away; False if he left before.

        Whoever left is not let in, because that would replace the session he has made since. Only if it is
        unknown whether he is in already does he go in, so as to be dropped.
        """
        told = unknown = False
        while unknown or not (self._leaving or self.mailbox.left):
            try:
                await self._holding.commit(self._entering, guarded=False)
            except Unavailable as away:
                unknown = unknown or isinstance(away, Unknown)
                if not told:
                    self.client.tell(ServiceNotice(available=False, retry_ms=RETRY_MS))
                    told = True
                await self._holding.pause()
                self._holding.begin_anew()
            else:
                self._entered = True
                self.client.tell(Entered(session=self.session, state=self.role.entered(self._holding.view)))
                return True
        return False

    def _entering(self, view: View, now: int) -> Change:
        return self.role.enter(view, self.session, now)

    async def _handle(self, item: Item) -> None:
        match item:
            case Asked():
                await self._answer(item)
            case Heard(records):
                if self._holding.view.learn(records) or self.role.reclaim(self._holding.view):
                    await self._catch_up()
            case Signalled():
                for notice in self.role.heard(item, self._holding.view):
                    self.client.tell(notice)
            case Resynced():
                await self._resync(item)
            case Service(available):
                retry_ms = None if available else RETRY_MS
                self.client.tell(ServiceNotice(available=available, retry_ms=retry_ms))
            case _:
                raise TypeError(f"a session cannot receive {item!r}")

    async def _answer(self, asked: Asked) -> None:
        answers: Sequence[Notice] | None = ()
        with answering(self.client, asked.ref):
            answers = await self.role.attend(asked.request, self._holding.view)
            if answers is None and not await self._holding.commit(partial(self.role.decide, asked.request)):
                self._told = View()  # nothing new: the answer is the present in full
        for notice in answers or ():
            self.client.tell(notice)
        await self._tell()

    async def _catch_up(self) -> None:
        """After news: is the socket still the person's, do the records know it, what is to be told?"""
        self._holding.check()
        if self.role.reclaim(self._holding.view):
            try:
                await self._holding.commit(self._entering)
            except Unavailable:
                self._behind = True
                return
        await self._tell()

    async def _resync(self, resynced: Resynced) -> None:
        """The store was away. In the same era it is re-read; in a new one the person is re-created.

        What comes may have been read before this session's last change: then it is read once more.
        """
        held = self._holding.view
        if resynced.era == self._holding.era or self.role.ref in resynced.records:
            fresh = View()
            if not held.contradicts(resynced.records):
                wanted = self.role.refs(held)
                fresh.learn({ref: resynced.records[ref] for ref in wanted if ref in resynced.records})
            self._holding.era = resynced.era
            await self._keep_up(fresh, same_era=True)
            return
        self._behind = False
        await self._restore(held)
        if self.role.bereft(held):
            await self._wait_for_the_other_side()
            await self._restore(held)
        await self._catch_up()

    async def _wait_for_the_other_side(self) -> None:
        """Give whoever held the call too the time to re-create it."""
        clock = self._context.clock
        until = clock.now() + PATIENCE_MS
        while not self.role.holds_call(self._holding.view) and clock.now() < until:
            await clock.sleep_until(clock.now() + PATIENCE_LOOK_MS)
            self._holding.begin_anew()
            with suppress(Unavailable):
                await self._holding.complete(self._holding.view)

    async def _restore(self, held: View) -> None:
        """Re-create what is absent; or enter, if the other side has made the person's record already."""

        def decide(view: View, now: int) -> Change:
            own = view.get(self.role.ref)
            if own is None:
                return self.role.restore(held, view, self.session, now)
            if isinstance(own, Person) and not own.session:
                return self._entering(view, now)
            self._holding.check()
            return self.role.restore(held, view, self.session, now)

        while True:
            self._holding.begin_anew()
            try:
                await self._holding.commit(decide, guarded=False)
            except Unavailable:
                await self._holding.pause()
            else:
                return

    async def _tell(self) -> None:
        try:
            notices = await self.role.tell(self._told, self._holding.view)
        except Unavailable:
            self._behind = True
            return
        self._holding.view.keep(self.role.refs(self._holding.view))
        self._told = View(dict(self._holding.view.records))
        for notice in notices:
            self.client.tell(notice)

    async def _dropped(self) -> bool:
        """Record that the socket is gone; False if that is not known to have happened, to be tried again.

        Nobody else would ever record it while this node lives. A node that stops leaves it to the leader,
        who finds the node's beat gone.
        """
        try:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + DROP_S) as trying:
                await self._holding.commit(self.role.drop)
        except (Unavailable, Refused):
            return False
        except (Replaced, Reaped):
            return True
        return not trying.cancelled_caught
