"""TypeScript's view of the reference client: `giliran.d.ts`, made of the AsyncAPI document.

Frames and records come from the document; the client's own class stands here as text, because it is written
in JavaScript, and a test holds the two against each other.
"""

from collections.abc import Iterator, Mapping
from json import dumps
from textwrap import indent, wrap
from typing import Any

Document = Mapping[str, Any]

HEAD = """\
// The types of giliran.js. Made from the engine's message classes by `make docs`: do not edit.
"""

CLIENT = """\
export type Role = keyof Asked;

/** Where the WebSockets are, the preferred one first. `base`: URL of a node's HTTP port, "" for our own. */
export function discover(base?: string): Promise<string[]>;

/** What the link does. */
export interface Link {
  state: "connecting" | "up" | "waiting" | "replaced" | "refused" | "closed";
  /** links that failed in a row */
  attempt: number;
  /** when a waiting client tries again, in terms of `now()` */
  retryAt?: number;
  /** it waits because the person has too many connections */
  crowded?: boolean;
}

/** A request that was not granted. */
export class Refusal extends Error {
  constructor(frame: Partial<ErrorFrame>);
  /** `disconnected`: the client ended before there was an answer */
  readonly code: Code | "disconnected";
  readonly field: string | null;
  readonly callId: string | null;
  readonly state: string | null;
  readonly retryMs: number | null;
}

export interface ClientOptions<R extends Role> {
  /** WebSocket URLs, with or without the role's path */
  urls: string[];
  role: R;
  token: string;
  /** the newest resume token of an earlier page */
  resume?: string | null;
  socket?: typeof WebSocket;
  random?: () => number;
}

type Fields<F> = Omit<F, "type" | "ref">;
type Given<F> = {} extends F ? [fields?: F] : [fields: F];

/** Keeps one session alive over any number of links. */
export class Client<R extends Role = Role> extends EventTarget {
  constructor(options: ClientOptions<R>);
  readonly role: R;
  /** of the last welcome */
  session: string | null;
  node: string | null;
  state: string | null;
  config: Told[R]["welcome"]["config"];
  /** the newest resume token */
  resume: string | null;
  link: Link;
  /** Begin, or begin again after `replaced`, `refused` or `close`. */
  connect(): void;
  /** Stop; what was asked and not answered is rejected. */
  close(): void;
  /** Look at the link now: the page is seen again, or the network is back. */
  wake(): void;
  /** Ask for something. Resolves at `ok`, rejects with a `Refusal`; asked again after a broken link. */
  request<T extends keyof Asked[R]>(type: T, ...fields: Given<Fields<Asked[R][T]>>): Promise<void>;
  /** The same for what must not happen later than it was meant: rejects with `disconnected` without a link,
   * and when it breaks before the answer; then it is not known what became of it. */
  command<T extends keyof Asked[R]>(type: T, ...fields: Given<Fields<Asked[R][T]>>): Promise<void>;
  /** Say something that needs no answer; dropped while there is no link. */
  send<T extends keyof Asked[R]>(type: T, ...fields: Given<Fields<Asked[R][T]>>): void;
  /** Hear frames of a type, or what the link does. Returns what stops it. */
  on<T extends keyof Told[R]>(type: T, handler: (frame: Told[R][T]) => void): () => void;
  on(type: "link", handler: (link: Link) => void): () => void;
  /** The server's time, integer ms. */
  now(): number;
  /** Use another token of the same person and role from now on. */
  refresh(token: string): Promise<void>;
}
"""


def typescript(document: Document) -> str:
    """The whole file."""
    components = document["components"]
    parts = [HEAD]
    parts += [_named(name, schema) for name, schema in sorted(components["schemas"].items())]
    parts += [
        _interface(frame_name(name), message["payload"], message["description"])
        for name, message in components["messages"].items()
    ]
    parts += [
        _by_role("Asked", "What each role sends, by type.", document, "receive"),
        _by_role("Told", "What each role gets, by type.", document, "send"),
        CLIENT,
    ]
    return "\n".join(parts)


def frame_name(message: str) -> str:
    return f"{message}Frame"


def _named(name: str, schema: Mapping[str, Any]) -> str:
    if "enum" not in schema:
        return _interface(name, schema, schema["description"])
    told = schema.get("x-enum-descriptions", {})
    values = "".join(
        f"{indent(_comment(told.get(value, '')), '  ')}  | {dumps(value)}\n" for value in schema["enum"]
    )
    return f"{_comment(schema['description'])}export type {name} =\n{values.rstrip()};\n"


def _interface(name: str, schema: Mapping[str, Any], description: str) -> str:
    always = schema.get("required", ())
    fields = "".join(
        indent(
            f"{_comment(field.get('description', ''))}{key}{'' if key in always else '?'}: {kind(field)};\n",
            "  ",
        )
        for key, field in schema["properties"].items()
    )
    return f"{_comment(description)}export interface {name} {{\n{fields}}}\n"


def _by_role(name: str, description: str, document: Document, action: str) -> str:
    roles = "".join(
        f"  {role}: {{\n{''.join(_typed(document, role, action))}  }};\n" for role in document["channels"]
    )
    return f"{_comment(description)}export interface {name} {{\n{roles}}}\n"


def _typed(document: Document, role: str, action: str) -> Iterator[str]:
    channel = {"$ref": f"#/channels/{role}"}
    for operation in document["operations"].values():
        if operation["channel"] == channel and operation["action"] == action:
            for message in operation["messages"]:
                name = message["$ref"].rpartition("/")[2]
                yield f"    {dumps(document['components']['messages'][name]['name'])}: {frame_name(name)};\n"


def kind(schema: Mapping[str, Any]) -> str:
    """The type of a value."""
    match schema:
        case {"$ref": str(where)}:
            return where.rpartition("/")[2]
        case {"allOf": [inner]}:
            return kind(inner)
        case {"anyOf": list(choices)}:
            return " | ".join(kind(each) for each in choices)
        case {"const": value}:
            return dumps(value)
        case {"enum": list(values)}:
            return " | ".join(dumps(value) for value in values)
        case {"type": [str(name), "null"], **rest}:
            return f"{kind({**rest, 'type': name})} | null"
        case {"type": "array", "items": inner}:
            item = kind(inner)
            return f"({item})[]" if " " in item else f"{item}[]"
        case {"type": "object", "additionalProperties": inner}:
            return f"Record<string, {kind(inner)}>"
        case {"type": "integer" | "number"}:
            return "number"
        case {"type": "string" | "boolean" | "null" as name}:
            return str(name)
        case _:
            return "unknown"


def _comment(text: str) -> str:
    """A JSDoc comment with its line end, or nothing."""
    if not text:
        return ""
    paragraphs = [wrap(" ".join(part.split()), 100) for part in text.split("\n\n")]
    lines = [line for part in paragraphs for line in (*part, "")][:-1]
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"
