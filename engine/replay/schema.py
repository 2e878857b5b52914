"""The JSON schema of a scenario file, made from the classes that read it: `python -m engine.replay.schema`.

Editors that know TOML (taplo, Even Better TOML) complete and check a scenario that begins with the line
`#:schema scenario.schema.json`. What only the whole can tell, such as a queue that nothing defines, is left
to reading it.
"""

import sys
from collections.abc import Mapping
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import attrs
import orjson

from engine.policy_file import Named
from engine.replay.distributions import KINDS, Distribution
from engine.replay.reading import CLOCK
from engine.replay.rows import Second
from engine.replay.scenario import Scenario
from engine.tables import DURATION, NEVER, is_duration, is_signed, key_of

Json = dict[str, Any]

DURATION_PATTERN = r"^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m(?!s))?([0-9]+([.][0-9]{1,3})?s)?([0-9]+ms)?$"
CLOCK_PATTERN = r"^([0-9]|[0-3][0-9]|4[0-7]):[0-5][0-9](:[0-5][0-9])?$"
_PLAIN: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_TEXTS: Json = {"type": "array", "items": {"type": "string"}}


def schema() -> Json:
    """The schema of a whole file (JSON Schema draft 7)."""
    definitions: dict[str, Json] = {}
    whole = _record(Scenario, definitions)
    whole["required"] = ["queues"]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scenario of Giliran",
        **whole,
        "definitions": dict(sorted(definitions.items())),
    }


def text() -> str:
    """The schema as it is kept beside the scenarios."""
    return orjson.dumps(schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _record(cl: type, definitions: dict[str, Json]) -> Json:
    fields = [f for f in attrs.fields(cl) if not f.metadata.get("made")]
    made: Json = {
        "type": "object",
        "description": " ".join((cl.__doc__ or "").split()),
        "properties": {key_of(f): _field(f, definitions) for f in fields},
        "additionalProperties": False,
    }
    required = [key_of(f) for f in fields if f.default is attrs.NOTHING]
    return made | ({"required": required} if required else {})


def _field(f: "attrs.Attribute[Any]", definitions: dict[str, Json]) -> Json:
    if not is_duration(f):
        return _of(f.type, definitions)
    duration: Json = {"type": "string", "pattern": DURATION_PATTERN, "description": DURATION}
    if is_signed(f):
        return duration | {"pattern": DURATION_PATTERN.replace("^", "^-?", 1)}
    return _any(duration, {"const": NEVER}) if NoneType in get_args(f.type) else duration


def _of(kind: Any, definitions: dict[str, Json]) -> Json:
    """The schema of a type; records become definitions of their own."""
    if kind == Second:
        return _any(
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": CLOCK_PATTERN, "description": CLOCK},
        )
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if kind == Distribution:
        return _defined("Distribution", definitions, _distribution)
    if isinstance(kind, UnionType) or NoneType in get_args(kind):
        return _optional(kind, definitions)
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _of(get_args(kind)[0], definitions)}
    if get_origin(kind) is Mapping:
        return _mapping(get_args(kind)[1], definitions)
    if issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    return _defined(kind.__name__, definitions, lambda: _short(kind, _record(kind, definitions)))


def _optional(kind: Any, definitions: dict[str, Json]) -> Json:
    """TOML has no null: what may be absent has the schema of what may be there."""
    parts = tuple(part for part in get_args(kind) if part is not NoneType)
    return _of(Distribution if parts == get_args(Distribution) else parts[0], definitions)


def _mapping(values: Any, definitions: dict[str, Json]) -> Json:
    if values is int:
        return _any({"type": "object", "additionalProperties": {"type": "integer"}}, _TEXTS)
    if get_origin(values) is tuple:
        return {"type": "object", "additionalProperties": _any({"type": "string"}, _TEXTS)}
    return {"type": "object", "additionalProperties": _of(values, definitions)}


def _distribution() -> Json:
    return {"oneOf": [_kind(name, cl) for name, cl in KINDS.items()]}


def _kind(name: str, cl: type) -> Json:
    made = _record(cl, {})
    made["properties"] = {"distribution": {"const": name}, **made["properties"]}
    made["required"] = ["distribution", *made.get("required", ())]
    return made


def _short(cl: type, whole: Json) -> Json:
    """A word may be its name alone."""
    return _any({"type": "string"}, whole) if cl is Named else whole


def _any(*choices: Json) -> Json:
    return {"anyOf": list(choices)}


def _defined(name: str, definitions: dict[str, Json], make: Any) -> Json:
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = make()
    return {"$ref": f"#/definitions/{name}"}


if __name__ == "__main__":
    sys.stdout.write(text())
