"""The agent's side of a session: log in, state, offers, the call, wrap-up, and what he is told of them."""

from collections.abc import Sequence

from attrs import define

from engine.actors import notices as told
from engine.actors.agent_words import call_held, call_over, figures, offer_over, peer_link, state_now, why_him
from engine.actors.colleagues import colleagues
from engine.actors.context import Context
from engine.actors.notices import Notice
from engine.actors.ports import Identity
from engine.actors.requests import (
    CallHangup,
    CallTransfer,
    ColleaguesList,
    OfferAccept,
    OfferDecline,
    Request,
    Signal,
    StateSet,
    WrapupFinish,
)
from engine.actors.view import View
from engine.domain.change import Change
from engine.domain.errors import Code, Refused
from engine.domain.evolving import evolve
from engine.domain.lifecycle import AgentState, CallState, Party
from engine.domain.model import Agent, Call, Customer, Ref
from engine.domain.moves import agent as moves
from engine.domain.moves.restore import restore_agent
from engine.domain.news import Signalled

#: What he asks of a call, and may name it.
OfCall = CallHangup | WrapupFinish | CallTransfer


@define
class AgentSession:
    """The role of an agent (see session.Role)."""

    context: Context
    identity: Identity

    @property
    def ref(self) -> Ref:
        return f"agent:{self.identity.sub}"

    def refs(self, view: View) -> tuple[Ref, ...]:
        agent = self._agent(view)
        return (self.ref, f"call:{agent.call}") if agent is not None and agent.call else (self.ref,)

    def _agent(self, view: View) -> Agent | None:
        record = view.get(self.ref)
        return record if isinstance(record, Agent) else None

    def _call(self, view: View) -> Call | None:
        agent = self._agent(view)
        record = None if agent is None else view.get(f"call:{agent.call}")
        return record if isinstance(record, Call) else None

    def _known(self, view: View) -> Agent:
        agent = self._agent(view)
        if agent is None:
            raise Refused(Code.WRONG_STATE, "you are not logged in")
        return agent

    def entered(self, view: View) -> str:
        return self._known(view).state.value

    def holds_call(self, view: View) -> bool:
        agent = self._agent(view)
        return agent is not None and agent.state in (AgentState.OFFERED, AgentState.ON_CALL)

    def renew(self, identity: Identity) -> None:
        self.identity = identity

    def enter(self, view: View, session: str, now: int) -> Change:
        return moves.log_in(
            self._agent(view),
            self._call(view),
            sub=self.identity.sub,
            name=self.identity.name,
            queues=self.identity.queues,
            skills=dict(self.identity.skills),
            session=session,
            node=self.context.store.node,
            day_at=self.context.day_at(now),
            timings=self.context.policy.timings,
            now=now,
        )

    def reclaim(self, view: View) -> bool:
        agent, call = self._agent(view), self._call(view)
        if agent is None or call is None or agent.state is not AgentState.ON_CALL:
            return False
        return call.agent == agent.id and call.agent_until is not None

    def decide(self, request: Request, view: View, now: int) -> Change:
        agent, call, policy = self._known(view), self._call(view), self.context.policy
        if isinstance(request, OfCall):
            return self._of_call(request, agent, self._meant(request.call_id, view), view, now)
        match request:
            case StateSet(state=state, reason=reason):
                return moves.set_state(agent, state, reason or "", policy, now)
            case OfferAccept(offer_id=offer_id):
                return moves.accept(agent, call, offer_id, now)
            case OfferDecline(offer_id=offer_id):
                return moves.decline(agent, call, offer_id, policy, now)
            case _:
                raise TypeError(f"an agent cannot ask {request!r}")

    def _of_call(self, request: OfCall, agent: Agent, call: Call | None, view: View, now: int) -> Change:
        policy, call_id = self.context.policy, request.call_id
        match request:
            case CallHangup():
                return moves.hang_up(agent, call, policy, now, call_id=call_id)
            case WrapupFinish(disposition=disposition, notes=notes):
                return moves.finish_wrap_up(
                    agent, call, disposition or "", notes or "", policy, now, call_id=call_id
                )
            case CallTransfer(queue=queue, agent_id=agent_id, note=note):
                record = view.get(f"agent:{agent_id}")
                return moves.transfer(
                    agent,
                    call,
                    queue=queue,
                    colleague=record if isinstance(record, Agent) else None,
                    note=note or "",
                    policy=policy,
                    now=now,
                    call_id=call_id,
                )

    def _meant(self, call_id: str | None, view: View) -> Call | None:
        """The call he names, or the one at hand."""
        record = self._call(view) if call_id is None else view.get(f"call:{call_id}")
        return record if isinstance(record, Call) else None

    def drop(self, view: View, now: int) -> Change:
        agent = self._agent(view)
        return Change() if agent is None else moves.drop(agent, self._call(view), self.context.policy, now)

    def restore(self, held: View, view: View, session: str, now: int) -> Change:
        """His call too, unless the customer has re-created it and waits again, or has asked for another."""
        agent, call = self._agent(held), self._call(held)
        if agent is None or self._agent(view) is not None:
            return Change()
        mine = evolve(agent, session=session, node=self.context.store.node)
        if call is not None and view.get(call.ref) is not None:
            call = None
        customer = None if call is None else view.get(f"customer:{call.customer}")
        known = customer if isinstance(customer, Customer) else None
        return restore_agent(mine, call, known, self.context.policy.timings, now)

    def bereft(self, view: View) -> bool:
        return False

    async def attend(self, request: Request, view: View) -> Sequence[Notice] | None:
        match request:
            case Signal():
                return await self._signal(request, view)
            case ColleaguesList():
                return [await colleagues(self.context.store, self.identity.sub)]
            case CallTransfer():
                await self._find_target(request, view)
        if isinstance(request, OfCall) and request.call_id is not None:
            await self._find(f"call:{request.call_id}", view)
        return None

    async def _find(self, ref: Ref, view: View) -> None:
        """Learn of a call that is not at hand any more, if it is one."""
        if ref not in self.refs(view):
            view.correct({ref: (await self.context.store.read((ref,))).get(ref)})

    async def _find_target(self, request: CallTransfer, view: View) -> None:
        """Learn of the colleague who is to have the call."""
        if (request.queue is None) == (request.agent_id is None):
            raise Refused(Code.BAD_FIELD, "expected a queue or an agent", field="queue")
        if request.agent_id is None:
            return
        ref = f"agent:{request.agent_id}"
        found = (await self.context.store.read((ref,))).get(ref)
        if found is None or ref == self.ref:
            raise Refused(Code.NO_SUCH_AGENT, "there is no such colleague", field="agent_id")
        view.correct({ref: found})

    async def _signal(self, request: Signal, view: View) -> Sequence[Notice]:
        call = self._call(view)
        if call is None or call.state is not CallState.CONNECTED:
            raise Refused(Code.WRONG_STATE, "you are not on a call", state=self._known(view).state.value)
        if not call.node or call.customer_until is not None:
            raise Refused(Code.WRONG_STATE, "the customer is away", state="peer_lost")
        await self.context.store.signal(
            call.node, f"customer:{call.customer}", {"call": call.id, "data": request.data}
        )
        return ()

    def heard(self, signal: Signalled, view: View) -> list[Notice]:
        call = self._call(view)
        mine = call is not None and call.state is CallState.CONNECTED and signal.body.get("call") == call.id
        return [told.Signal(data=signal.body.get("data"))] if mine else []

    async def tell(self, before: View, after: View) -> list[Notice]:
        was, now = self._agent(before), self._agent(after)
        if now is None:
            return []
        notices: list[Notice] = []
        old, call = self._call(before), self._call(after)
        if was is not None and was.state is AgentState.OFFERED:
            notices += offer_over(was, now)
        if was is not None and was.state is AgentState.ON_CALL and was.call != call_held(now):
            notices += call_over(await self._last_of(was.call, after))
        for what in (state_now, figures):
            if was is None or what(was) != what(now):
                notices.append(what(now))
        if call is not None:
            notices += self._work(was, now, old, call)
        return notices

    async def _last_of(self, call_id: str, after: View) -> Call | None:
        """The call he was on. His record may not name it any more, nor its own have come."""
        ref = f"call:{call_id}"
        record = after.get(ref)
        if not isinstance(record, Call) or record.live:
            record = (await self.context.store.read((ref,))).get(ref)
        return record if isinstance(record, Call) else None

    def _work(self, was: Agent | None, now: Agent, old: Call | None, call: Call) -> list[Notice]:
        """His offer or call if it is new, and of a call always how the customer's link changed."""
        new = was is None or (was.state, was.call, was.offer) != (now.state, now.call, now.offer)
        if now.state is AgentState.OFFERED and new:
            return [self._offer(now, call)]
        if now.state is not AgentState.ON_CALL:
            return []
        if new or old is None or old.connected_at != call.connected_at:
            return [self._connected(call), *peer_link(None, call.customer_until)]
        return peer_link(old.customer_until, call.customer_until)

    def _offer(self, agent: Agent, call: Call) -> told.Offer:
        return told.Offer(
            offer_id=agent.offer,
            call=told.OfferedCall(
                call_id=call.id,
                queue=call.queue,
                tier=call.tier,
                customer=told.Person(id=call.customer, name=call.customer_name),
                skills=dict(call.skills),
                attributes=dict(call.attributes),
                waited_ms=(call.offered_at or call.since_at) - call.enqueued_at,
                from_agent=call.from_agent or None,
                from_agent_name=call.from_agent_name or None,
                note=call.note or None,
            ),
            deadline_at=call.offer_until or call.since_at,
            why=why_him(call),
        )

    def _connected(self, call: Call) -> told.AgentConnected:
        return told.AgentConnected(
            call_id=call.id,
            connected_at=call.connected_at or call.since_at,
            queue=call.queue,
            tier=call.tier,
            customer=told.Person(id=call.customer, name=call.customer_name),
            skills=dict(call.skills),
            attributes=dict(call.attributes),
            video=self.context.video.of(call, Party.AGENT),
        )
