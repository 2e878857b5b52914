"""The AsyncAPI document as a page to read: one HTML text, no script, no style of its own.

Each frame is shown once, where it is first met; a role's tables link to it. Nothing here knows a frame by
name: what is on the page is what is in the document.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

Document = Mapping[str, Any]

HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} reference</title>
<link rel="icon" href="static/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="static/base.css">
<link rel="stylesheet" href="static/docs/docs.css">
</head>
<body class="docs">
<a class="skip" href="#main">Skip to the contents</a>
<header>
<h1>{title} <span>reference, version {version}</span></h1>
<p><a href="docs/asyncapi.json">AsyncAPI document</a> · <a href="static/giliran.js">giliran.js</a>, the
reference client · <a href="static/giliran.d.ts">giliran.d.ts</a>, its types</p>
</header>
"""


def page(document: Document) -> str:
    """The whole page."""
    shared, roles = _sections(document)
    components = document["components"]
    parts = [
        HEAD.format(title=escape(document["info"]["title"]), version=escape(document["info"]["version"])),
        _contents(document, roles),
        '<main id="main">',
        '<section aria-labelledby="how"><h2 id="how">How it works</h2>',
        _prose(document["info"]["description"]),
        "</section>",
        '<section aria-labelledby="everyone"><h2 id="everyone">Every role</h2>',
        *(_frame(name, components["messages"][name], document) for name in shared),
        "</section>",
        *(_role(role, document, own) for role, own in roles.items()),
        '<section aria-labelledby="records"><h2 id="records">Records within frames</h2>',
        *(_record(name, schema) for name, schema in sorted(components["schemas"].items())),
        "</section>",
        '<section aria-labelledby="codes"><h2 id="codes">Close codes</h2>',
        _table("Close codes", ("Code", "Why"), _close_codes(document)),
        "</section></main></body></html>\n",
    ]
    return "\n".join(parts)


def _sections(document: Document) -> tuple[list[str], dict[str, list[str]]]:
    """The frames that every role has, and of each role those that were not met before."""
    all_of = {role: list(channel["messages"]) for role, channel in document["channels"].items()}
    first = next(iter(all_of.values()))
    met = [name for name in first if all(name in names for names in all_of.values())]
    shared, roles = list(met), {}
    for role, names in all_of.items():
        roles[role] = [name for name in names if name not in met]
        met += roles[role]
    return shared, roles


def _contents(document: Document, roles: Mapping[str, list[str]]) -> str:
    frames = document["components"]["messages"]
    items = ['<li><a href="#how">How it works</a></li><li><a href="#everyone">Every role</a></li>']
    for role, names in roles.items():
        inner = "".join(f'<li><a href="#{name}">{_code(frames[name]["title"])}</a></li>' for name in names)
        title = escape(document["channels"][role]["title"])
        items.append(f'<li><a href="#{role}">{title}</a><ul>{inner}</ul></li>')
    items.append('<li><a href="#records">Records</a></li><li><a href="#codes">Close codes</a></li>')
    return f'<nav aria-label="Contents"><ul>{"".join(items)}</ul></nav>'


def _role(role: str, document: Document, own: list[str]) -> str:
    channel, frames = document["channels"][role], document["components"]["messages"]
    asked = _names(document, role, "receive")
    told = _names(document, role, "send")
    return "\n".join(
        [
            f'<section aria-labelledby="{role}"><h2 id="{role}">{escape(channel["title"])}</h2>',
            f"<p>{_inline(channel['description'])} Path {_code(channel['address'])}.</p>",
            _table(f"What the {role} sends", ("Sends", ""), (_listed(name, frames) for name in asked)),
            _table(f"What the {role} gets", ("Gets", ""), (_listed(name, frames) for name in told)),
            *(_frame(name, frames[name], document) for name in own),
            "</section>",
        ]
    )


def _names(document: Document, role: str, action: str) -> list[str]:
    """The messages of that role's operations of that kind."""
    channel = {"$ref": f"#/channels/{role}"}
    mine = [o for o in document["operations"].values() if o["channel"] == channel and o["action"] == action]
    return [message["$ref"].rpartition("/")[2] for operation in mine for message in operation["messages"]]


def _listed(name: str, frames: Mapping[str, Any]) -> tuple[str, str]:
    frame = frames[name]
    return f'<a href="#{name}">{_code(frame["title"])}</a>', _inline(frame["summary"])


def _frame(name: str, frame: Mapping[str, Any], document: Document) -> str:
    actions = {
        operation["action"]
        for operation in document["operations"].values()
        for message in operation["messages"]
        if message["$ref"].endswith(f"/{name}")
    }
    way = "client sends" if "receive" in actions else "server sends"
    if "x-most-bytes" in frame:
        way += f", at most {frame['x-most-bytes'] // 1024} KB"
    example = json.dumps(frame["examples"][0]["payload"], ensure_ascii=False, indent=2)
    title = escape(frame["title"])
    return "\n".join(
        [
            f'<article aria-labelledby="{name}"><h3 id="{name}"><code>{title}</code> <span>{way}</span></h3>',
            _prose(frame["description"]),
            _fields(f"Fields of {title}", frame["payload"]),
            f'<pre tabindex="0" role="group" aria-label="Example of {title}">',
            f"<code>{escape(example)}</code></pre>",
            "</article>",
        ]
    )


def _record(name: str, schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        told = schema.get("x-enum-descriptions", {})
        rows = ((_code(value), _inline(told.get(value, ""))) for value in schema["enum"])
        inner = _table(f"Values of {name}", ("Value", "Meaning"), rows)
    else:
        inner = _fields(f"Fields of {name}", schema)
    head = f'<article aria-labelledby="{name}"><h3 id="{name}">{name}</h3>'
    return f"{head}{_prose(schema['description'])}{inner}</article>"


def _fields(caption: str, schema: Mapping[str, Any]) -> str:
    always = schema.get("required", ())
    rows = []
    for name, field in schema["properties"].items():
        if "const" in field:
            continue
        optional = "" if name in always else " <em>optional</em>"
        rows.append((_code(name) + optional, kind(field), _inline(field.get("description", ""))))
    return _table(caption, ("Field", "Type", "Meaning"), rows) if rows else ""


def _close_codes(document: Document) -> Iterator[tuple[str, str]]:
    for code, why in document["x-close-codes"].items():
        yield _code(code), _inline(why)


def kind(schema: Mapping[str, Any]) -> str:
    """A value's type as people read it, in HTML."""
    match schema:
        case {"$ref": str(where)}:
            name = where.rpartition("/")[2]
            return f'<a href="#{name}">{name}</a>'
        case {"allOf": [inner]}:
            return kind(inner)
        case {"anyOf": list(choices)}:
            return " or ".join(kind(each) for each in choices)
        case {"type": [str(name), "null"], **rest}:
            values = {"enum": [v for v in rest["enum"] if v is not None]} if "enum" in rest else {}
            return kind({**rest, "type": name, **values}) + " or null"
        case {"enum": list(values)}:
            return ", ".join(_code(value) for value in values)
        case {"type": "array", "items": inner, **rest}:
            return f"list of {kind(inner)}" + _most(rest.get("maxItems"))
        case {"type": "object", "additionalProperties": inner, **rest}:
            return f"{{id: {kind(inner)}}}" + _most(rest.get("maxProperties"))
        case {"type": "string", "format": "id"}:
            return "id"
        case {"type": "string", **rest}:
            return "text" + _most(rest.get("maxLength"))
        case {"type": "integer", "minimum": int(least), "maximum": int(most)}:
            return f"integer, {least} to {most}"
        case {"type": str(name)}:
            return name
        case _:
            return "any JSON"


def _most(count: int | None) -> str:
    return "" if count is None else f", at most {count}"


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{each}</th>' if each else "<td></td>" for each in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.strip().split("\n\n"))


def _inline(text: str) -> str:
    """Text with `code`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(" ".join(text.split()), quote=False))


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
