"""An example of every frame, made as the engine makes it: an instance of its class, encoded.

The examples tell one story: Budi, a priority customer, is connected with Siti.
"""

from collections.abc import Mapping
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin, is_typeddict

import attrs
import orjson

from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, OfferEnd
from engine.domain.matching import Why
from engine.gateway.codec import encode
from engine.gateway.messages import CONFIGS, CONFIGURED, Role
from engine.reference.schemas import fields_of

AT = 1_772_330_400_000
CALL = "1KJKHXKN000APG9G"
RESUME = "eyJzdWIiOiJidWRpIn0.c2lnbmF0dXJl"
BUDI = {"id": "budi", "name": "Budi"}
WHY = {
    "enqueued_at": AT - 60_000,
    "due_at": AT - 150_000,
    "band": 0,
    "terms": {"tier=priority": 90_000},
    "rules": "4f1d0c9be2",
    "waited_ms": 60_000,
    "passed_over": 0,
    "step": 0,
    "select": "longest_idle",
    "idle_ms": 48_000,
}

#: By a field's name, or by `Class.field` where that class shows another.
VALUES: dict[str, Any] = {
    "abandoned": 1,
    "abandonment": 0.04,
    "agent_id": "siti",
    "aht_ms": 245_000,
    "answered": 24,
    "arrived": 2,
    "at": AT,
    "attributes": {"segment": "wealth"},
    "available": True,
    "band": 0,
    "call_id": CALL,
    "calls": 24,
    "code": Code.TOO_FAST,
    "comment": "Terima kasih, cepat sekali!",
    "connected_at": AT,
    "credential": "3kq0hVfT0m5pXw2J8a9c1dLrE7o=",
    "data": {"kind": "candidate", "candidate": {"candidate": "…", "sdpMid": "0"}},
    "deadline_at": AT + 15_000,
    "disposition": "resolved",
    "draining": True,
    "due_at": AT - 150_000,
    "enqueued_at": AT - 60_000,
    "from_agent": "tono",
    "from_agent_name": "Tono",
    "from_rev": 8_127,
    "handled": 12,
    "head_start_ms": 120_000,
    "id": "general",
    "label": {"id": "Umum", "en": "General"},
    "limit_at": AT + 840_000,
    "longest_at": AT - 60_000,
    "median_ms": 14_000,
    "message": "too many messages",
    "name": "Siti",
    "next_state": None,
    "no_answer": 0,
    "no_answers": 0,
    "node": "node-1-5d0c27aa",
    "note": "Ingin menutup kartu, sudah diverifikasi.",
    "notes": "Kartu baru dikirim.",
    "offer_id": "7YD7RNEHWAT8H45AE72D5RTZ",
    "open": True,
    "p50": 40_000,
    "p90": 95_000,
    "position": 3,
    "protocol": 1,
    "queue": "general",
    "queues": ["general", "premium"],
    "reason": "break",
    "ref": "r7",
    "request_id": "0b9e7c1a",
    "resume": RESUME,
    "resume_token": RESUME,
    "retry_ms": 400,
    "rev": 8_131,
    "room": CALL,
    "score": 5,
    "server_time": AT,
    "service_level": 0.8,
    "service_level_ms": 20_000,
    "service_target": 80,
    "session": "F88W1ZZEAQ8Y5D48J2N73H6J",
    "since_at": AT,
    "skills": {"loan": 2},
    "state": "idle",
    "tier": "priority",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJidWRpIn0.c2lnbmF0dXJl",
    "urls": ["turn:turn.bank.example?transport=udp"],
    "username": "1772337600:budi",
    "version": "2026-02.1",
    "waited_ms": 60_000,
    "waiting": 3,
    "why": WHY | {"considered": {"tono": "idle_less"}},
    "within_p90": 0.91,
    "AgentConfig.dispositions": [{"id": "resolved", "label": {"id": "Selesai", "en": "Resolved"}}],
    "AgentConnected.customer": BUDI,
    "AgentRow.id": "siti",
    "AgentRow.reason": None,
    "AgentRow.state": AgentState.ON_CALL,
    "AgentSetState.state": AgentState.NOT_READY,
    "AgentStateNow.deadline_at": None,
    "AgentStateNow.reason": None,
    "AgentStateNow.state": AgentState.READY,
    "CallPrioritise.reason": "escalation",
    "Choice.id": "break",
    "Choice.label": {"id": "Istirahat", "en": "Break"},
    "Colleague.id": "tono",
    "Colleague.name": "Tono",
    "Gone.agents": ["tono"],
    "Gone.calls": ["1KJKHX0Q200B7Y3E"],
    "Minute.abandoned": 0,
    "Minute.answered": 2,
    "Minute.in_time": 2,
    "Offer.why": WHY,
    "OfferedCall.customer": BUDI,
    "OfferEnded.reason": OfferEnd.EXPIRED,
    "Person.id": "siti",
    "SupervisorConfig.skills": [{"id": "loan", "label": {"id": "Kredit", "en": "Loans"}}],
    "StateSet.state": AgentState.NOT_READY,
}

STATES = {Role.CUSTOMER: "idle", Role.AGENT: "ready", Role.SUPERVISOR: "watching"}

#: What may be left out, and is: it would contradict the rest.
LEFT_OUT = {
    *("AgentStateNow.call_id", "CallTransfer.agent_id", "Video.token", "Video.url"),
    *("Error.call_id", "Error.field", "Error.state"),
}


#: Of what the table has no value.
_PLAIN: dict[Any, Any] = {str: "…", int: 0, float: 0.0, bool: True}


def asked(cls: Any) -> dict[str, Any]:
    """A frame that clients send."""
    return _frame(cls(**_values(cls)), VALUES["ref"])


def told(cls: Any, role: Role | None = None) -> dict[str, Any]:
    """A frame that the server sends; what holds a `config` differs by role."""
    own = {}
    if cls in CONFIGURED and role is not None:
        own = {"config": _values(CONFIGS[role]), "state": STATES[role]}
    return _frame(cls(**_values(cls, own)), None)


def _frame(message: Any, ref: str | None) -> dict[str, Any]:
    frame: dict[str, Any] = orjson.loads(encode(message, ref))
    return frame


def _values(kind: Any, given: Mapping[str, Any] = {}) -> dict[str, Any]:
    """The fields of an attrs class or a TypedDict, but those left out."""
    wanted = {k: v for k, v in fields_of(kind).items() if f"{kind.__name__}.{k}" not in LEFT_OUT}
    return {name: given[name] if name in given else _value(kind, name, hint) for name, hint in wanted.items()}


def _value(owner: type, name: str, kind: Any) -> Any:
    if f"{owner.__name__}.{name}" in VALUES:
        return VALUES[f"{owner.__name__}.{name}"]
    return _of(kind, name)


def _of(kind: Any, name: str) -> Any:
    """A value of that type; records first, else what the name says."""
    args = [each for each in get_args(kind) if each is not NoneType]
    if kind is Why:
        return VALUES["why"]
    if is_typeddict(kind):
        return _values(kind)
    if attrs.has(kind):
        return kind(**_values(kind))
    if _holds_record(kind):
        match get_origin(kind):
            case origin if origin is list:
                return [_of(args[0], name)]
            case origin if origin is dict:
                return {VALUES["queue"]: _of(args[1], name)}
            case _:
                return _of(args[0], name)
    if get_origin(kind) is Literal:
        return args[0]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return VALUES[name] if isinstance(VALUES.get(name), kind) else next(iter(kind))
    return VALUES[name] if name in VALUES else _PLAIN[args[0] if args else kind]


def _holds_record(kind: Any) -> bool:
    return attrs.has(kind) or is_typeddict(kind) or any(_holds_record(each) for each in get_args(kind))
