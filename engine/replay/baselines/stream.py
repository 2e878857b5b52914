"""Stream: the first step away from polling. Calls in a Redis Stream, people told over WebSocket at once.

A process with one WebSocket port, by the engine's own gateway and wire format: hello, requests, notices. What
a customer asks is pushed to a stream, the agent who is free longest takes the oldest entry he may
(`oldest_entry`), and both are told the moment it happens.

What it honestly lacks: priority, and any choice among agents but who is free longest; a place in the queue
and estimates (`position` is always 0); resume tokens; transfer; signalling, so the bank brings its own video;
a bound on a queue's length. What an agent did not take, or was given while its caller's link was lost, lies
until its ring time is over. It is one process, whose sockets are all there are.
"""

from collections.abc import Callable, Iterator
from time import time

import redis
import trio
from attrs import define, field

from engine.actors import notices as told
from engine.actors.notices import Notice
from engine.actors.ports import Client, CloseCode, Identity
from engine.actors.requests import Request
from engine.domain.change import Change, Write
from engine.domain.errors import Code, Refused
from engine.domain.lifecycle import AgentState, CallState, OfferEnd, Party
from engine.domain.matching import explain_due
from engine.domain.model import Agent, Call
from engine.domain.rules import Policy
from engine.gateway.auth import Verifier
from engine.gateway.house import House
from engine.gateway.server import Gateway
from engine.gateway.video import Elsewhere
from engine.replay.baselines.ledger import Ledger
from engine.replay.baselines.oldest_entry import NAME, OldestEntry
from engine.replay.baselines.process import main

#: How long a draining process waits for pending offers.
DRAIN_S = 5.0
#: When who was told `unavailable` may ask again.
RETRY_MS = 500


@define(eq=False)
class Line:
    """A person's link: a `ports.Session`."""

    stream: "Stream"
    who: Identity
    client: Client
    session: str
    holds_call: bool = False

    def ask(self, ref: str | None, request: Request) -> None:
        floor = self.stream.dispatch.floor
        asks = floor.agent_asks if self.who.role == "agent" else floor.customer_asks
        try:
            asks(self.who, request)
        except Refused as refused:
            self.client.tell(told.Error.of(ref, refused))
        except redis.RedisError:
            away = Refused(Code.UNAVAILABLE, "the store is away", retry_ms=RETRY_MS)
            self.client.tell(told.Error.of(ref, away))
        else:
            if ref is not None:
                self.client.tell(told.Ok(ref=ref))

    def renew(self, identity: Identity) -> None:
        self.who = identity

    def gone(self) -> None:
        self.stream.left(self)


@define(eq=False)
class Stream:
    """A `ports.Reception`: who is in, and what each is told."""

    dispatch: OldestEntry
    _lines: dict[tuple[str, str], Line] = field(factory=dict)
    _video: Elsewhere = field(factory=Elsewhere)

    def enter(self, identity: Identity, client: Client, resume: str | None) -> Line:
        floor, key = self.dispatch.floor, (identity.role, identity.sub)
        line = Line(self, identity, client, floor.ids.fresh())
        older = self._lines.pop(key, None)
        if older is not None:
            older.client.close(CloseCode.REPLACED, "replaced by a newer session")
        come = floor.log_in if identity.role == "agent" else floor.come
        come(identity, line.session)
        self._tell()
        self._lines[key] = line
        for notice in self._present(line):
            client.tell(notice)
        return line

    def left(self, line: Line) -> None:
        key = (line.who.role, line.who.sub)
        if self._lines.get(key) is line:
            del self._lines[key]
            floor = self.dispatch.floor
            drop = floor.agent_dropped if line.who.role == "agent" else floor.customer_dropped
            drop(line.who.sub)

    # its course

    async def run(self) -> None:
        """Until cancelled. Whatever happens leads here, so effects follow their `ok`."""
        while True:
            self.dispatch.moved = trio.Event()
            again_at = self.dispatch.assign()
            self._tell()
            left_ms = float("inf") if again_at is None else max(1, again_at - self.dispatch.floor.now())
            with trio.move_on_after(left_ms / 1000):
                await self.dispatch.moved.wait()

    # what is told

    def _tell(self) -> None:
        while self.dispatch.news:
            change = self.dispatch.news.popleft()
            for write in change.writes:
                for key, notice in self._notices(write, change):
                    if key in self._lines:
                        self._lines[key].client.tell(notice)

    def _notices(self, write: Write, change: Change) -> Iterator[tuple[tuple[str, str], Notice]]:
        match write.after:
            case Agent() as agent:
                self._holds("agent", agent.id, agent.state in (AgentState.OFFERED, AgentState.ON_CALL))
                call = next((w.after for w in change.writes if isinstance(w.after, Call)), None)
                for notice in self._of_agent(write.before, agent, call):
                    yield ("agent", agent.id), notice
            case Call() as call:
                self._holds("customer", call.customer, call.live)
                for notice in self._of_call(write.before, call):
                    yield ("customer", call.customer), notice

    def _holds(self, role: str, sub: str, holds: bool) -> None:
        if (role, sub) in self._lines:
            self._lines[role, sub].holds_call = holds

    def _of_agent(self, before: object, agent: Agent, call: Call | None) -> Iterator[Notice]:
        was = before if isinstance(before, Agent) else None
        offered = was is not None and was.state is AgentState.OFFERED and was.offer == agent.last_offer
        if offered and agent.last_offer_end not in (None, OfferEnd.ACCEPTED):
            yield told.OfferEnded(offer_id=agent.last_offer, reason=agent.last_offer_end)
        if was is None or _shown(was) != _shown(agent):
            yield _state_of(agent)
        new = was is None or (was.state, was.call) != (agent.state, agent.call)
        if call is not None and new and agent.state is AgentState.OFFERED:
            yield _offer_of(agent, call)
        if call is not None and new and agent.state is AgentState.ON_CALL:
            yield self._agent_connected(call)

    def _of_call(self, before: object, call: Call) -> Iterator[Notice]:
        was = before.state if isinstance(before, Call) else None
        if call.state is was:
            return
        match call.state:
            case CallState.WAITING if was is None:
                yield _queued(call)
            case CallState.WAITING if call.requeue_reason is not None:
                yield told.CallRequeued(reason=call.requeue_reason, position=0, ewt_ms=None)
            case CallState.OFFERED:
                yield told.CallOffered()
            case CallState.CONNECTED:
                yield self._customer_connected(call)
            case CallState.ENDED if call.end_reason is not None and call.ended_by is not None:
                yield told.CallEnded(call_id=call.id, reason=call.end_reason, by=call.ended_by)

    def _present(self, line: Line) -> Iterator[Notice]:
        """What a client must know that knows nothing."""
        floor = self.dispatch.floor
        if line.who.role == "agent":
            agent = floor.agent(line.who.sub)
            assert agent is not None, "he has just logged in"
            yield told.Entered(session=line.session, state=agent.state)
            yield from self._of_agent(None, agent, floor.call_of(agent))
            return
        call = floor.call_of(floor.customer(line.who.sub))
        yield told.Entered(
            session=line.session, state=call.state if call is not None and call.live else "idle"
        )
        if call is not None:
            if call.live and call.state is not CallState.CONNECTED:
                yield _queued(call)
            if call.state is not CallState.WAITING:
                yield from self._of_call(None, call)

    def _customer_connected(self, call: Call) -> Notice:
        return told.CustomerConnected(
            call_id=call.id,
            connected_at=call.connected_at or call.since_at,
            agent=told.Person(id=call.agent, name=call.agent_name),
            video=self._video.of(call, Party.CUSTOMER),
        )

    def _agent_connected(self, call: Call) -> Notice:
        return told.AgentConnected(
            call_id=call.id,
            connected_at=call.connected_at or call.since_at,
            queue=call.queue,
            tier=call.tier,
            customer=told.Person(id=call.customer, name=call.customer_name),
            skills=dict(call.skills),
            attributes=dict(call.attributes),
            video=self._video.of(call, Party.AGENT),
        )


def _shown(agent: Agent) -> tuple[object, ...]:
    return (agent.state, agent.reason, agent.since_at, agent.next_state, agent.until)


def _state_of(agent: Agent) -> Notice:
    return told.AgentStateNow(
        state=agent.state,
        reason=agent.reason or None,
        since_at=agent.since_at,
        next_state=agent.next_state,
        deadline_at=agent.until,
        call_id=agent.call or None,
    )


def _offer_of(agent: Agent, call: Call) -> Notice:
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
        ),
        deadline_at=call.offer_until or call.since_at,
        why=explain_due(call),
    )


def _queued(call: Call) -> Notice:
    return told.CallQueued(call_id=call.id, queue=call.queue, position=0, ewt_ms=None, resume_token="")


async def serve(
    ledger: Ledger, policy: Policy, verify: Verifier, told_to_end: trio.Event, ready: Callable[[str], None]
) -> None:
    """Serve on a free port until told to drain: whoever has an offer pending stays until it ends."""
    dispatch = OldestEntry(ledger, policy)
    stream = Stream(dispatch)
    house = House(
        node=NAME,
        reception=stream,
        verify=verify,
        config_for=lambda _: {},
        server_time=dispatch.floor.now,
        now_s=trio.current_time,
        unix_s=time,
    )
    gateway = Gateway(house, frozenset())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(dispatch.floor.keep_time)
        nursery.start_soon(stream.run)
        port = await nursery.start(gateway.serve, "127.0.0.1", 0)
        ready(f"ws://127.0.0.1:{port}")
        await told_to_end.wait()
        await gateway.drain(DRAIN_S)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    main(NAME, serve)
