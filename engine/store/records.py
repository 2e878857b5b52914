"""How records and facts are written down: one codec, compiled once per class from its attrs fields and types.

A record is a flat hash of strings: text as it is, integers in decimal, an enum by its value, tuples and
mappings as JSON. An empty value (None, "", 0, nothing in it) that is also the default is left out; any
other default is written, so that changing a default never changes a stored record. Decoding is strict:
what this file could not have written raises `Corrupt`, naming the record and the field and never the
value. Fields it does not know are passed over, because during a rolling upgrade a newer node wrote them.
A fact is a JSON object with its `kind` and every field.
"""

import enum
import operator
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import orjson

from engine.domain import facts
from engine.domain.facts import Fact
from engine.domain.model import KINDS, Record, Ref, Term
from engine.store.keys import IN

Fields = dict[str, str]


class Corrupt(ValueError):
    """The store holds something this codec never wrote: `ref`, and which of its fields."""

    def __init__(self, ref: Ref, field: str) -> None:
        super().__init__(f"{ref} is corrupt in {field}")
        self.ref = ref
        self.field = field


@attrs.frozen
class _Kind:
    """How values of one type are written: as the text of a hash field, and inside JSON."""

    text: Callable[[Any], str]
    untext: Callable[[str], Any]
    json: Callable[[Any], Any]
    unjson: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


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

    def member(text: Any) -> Any:
        if type(text) is not str or text not in members:
            raise ValueError("no such member")
        return members[text]

    return _Kind(lambda v: v.value, member, lambda v: v.value, member)


def _mapping(value: _Kind) -> _Kind:
    def unjson(found: Any) -> dict[str, Any]:
        return {k: value.unjson(v) for k, v in _DICT(found).items()}

    return _by_json(lambda v: {k: value.json(x) for k, x in v.items()}, unjson)


def _sequence(item: _Kind) -> _Kind:
    def unjson(found: Any) -> tuple[Any, ...]:
        return tuple([item.unjson(v) for v in _LIST(found)])

    return _by_json(lambda v: [item.json(x) for x in v], unjson)


def _term(found: Any) -> Term:
    rule, head_start_ms = _LIST(found)
    return Term(_STR.unjson(rule), _INT.unjson(head_start_ms))


_DICT, _LIST = _checked(dict), _checked(list)
_STR = _Kind(_same, _checked(str), _same, _checked(str))
_INT = _Kind(str, _integer, _same, _checked(int))
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


@attrs.frozen
class _Plan:
    """One class's codec: per field its name, how it is written, and its default if that is empty."""

    make: type[Any]
    values: Callable[[Any], tuple[Any, ...]]
    fields: tuple[tuple[str, Callable[[Any], str], Any], ...]
    kinds: Mapping[str, _Kind]
    untext: Mapping[str, Callable[[str], Any]]
    required: frozenset[str]
    optional: frozenset[str]  # may be None


def _default(attribute: "attrs.Attribute[Any]") -> Any:
    made: Any = attribute.default
    return made.factory() if isinstance(made, attrs.Factory) else made  # type: ignore[arg-type]


def _plan(cls: type[Any]) -> _Plan:
    hints = typing.get_type_hints(cls)
    own = {"version", "stamp"} & {a.name for a in attrs.fields(cls)}
    kinds = {a.name: _kind(hints[a.name]) for a in attrs.fields(cls)}
    defaults = {a.name: _default(a) for a in attrs.fields(cls)}
    written = [name for name in kinds if name not in own]
    return _Plan(
        make=cls,
        values=operator.attrgetter(*written),
        fields=tuple((n, kinds[n].text, _NEVER if defaults[n] else defaults[n]) for n in written),
        kinds=kinds,
        untext={name: kind.untext for name, kind in kinds.items()},
        required=frozenset(name for name, value in defaults.items() if value is attrs.NOTHING) | own,
        optional=frozenset(n for n in kinds if types.NoneType in typing.get_args(hints[n])),
    )


_NEVER = object()  #: equal to no value: this field is always written
_RECORDS = {name: _plan(cls) for name, cls in KINDS.items()}
_FACTS = {name: _plan(cls) for name, cls in facts.KINDS.items()}


def encode(record: Record, version: int, stamp: str, standing: Iterable[str]) -> Fields:
    """The hash of `record` as `stamp` writes it at `version`, standing in those indexes."""
    fields = {"version": str(version), "stamp": stamp, IN: " ".join(standing)}
    plan = _RECORDS[record.KIND]
    for (name, text, empty), value in zip(plan.fields, plan.values(record), strict=True):
        if value is not empty and value != empty:
            fields[name] = text(value)
    return fields


def decode(ref: Ref, fields: Mapping[str, str]) -> Record:
    """The record that `fields` is the hash of. Raises `Corrupt`."""
    plan = _RECORDS.get(ref.partition(":")[0])
    if plan is None:
        raise Corrupt(ref, "ref")
    values, untext = {}, plan.untext
    name = ""
    try:
        for name, text in fields.items():
            if name in untext:
                values[name] = untext[name](text)
    except (ValueError, TypeError, RecursionError):
        raise Corrupt(ref, name) from None
    if not plan.required <= values.keys():
        raise Corrupt(ref, min(plan.required - values.keys()))
    record: Record = plan.make(**values)
    if record.ref != ref:
        raise Corrupt(ref, "id")
    return record


def encode_fact(fact: Fact) -> dict[str, Any]:
    """A fact as a JSON object."""
    said: dict[str, Any] = {"kind": fact.kind}
    for name, kind in _FACTS[fact.kind].kinds.items():
        value = getattr(fact, name)
        said[name] = None if value is None else kind.json(value)
    return said


def decode_fact(said: Mapping[str, Any]) -> Fact:
    """The fact that a journal's JSON object tells. Raises `Corrupt`."""
    name = str(said.get("kind"))
    plan = _FACTS.get(name)
    if plan is None:
        raise Corrupt("fact", "kind")
    values: dict[str, Any] = {}
    for key in plan.kinds.keys() & said.keys():
        value = said[key]
        if value is None and key in plan.optional:
            values[key] = None
            continue
        try:
            values[key] = plan.kinds[key].unjson(value)
        except (ValueError, TypeError):
            raise Corrupt(name, key) from None
    for key in plan.required - values.keys():
        raise Corrupt(name, key)
    fact: Fact = plan.make(**values)
    return fact
