"""Records and a policy to test with: `call(OFFERED)` and `agent(OFFERED)` are two halves of one offer.

Everything happens at `NOW`; what lies in the past of a record began `BEFORE`.
"""

from typing import Any

from engine.domain.change import Change
from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd, Party
from engine.domain.model import Agent, Call, Customer
from engine.domain.rules import Policy, Queue, Timings

BEFORE = 1_000_000
NOW = BEFORE + 7_000
LATER = 10**12

#: `general` gives wrap-up, `instant` gives none.
POLICY = Policy(
    queues={
        "general": Queue(name="general", ring_ms=15_000, wrap_up_ms=30_000, max_wait_ms=3_600_000),
        "instant": Queue(name="instant", ring_ms=15_000, wrap_up_ms=0, max_wait_ms=None),
    },
    timings=Timings(),
)
TIMINGS = POLICY.timings

CALL, AGENT, CUSTOMER = "call:c1", "agent:a1", "customer:k1"


def call(state: CallState = CallState.WAITING, **fields: Any) -> Call:
    """Customer k1's call c1; offered (as o1) or connected to agent a1 if `state` says so."""
    given: dict[str, Any] = {
        "id": "c1",
        "queue": "general",
        "customer": "k1",
        "live": state is not CallState.ENDED,
        "since_at": BEFORE,
        "enqueued_at": BEFORE,
        "due_at": BEFORE - 500,
        "give_up_at": BEFORE + 3_600_000,
        "node": "n1",
        "version": 3,
        "stamp": "boot:3",
    }
    if state in (CallState.OFFERED, CallState.CONNECTED):
        given |= {"offer": "o1", "agent": "a1", "agent_node": "n2", "offered_at": BEFORE}
    if state is CallState.OFFERED:
        given |= {"offer_until": BEFORE + 15_000}
    if state is CallState.CONNECTED:
        given |= {"connected_at": BEFORE}
    if state is CallState.ENDED:
        given |= {
            "ended_at": BEFORE,
            "end_reason": EndReason.COMPLETED,
            "ended_by": Party.AGENT,
            "archive_at": BEFORE + TIMINGS.keep_ended_ms,
            "agent": "a1",
        }
    return Call(state=state, **(given | fields))


def agent(state: AgentState = AgentState.READY, **fields: Any) -> Agent:
    """Agent a1, with the other half of whatever `call` makes him busy with. He was idle for 1 s before."""
    given: dict[str, Any] = {
        "id": "a1",
        "name": "Ayu",
        "queues": ("general", "instant"),
        "since_at": BEFORE,
        "login_at": BEFORE - 60_000,
        "session": "s1",
        "node": "n2",
        "idle_ms": 1_000,
        "version": 5,
        "stamp": "boot:5",
    }
    if state in (AgentState.OFFERED, AgentState.ON_CALL):
        given |= {"offer": "o1", "call": "c1"}
    if state in (AgentState.ON_CALL, AgentState.WRAP_UP):
        given |= {"last_offer": "o1", "last_offer_end": OfferEnd.ACCEPTED, "idle_ms": 0}
    if state is AgentState.WRAP_UP:
        given |= {"call": "c1", "until": BEFORE + 30_000}
    if state is AgentState.NOT_READY:
        given |= {"reason": "lunch"}
    return Agent(state=state, **(given | fields))


def customer(**fields: Any) -> Customer:
    given: dict[str, Any] = {
        "id": "k1",
        "name": "Budi",
        "session": "s2",
        "node": "n1",
        "call": "c1",
        "version": 2,
    }
    return Customer(**(given | fields))


def call_after(change: Change) -> Call:
    """The call as the change writes it."""
    [found] = [w.after for w in change.writes if isinstance(w.after, Call)]
    return found


def agent_after(change: Change) -> Agent:
    [found] = [w.after for w in change.writes if isinstance(w.after, Agent)]
    return found


def customer_after(change: Change) -> Customer:
    [found] = [w.after for w in change.writes if isinstance(w.after, Customer)]
    return found
