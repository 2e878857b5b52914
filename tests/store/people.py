"""Records for the store's tests."""

from typing import Any

from attrs import evolve

from engine.domain.change import Change, Write
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call, Customer, Record, Term, indexes
from engine.store.records import Fields, encode

NOW = 1_790_000_000_000


def a_call(id: str = "c1", **fields: Any) -> Call:
    """A waiting call."""
    given: dict[str, Any] = {
        "queue": "general",
        "customer": "ani",
        "state": CallState.WAITING,
        "since_at": NOW,
        "enqueued_at": NOW,
        "due_at": NOW - 90_000,
        "terms": (Term("priority tier", 90_000),),
        "skills": {"loan": 2},
        "give_up_at": NOW + 60_000,
        **fields,
    }
    return Call(id=id, **given)


def an_agent(id: str = "budi", **fields: Any) -> Agent:
    """A ready agent."""
    given: dict[str, Any] = {"state": AgentState.READY, "since_at": NOW, "queues": ("general",), **fields}
    return Agent(id=id, **given)


def a_customer(id: str = "ani", **fields: Any) -> Customer:
    return Customer(id=id, **fields)


def hashed(record: Record, version: int = 1, stamp: str = "b:1") -> Fields:
    """A record's hash as the stores write it."""
    return encode(record, version, stamp, indexes(record))


def put(*records: Record) -> Change:
    """Create these."""
    return Change(tuple(Write(None, record) for record in records))


def change(record: Any, **fields: Any) -> Change:
    """Rewrite one."""
    return Change((Write(record, evolve(record, **fields)),))


def drop(*records: Any) -> Change:
    """Delete these."""
    return Change(tuple(Write(record, None) for record in records))
