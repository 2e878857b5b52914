"""TOML tables to records and back, strictly, with every mistake at once.

A record's fields are the keys of its table, each written once: a field `ring_ms` is the key `ring`, a
duration such as "15s"; a field with metadata `key` has that one, one with `made` has none, and a duration
with `signed` may be negative. Nothing is coerced ("42" is not 42, true is not 1), an unknown key is a
mistake. The value of a field with metadata `secret` is never shown.
"""

import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import GenericAlias, NoneType
from typing import Any, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.errors import (
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from engine.mistakes import ConfigError as ConfigError
from engine.mistakes import Mistake as Mistake
from engine.mistakes import nearest as nearest
from engine.mistakes import shown as shown

T = TypeVar("T")

_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_N = "[0-9]{1,12}"
_DURATION = re.compile(
    rf"(?:({_N})d)?(?:({_N})h)?(?:({_N})m(?!s))?(?:({_N}(?:\.[0-9]{{1,3}})?)s)?(?:({_N})ms)?"
)
NEVER = "never"
DURATION = 'a duration such as "90s", "15m", "1h30m" or "250ms"'

A_NAME = "1 to 64 of A-Z a-z 0-9 _ -"
_ABSENT = object()


class Expected(ValueError):
    """A value is not what its key needs; the message says what is, e.g. "a whole number"."""


class Heading(Expected):
    """A table stands where there are many of its kind, or many where there is one: so is the heading."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of that file. Raises `ConfigError`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(str(path), [Mistake("file", "", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [Mistake("file", "", f"is not TOML: {error}")]) from error


def duration_ms(value: object) -> int:
    """Milliseconds of a duration such as "1h30m"; raises `Expected`."""
    text = value if isinstance(value, str) else ""
    found = _DURATION.fullmatch(text) if text else None
    if found is None:
        negative = len(text) > 1 and text[0] == "-" and _DURATION.fullmatch(text[1:])
        raise Expected(f"expected {'0 or more, ' if negative else ''}{DURATION}")
    total = sum(
        float(n) * unit if "." in n else int(n) * unit
        for n, unit in zip(found.groups(), _UNITS_MS.values(), strict=True)
        if n is not None
    )
    if total > 10 * 365 * _UNITS_MS["d"]:
        raise Expected("expected a duration of at most ten years")
    return round(total)


def duration_text(ms: int) -> str:
    """The duration as one writes it: in the largest unit that divides it, "90s" rather than "1m30s"."""
    if ms == 0:
        return "0s"
    unit = next(u for u, size in _UNITS_MS.items() if ms % size == 0)
    return f"{ms // _UNITS_MS[unit]}{unit}"


def key_of(field: "attrs.Attribute[Any]") -> str:
    """The key under which a table holds this field."""
    return str(field.metadata.get("key") or field.name.removesuffix("_ms"))


def is_duration(field: "attrs.Attribute[Any]") -> bool:
    return field.name.endswith("_ms")


def is_signed(field: "attrs.Attribute[Any]") -> bool:
    """Whether the duration may be written with a minus before it."""
    return is_duration(field) and bool(field.metadata.get("signed"))


def _overrides(cl: Any) -> dict[str, Any]:
    def one(f: "attrs.Attribute[Any]") -> Any:
        if f.metadata.get("made"):
            return override(omit=True)
        if is_signed(f):
            return override(rename=key_of(f), struct_hook=_signed_in, unstruct_hook=_signed_out)
        if is_duration(f):
            return override(rename=key_of(f), struct_hook=_duration_in, unstruct_hook=_duration_out)
        return override(rename=key_of(f))

    return {f.name: one(f) for f in attrs.fields(cl)}


def _optional(cl: Any) -> bool:
    return NoneType in get_args(cl)


def _duration_in(value: object, cl: Any) -> int | None:
    return None if _optional(cl) and value == NEVER else duration_ms(value)


def _duration_out(value: int | None) -> str:
    return NEVER if value is None else duration_text(value)


def _signed_in(value: object, _cl: Any) -> int:
    back = isinstance(value, str) and value.startswith("-")
    try:
        return -duration_ms(str(value)[1:]) if back else duration_ms(value)
    except Expected as error:
        raise Expected(f"{error}, or with a minus before it") from None


def _signed_out(value: int) -> str:
    return f"-{duration_text(-value)}" if value < 0 else duration_text(value)


def _strict(kind: type, expected: str) -> Callable[[object, Any], Any]:
    def hook(value: object, _cl: Any) -> Any:
        if type(value) is not kind:
            raise Expected(f"expected {expected}")
        return value

    return hook


def _number(value: object, _cl: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise Expected("expected a number")
    return float(value)  # type: ignore[arg-type]


def _choice(value: object, cl: Any) -> Any:
    if type(value) is not str or value not in list(cl):
        raise Expected(f"expected one of {', '.join(cl)}")
    return cl(value)


def _origin(cl: Any) -> Any:
    return get_origin(cl)


def converter() -> Converter:
    """A converter that is as strict as the module says. Callers may register more hooks."""
    conv = Converter(forbid_extra_keys=True)
    conv.register_structure_hook(int, _strict(int, "a whole number"))
    conv.register_structure_hook(str, _strict(str, "a text"))
    conv.register_structure_hook(bool, _strict(bool, "true or false"))
    conv.register_structure_hook(float, _number)
    conv.register_structure_hook(StrEnum, _choice)

    @conv.register_structure_hook_factory(lambda cl: _origin(cl) is tuple)
    def sequences(cl: Any) -> Callable[[object, Any], Any]:
        items: Any = GenericAlias(list, get_args(cl)[:1])

        def hook(value: object, _cl: Any) -> Any:
            if isinstance(value, dict) and attrs.has(get_args(cl)[0]):
                raise Heading("expected a list of tables; write [[{0}]], not [{0}]")
            if not isinstance(value, list):
                raise Expected("expected a list")
            return tuple(conv.structure(value, items))

        return hook

    @conv.register_structure_hook_factory(lambda cl: _origin(cl) is Mapping)
    def mappings(cl: Any) -> Callable[[object, Any], Any]:
        plain: Any = GenericAlias(dict, get_args(cl))

        def hook(value: object, _cl: Any) -> Any:
            if not isinstance(value, dict):
                raise Expected("expected a table")
            return conv.structure(value, plain)

        return hook

    @conv.register_structure_hook_factory(attrs.has)
    def record_in(cl: Any) -> Callable[[object, Any], Any]:
        inner: Any = make_dict_structure_fn(cl, conv, **_overrides(cl))

        def hook(value: object, _cl: Any) -> Any:
            if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
                raise Heading("expected one table; write [{0}], not [[{0}]]")
            if not isinstance(value, dict):
                raise Expected("expected a table")
            return inner(value, _cl)

        return hook

    @conv.register_unstructure_hook_factory(attrs.has)
    def record_out(cl: Any) -> Callable[[Any], dict[str, Any]]:
        return make_dict_unstructure_fn(cl, conv, _cattrs_omit_if_default=True, **_overrides(cl))

    return conv


def structure(conv: Converter, raw: object, cl: type[T], source: str) -> T:
    """`raw` as a `cl`; raises `ConfigError` with every mistake."""
    try:
        return conv.structure(raw, cl)
    except (BaseValidationError, Expected) as error:
        raise ConfigError(source, list(_mistakes(error, raw, ""))) from None


def _mistakes(error: Exception, value: Any, path: str, secret: bool = False) -> Iterator[Mistake]:
    match error:
        case ClassValidationError():
            fields = {f.name: f for f in attrs.fields(error.cl)}
            noted, others = error.group_exceptions()
            for inner, note in noted:
                key = key_of(fields[note.name])
                hidden = secret or bool(fields[note.name].metadata.get("secret"))
                yield from _mistakes(inner, value.get(key, _ABSENT), _join(path, key), hidden)
            for other in others:
                yield from _mistakes(other, value, path, secret)
        case IterableValidationError():
            for inner, where in error.group_exceptions()[0]:
                place: Any = getattr(where, "index")  # noqa: B009 - a text too, whose method has that name
                at = f"{path}[{place}]" if isinstance(place, int) else _join(path, place)
                yield from _mistakes(inner, value[place], at, secret)
        case ForbiddenExtraKeysError():
            known = [key_of(f) for f in attrs.fields(error.cl)]
            for extra in sorted(error.extra_fields):
                yield Mistake(_join(path, extra), "", f"unknown key{nearest(extra, known)}")
        case KeyError():
            yield Mistake(path, "", "missing")
        case Heading():
            yield Mistake(path, shown(value), str(error).format(re.sub(r"\[\d+\]", "", path)))
        case Expected():
            yield Mistake(path or "(top)", "(hidden)" if secret else shown(value), str(error))
        case _:
            raise error


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
