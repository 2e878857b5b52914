"""Frames in both directions, one table each, and everything that is not a frame."""

import json
from types import UnionType
from typing import Any, get_args, get_origin

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from engine.actors import notices as n
from engine.actors import requests as r
from engine.actors.notices import Notice
from engine.domain.errors import Code
from engine.domain.limits import MESSAGE_BYTES, SIGNAL_BYTES
from engine.gateway.codec import BadFrame, TooBig, decode, encode
from engine.gateway.messages import CLIENT_FRAMES, SERVER_FRAMES

from .from_clients import FROM_CLIENTS
from .to_clients import TO_CLIENTS


@pytest.mark.parametrize(("frame", "message"), FROM_CLIENTS)
def test_a_clients_frame_is_one_message(frame: dict[str, Any], message: Any) -> None:
    assert decode(json.dumps(frame)) == (None, message)
    assert decode(json.dumps({"ref": "r-1"} | frame)) == ("r-1", message)


@pytest.mark.parametrize("frame", [frame for frame, _ in FROM_CLIENTS])
def test_each_field_of_a_message_is_of_the_kind_that_its_class_says(frame: dict[str, Any]) -> None:
    _, message = decode(json.dumps(frame))
    for each in fields(type(message)):
        said = get_args(each.type) if isinstance(each.type, UnionType) else (each.type,)
        kinds = {get_origin(kind) or kind for kind in said}
        assert Any in kinds or type(getattr(message, each.name)) in kinds, each.name


@pytest.mark.parametrize(("frame", "message"), FROM_CLIENTS)
def test_a_clients_message_survives_the_way_there_and_back(frame: dict[str, Any], message: Any) -> None:
    assert decode(encode(message, ref="r-1").decode()) == ("r-1", message)


@pytest.mark.parametrize(("message", "frame"), TO_CLIENTS)
def test_a_servers_message_is_one_frame(message: Any, frame: dict[str, Any]) -> None:
    text = encode(message)
    assert json.loads(text) == frame
    assert list(json.loads(text)) == list(frame)


def test_the_tables_know_every_frame() -> None:
    assert {type(message) for _, message in FROM_CLIENTS} == set(CLIENT_FRAMES.values())
    sent = {type(message) for message, _ in TO_CLIENTS}
    assert sent == set().union(*SERVER_FRAMES.values())
    assert sent >= set(get_args(Notice)) - {n.Entered, n.Reconfigured}


A_CALL = {"type": "call.request", "request_id": "r", "queue": "q"}
A_RATE = {"type": "call.rate", "call_id": "c", "score": 5}
AN_OFFER = {"type": "offer.accept", "offer_id": "o"}
A_TRANSFER = {"type": "call.transfer"}
A_PLACE = {"type": "call.prioritise", "call_id": "c", "reason": "vip"}
A_STATE = {"type": "agent.set_state", "agent_id": "a", "state": "ready"}
SKILLS = {"type": "agent.set_skills", "agent_id": "a", "queues": ["q"], "skills": {}}

BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({}, "type"),
    ({"type": 5}, "type"),
    ({"type": ["ping"]}, "type"),
    ({"type": "hello"}, "token"),
    ({"type": "hello", "token": 5}, "token"),
    ({"type": "hello", "token": "x" * 9000}, "token"),
    ({"type": "hello", "token": "t", "resume": 1}, "resume"),
    ({"type": "ping", "ref": 5}, "ref"),
    ({"type": "ping", "ref": None}, "ref"),
    ({"type": "ping", "ref": "x" * 65}, "ref"),
    ({"type": "ping", "extra": 1}, "extra"),
    ({"type": "ping", "{evil}\r\n": 1}, "?"),
    ({"type": "call.request", "queue": "q"}, "request_id"),
    (A_CALL | {"queue": None}, "queue"),
    (A_CALL | {"agent_id": "a"}, "agent_id"),
    (A_CALL | {"skills": "loan"}, "skills"),
    (A_CALL | {"skills": ["loan", "loan"]}, "skills"),
    (A_CALL | {"skills": ["loan", 5]}, "skills.1"),
    (A_CALL | {"skills": {"loan": 0}}, "skills.loan"),
    (A_CALL | {"skills": {"loan": "2"}}, "skills.loan"),
    (A_CALL | {"skills": {"loan": True}}, "skills.loan"),
    (A_CALL | {"skills": {"loan": 1.0}}, "skills.loan"),
    (A_CALL | {"skills": {"loan": 10**9}}, "skills.loan"),
    (A_CALL | {"skills": {f"s{i}": 1 for i in range(21)}}, "skills"),
    (A_CALL | {"skills": [f"s{i}" for i in range(500)]}, "skills"),
    (A_CALL | {"skills": {"a b": 1}}, "skills.?"),
    (A_CALL | {"attributes": {"lang": 1}}, "attributes.lang"),
    (A_CALL | {"attributes": {"lang": "x" * 257}}, "attributes.lang"),
    (A_CALL | {"attributes": {"lang": "a\0b"}}, "attributes.lang"),
    (A_CALL | {"attributes": {f"a{i}": "" for i in range(33)}}, "attributes"),
    (A_CALL | {"attributes": ["lang"]}, "attributes"),
    (A_CALL | {"consent": "yes"}, "consent"),
    (A_CALL | {"consent": {}}, "consent.version"),
    (A_CALL | {"consent": {"version": 1}}, "consent.version"),
    (A_CALL | {"consent": {"version": "1", "at": 5}}, "consent.at"),
    (A_RATE | {"score": 0}, "score"),
    (A_RATE | {"score": 6}, "score"),
    (A_RATE | {"score": "5"}, "score"),
    (A_RATE | {"score": True}, "score"),
    (A_RATE | {"score": 5.0}, "score"),
    (A_RATE | {"score": None}, "score"),
    (A_RATE | {"comment": "x" * 2001}, "comment"),
    ({"type": "signal"}, "data"),
    ({"type": "signal", "data": 2**53}, "data"),
    ({"type": "signal", "data": {"deep": [-(2**64)]}}, "data"),
    ({"type": "state.set"}, "state"),
    ({"type": "state.set", "state": "on_call"}, "state"),
    ({"type": "state.set", "state": "READY"}, "state"),
    ({"type": "state.set", "state": ["ready"]}, "state"),
    ({"type": "state.set", "state": "not_ready", "reason": "a break"}, "reason"),
    ({"type": "wrapup.finish", "disposition": ""}, "disposition"),
    (A_TRANSFER | {"queue": 5}, "queue"),
    (A_TRANSFER | {"queue": "a queue"}, "queue"),
    (A_TRANSFER | {"agent_id": ["a"]}, "agent_id"),
    (A_TRANSFER | {"note": 5}, "note"),
    (A_TRANSFER | {"note": "x" * 2001}, "note"),
    (A_TRANSFER | {"note": "a\0b"}, "note"),
    (A_TRANSFER | {"call_id": ""}, "call_id"),
    (A_TRANSFER | {"offer_id": "o"}, "offer_id"),
    ({"type": "colleagues.list", "queue": "q"}, "queue"),
    ({"type": "board.watch", "queues": []}, "queues"),
    ({"type": "call.prioritise", "call_id": "c"}, "reason"),
    ({"type": "call.prioritise", "reason": "vip"}, "call_id"),
    (A_PLACE | {"reason": None}, "reason"),
    (A_PLACE | {"reason": "because he asked"}, "reason"),
    (A_PLACE | {"call_id": None}, "call_id"),
    (A_PLACE | {"head_start_ms": 3_600_001}, "head_start_ms"),
    (A_PLACE | {"head_start_ms": -3_600_001}, "head_start_ms"),
    (A_PLACE | {"head_start_ms": 1.0}, "head_start_ms"),
    (A_PLACE | {"head_start_ms": "1000"}, "head_start_ms"),
    (A_PLACE | {"band": -1}, "band"),
    (A_PLACE | {"band": 10}, "band"),
    (A_PLACE | {"band": True}, "band"),
    ({"type": "call.assign", "call_id": "c"}, "agent_id"),
    ({"type": "call.assign", "agent_id": "a"}, "call_id"),
    ({"type": "call.assign", "call_id": "c", "agent_id": None}, "agent_id"),
    ({"type": "call.assign", "call_id": "c", "agent_id": "a", "queue": "q"}, "queue"),
    ({"type": "call.end"}, "call_id"),
    ({"type": "call.end", "call_id": "c", "reason": "vip"}, "reason"),
    (A_STATE | {"state": "on_call"}, "state"),
    (A_STATE | {"state": None}, "state"),
    (A_STATE | {"agent_id": 7}, "agent_id"),
    (A_STATE | {"reason": "a break"}, "reason"),
    ({"type": "agent.set_skills", "agent_id": "a", "skills": {}}, "queues"),
    ({"type": "agent.set_skills", "agent_id": "a", "queues": []}, "skills"),
    (SKILLS | {"queues": None}, "queues"),
    (SKILLS | {"queues": {"q": 1}}, "queues"),
    (SKILLS | {"queues": ["q", "q"]}, "queues"),
    (SKILLS | {"queues": ["q", 5]}, "queues.1"),
    (SKILLS | {"queues": [f"q{i}" for i in range(201)]}, "queues"),
    (SKILLS | {"skills": ["loan"]}, "skills"),
    (SKILLS | {"skills": None}, "skills"),
    (SKILLS | {"skills": {"loan": 0}}, "skills.loan"),
    (SKILLS | {"skills": {"loan": 101}}, "skills.loan"),
    (SKILLS | {"skills": {"loan": True}}, "skills.loan"),
    (SKILLS | {"skills": {f"s{i}": 1 for i in range(201)}}, "skills"),
    ({"type": "queue.pause"}, "queue"),
    ({"type": "queue.pause", "queue": None}, "queue"),
    ({"type": "queue.resume", "queue": "*"}, "queue"),
    ({"type": "queue.resume", "queue": "q", "reason": "over"}, "reason"),
    ({"type": "rules.reload", "rules": {}}, "rules"),
]

BAD_IDS = [
    "",
    "x" * 65,
    "x" * 10_000,
    "a\0b",
    "a\r\nb",
    "{tag}",
    "*",
    "a\u200bb",
    "а",  # a Cyrillic look-alike
    "' OR 1=1 --",
    "a\n",
    "١",  # a digit, but not of ours
    "../etc",
    5,
    None,
    ["o"],
    {"o": 1},
    True,
]


@pytest.mark.parametrize(("frame", "at_fault"), BAD_FIELDS)
def test_a_bad_field_is_named_and_its_value_is_not(frame: dict[str, Any], at_fault: str) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(json.dumps(frame))
    assert (caught.value.refused.code, caught.value.refused.field) == (Code.BAD_FIELD, at_fault)


@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_id_is_of_one_form_only(bad: Any) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(json.dumps(AN_OFFER | {"offer_id": bad, "ref": "r"}))
    refused = caught.value.refused
    assert (caught.value.ref, refused.code, refused.field) == ("r", Code.BAD_FIELD, "offer_id")
    if isinstance(bad, str) and bad:
        assert bad not in refused.message


@pytest.mark.parametrize("name", ["__proto__", "constructor", "hasOwnProperty", "toString"])
def test_names_dear_to_other_languages_are_just_names(name: str) -> None:
    assert decode(json.dumps(AN_OFFER | {"offer_id": name}))[1] == r.OfferAccept(offer_id=name)
    with pytest.raises(BadFrame) as caught:
        decode(json.dumps(AN_OFFER | {name: 1}))
    assert caught.value.refused.code is Code.BAD_FIELD


BAD_TEXTS = {
    "empty": "",
    "blank": " ",
    "words": "hello",
    "null": "null",
    "number": "5",
    "text": '"ping"',
    "array": '[{"type": "ping"}]',
    "byte order mark": '\ufeff{"type": "ping"}',
    "NaN": '{"type": "signal", "data": NaN}',
    "Infinity": '{"type": "signal", "data": Infinity}',
    "minus Infinity": '{"type": "signal", "data": -Infinity}',
    "a number that overflows": '{"type": "signal", "data": 1e999}',
    "an endless integer": '{"type": "signal", "data": ' + "9" * 5000 + "}",
    "doubled keys": '{"type": "ping", "ref": "a", "ref": "b"}',
    "doubled keys, written differently": '{"type": "ping", "ref": "a", "r\\u0065f": "b"}',
    "doubled keys far inside": '{"type": "signal", "data": [{"a": {"b": 1, "b": 1}}]}',
    "a lone surrogate": '{"type": "signal", "data": "\\ud800"}',
    "a lone surrogate as key": '{"type": "signal", "data": {"\\udfff": 1}}',
    "a lone surrogate as ref": '{"type": "ping", "ref": "\\ud800"}',
    "a surrogate that is not even escaped": '{"type": "ping", "ref": "\ud800"}',
    "a trailing comma": '{"type": "ping",}',
    "two frames": '{"type": "ping"}{"type": "ping"}',
    "a comment": '{"type": "ping" /* hi */}',
    "single quotes": "{'type': 'ping'}",
    "a control character": '{"type": "ping", "ref": "\n"}',
    "deep arrays": '{"type": "signal", "data": ' + "[" * 40 + "]" * 40 + "}",
    "arrays as deep as one parser goes and the other does not": (
        '{"type": "signal", "data": ' + "[" * 1000 + "]" * 1000 + "}"
    ),
    "deep objects": '{"type": "signal", "data": ' + '{"a":' * 2000 + "1" + "}" * 2000 + "}",
    "16 KB of brackets": "[" * MESSAGE_BYTES,
    "objects that never end": '{"a":' * 3000,
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_what_is_no_frame_is_refused_without_a_field(text: str) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(text)
    refused = caught.value.refused
    assert (caught.value.ref, refused.code, refused.field) == (None, Code.BAD_FRAME, None)


@pytest.mark.parametrize(
    "tag",
    [
        *("", "x", "Ping", "welcome", "offer", "__class__"),
        *("call.transferred", "board", "board.snapshot", "board.delta", "colleagues", "agent.figures"),
        *("agent.set", "queue.close", "rules.reload ", "call.prioritize"),
    ],
)
def test_an_unknown_type_is_answered_as_such(tag: str) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(json.dumps({"type": tag, "ref": "r"}))
    assert (caught.value.ref, caught.value.refused.code) == ("r", Code.UNKNOWN_TYPE)


def _of_size(frame: dict[str, Any], field: str, filler: str, size: int) -> str:
    empty = len(json.dumps(frame | {field: ""}, ensure_ascii=False).encode())
    text = json.dumps(frame | {field: filler * ((size - empty) // len(filler.encode()))}, ensure_ascii=False)
    return text + " " * (size - len(text.encode()))


@pytest.mark.parametrize("filler", ["x", "é", "😊"])
def test_only_a_signal_may_be_large(filler: str) -> None:
    assert decode(_of_size({"type": "signal"}, "data", filler, SIGNAL_BYTES))[1].data
    with pytest.raises(TooBig):
        decode(_of_size({"type": "signal"}, "data", filler, SIGNAL_BYTES + 1))
    with pytest.raises(TooBig):
        decode(_of_size({"type": "ping"}, "ref", filler, MESSAGE_BYTES + 1))
    with pytest.raises(BadFrame):
        decode(_of_size({"type": "ping"}, "ref", filler, MESSAGE_BYTES))


def test_64_kb_of_brackets_are_a_bad_frame_and_no_more() -> None:
    assert _attempt("[" * SIGNAL_BYTES) is Code.BAD_FRAME
    assert _attempt('{"a":' * (SIGNAL_BYTES // 5)) is Code.BAD_FRAME


def _attempt(text: str) -> Code | None:
    """The code with which `text` is refused, if it is; any other exception fails the test."""
    try:
        decode(text)
    except BadFrame as bad:
        refused = bad.refused
    else:
        return None
    assert refused.code in (Code.BAD_FRAME, Code.BAD_FIELD, Code.UNKNOWN_TYPE)
    assert (refused.field is not None) == (refused.code is Code.BAD_FIELD)
    return refused.code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from([frame for frame, _ in FROM_CLIENTS]),
    st.sampled_from(["drop", "replace", "add", "cut", "insert", "double"]),
    json_values,
    st.data(),
)
def test_a_frame_with_one_mutation_is_a_message_or_a_refusal(
    frame: dict[str, Any], mutation: str, value: Any, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(frame)))
    mutated = dict(frame)
    if mutation == "drop":
        del mutated[key]
    elif mutation == "replace":
        mutated[key] = value
    elif mutation == "add":
        mutated[data.draw(st.text(max_size=8))] = value
    text = json.dumps(mutated)
    at = data.draw(st.integers(0, len(text)))
    if mutation == "cut":
        text = text[:at]
    elif mutation == "insert":
        text = text[:at] + data.draw(st.text(max_size=4)) + text[at:]
    elif mutation == "double":
        text = text[:-1] + "," + text[1:]
    code = _attempt(text)
    if code is None:
        ref, message = decode(text)
        assert decode(encode(message, ref).decode()) == (ref, message)


@given(st.text())
def test_noise_is_never_more_than_a_refusal(noise: str) -> None:
    assert _attempt(noise) is Code.BAD_FRAME
