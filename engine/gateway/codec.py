"""Frames as text: a client's text becomes a message, a notice becomes UTF-8 text.

`decode` is strict and names the field at fault, never its value. Each class has its own compiled reader,
found by the frame's `type`; nothing is guessed from a frame's shape. `encode` follows the class: its `type`,
then its fields in order; a field whose default is None is left out while it is None.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

import orjson
from attrs import fields, has
from cattrs import Converter
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from engine.actors.requests import Signal
from engine.domain.errors import Code, Refused
from engine.domain.limits import MESSAGE_BYTES, REF_CHARS, SIGNAL_BYTES
from engine.gateway import strict
from engine.gateway.messages import CLIENT_FRAMES, ClientMessage, reader_of
from engine.gateway.strict import Wrong

_read_ref = strict.text(REF_CHARS)
#: A text of this many characters has at most MESSAGE_BYTES bytes, whatever they are.
_SURELY_SMALL = MESSAGE_BYTES // 4


class BadFrame(Exception):
    """A frame that is answered by an error. `ref` is the frame's own, if it could be read."""

    def __init__(self, ref: str | None, refused: Refused) -> None:
        super().__init__(str(refused))
        self.ref = ref
        self.refused = refused


class TooBig(Exception):
    """A frame beyond the size of its type, which only a frame that can be read has: closed (1009)."""


def decode(text: str) -> tuple[str | None, ClientMessage]:
    """A client's frame: its `ref` and its message. Raises BadFrame or TooBig."""
    try:
        frame = strict.loads(text)
    except ValueError as error:
        raise BadFrame(None, Refused(Code.BAD_FRAME, _why(error))) from None
    tag = frame.pop("type", None)
    _check_size(text, tag)
    ref = None
    try:
        if "ref" in frame:
            ref = _read_ref(frame.pop("ref"), "ref")
        read = _STRUCTURE.get(tag) if type(tag) is str else None
        if read is None:
            raise BadFrame(ref, _no_such_type(tag))
        return ref, read(frame)
    except Wrong as wrong:
        raise BadFrame(ref, Refused(Code.BAD_FIELD, wrong.message, field=wrong.field)) from None


def encode(message: Any, ref: str | None = None) -> bytes:
    """A message as a frame's text. `ref` is for a client's frames; notices carry theirs as a field."""
    frame = {"type": message.type} | _shown(message)
    if ref is not None:
        frame["ref"] = ref
    return orjson.dumps(frame, default=_nested)


def _check_size(text: str, tag: Any) -> None:
    if len(text) <= _SURELY_SMALL:
        return
    if len(text.encode()) > (SIGNAL_BYTES if tag == Signal.type else MESSAGE_BYTES):
        raise TooBig


def _why(error: ValueError) -> str:
    return "not JSON" if isinstance(error, orjson.JSONDecodeError) else str(error)[:40]


def _no_such_type(tag: Any) -> Refused:
    if tag is None:
        return Refused(Code.BAD_FIELD, "is missing", field="type")
    if type(tag) is not str:
        return Refused(Code.BAD_FIELD, "must be text", field="type")
    return Refused(Code.UNKNOWN_TYPE, "no such type of frame")


def _record_of(annotation: Any) -> type | None:
    """The attrs class that a field's annotation names, such as that of `Consent | None`."""
    return next((each for each in (annotation, *get_args(annotation)) if has(each)), None)


def _structurer(cls: type, converter: Converter, path: str = "") -> Callable[[dict[str, Any]], Any]:
    """A function that makes a `cls` of a frame's remaining fields, or raises Wrong with the field's path."""
    hooks: dict[str, Any] = {}
    for attribute in fields(cls):
        name = path + attribute.name
        record = _record_of(attribute.type)
        reader = reader_of(cls, name) if record is None else _nested_reader(record, converter, name)
        hooks[attribute.name] = override(struct_hook=_hook(reader, name))
    structure: Callable[[dict[str, Any], type], Any] = make_dict_structure_fn(
        cls, converter, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=False, **hooks
    )

    def read(frame: dict[str, Any]) -> Any:
        try:
            return structure(frame, cls)
        except KeyError as missing:
            raise Wrong(path + missing.args[0], "is missing") from None
        except ForbiddenExtraKeysError as extra:
            unknown = min(extra.extra_fields)
            raise Wrong(strict.named(path.rstrip("."), unknown), "is not a field of this frame") from None

    return read


def _hook(reader: strict.Reader, name: str) -> Callable[[Any, Any], Any]:
    read = reader.read
    return lambda value, _: read(value, name)


def _nested_reader(cls: type, converter: Converter, name: str) -> strict.Reader:
    structure = _structurer(cls, converter, f"{name}.")

    def read(value: Any, field: str) -> Any:
        if type(value) is not dict:
            raise Wrong(field, "must be an object")
        return structure(value)

    return strict.optional(strict.Reader(read, {}))


def _compiled() -> dict[str, Callable[[dict[str, Any]], Any]]:
    converter = Converter()
    return {tag: _structurer(cls, converter) for tag, cls in CLIENT_FRAMES.items()}


_STRUCTURE = _compiled()


def _plan(cls: type) -> tuple[tuple[str, bool], ...]:
    """Each field's name, and whether it is left out while it is None."""
    return tuple((each.name, each.default is None) for each in fields(cls))


_PLANS: dict[type, tuple[tuple[str, bool], ...]] = {}


def _shown(record: object) -> dict[str, Any]:
    cls = type(record)
    plan = _PLANS.get(cls) or _PLANS.setdefault(cls, _plan(cls))
    values = ((name, getattr(record, name), may_lack) for name, may_lack in plan)
    return {name: value for name, value, may_lack in values if value is not None or not may_lack}


def _nested(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else _shown(value)
