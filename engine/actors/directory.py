"""Who is in on this node: it makes sessions, and passes the store's news to those it concerns."""

from collections.abc import Iterator

import structlog
import trio

from engine.actors.agent_session import AgentSession
from engine.actors.boardroom import Boardroom
from engine.actors.context import STANDINGS, Context, QueueStanding
from engine.actors.notices import Reconfigured
from engine.actors.orphans import Orphans
from engine.actors.ports import Client, CloseCode, Identity, MailboxFull, Session
from engine.actors.queued_call import QueuedCall
from engine.actors.rulebook import RULES
from engine.actors.session import SessionActor
from engine.actors.supervisor_session import SupervisorSession
from engine.domain.errors import Refused
from engine.domain.model import Agent, Call, Customer, QueueGate, Record, Ref
from engine.domain.news import Changed, News, Resynced, Service, Signalled

log = structlog.get_logger()


Actor = SessionActor | SupervisorSession


class Directory:
    """Implements ports.Reception and ports.Listener. Sessions live in `nursery`."""

    def __init__(self, context: Context, nursery: trio.Nursery) -> None:
        self._context = context
        self._nursery = nursery
        self._actors: dict[Ref, list[Actor]] = {}
        self._boardroom = Boardroom(context, nursery)
        context.rules.listen(self._reconfigure)
        self._left = trio.Event()
        self._orphans = Orphans(context, nursery)

    def enter(self, identity: Identity, client: Client, resume: str | None) -> Session:
        actor = self._actor(identity, client, resume)
        self._actors.setdefault(actor.ref, []).append(actor)
        self._nursery.start_soon(self._host, actor, name=actor.ref)
        return actor

    def _actor(self, identity: Identity, client: Client, resume: str | None) -> Actor:
        match identity.role:
            case "agent":
                return SessionActor(self._context, AgentSession(self._context, identity), client)
            case "customer":
                return SessionActor(self._context, QueuedCall(self._context, identity, resume), client)
            case "supervisor":
                return SupervisorSession(self._context, identity, client, self._boardroom)
            case _:
                raise ValueError("a role that nobody plays")

    async def _host(self, actor: Actor) -> None:
        try:
            await actor.run()
        finally:
            left = self._actors[actor.ref]
            left.remove(actor)
            if not left:
                del self._actors[actor.ref]
            self._left.set()

    async def empty(self) -> None:
        """Return once no session is left."""
        while self._actors:
            self._left = trio.Event()
            await self._left.wait()

    def __len__(self) -> int:
        return sum(len(actors) for actors in self._actors.values())

    def actors(self) -> Iterator[Actor]:
        for actors in list(self._actors.values()):
            yield from actors

    def close_all(self, code: CloseCode, reason: str) -> None:
        for actor in self.actors():
            actor.client.close(code, reason)

    def _reconfigure(self) -> None:
        """What clients may choose from has changed."""
        for actor in self.actors():
            actor.client.tell(Reconfigured())

    # news

    def news(self, news: News) -> None:
        match news:
            case Changed(records=records):
                self._changed(dict(records))
            case Resynced():
                for actor in self.actors():
                    actor.mailbox.resync(news)
                sessions = frozenset(actor.session for actor in self.actors())
                self._orphans.look(news.records.values(), sessions)
            case Service():
                for actor in self.actors():
                    actor.mailbox.service(news)
            case Signalled(to=to) if to == STANDINGS:
                self._standings(news)
            case Signalled(to=to) if to == RULES:
                self._reload()
            case Signalled(to=to):
                self._signal(to, news)

    def _changed(self, records: dict[Ref, Record | None]) -> None:
        told: set[Ref] = set()
        for ref, record in records.items():
            told.update(concerned(ref, record))
            if isinstance(record, Call) and not record.live:
                self._context.ended.add(record.id)
        for ref in told:
            for actor in self._actors.get(ref, ()):
                actor.mailbox.hear(records)

    def _signal(self, to: Ref, signal: Signalled) -> None:
        for actor in list(self._actors.get(to, ())):
            try:
                actor.mailbox.signal(signal)
            except MailboxFull:
                actor.client.close(CloseCode.OVERLOADED, "too slow")

    def _reload(self) -> None:
        """A supervisor on another node said so; it is there that he learns of mistakes."""
        try:
            self._context.rules.reload()
        except Refused as refused:
            log.error("the rules cannot be read again", why=refused.message, field=refused.field)

    def _standings(self, signal: Signalled) -> None:
        before = self._open_queues()
        for queue, told in signal.body["queues"].items():
            self._context.standings.queues[queue] = QueueStanding(*told)
        if self._open_queues() != before:
            self._reconfigure()
        for call_id, (customer, position) in signal.body["positions"].items():
            self._signal(
                f"customer:{customer}", Signalled(STANDINGS, {"call": call_id, "position": position})
            )

    def _open_queues(self) -> set[str]:
        """Those that take requests, as last heard, else as configured."""
        heard = self._context.standings.is_open
        return {
            name
            for name, queue in self._context.policy.queues.items()
            if (queue.open if heard(name) is None else heard(name))
        }


def concerned(ref: Ref, record: Record | None) -> set[Ref]:
    """The persons a record is about."""
    match record:
        case Call():
            return {f"customer:{record.customer}", f"agent:{record.agent}"}
        case Agent() | Customer():
            return {record.ref}
        case QueueGate():
            return set()
        case None:
            return {ref}
