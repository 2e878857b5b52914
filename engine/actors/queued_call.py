"""The customer's side: ask, wait, be connected, leave; one actor per queued call, alive while its socket is.

It begins with the customer's hello, so that asking is already its work, and holds his call from queue to
end.
"""

from collections.abc import Sequence

from attrs import define

from engine.actors import notices as told
from engine.actors.agent_words import peer_link
from engine.actors.context import Context
from engine.actors.notices import Notice
from engine.actors.ports import Identity
from engine.actors.requests import CallCancel, CallHangup, CallRate, CallRequest, Request, Signal
from engine.actors.view import View
from engine.domain.change import Change, Unavailable
from engine.domain.errors import Code, Refused
from engine.domain.evolving import evolve
from engine.domain.lifecycle import CallState, Party
from engine.domain.limits import RECEIPT_LIFE_MS
from engine.domain.model import Agent, Call, Customer, Ref
from engine.domain.moves import customer as moves
from engine.domain.moves.restore import rebuilt, restore_customer
from engine.domain.news import Signalled


@define
class QueuedCall:
    """The role of a customer (see session.Role)."""

    context: Context
    identity: Identity
    resume: str | None = None

    @property
    def ref(self) -> Ref:
        return f"customer:{self.identity.sub}"

    def refs(self, view: View) -> tuple[Ref, ...]:
        customer = self._customer(view)
        if customer is None or not customer.call:
            return (self.ref,)
        call = self._call(view)
        if call is None or not call.agent or not call.live:
            return (self.ref, f"call:{customer.call}")
        return (self.ref, call.ref, f"agent:{call.agent}")

    def _customer(self, view: View) -> Customer | None:
        record = view.get(self.ref)
        return record if isinstance(record, Customer) else None

    def _call(self, view: View) -> Call | None:
        customer = self._customer(view)
        record = None if customer is None else view.get(f"call:{customer.call}")
        return record if isinstance(record, Call) else None

    def _agent(self, view: View) -> Agent | None:
        call = self._call(view)
        record = None if call is None else view.get(f"agent:{call.agent}")
        return record if isinstance(record, Agent) else None

    def entered(self, view: View) -> str:
        call = self._call(view)
        return "idle" if call is None or not call.live else call.state.value

    def holds_call(self, view: View) -> bool:
        call = self._call(view)
        return call is not None and call.live

    def renew(self, identity: Identity) -> None:
        self.identity = identity

    def enter(self, view: View, session: str, now: int) -> Change:
        customer, call = self._customer(view), self._call(view)
        if call is None and self.resume is not None:
            lost = self._lost_call(self.resume, now)
            if lost is not None:
                mine = evolve(customer or Customer(id=self.identity.sub), name=self.identity.name)
                mine = evolve(mine, session=session, node=self.context.store.node)
                return restore_customer(customer, mine, lost, now)
        return moves.come(
            customer,
            call,
            sub=self.identity.sub,
            name=self.identity.name,
            session=session,
            node=self.context.store.node,
            now=now,
        )

    def _lost_call(self, resume: str, now: int) -> Call | None:
        """The place a resume token proves, if the store lost it since and no more is known of it."""
        claims = self.context.receipts.verify(resume)
        if claims is None or claims.get("sub") != self.identity.sub:
            return None
        if now - claims["issued_at"] > RECEIPT_LIFE_MS:
            return None
        if claims.get("era") == self.context.store.era or claims.get("call") in self.context.ended:
            return None
        return rebuilt(
            claims,
            name=self.identity.name,
            tier=self.identity.tier,
            attributes=self.identity.attributes,
            policy=self.context.policy,
            now=now,
        )

    def reclaim(self, view: View) -> bool:
        call = self._call(view)
        return (
            call is not None
            and call.live
            and (call.customer_until is not None or call.node != self.context.store.node)
        )

    def decide(self, request: Request, view: View, now: int) -> Change:
        call = self._call(view)
        match request:
            case CallRequest():
                return self._ask(request, view, now)
            case CallCancel(call_id=call_id) | CallHangup(call_id=call_id):
                return moves.leave(call, self._agent(view), self.context.policy, now, call_id=call_id)
            case CallRate(call_id=call_id, score=score, comment=comment):
                return moves.rate(call, call_id, self.identity.sub, score, comment or "", now)
            case _:
                raise TypeError(f"a customer cannot ask {request!r}")

    def _ask(self, request: CallRequest, view: View, now: int) -> Change:
        customer, call = self._customer(view), self._call(view)
        if customer is None:
            raise Refused(Code.WRONG_STATE, "you are not logged in")
        if customer.request_id == request.request_id and call is not None:
            return Change()  # the same request again: its answer stands, and is told anew
        skills = request.skills or {}
        asking = moves.Asking(
            request_id=request.request_id,
            queue=request.queue,
            tier=self.identity.tier,
            skills=dict.fromkeys(skills, 1) if isinstance(skills, list) else skills,
            attributes=dict(self.identity.attributes),
            client_attributes=request.attributes or {},
            consent="" if request.consent is None else request.consent.version,
        )
        return moves.ask(
            customer,
            call,
            asking,
            call_id=self.context.ids.call(now),
            policy=self.context.policy,
            waiting=self.context.standings.waiting(request.queue),
            now=now,
        )

    def drop(self, view: View, now: int) -> Change:
        customer = self._customer(view)
        if customer is None:
            return Change()
        return moves.drop(customer, self._call(view), self._agent(view), self.context.policy, now)

    def restore(self, held: View, view: View, session: str, now: int) -> Change:
        """A connected call is first left to the agent's side to re-create, and then waits again."""
        call, here = self._call(held), self._customer(view)
        if here is not None:
            again = self.bereft(held) and call is not None and self._call(view) is None
            return restore_customer(here, here, call, now) if again else Change()
        was = self._customer(held) or Customer(id=self.identity.sub)
        mine = evolve(was, session=session, node=self.context.store.node)
        if call is None or not call.live:
            return restore_customer(None, mine, None, now)
        change = restore_customer(None, mine, call, now)
        return evolve(change, writes=change.writes[:1], facts=()) if self.bereft(held) else change

    def bereft(self, view: View) -> bool:
        call = self._call(view)
        return call is not None and call.state is CallState.CONNECTED

    async def attend(self, request: Request, view: View) -> Sequence[Notice] | None:
        if not isinstance(request, Signal):
            return None
        call = self._call(view)
        if call is None or call.state is not CallState.CONNECTED:
            raise Refused(Code.WRONG_STATE, "you are not in a call", state=self.entered(view))
        if not call.agent_node or call.agent_until is not None:
            raise Refused(Code.WRONG_STATE, "the agent is away", state="peer_lost")
        await self.context.store.signal(
            call.agent_node, f"agent:{call.agent}", {"call": call.id, "data": request.data}
        )
        return ()

    def heard(self, signal: Signalled, view: View) -> list[Notice]:
        call = self._call(view)
        if call is None or not call.live or signal.body.get("call") != call.id:
            return []
        if "data" in signal.body:
            connected = call.state is CallState.CONNECTED
            return [told.Signal(data=signal.body["data"])] if connected else []
        if call.state is not CallState.WAITING:
            return []
        position = int(signal.body["position"])
        estimate = self.context.standings.estimate(call.queue, position)
        return [told.CallPosition(position=position, ewt_ms=estimate, resume_token=self._receipt(call))]

    async def tell(self, before: View, after: View) -> list[Notice]:
        was, call = self._call(before), self._call(after)
        if call is None:
            return []
        new = was is None or was.id != call.id
        if not call.live:
            known = not new and was is not None and not was.live
            return [] if known or call.end_reason is None else [_ended(call)]
        notices: list[Notice] = []
        if call.state is not CallState.CONNECTED:
            if new:
                notices.append(await self._queued(call))
            elif was is not None and was.requeues < call.requeues:
                notices.append(await self._requeued(call))
        if call.state is CallState.OFFERED and (new or was is None or was.offer != call.offer):
            notices.append(told.CallOffered())
        if call.state is CallState.CONNECTED:
            if new or was is None or _meeting(was) != _meeting(call):
                notices += [self._connected(call), *peer_link(None, call.agent_until)]
            else:
                notices += peer_link(was.agent_until, call.agent_until)
        return notices

    async def _position(self, call: Call) -> int:
        try:
            rank = await self.context.store.rank(call.queue, call.id)
        except Unavailable:
            rank = None
        return 1 if rank is None else rank + 1

    async def _queued(self, call: Call) -> told.CallQueued:
        position = await self._position(call)
        return told.CallQueued(
            call_id=call.id,
            queue=call.queue,
            position=position,
            ewt_ms=self.context.standings.estimate(call.queue, position),
            resume_token=self._receipt(call),
        )

    async def _requeued(self, call: Call) -> told.CallRequeued:
        position = await self._position(call)
        assert call.requeue_reason is not None
        return told.CallRequeued(
            reason=call.requeue_reason,
            position=position,
            ewt_ms=self.context.standings.estimate(call.queue, position),
        )

    def _connected(self, call: Call) -> told.CustomerConnected:
        return told.CustomerConnected(
            call_id=call.id,
            connected_at=call.connected_at or call.since_at,
            agent=told.Person(id=call.agent, name=call.agent_name),
            video=self.context.video.of(call, Party.CUSTOMER),
        )

    def _receipt(self, call: Call) -> str:
        return self.context.receipts.sign(
            {
                "era": self.context.store.era,
                "sub": call.customer,
                "call": call.id,
                "queue": call.queue,
                "enqueued_at": call.enqueued_at,
                "due_at": call.due_at,
                "band": call.band,
                "skills": dict(call.skills),
                "request_id": call.request_id,
                "issued_at": self.context.clock.now(),
            }
        )


def _ended(call: Call) -> told.CallEnded:
    assert call.end_reason is not None
    assert call.ended_by is not None
    return told.CallEnded(call_id=call.id, reason=call.end_reason, by=call.ended_by)


def _meeting(call: Call) -> tuple[object, ...]:
    """With whom, and since when: the same agent may have taken the call a second time."""
    return call.state, call.agent, call.connected_at
