"""How records and facts are written down: one codec, compiled once per class from its attrs fields and types.

A record is a flat hash of strings: text as it is, integers in decimal, an enum by its value, tuples and
mappings as JSON. An empty value (None, "", 0, nothing in it) that is also the default is left out; any
other default is written, so that changing a default never changes a stored record. Decoding is strict:
what this file could not have written raises `Corrupt`, naming the record and the field and never the
value. Fields it does not know are passed over, because during a rolling upgrade a newer node wrote them.
A fact is a JSON object with its `kind` and every field.
"""

import enum
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs
import orjson

from engine.domain import facts
from engine.domain.facts import Fact
from engine.domain.model import KINDS, Record, Ref, Term
from engine.store.keys import IN
from engine.store.straight import Field, Read, Unreadable, Write, reader, writer

Fields = dict[str, str]


class Corrupt(ValueError):
    """The store holds something this codec never wrote: `ref`, and which of its fields."""

    def __init__(self, ref: Ref, field: str) -> None:
        super().__init__(f"{ref} is corrupt in {field}")
        self.ref = ref
        self.field = field


@attrs.frozen
class _Kind:
    """How values of one type are written: as the text of a hash field, and inside JSON. None: as they are."""

    text: Callable[[Any], str] | None
    untext: Callable[[str], Any] | None
    json: Callable[[Any], Any] | None
    unjson: Callable[[Any], Any]


def _checked(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"not {kind.__name__}")
        return value

    return check


def _integer(text: str) -> int:
    number = int(text)
    if str(number) != text:
        raise ValueError("not a decimal integer")
    return number


def _by_json(json: Callable[[Any], Any], unjson: Callable[[Any], Any]) -> _Kind:
    return _Kind(lambda v: orjson.dumps(json(v)).decode(), lambda t: unjson(orjson.loads(t)), json, unjson)


def _enum(kind: type[enum.StrEnum]) -> _Kind:
    members = {m.value: m for m in kind}
    texts = {m: m.value for m in kind}
    return _Kind(texts.__getitem__, members.__getitem__, texts.__getitem__, members.__getitem__)


def _mapping(value: _Kind) -> _Kind:
    read, write = _given(value.unjson), _given(value.json)

    def unjson(found: Any) -> dict[str, Any]:
        return {k: read(v) for k, v in _DICT(found).items()}

    return _by_json(lambda v: {k: write(x) for k, x in v.items()}, unjson)


def _sequence(item: _Kind) -> _Kind:
    read, write = _given(item.unjson), _given(item.json)

    def unjson(found: Any) -> tuple[Any, ...]:
        return tuple([read(v) for v in _LIST(found)])

    return _by_json(lambda v: [write(x) for x in v], unjson)


def _term(found: Any) -> Term:
    rule, head_start_ms = _LIST(found)
    return Term(_TEXT(rule), _NUMBER(head_start_ms))


def _given(function: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    return function or _same


def _same(value: Any) -> Any:
    return value


_DICT, _LIST, _TEXT, _NUMBER = _checked(dict), _checked(list), _checked(str), _checked(int)
_STR = _Kind(None, None, None, _TEXT)
_INT = _Kind(str, _integer, None, _NUMBER)
_BOOL = _by_json(_same, _checked(bool))
_TERM = _by_json(lambda t: [t.rule, t.head_start_ms], _term)
_PLAIN = {str: _STR, int: _INT, bool: _BOOL, Term: _TERM}


def _kind(hint: Any) -> _Kind:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        return _enum(hint)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _kind(next(a for a in args if a is not types.NoneType))
    if origin is tuple:
        return _sequence(_kind(args[0]))
    if origin in (dict, Mapping):
        return _mapping(_kind(args[1]))
    raise TypeError(f"no way to store a {hint}")


def _kinds(cls: type[Any]) -> Iterator[tuple["attrs.Attribute[Any]", _Kind, bool, Any]]:
    """Each field of `cls`: its kind, whether it may be None, its default."""
    hints = typing.get_type_hints(cls)
    for a in attrs.fields(cls):
        default: Any = a.default
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            default = default.factory()
        yield a, _kind(hints[a.name]), types.NoneType in typing.get_args(hints[a.name]), default


def _record_codec(cls: type[Any]) -> tuple[Write, Read]:
    """`version` and `stamp` are the store's to write, and are always there."""
    fields = []
    for a, kind, _, default in _kinds(cls):
        if a.name in _STORES_OWN:
            default = attrs.NOTHING
        spare = default is not attrs.NOTHING and not default
        fields.append(Field(a.name, kind.text, kind.untext, default, spare=spare))
    return writer([f for f in fields if f.name not in _STORES_OWN]), reader(cls, fields)


def _fact_codec(cls: type[Any]) -> tuple[Write, Read]:
    fields = [Field(a.name, k.json, k.unjson, default, null=null) for a, k, null, default in _kinds(cls)]
    return writer(fields), reader(cls, fields)


_STORES_OWN = frozenset({"version", "stamp"})
_RECORDS = {name: _record_codec(cls) for name, cls in KINDS.items()}
_FACTS = {name: _fact_codec(cls) for name, cls in facts.KINDS.items()}


def encode(record: Record, version: int, stamp: str, standing: Iterable[str]) -> Fields:
    """The hash of `record` as `stamp` writes it at `version`, standing in those indexes."""
    fields = {"version": str(version), "stamp": stamp, IN: " ".join(standing)}
    write, _ = _RECORDS[record.KIND]
    write(record, fields)
    return fields


def decode(ref: Ref, fields: Mapping[str, str]) -> Record:
    """The record that `fields` is the hash of. Raises `Corrupt`."""
    codec = _RECORDS.get(ref.partition(":")[0])
    if codec is None:
        raise Corrupt(ref, "ref")
    try:
        record: Record = codec[1](fields)
    except Unreadable as unreadable:
        raise Corrupt(ref, unreadable.field) from None
    if record.ref != ref:
        raise Corrupt(ref, "id")
    return record


def encode_fact(fact: Fact) -> dict[str, Any]:
    """A fact as a JSON object."""
    said: dict[str, Any] = {"kind": fact.kind}
    write, _ = _FACTS[fact.kind]
    write(fact, said)
    return said


def decode_fact(said: Mapping[str, Any]) -> Fact:
    """The fact that a journal's JSON object tells. Raises `Corrupt`."""
    name = str(said.get("kind"))
    codec = _FACTS.get(name)
    if codec is None:
        raise Corrupt("fact", "kind")
    try:
        fact: Fact = codec[1](said)
    except Unreadable as unreadable:
        raise Corrupt(name, unreadable.field) from None
    return fact
