"""The page: well-formed, every frame on it once, every link to somewhere, nothing a strict policy stops."""

from html.parser import HTMLParser
from typing import Any

import pytest
from attrs import define, field

from engine.reference.asyncapi import document
from engine.reference.page import kind, page
from engine.web.pages import STATIC

DOCUMENT = document("1.2.3")
VOID = {"meta", "link"}


@define(eq=False)
class Reading(HTMLParser):
    open: list[str] = field(factory=list)
    ids: list[str] = field(factory=list)
    links: list[str] = field(factory=list)
    labels: list[str] = field(factory=list)
    attributes: set[str] = field(factory=set)
    tags: set[str] = field(factory=set)
    text: str = ""

    def __attrs_post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        self.links += [given["href"]] if given.get("href") else []
        self.labels += [given["aria-labelledby"]] if given.get("aria-labelledby") else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(told: Any = DOCUMENT) -> Reading:
    reading = Reading()
    reading.feed(page(told))
    reading.close()
    return reading


def test_it_is_well_formed_and_every_frame_and_record_stands_on_it_once() -> None:
    found = read()
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    components = DOCUMENT["components"]
    assert {*components["messages"], *components["schemas"], *DOCUMENT["channels"]} <= set(found.ids)


def test_every_link_leads_somewhere() -> None:
    found = read()
    assert {link[1:] for link in found.links if link.startswith("#")} | set(found.labels) <= set(found.ids)
    elsewhere = {link for link in found.links if not link.startswith("#")}
    files = {link.removeprefix("static/") for link in elsewhere if link.startswith("static/")}
    assert elsewhere == {"docs/asyncapi.json", *(f"static/{name}" for name in files)}
    assert [name for name in files if not (STATIC / name).is_file()] == []


def test_it_needs_neither_script_nor_a_style_of_its_own() -> None:
    found = read()
    assert not found.tags & {"script", "style", "iframe", "object"}
    assert not {name for name in found.attributes if name == "style" or name.startswith("on")}


def test_words_are_text_and_no_markup() -> None:
    spoilt = {**DOCUMENT, "info": {**DOCUMENT["info"], "description": "<script>`</code><b>`\n\n&amp;"}}
    found = read(spoilt)
    assert "script" not in found.tags
    assert "<script></code><b>" in found.text
    assert "&amp;" in found.text


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string"}, "text"),
        ({"type": ["string", "null"], "maxLength": 64}, "text, at most 64 or null"),
        ({"type": "string", "format": "id", "pattern": "…"}, "id"),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "integer, 1 to 5"),
        ({"type": "integer"}, "integer"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 3}, "list of text, at most 3"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "{id: number}"),
        ({"enum": ["a", None], "type": ["string", "null"]}, "<code>a</code> or null"),
        ({"anyOf": [{"$ref": "#/components/schemas/X"}, {"type": "null"}]}, '<a href="#X">X</a> or null'),
        ({"description": "of it", "allOf": [{"$ref": "#/components/schemas/X"}]}, '<a href="#X">X</a>'),
        ({}, "any JSON"),
    ],
)
def test_a_type_as_people_read_it(schema: dict[str, Any], shown: str) -> None:
    assert kind(schema) == shown
