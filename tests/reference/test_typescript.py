"""`giliran.d.ts` is what would be made now, and declares what `giliran.js` has."""

import re
from typing import Any

import pytest

from engine import __version__
from engine.reference.asyncapi import document
from engine.reference.typescript import CLIENT, kind, typescript
from engine.web.pages import STATIC

MADE = typescript(document(__version__))


def test_the_file_is_up_to_date() -> None:
    assert (STATIC / "giliran.d.ts").read_text(encoding="utf-8") == MADE, "run make docs"


def test_every_type_is_declared_once_and_nothing_else_is_spoken_of() -> None:
    declared = re.findall(r"^(?:export )?(?:interface|type|class|function) (\w+)", MADE, re.M)
    assert len(declared) == len(set(declared))
    bare = re.sub(r'/\*\*.*?\*/|//.*|"[^"\n]*"', "", MADE, flags=re.S)
    spoken = set(re.findall(r"\b[A-Z]\w+", bare))
    theirs = {"EventTarget", "Error", "Promise", "Record", "Partial", "Omit", "WebSocket"}
    assert spoken - set(declared) <= theirs


def exported(source: str) -> set[str]:
    return set(re.findall(r"^export (?:async )?(?:function|class) (\w+)", source, re.M))


def members(source: str, name: str) -> set[str]:
    """The public members of a class, in JavaScript or TypeScript: what begins a line two spaces in."""
    body = re.search(rf"^export class {name}\b.*?^}}", source, re.M | re.S)
    assert body is not None, name
    bare = re.sub(r"/\*\*.*?\*/", "", body[0], flags=re.S)
    named = re.findall(r"^ {2,3}(?:readonly |async |get |set )*([a-zA-Z]\w*)\s*(?=[<(:;=])", bare, re.M)
    own = re.findall(r"^    this\.([a-zA-Z]\w*) = ", bare, re.M)
    return {each for each in (*named, *own) if each not in NOT_MEMBERS} - {"constructor"}


NOT_MEMBERS = {"if", "for", "switch", "return", "const", "let", "case", "super", "else", "while"}


def test_the_client_is_declared_as_it_is() -> None:
    source = (STATIC / "giliran.js").read_text(encoding="utf-8")
    assert exported(source) == exported(CLIENT.replace("export declare ", "export "))
    assert members(source, "Client") == members(CLIENT, "Client")
    assert members(source, "Refusal") - {"name"} == members(CLIENT, "Refusal")
    told = re.findall(r'(?:\{ state: |#finish\(|\b400\d: )"(\w+)"', source)
    declared = re.search(r"state: (.*);", CLIENT)
    assert declared is not None
    assert set(re.findall(r'"(\w+)"', declared[1])) == set(told)


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string", "maxLength": 3}, "string"),
        ({"type": ["integer", "null"], "minimum": 1}, "number | null"),
        ({"type": ["string", "null"], "enum": ["a", "b", None]}, '"a" | "b" | null'),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "(string | null)[]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "Record<string, boolean>"),
        ({"anyOf": [{"$ref": "#/components/schemas/X"}, {"type": "null"}]}, "X | null"),
        ({"allOf": [{"$ref": "#/components/schemas/X"}]}, "X"),
        ({"const": "ping"}, '"ping"'),
        ({}, "unknown"),
    ],
)
def test_a_type(schema: dict[str, Any], shown: str) -> None:
    assert kind(schema) == shown
