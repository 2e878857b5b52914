"""Strict reading of what strangers wrote: JSON that means one thing only, and values of exactly one kind.

`loads` accepts what every parser understands alike: no NaN, no number that overflows, no doubled key, no lone
surrogate, no byte order mark, no deep nesting. orjson judges the grammar; the standard library's parser, the
only one that shows every pair, sees doubled keys.

A *reader* takes a value and its field's name and returns the value, or raises `Wrong` with the name. "5" is
not 5, true is not 1, 1.0 is not 1. No message repeats a value: it may be a secret, or long. A reader's
`schema` says the same to others as JSON Schema; its `format` "id" marks an id.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import orjson
from attrs import frozen

from engine.domain.limits import ATTRIBUTES, ID, INTEGER_MAX, JSON_DEPTH, LEVEL_MAX, VALUE_CHARS


class Wrong(Exception):
    """A field holds what it may not. `field` is its path, such as `attributes.lang`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@frozen
class Reader:
    """What reads a value, and what it accepts."""

    read: Callable[[Any, str], Any]
    schema: Mapping[str, Any]

    def __call__(self, value: Any, field: str) -> Any:
        return self.read(value, field)


def reads(**schema: Any) -> Callable[[Callable[[Any, str], Any]], Reader]:
    """Makes a reader of a function that accepts what `schema` says."""
    return lambda read: Reader(read, schema)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("doubled key")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs)


def loads(text: str) -> dict[str, Any]:
    """The object that `text` is. Raises ValueError."""
    try:
        orjson.loads(text)
        found = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if type(found) is not dict:
        raise ValueError("not an object")
    if text.count("[") + text.count("{") > JSON_DEPTH and _deeper(found, JSON_DEPTH):
        raise ValueError("nested too deeply")
    return found


def _deeper(value: Any, depth: int) -> bool:
    inner: Iterable[Any]
    match value:
        case dict():
            inner = value.values()
        case list():
            inner = value
        case _:
            return False
    return depth == 0 or any(_deeper(each, depth - 1) for each in inner)


def named(field: str, key: str) -> str:
    """The path of `key` within `field`; a key that is no id is not repeated."""
    shown = key if ID.fullmatch(key) else "?"
    return f"{field}.{shown}" if field else shown


@reads(type="string", format="id", pattern=f"^{ID.pattern}$")
def identifier(value: Any, field: str) -> str:
    if type(value) is not str or ID.fullmatch(value) is None:
        raise Wrong(field, "must be an id: 1 to 64 of A-Z a-z 0-9 _ -")
    return value


def text(chars: int) -> Reader:
    """A reader of text of at most `chars` characters, without NUL."""

    @reads(type="string", maxLength=chars, pattern="^[^\\u0000]*$")
    def read(value: Any, field: str) -> str:
        if type(value) is not str:
            raise Wrong(field, "must be text")
        if len(value) > chars:
            raise Wrong(field, f"must be at most {chars} characters")
        if "\0" in value:
            raise Wrong(field, "must not contain NUL")
        return value

    return read


def integer(least: int, most: int) -> Reader:
    @reads(type="integer", minimum=least, maximum=most)
    def read(value: Any, field: str) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Wrong(field, f"must be an integer from {least} to {most}")
        return value

    return read


def choice(choices: Iterable[StrEnum]) -> Reader:
    known: Mapping[str, StrEnum] = {each.value: each for each in choices}

    @reads(type="string", enum=sorted(known))
    def read(value: Any, field: str) -> StrEnum:
        if type(value) is not str or value not in known:
            raise Wrong(field, f"must be one of {', '.join(sorted(known))}")
        return known[value]

    return read


def optional(reader: Reader) -> Reader:
    """The same, or null."""

    @reads(**or_null(reader.schema))
    def read(value: Any, field: str) -> Any:
        return None if value is None else reader(value, field)

    return read


def or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of the same values and null."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if type(schema.get("type")) is not str:
        return {"anyOf": [dict(schema), {"type": "null"}]} if schema else {}
    named = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **named}


def names(most: int) -> Reader:
    """A reader of a list of at most `most` different ids."""

    @reads(type="array", items=identifier.schema, maxItems=most, uniqueItems=True)
    def read(value: Any, field: str) -> tuple[str, ...]:
        if type(value) is not list:
            raise Wrong(field, "must be a list of ids")
        if len(value) > most:
            raise Wrong(field, f"must have at most {most} entries")
        found = tuple(identifier(each, f"{field}.{i}") for i, each in enumerate(value))
        if len(set(found)) != len(found):
            raise Wrong(field, "must not repeat an entry")
        return found

    return read


def table(most: int, reader: Reader) -> Reader:
    """A reader of an object of at most `most` ids, each value read by `reader`."""

    @reads(
        type="object",
        maxProperties=most,
        propertyNames={"pattern": identifier.schema["pattern"]},
        additionalProperties=reader.schema,
    )
    def read(value: Any, field: str) -> dict[str, Any]:
        if type(value) is not dict:
            raise Wrong(field, "must be an object")
        if len(value) > most:
            raise Wrong(field, f"must have at most {most} entries")
        return {identifier(k, named(field, k)): reader(v, named(field, k)) for k, v in value.items()}

    return read


def levels(most: int) -> Reader:
    """A reader of {skill: level}."""
    return table(most, integer(1, LEVEL_MAX))


attributes = table(ATTRIBUTES, text(VALUE_CHARS))


def skills(most: int) -> Reader:
    """A reader of needed skills: a list of names (level 1), or {name: level}."""
    by_name, by_level = names(most), levels(most)

    @reads(anyOf=[by_name.schema, by_level.schema])
    def read(value: Any, field: str) -> dict[str, int] | list[str]:
        return list(by_name(value, field)) if type(value) is list else by_level(value, field)

    return read


@reads()
def relayed(value: Any, field: str) -> Any:
    """Any JSON that can be sent on as it came."""
    try:
        orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:
        raise Wrong(field, f"must hold no integer beyond {INTEGER_MAX}") from None
    return value
