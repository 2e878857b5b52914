"""The rule of the polling system: the oldest call goes to whoever of its able agents asks first.

Calls wait in a sorted set per queue, by arrival. A poll takes the oldest of the agent's queues whose skills
he has, at once; nobody else is considered. An agent whose page answers by itself has taken it with that. The
call is connected once the customer's page has asked and so knows where to go: only then are both there.

There is no link to anybody: somebody is gone when he has not asked for `UNSEEN_MS`. Until then a customer who
closed his page waits on as a ghost.
"""

from collections.abc import Callable, Iterable
from typing import Any, cast

import orjson
import trio
from attrs import evolve

from engine.actors.ports import Identity
from engine.actors.requests import CallHangup, CallRequest, OfferAccept, OfferDecline, StateSet
from engine.domain.change import Change, Write
from engine.domain.errors import Code, Refused
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call, Skills
from engine.domain.rules import Policy, able
from engine.replay.baselines.floor import Floor, unix_ms
from engine.replay.baselines.ledger import Command, Ledger

#: Who has not asked anything for so long is gone; looked for this often. Of the network, so not scaled.
UNSEEN_MS, LOOK_S = 30_000, 1.0
#: The name of the pool and of its one node.
NAME = "polling"
#: The set of offers that the agent has taken and the customer has yet to hear of.
ACCEPTED = "accepted"


def place(ledger: Ledger, write: Write) -> Iterable[Command]:
    """A waiting call stands in its queue's sorted set, by arrival."""
    before, after = write.before, write.after
    if isinstance(before, Call) and before.state is CallState.WAITING:
        yield "ZREM", ledger.key(f"waiting:{before.queue}"), _member(before)
    if isinstance(after, Call) and after.state is CallState.WAITING:
        yield "ZADD", ledger.key(f"waiting:{after.queue}"), after.enqueued_at, _member(after)
    over = isinstance(after, Call) and after.state is not CallState.OFFERED
    if isinstance(before, Call) and before.state is CallState.OFFERED and over:
        yield "SREM", ledger.key(ACCEPTED), before.offer


def _member(call: Call) -> str:
    """A call and what it needs, so that who looks for one need not read each."""
    return orjson.dumps([call.id, dict(call.skills)], option=orjson.OPT_SORT_KEYS).decode()


class FirstPoll:
    """What the requests do. `who` is the bearer of a request's token."""

    def __init__(self, ledger: Ledger, policy: Policy, now: Callable[[], int] = unix_ms) -> None:
        self.ledger = ledger
        self.floor = Floor(ledger, policy, NAME, self, now)
        self._seen: dict[tuple[str, str], float] = {}

    def place(self, write: Write) -> Iterable[Command]:
        return place(self.ledger, write)

    def changed(self, change: Change) -> None:
        """Nobody is told; they ask."""

    # customers

    def ask(self, who: Identity, said: dict[str, Any]) -> dict[str, Any]:
        self.floor.customer_asks(who, CallRequest(**said))
        return self.status(who)

    def status(self, who: Identity) -> dict[str, Any]:
        call = self.floor.call_of(self.floor.customer(who.sub))
        if call is None:
            return {"state": None}
        if call.state is CallState.OFFERED and self._accepted(call):
            self.floor.agent_asks(Identity(sub=call.agent, role="agent"), OfferAccept(offer_id=call.offer))
            call = self.floor.call(call.id) or call
        return _of_call(call)

    def _accepted(self, call: Call) -> bool:
        return bool(self.ledger.ask("SISMEMBER", self.ledger.key(ACCEPTED), call.offer))

    def leave(self, who: Identity) -> dict[str, Any]:
        self.floor.customer_asks(who, CallHangup())
        return self.status(who)

    # agents

    def log_in(self, who: Identity) -> dict[str, Any]:
        self.floor.log_in(who, NAME)
        return self.state(who)

    def state(self, who: Identity) -> dict[str, Any]:
        agent = self.floor.agent(who.sub)
        if agent is None or not agent.node:
            raise Refused(Code.WRONG_STATE, "log in first")
        return self._of_agent(agent)

    def next_call(self, who: Identity, *, answers: bool) -> dict[str, Any]:
        """His state; if he is ready and a call waits for him, it is his."""
        agent = self.floor.agent(who.sub)
        if agent is None or not agent.node:
            raise Refused(Code.WRONG_STATE, "log in first")
        call = self._oldest(agent) if agent.state is AgentState.READY else None
        if call is None:
            return self._of_agent(agent)
        offer_id = self.floor.ids.fresh()
        ring_ms, also = (UNSEEN_MS, (self._accepting(offer_id),)) if answers else (None, ())
        self.floor.offer(call, agent, select="first_poll", offer_id=offer_id, ring_ms=ring_ms, also=also)
        return self.state(who)

    def _oldest(self, agent: Agent) -> Call | None:
        """The call that came first of those he serves and is able to take."""
        asked = [("ZRANGE", self.ledger.key(f"waiting:{q}"), 0, -1, "WITHSCORES") for q in agent.queues]
        found: list[tuple[float, str]] = []
        for queue, waiting in zip(agent.queues, self.ledger.ask_all(asked), strict=True):
            for member, came_at in zip(waiting[::2], waiting[1::2], strict=True):
                call_id, skills = cast(tuple[str, Skills], orjson.loads(member))
                if able(agent.queues, agent.skills, frozenset({queue}), skills):
                    found.append((float(came_at), call_id))
                    break
        return self.floor.call(min(found)[1]) if found else None

    def accept(self, who: Identity, said: dict[str, Any]) -> dict[str, Any]:
        """The agent will have it; now the customer has so long to ask."""
        agent = self.floor.agent(who.sub)
        call = self.floor.call_of(agent)
        pending = agent is not None and agent.state is AgentState.OFFERED and agent.offer == said["offer_id"]
        if agent is None or call is None or not pending:
            raise Refused(Code.OFFER_GONE, "this offer is not pending for you")
        waits = evolve(call, offer_until=self.floor.now() + UNSEEN_MS)
        self.floor.commit(Change(writes=(Write(call, waits),)), (self._accepting(agent.offer),))
        return self._of_agent(agent)

    def _accepting(self, offer_id: str) -> Command:
        return "SADD", self.ledger.key(ACCEPTED), offer_id

    def set_state(self, who: Identity, said: dict[str, Any]) -> dict[str, Any]:
        self.floor.agent_asks(who, StateSet(state=AgentState(said["state"]), reason=said.get("reason")))
        return self.state(who)

    def decline(self, who: Identity, said: dict[str, Any]) -> dict[str, Any]:
        self.floor.agent_asks(who, OfferDecline(offer_id=said["offer_id"]))
        return self.state(who)

    def hang_up(self, who: Identity) -> dict[str, Any]:
        self.floor.agent_asks(who, CallHangup())
        return self.state(who)

    def _of_agent(self, agent: Agent) -> dict[str, Any]:
        told: dict[str, Any] = {
            "state": agent.state,
            "reason": agent.reason or None,
            "since_at": agent.since_at,
            "next_state": agent.next_state,
            "left_ms": None if agent.until is None else max(0, agent.until - self.floor.now()),
        }
        return {**told, "call_id": agent.call or None, "offer_id": agent.offer or None}

    # who is gone

    def saw(self, who: Identity) -> None:
        self._seen[who.role, who.sub] = trio.current_time()

    async def look(self) -> None:
        """Give up who has not asked for too long, until cancelled."""
        while True:
            await trio.sleep(LOOK_S)
            for (role, sub), seen_at in list(self._seen.items()):
                if trio.current_time() - seen_at > UNSEEN_MS / 1000:
                    del self._seen[role, sub]
                    self._gone(role, sub)

    def _gone(self, role: str, sub: str) -> None:
        if role == "customer":
            self.floor.customer_lost(sub)
        elif (agent := self.floor.agent(sub)) is not None and agent.node:
            self.floor.agent_dropped(sub)


def _of_call(call: Call) -> dict[str, Any]:
    return {
        "call_id": call.id,
        "queue": call.queue,
        "state": call.state,
        "since_at": call.since_at,
        "agent": call.agent or None,
        "reason": call.end_reason,
        "by": call.ended_by,
    }
