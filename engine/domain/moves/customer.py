"""What the customer does: come, ask, leave, lose the link, rate.

One live call each: asking writes the customer's record under its version and guards that his last call has
ended, so two requests at once cannot both succeed. Coming and dropping guard the same where they know of no
live call, so that no call of his waits on without him.
"""

from attrs import frozen

from engine.domain.change import Change, Conflict, Guard, Write
from engine.domain.errors import Code, Refused
from engine.domain.evolving import evolve
from engine.domain.facts import CallQueued, CallRated, Fact, LinkBack, LinkLost
from engine.domain.lifecycle import CallState, EndReason, OfferEnd, Party, RequeueReason
from engine.domain.model import Agent, Attributes, Call, Customer, Skills
from engine.domain.moves.parts import end, end_offer, requeue
from engine.domain.moves.repeats import left
from engine.domain.rules import ASK_BURST, Policy, Queue, Timings


@frozen(kw_only=True)
class Asking:
    """A request for a call, put together from the token (tier, attributes) and the client's frame."""

    request_id: str
    queue: str
    tier: str
    skills: Skills
    attributes: Attributes  # the token's
    client_attributes: Attributes
    consent: str = ""


def come(
    customer: Customer | None,
    call: Call | None,
    *,
    sub: str,
    name: str,
    session: str,
    node: str,
    now: int,
) -> Change:
    """A socket of his says hello: it becomes his session, and his waiting or connected call has him back."""
    before = customer or Customer(id=sub)
    after = evolve(before, name=name, session=session, node=node, forget_at=None)
    writes: list[Write] = [Write(customer, after)]
    facts: tuple[Fact, ...] = ()
    if call is not None and call.live:
        writes.append(Write(call, evolve(call, node=node, customer_until=None)))
        if call.customer_until is not None:
            facts = (LinkBack(at=now, who=before.ref, call=call.id),)
    return Change(writes=tuple(writes), guards=not_live(before, call), facts=facts)


def not_live(customer: Customer, call: Call | None) -> tuple[Guard, ...]:
    """His last call is over, unless it is the one in hand: then its version says so."""
    if not customer.call or (call is not None and call.live):
        return ()
    return (Guard(f"call:{customer.call}", "live", None),)


def ask(
    customer: Customer,
    last: Call | None,
    asking: Asking,
    *,
    call_id: str,
    policy: Policy,
    waiting: int = 0,
    now: int,
) -> Change:
    """Stand in a queue. `waiting` is how many stand there already, as last heard.

    That the queue is open is a guard, because a supervisor may pause it at any moment (see `shut`). Raises
    `Refused`: already_waiting, too_fast, no_such_queue, queue_full, not_allowed, bad_field.
    """
    if last is not None and last.live:
        raise Refused(
            Code.ALREADY_WAITING, "a call of yours is live", call_id=last.id, state=last.state.value
        )
    asked_until = _paced(customer, policy.timings, now)
    queue = policy.queue(asking.queue)
    if queue.tiers and asking.tier not in queue.tiers:
        raise Refused(Code.NOT_ALLOWED, "your tier may not enter this queue", field="queue")
    if queue.max_waiting is not None and waiting >= queue.max_waiting:
        raise Refused(Code.QUEUE_FULL, "this queue is full", field="queue", retry_ms=30_000)
    for skill in asking.skills:
        if policy.skills and skill not in policy.skills:
            raise Refused(Code.BAD_FIELD, "there is no such skill", field="skills")
    trusted = {k: v for k, v in asking.client_attributes.items() if k in queue.client_attributes}
    counted = {**trusted, **asking.attributes}
    priority = policy.prioritise(queue.name, asking.tier, counted, now)
    call = Call(
        id=call_id,
        queue=queue.name,
        customer=customer.id,
        customer_name=customer.name,
        state=CallState.WAITING,
        live=True,
        since_at=now,
        enqueued_at=now,
        due_at=priority.due_at,
        band=priority.band,
        terms=priority.terms,
        rules=policy.version,
        tier=asking.tier,
        skills=asking.skills,
        attributes={**asking.client_attributes, **asking.attributes},
        request_id=asking.request_id,
        consent=asking.consent,
        node=customer.node,
        give_up_at=None if queue.max_wait_ms is None else now + queue.max_wait_ms,
    )
    return Change(
        writes=(
            Write(
                customer,
                evolve(customer, call=call.id, request_id=asking.request_id, asked_until=asked_until),
            ),
            Write(None, call),
        ),
        guards=(*not_live(customer, last), is_open(queue)),
        facts=(queued(call),),
    )


def is_open(queue: Queue) -> Guard:
    """That the queue takes requests: it is configured open and not paused, or else was opened."""
    ref = f"queue:{queue.name}"
    return Guard(ref, "paused", None) if queue.open else Guard(ref, "opened", "true")


def shut(conflict: Conflict) -> Refused | None:
    """The refusal, if nothing but a queue's gate kept a change from being made."""
    if conflict.records or not all(guard.ref.startswith("queue:") for guard in conflict.guards):
        return None
    return Refused(Code.QUEUE_CLOSED, "this queue is closed", field="queue")


def _paced(customer: Customer, timings: Timings, now: int) -> int:
    """`asked_until` after one more request now, by the virtual scheduling algorithm (ITU-T I.371, 1996).

    Raises `Refused(too_fast)`: every request fills the store and the journal, wanted or not.
    """
    full_at = max(customer.asked_until, now)
    too_early_ms = full_at - now - (ASK_BURST - 1) * timings.ask_every_ms
    if too_early_ms > 0:
        raise Refused(Code.TOO_FAST, "too many requests", retry_ms=too_early_ms)
    return full_at + timings.ask_every_ms


def queued(call: Call, *, restored: bool = False, at: int | None = None) -> CallQueued:
    return CallQueued(
        at=call.enqueued_at if at is None else at,
        call=call.id,
        customer=call.customer,
        queue=call.queue,
        tier=call.tier,
        due_at=call.due_at,
        band=call.band,
        terms={t.rule: t.head_start_ms for t in call.terms},
        rules=call.rules,
        skills=dict(call.skills),
        request_id=call.request_id,
        restored=restored,
    )


def leave(
    call: Call | None, agent: Agent | None, policy: Policy, now: int, *, call_id: str | None = None
) -> Change:
    """Cancel or hang up, whatever the call's state. Raises `Refused(wrong_state)` if none is live.

    With `call_id` saying it again is harmless, and no other call is touched.
    """
    if call_id and call is not None and call.id == call_id and left(call):
        return Change()
    if call is None or not call.live or call_id not in (None, call.id):
        raise Refused(
            Code.WRONG_STATE,
            "no such call of yours is live",
            state=None if call is None else call.state.value,
        )
    connected = call.state is CallState.CONNECTED
    reason = EndReason.COMPLETED if connected else EndReason.ABANDONED
    writes, facts = end(call, agent, reason, Party.CUSTOMER, policy, now)
    return Change(writes=writes, facts=facts)


def drop(customer: Customer, call: Call | None, agent: Agent | None, policy: Policy, now: int) -> Change:
    """His socket is gone: a waiting call keeps its place in grace, an offer is rescinded at once.

    A call whose customer is away ends within grace, so he can be forgotten a while after that.
    """
    timings = policy.timings
    if call is None or not call.live:
        off = evolve(customer, session="", node="", forget_at=now + timings.keep_ended_ms)
        return Change(writes=(Write(customer, off),), guards=not_live(customer, call))
    until = now + _grace(call, timings)
    off = evolve(customer, session="", node="", forget_at=until + timings.keep_ended_ms)
    lost = LinkLost(at=now, who=customer.ref, call=call.id, until=until)
    if call.state is CallState.OFFERED:
        waiting = evolve(requeue(call, RequeueReason.NO_AGENT, now), node="", customer_until=until)
        writes, facts = end_offer(call, agent, OfferEnd.RESCINDED, policy, now, after=waiting)
    else:
        writes, facts = (Write(call, evolve(call, node="", customer_until=until)),), ()
    return Change(writes=(Write(customer, off), *writes), facts=(lost, *facts))


def _grace(call: Call, timings: Timings) -> int:
    connected = call.state is CallState.CONNECTED
    return timings.call_grace_ms if connected else timings.customer_grace_ms


def rate(call: Call | None, call_id: str, sub: str, score: int, comment: str, now: int) -> Change:
    """Rate an ended call of his, once or again. Raises `Refused`: no_such_call, wrong_state."""
    if call is None or call.id != call_id or call.customer != sub:
        raise Refused(Code.NO_SUCH_CALL, "there is no such call of yours", field="call_id")
    if call.state is not CallState.ENDED:
        raise Refused(Code.WRONG_STATE, "the call has not ended", state=call.state.value)
    facts: tuple[Fact, ...] = (CallRated(at=now, call=call.id, score=score),)
    return Change(writes=(Write(call, evolve(call, rating=score, comment=comment)),), facts=facts)
