"""States, the moves between them, and how an offer ends. Read this file first.

A *call* waits, is offered to one agent at a time, is connected, and ends. It goes back to waiting,
with its old due, when an offer fails or its agent is lost. An *agent* is offline, not ready (with a
reason), ready, offered, on a call or in wrap-up. The two meet in an *offer*: while one is pending the
call is `offered` and the agent is `offered`, each naming the offer; when it ends, both move at once, in
one commit. `OFFER_ENDS` is the heart of the product: for each way an offer can end, where both sides go.

A move absent from a table is illegal: `check_call` and `check_agent` raise `IllegalMove` naming both
states, and every `Change` is checked on creation, so no other file can invent a transition.
"""

from enum import StrEnum

from attrs import frozen


class CallState(StrEnum):
    """What a call is doing."""

    WAITING = "waiting"
    OFFERED = "offered"  # alerting one agent
    CONNECTED = "connected"
    ENDED = "ended"


class AgentState(StrEnum):
    """What an agent is doing."""

    OFFLINE = "offline"
    NOT_READY = "not_ready"
    READY = "ready"
    OFFERED = "offered"  # a call alerts him
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"  # work after a call


class OfferEnd(StrEnum):
    """How an offer ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"  # the field's no answer (RONA)
    RESCINDED = "rescinded"  # the customer was gone, or the store away
    AGENT_LOST = "agent_lost"  # the agent's link


class EndReason(StrEnum):
    """Why a call ended."""

    COMPLETED = "completed"  # one of the two hung up
    ABANDONED = "abandoned"  # the customer left before connection
    CUSTOMER_LOST = "customer_lost"  # his link, and he did not come back
    AGENT_LOST = "agent_lost"  # both links, and nobody came back
    EXPIRED = "expired"  # maximum wait
    CANCELLED = "cancelled"  # by a supervisor
    CLOSED = "closed"  # reserved
    FAILED = "failed"  # reserved


class Party(StrEnum):
    """Who ended a call."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    SYSTEM = "system"


class RequeueReason(StrEnum):
    """Why a call that was offered or connected waits again."""

    NO_AGENT = "no_agent"  # the offer was not accepted
    AGENT_LOST = "agent_lost"  # the agent of the call did not come back
    TRANSFERRED = "transferred"  # passed on by his agent


class IllegalMove(Exception):
    """Code proposed a transition that no table allows: a bug, never a client's mistake."""


_C, _A = CallState, AgentState

#: From each state, the states a call may go to. `None` is absence: not yet created, or archived.
CALL_MOVES: dict[CallState | None, frozenset[CallState | None]] = {
    None: frozenset({_C.WAITING, _C.CONNECTED}),  # connected: re-created with its agent in a new era
    _C.WAITING: frozenset({_C.OFFERED, _C.ENDED}),
    _C.OFFERED: frozenset({_C.WAITING, _C.CONNECTED, _C.ENDED}),
    _C.CONNECTED: frozenset({_C.WAITING, _C.ENDED}),
    _C.ENDED: frozenset({None}),
}

#: From each state, the states an agent may go to. `None` is absence: never seen, or forgotten.
AGENT_MOVES: dict[AgentState | None, frozenset[AgentState | None]] = {
    None: frozenset(_A) - {_A.OFFERED},  # beyond not_ready: re-created in a new era
    _A.OFFLINE: frozenset({_A.NOT_READY, _A.READY, None}),
    _A.NOT_READY: frozenset({_A.READY, _A.OFFLINE}),
    _A.READY: frozenset({_A.NOT_READY, _A.OFFERED, _A.OFFLINE}),
    _A.OFFERED: frozenset({_A.ON_CALL, _A.READY, _A.NOT_READY, _A.OFFLINE}),
    _A.ON_CALL: frozenset({_A.WRAP_UP, _A.OFFLINE, _A.READY, _A.NOT_READY}),
    _A.WRAP_UP: frozenset({_A.READY, _A.NOT_READY, _A.OFFLINE}),
}


@frozen
class Ending:
    """Where both sides of an offer go when it ends.

    `agent_reason` is the reason of a `not_ready` or `offline` agent. `avoid`: the call avoids this agent
    for a while. `keeps_idle`: the agent's idle time goes on as if the offer had never been.
    """

    call: CallState
    agent: AgentState
    agent_reason: str = ""
    avoid: bool = False
    keeps_idle: bool = False


#: How an offer ends: the heart of the product. In each case a call that waits again keeps its due.
#: `rescinded` says where the *call* goes by why it was rescinded: ended if the customer hung up,
#: waiting (in grace) if his link dropped or the store was away.
OFFER_ENDS: dict[OfferEnd, Ending] = {
    OfferEnd.ACCEPTED: Ending(_C.CONNECTED, _A.ON_CALL),
    OfferEnd.DECLINED: Ending(_C.WAITING, _A.NOT_READY, "declined", avoid=True, keeps_idle=True),
    OfferEnd.EXPIRED: Ending(_C.WAITING, _A.NOT_READY, "no_answer", keeps_idle=True),
    OfferEnd.RESCINDED: Ending(_C.WAITING, _A.READY, keeps_idle=True),
    OfferEnd.AGENT_LOST: Ending(_C.WAITING, _A.OFFLINE, "lost", keeps_idle=True),
}

#: The joint table: while a call and an agent name each other, they are in one of these pairs of states.
TOGETHER = frozenset({(_C.OFFERED, _A.OFFERED), (_C.CONNECTED, _A.ON_CALL)})

#: States in which a wish for another state waits until the work is done (`next_state`).
WORKING = frozenset({_A.OFFERED, _A.ON_CALL, _A.WRAP_UP})

#: States a client may ask for with `state.set`.
ASKABLE = frozenset({_A.READY, _A.NOT_READY, _A.OFFLINE})


def check_call(before: CallState | None, after: CallState | None) -> None:
    """Raise `IllegalMove` unless a call may go from `before` to `after`. Staying is always legal."""
    if before != after and after not in CALL_MOVES[before]:
        raise IllegalMove(f"a call cannot go from {before} to {after}")


def check_agent(before: AgentState | None, after: AgentState | None) -> None:
    """Raise `IllegalMove` unless an agent may go from `before` to `after`. Staying is always legal."""
    if before != after and after not in AGENT_MOVES[before]:
        raise IllegalMove(f"an agent cannot go from {before} to {after}")
