"""The AsyncAPI document: by the standard's own schema, and by what the codec does with frames."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from engine.actors.ports import CloseCode
from engine.domain.errors import Code
from engine.domain.limits import INTEGER_MAX
from engine.gateway.codec import decode
from engine.gateway.messages import CLIENT_FRAMES, CONFIGURED, SERVER_FRAMES, Role
from engine.reference.asyncapi import asks, document, told_name
from engine.reference.examples import LEFT_OUT, VALUES
from engine.reference.glossary import MEANINGS
from tests.gateway.from_clients import FROM_CLIENTS
from tests.gateway.test_codec import BAD_FIELDS
from tests.gateway.to_clients import TO_CLIENTS

DOCUMENT = json.loads(json.dumps(document("1.2.3")))
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
RECORDS: dict[str, Any] = DOCUMENT["components"]["schemas"]
STANDARD = json.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_text(encoding="utf-8"))

#: Every server's frame that some role gets, and the roles that do.
TOLD = {(cls, told_name(cls, role)) for role, classes in SERVER_FRAMES.items() for cls in classes}


@cache
def validator(name: str, *, closed: bool = False) -> Callable[[Any], Any]:
    """Of that message's payload. `closed`: a field that is not in the schema is a mistake too."""
    schema = MESSAGES[name]["payload"]
    needed: dict[str, Any] = {}
    left = list(references(schema))
    while left:
        record = left.pop().rpartition("/")[2]
        if record not in needed:
            needed[record] = RECORDS[record]
            left += references(RECORDS[record])
    whole = {**schema, "components": {"schemas": needed}}
    if closed:
        whole = json.loads(json.dumps(whole), object_hook=_closed)
    compiled: Callable[[Any], Any] = fastjsonschema.compile(whole)
    return compiled


def _closed(node: dict[str, Any]) -> dict[str, Any]:
    is_record = node.get("type") == "object" and "properties" in node
    return {"additionalProperties": False} | node if is_record else node


def references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(where)}:
            yield where
        case dict():
            for inner in node.values():
                yield from references(inner)
        case list():
            for inner in node:
                yield from references(inner)


def test_it_is_what_the_standard_says() -> None:
    fastjsonschema.compile(STANDARD)(DOCUMENT)
    assert DOCUMENT["info"]["version"] == "1.2.3"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["channels"]["agent"].update(adress="/agent"),
        lambda d: d["operations"]["agent.ping"].update(action="publish"),
        lambda d: d["components"]["messages"]["Ok"].update(body={}),
        lambda d: d["components"]["schemas"]["Person"].update(type="objekt"),
        lambda d: d["info"].pop("version"),
    ],
)
def test_the_standard_would_say_otherwise(spoil: Callable[[Any], Any]) -> None:
    spoilt = json.loads(json.dumps(DOCUMENT))
    spoil(spoilt)
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        fastjsonschema.compile(STANDARD)(spoilt)


def test_every_reference_leads_somewhere() -> None:
    for where in set(references(DOCUMENT)):
        node = DOCUMENT
        for step in where.removeprefix("#/").split("/"):
            node = node[step]


@pytest.mark.parametrize("role", Role)
def test_a_channel_has_every_frame_of_its_role(role: Role) -> None:
    channel = DOCUMENT["channels"][role]
    told = [told_name(cls, role) for cls in SERVER_FRAMES[role]]
    assert channel["address"] == f"/{role}"
    assert list(channel["messages"]) == [cls.__name__ for cls in asks(role)] + told
    operations = [o for o in DOCUMENT["operations"].values() if o["channel"]["$ref"] == f"#/channels/{role}"]
    received = [o for o in operations if o["action"] == "receive"]
    [sent] = [o for o in operations if o["action"] == "send"]
    mine = f"#/channels/{role}/messages/"
    assert [o["messages"] for o in received] == [[{"$ref": mine + cls.__name__}] for cls in asks(role)]
    assert sent["messages"] == [{"$ref": mine + name} for name in told]
    replies = {r for o in received for r in references(o["reply"]["messages"])}
    assert replies <= {mine + name for name in told}


def test_every_frame_of_the_wire_table_is_in_it() -> None:
    assert MESSAGES.keys() == {cls.__name__ for cls in CLIENT_FRAMES.values()} | {name for _, name in TOLD}


@pytest.mark.parametrize("cls", CLIENT_FRAMES.values(), ids=CLIENT_FRAMES)
def test_a_clients_example_is_a_frame(cls: type) -> None:
    message = MESSAGES[cls.__name__]
    [example] = message["examples"]
    assert type(decode(json.dumps(example["payload"]))[1]) is cls
    validator(cls.__name__)(example["payload"])


@pytest.mark.parametrize("name", sorted({name for _, name in TOLD}))
def test_a_servers_example_is_a_frame(name: str) -> None:
    [example] = MESSAGES[name]["examples"]
    validator(name, closed=True)(example["payload"])


@pytest.mark.parametrize(("frame", "message"), FROM_CLIENTS)
def test_what_the_codec_reads_is_accepted(frame: dict[str, Any], message: Any) -> None:
    validator(type(message).__name__)(frame)


def beyond_schemas(value: Any) -> bool:
    """1.0 is an integer to JSON Schema, and how exact an integer is within any JSON it cannot say."""
    match value:
        case dict():
            return any(beyond_schemas(inner) for inner in value.values())
        case list():
            return any(beyond_schemas(inner) for inner in value)
        case float():
            return value.is_integer()
        case _:
            return type(value) is int and abs(value) > INTEGER_MAX


REFUSED = [
    (CLIENT_FRAMES[frame["type"]].__name__, frame)
    for frame, _ in BAD_FIELDS
    if type(frame.get("type")) is str and frame["type"] in CLIENT_FRAMES and not beyond_schemas(frame)
]


@pytest.mark.parametrize(("name", "frame"), REFUSED)
def test_what_the_codec_refuses_is_not(name: str, frame: dict[str, Any]) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        validator(name)(frame)


@pytest.mark.parametrize(("message", "frame"), TO_CLIENTS)
def test_what_the_codec_writes_is_accepted(message: Any, frame: dict[str, Any]) -> None:
    if type(message) in CONFIGURED:
        names = {told_name(type(message), Role.CUSTOMER)}
    else:
        names = {name for cls, name in TOLD if cls is type(message)}
    for name in names:
        validator(name, closed=True)(frame)


def test_every_frame_field_and_code_has_its_words() -> None:
    schemas = {name: message["payload"] for name, message in MESSAGES.items()} | RECORDS
    silent = [name for name, schema in schemas.items() if not schema["description"]]
    silent += [
        f"{name}.{key}"
        for name, schema in schemas.items()
        for key, field in schema.get("properties", {}).items()
        if "const" not in field and "description" not in field and not list(references(field))
    ]
    assert silent == []
    assert RECORDS["Code"]["x-enum-descriptions"].keys() == set(Code)
    assert DOCUMENT["x-close-codes"].keys() == {str(c.value) for c in CloseCode if c is not CloseCode.NORMAL}


def test_no_word_and_no_example_is_left_of_a_field_that_is_gone() -> None:
    records = {**RECORDS, **{name: message["payload"] for name, message in MESSAGES.items()}}
    fields = {(name, key) for name, schema in records.items() for key in schema.get("properties", {})}
    names = {key for _, key in fields}
    assert MEANINGS.keys() <= names
    plain = {key for key in VALUES if "." not in key}
    assert plain <= names
    assert {*VALUES, *LEFT_OUT} - plain <= {f"{name}.{key}" for name, key in fields}
