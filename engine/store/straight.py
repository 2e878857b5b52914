"""Straight-line readers and writers: functions without a loop, compiled once per class for a codec.

Every commit reads and writes some records and facts of thirty fields each. A loop over a table of fields
spends most of its time on the table; what is made here does the same field after field, and takes a third
of the time. What each field's values look like is the caller's business, and comes as functions.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from engine.domain.evolving import setters

Read = Callable[[Mapping[str, Any]], Any]
Write = Callable[[Any, dict[str, Any]], None]


class Unreadable(ValueError):
    """The value of `field` is missing, or not what its function reads."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@attrs.frozen
class Field:
    """A field and the functions for its values; None: a value is written, or read, as it is.

    `default` is `attrs.NOTHING` where there is none. With `spare` a value that is empty, as the default is,
    is not written. With `null` None is written and read as it is.
    """

    name: str
    write: Callable[[Any], Any] | None
    read: Callable[[Any], Any] | None
    default: Any
    spare: bool = False
    null: bool = False


def writer(fields: Sequence[Field]) -> Write:
    """A function (instance, dictionary) that writes the instance's fields into the dictionary."""
    lines = ["def write(it, into):"]
    for n, field in enumerate(fields):
        value = "value" if field.write is None else f"write_{n}(value)"
        lines.append(f"    value = it.{field.name}")
        if field.spare:
            lines.append("    if value is not None:" if field.default is None else "    if value:")
            lines.append(f"        into[{field.name!r}] = {value}")
        elif field.null and field.write is not None:
            lines.append(f"    into[{field.name!r}] = None if value is None else {value}")
        else:
            lines.append(f"    into[{field.name!r}] = {value}")
    made: Write = _compiled(lines, "write", {f"write_{n}": f.write for n, f in enumerate(fields)})
    return made


def reader(cls: type[Any], fields: Sequence[Field]) -> Read:
    """A function that makes a `cls` of a mapping, whatever else is in it. Raises `Unreadable`."""
    lines = ["def read(held):", "    get, at, it = held.get, '', new(cls)", "    try:"]
    for n, field in enumerate(fields):
        name, value = field.name, "value" if field.read is None else f"read_{n}(value)"
        lines.append(f"        at = {name!r}")
        if field.null and field.read is not None:
            value = f"None if value is None else {value}"
        if field.default is attrs.NOTHING:
            lines.append(f"        value = held[{name!r}]")
            lines.append(f"        set_{n}(it, {value})")
        else:
            lines.append(f"        value = get({name!r}, absent)")
            lines.append(f"        set_{n}(it, {_default(n, field)} if value is absent else {value})")
    lines += ["    except failures:", "        raise Unreadable(at) from None", "    return it"]
    scope: dict[str, Any] = {"new": object.__new__, "cls": cls, "absent": object(), "Unreadable": Unreadable}
    scope["failures"] = (ValueError, TypeError, KeyError, RecursionError)
    own = setters(cls)
    for n, field in enumerate(fields):
        scope |= {f"set_{n}": own[field.name], f"read_{n}": field.read, f"default_{n}": field.default}
    made: Read = _compiled(lines, "read", scope)
    return made


def _default(n: int, field: Field) -> str:
    """An empty mapping is made anew for each instance."""
    return "{}" if field.default == {} else f"default_{n}"


def _compiled(lines: Sequence[str], name: str, scope: dict[str, Any]) -> Any:
    exec("\n".join(lines), scope)
    return scope[name]
