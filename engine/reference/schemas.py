"""Message classes as JSON Schema (draft 07, as AsyncAPI has it).

A client's frame is described by the readers that read it: what they accept, no more and no less. A server's
frame is described by its fields' types; it may gain fields, so a client passes over those it does not know.
Records, enumerations and tables within frames are described once, each under the name of its class.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import attrs
from attrs import define, field

from engine.domain.limits import REF_CHARS
from engine.gateway import strict
from engine.gateway.messages import CONFIGS, CONFIGURED, Role, reader_of
from engine.gateway.strict import or_null
from engine.reference.glossary import MEANINGS
from engine.reference.words import words_of

Schema = dict[str, Any]

WHERE = "#/components/schemas/"
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


@define
class Schemas:
    """What was described so far, by name."""

    named: dict[str, Schema] = field(factory=dict)

    def asked(self, cls: Any) -> Schema:
        """A frame that clients send."""
        ref = {"ref": _said(strict.text(REF_CHARS).schema, MEANINGS["ref"])}
        return self._frame(cls, self._read(cls, "") | ref, closed=True)

    def told(self, cls: Any, role: Role | None = None) -> Schema:
        """A frame that the server sends; what holds a `config` differs by role."""
        properties = {each.name: self._property(cls, each.name, each.type) for each in attrs.fields(cls)}
        if cls in CONFIGURED and role is not None:
            properties["config"] = self.of(CONFIGS[role])
        return self._frame(cls, properties, closed=False)

    def of(self, kind: Any) -> Schema:
        """A value of that type."""
        args = get_args(kind)
        if kind is Any or kind is object:
            return {}
        if kind in _PLAIN:
            return {"type": _PLAIN[kind]}
        if get_origin(kind) is Literal:
            return {"type": "string", "enum": list(args)}
        if NoneType in args:
            return or_null(self.of(next(each for each in args if each is not NoneType)))
        match get_origin(kind):
            case origin if origin in (list, tuple):
                return {"type": "array", "items": self.of(args[0])}
            case origin if isinstance(origin, type) and issubclass(origin, Mapping):
                return {"type": "object", "additionalProperties": self.of(args[1])}
            case _:
                return self._reference(kind)

    def _reference(self, kind: Any) -> Schema:
        name = kind.__name__
        if name not in self.named:
            self.named[name] = {}  # so that a record within itself ends
            self.named[name] = self._record(kind)
        return {"$ref": WHERE + name}

    def _record(self, kind: Any) -> Schema:
        words = words_of(kind)
        if issubclass(kind, Enum):
            told = {member.value: words.of[member.name] for member in kind if member.name in words.of}
            values = [member.value for member in kind]
            return {"type": "string", "description": words.text, "enum": values, "x-enum-descriptions": told}
        properties = {name: self._property(kind, name, hint) for name, hint in fields_of(kind).items()}
        return _object(words.text, properties, _always(kind))

    def _property(self, cls: type, name: str, kind: Any) -> Schema:
        return _said(self.of(kind), _meaning(cls, name))

    def _read(self, cls: Any, path: str) -> dict[str, Schema]:
        """The fields of a client's frame, or of the record at `path` within one."""
        found = {}
        for each in attrs.fields(cls):
            record = next((kind for kind in (each.type, *get_args(each.type)) if attrs.has(kind)), None)
            if record is None:
                schema = dict(reader_of(cls, path + each.name).schema)
            else:
                inner = self._read(record, f"{path}{each.name}.")
                name = record.__name__
                self.named[name] = _object(words_of(record).text, inner, _always(record)) | _CLOSED
                schema = or_null({"$ref": WHERE + name})
            found[each.name] = _said(schema, words_of(cls).of.get(each.name) or MEANINGS.get(each.name, ""))
        return found

    def _frame(self, cls: Any, properties: dict[str, Schema], *, closed: bool) -> Schema:
        tag = {"type": {"type": "string", "const": cls.type}}
        frame = _object(words_of(cls).text, tag | properties, ["type", *_always(cls)])
        return frame | _CLOSED if closed else frame


def _said(schema: Mapping[str, Any], text: str) -> Schema:
    """With a description. Beside `$ref` nothing else counts, so there it goes around it."""
    if not text:
        return dict(schema)
    return {"description": text, **({"allOf": [schema]} if "$ref" in schema else schema)}


def _meaning(cls: type, name: str) -> str:
    return words_of(cls).of.get(name) or MEANINGS.get(name, "")


_CLOSED: Schema = {"additionalProperties": False}


def _object(text: str, properties: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    schema: Schema = {"type": "object", "description": text, "properties": dict(properties)}
    always = list(required)
    return schema | ({"required": always} if always else {})


def fields_of(kind: Any) -> dict[str, Any]:
    """The fields of an attrs class or a TypedDict, with their types."""
    if is_typeddict(kind):
        return get_type_hints(kind)
    return {each.name: each.type for each in attrs.fields(kind)}


def _always(kind: Any) -> list[str]:
    """The fields that are never left out; a default None means that one may be."""
    if is_typeddict(kind):
        return [name for name in fields_of(kind) if name in kind.__required_keys__]
    return [each.name for each in attrs.fields(kind) if each.default is not None]
