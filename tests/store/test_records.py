"""The codec: what is written is what is read, and what was not written by it is named."""

import typing
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import facts
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import KINDS, Call, Term, indexes
from engine.store.keys import IN
from engine.store.records import Corrupt, decode, decode_fact, encode_fact

from .people import a_call, an_agent, hashed

WAITING = CallState.WAITING

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBER = st.integers(-(10**15), 10**15)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type."""
    plain: dict[Any, st.SearchStrategy[Any]] = {str: TEXT, int: NUMBER, bool: st.booleans()}
    if hint in plain:
        return plain[hint]
    if hint is Term:
        return st.builds(Term, TEXT, NUMBER)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return st.lists(values(args[0]), max_size=3).map(tuple)
    if origin is not None and len(args) == 2 and type(None) not in args:
        return st.dictionaries(TEXT, values(args[1]), max_size=3)
    if args:
        return st.none() | values(args[0])
    return st.sampled_from(list(hint))


def instances(cls: type[Any]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{a.name: values(hints[a.name]) for a in attrs.fields(cls)})


RECORDS = st.one_of([instances(cls) for cls in KINDS.values()])
FACTS = st.one_of([instances(cls) for cls in facts.KINDS.values()])


@given(RECORDS)
def test_a_record_is_read_as_it_was_written(record: Any) -> None:
    fields = hashed(record, record.version, record.stamp)
    assert all(type(text) is str for text in fields.values())
    assert decode(record.ref, orjson.loads(orjson.dumps(fields))) == record


@given(FACTS)
def test_a_fact_is_read_as_it_was_written(fact: Any) -> None:
    assert decode_fact(orjson.loads(orjson.dumps(encode_fact(fact)))) == fact


def test_a_fact_that_an_older_node_wrote_lacks_only_what_came_later() -> None:
    fact = facts.AgentMoved(at=1, agent="budi", state=AgentState.READY, skills={"loan": 1})
    older = encode_fact(fact)
    del older["skills"]
    assert decode_fact(older) == attrs.evolve(fact, skills={})


def test_what_is_empty_by_default_is_left_out_and_no_other_default_is() -> None:
    call = Call(id="c", queue="q", customer="k", state=WAITING, since_at=0, enqueued_at=0, due_at=0)
    fields = hashed(call)
    assert fields["tier"] == "regular"
    assert fields["since_at"] == "0"
    assert not {"node", "terms", "skills", "give_up_at", "rating", "band"} & fields.keys()


def test_the_hash_says_where_the_record_stands() -> None:
    assert hashed(a_call())[IN].split() == list(indexes(a_call()))


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    fields = hashed(an_agent()) | {"mood": "sunny"}
    assert decode("agent:budi", fields).version == 1


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("since_at", "NaN"),
        ("since_at", "1e3"),
        ("since_at", "1_000"),
        ("since_at", " 1"),
        ("since_at", "٣"),
        ("since_at", ""),
        ("version", "1.0"),
        ("state", "asleep"),
        ("requeue_reason", "WAITING"),
        ("terms", "{}"),
        ("terms", '[["a"]]'),
        ("terms", '[["a",1.0]]'),
        ("terms", "["),
        ("terms", "[" * 70_000),
        ("skills", '{"loan":true}'),
        ("skills", '{"loan":"2"}'),
        ("skills", "[]"),
        ("attributes", '{"a":1}'),
        ("skills", '{"loan":NaN}'),
    ],
)
def test_what_this_codec_never_wrote_is_named_and_not_shown(field: str, text: str) -> None:
    fields = hashed(a_call()) | {field: text}
    with pytest.raises(Corrupt) as caught:
        decode("call:c1", fields)
    assert (caught.value.ref, caught.value.field) == ("call:c1", field)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("field", ["id", "state", "since_at", "version", "stamp"])
def test_a_lost_field_is_named(field: str) -> None:
    fields = hashed(an_agent())
    del fields[field]
    with pytest.raises(Corrupt) as caught:
        decode("agent:budi", fields)
    assert caught.value.field == field


def test_a_hash_under_another_name_is_corrupt() -> None:
    for ref in ("agent:eko", "call:budi", "ghost:budi", "agent"):
        with pytest.raises(Corrupt):
            decode(ref, hashed(an_agent()))


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "call_vanished"},
        {},
        {"kind": "call_archived", "at": 1},
        {"kind": "call_archived", "at": "1", "call": "c"},
        {"kind": "call_archived", "at": None, "call": "c"},
    ],
)
def test_a_fact_nobody_wrote_is_corrupt(said: dict[str, Any]) -> None:
    with pytest.raises(Corrupt):
        decode_fact(said)
