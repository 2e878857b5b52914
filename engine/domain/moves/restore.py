"""The store came back empty, in a new era: records are re-created by those whose sockets still live.

The agent's side re-creates the agent and, if connected, the call, which the customer's record must name, so
that he finds it; the customer's side the customer and, if it waited, the call. Neither needs the other, and
the second finds the first one's records, so no pair is made twice. A call that waited or was offered waits
again at its old due; offers are not re-created. Who lost his socket too proves his place by a resume token.
"""

from collections.abc import Mapping
from typing import Any

from engine.domain.change import Change, Write
from engine.domain.evolving import evolve
from engine.domain.facts import AgentMoved, CallConnected, Fact, QueuePaused, QueueResumed
from engine.domain.lifecycle import AgentState, CallState, RequeueReason
from engine.domain.model import Agent, Call, Customer, QueueGate, Term
from engine.domain.moves.customer import queued
from engine.domain.moves.parts import move_agent, requeue
from engine.domain.rules import Policy, Timings

#: How long a customer waits for his agent to re-create their call before he waits for another.
PATIENCE_MS = 5_000


def restore_agent(
    agent: Agent, call: Call | None, customer: Customer | None, timings: Timings, now: int
) -> Change:
    """The agent as he was; `agent` already bears his live session and node.

    Whether the customer of a connected call is still there only his own side knows: he has his grace to say
    so. `customer` is his record if it is known to be there; if it names another call, this one is let go.
    """
    if customer is not None and call is not None and customer.call not in ("", call.id):
        call = None
    fresh = evolve(agent, version=0, stamp="", last_offer="", last_offer_end=None)
    if fresh.state is AgentState.OFFERED:
        fresh = evolve(move_agent(fresh, AgentState.READY, now), offer="", call="")
    holds = fresh.state is AgentState.ON_CALL
    if holds and call is None:
        fresh = evolve(move_agent(fresh, AgentState.READY, now), offer="", call="")
    fact = AgentMoved(
        at=now,
        agent=fresh.id,
        state=fresh.state,
        reason=fresh.reason,
        call=fresh.call,
        queues=fresh.queues,
        skills=dict(fresh.skills),
    )
    if not holds or call is None:
        return Change(writes=(Write(None, fresh),), facts=(fact,))
    again = evolve(call, version=0, stamp="", agent_node=fresh.node, agent_until=None)
    again = evolve(again, customer_until=now + timings.call_grace_ms)
    connected = CallConnected(
        at=now,
        call=call.id,
        agent=fresh.id,
        waited_ms=(call.connected_at or now) - call.enqueued_at,
        restored=True,
    )
    return Change(
        writes=(Write(None, fresh), Write(None, again), *_named(again, customer, timings)),
        facts=(queued(again, restored=True, at=now), connected, fact),
    )


def _named(call: Call, customer: Customer | None, timings: Timings) -> tuple[Write, ...]:
    """The customer's record, made to name his call unless it does."""
    if customer is not None and customer.call == call.id:
        return ()
    mine = customer or Customer(
        id=call.customer,
        name=call.customer_name,
        forget_at=(call.customer_until or 0) + timings.keep_ended_ms,
    )
    return (Write(customer, evolve(mine, call=call.id, request_id=call.request_id)),)


def restore_customer(before: Customer | None, mine: Customer, call: Call | None, now: int) -> Change:
    """The customer as he was, and his call if it is `call`: waiting or offered, it waits again."""
    fresh = evolve(
        mine,
        call="" if call is None else call.id,
        request_id="" if call is None else call.request_id,
        forget_at=None,
        version=0 if before is None else before.version,
        stamp="" if before is None else before.stamp,
    )
    writes: list[Write] = [Write(before, fresh)]
    facts: tuple[Fact, ...] = ()
    if call is not None:
        again = call
        if call.state is not CallState.WAITING:
            connected = call.state is CallState.CONNECTED
            again = requeue(call, RequeueReason.AGENT_LOST if connected else RequeueReason.NO_AGENT, now)
        again = evolve(again, node=mine.node, customer_until=None, avoid={}, version=0, stamp="")
        writes.append(Write(None, again))
        facts = (queued(again, restored=True, at=now),)
    return Change(writes=tuple(writes), facts=facts)


def restore_gate(queue: str, *, paused: bool, now: int) -> Change:
    """A queue's gate as its nodes last heard it; nobody knows any more who moved it."""
    fact = (QueuePaused if paused else QueueResumed)(at=now, queue=queue, restored=True)
    gate = QueueGate(id=queue, since_at=now, by="", paused=paused, opened=not paused)
    return Change(writes=(Write(None, gate),), facts=(fact,))


def rebuilt(
    claims: Mapping[str, Any],
    *,
    name: str,
    tier: str,
    attributes: Mapping[str, str],
    policy: Policy,
    now: int,
) -> Call | None:
    """The waiting call a resume token speaks of; None if it is older than the queue's maximum wait."""
    queue = policy.queues.get(claims["queue"])
    if queue is None:
        return None
    give_up_at = None if queue.max_wait_ms is None else claims["enqueued_at"] + queue.max_wait_ms
    if give_up_at is not None and give_up_at <= now:
        return None
    return Call(
        id=claims["call"],
        queue=queue.name,
        customer=claims["sub"],
        customer_name=name,
        state=CallState.WAITING,
        live=True,
        since_at=now,
        enqueued_at=claims["enqueued_at"],
        due_at=claims["due_at"],
        band=claims["band"],
        terms=(Term("as promised", claims["enqueued_at"] - claims["due_at"]),),
        rules=policy.version,
        tier=tier,
        skills=claims["skills"],
        attributes=attributes,
        request_id=claims["request_id"],
        give_up_at=give_up_at,
    )
