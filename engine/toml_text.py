"""Values as TOML text, which the standard library reads but does not write."""

import json
import re
from collections.abc import Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def toml_value(value: object) -> str:
    """One value on one line: text, number, true or false, list, inline table. Raises TypeError on others."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
        case list() | tuple():
            return f"[{', '.join(toml_value(v) for v in value)}]"
        case Mapping():
            pairs = ", ".join(f"{toml_key(k)} = {toml_value(v)}" for k, v in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
    raise TypeError(f"TOML has no {type(value).__name__}")


def toml_rows(name: str, rows: list[object]) -> str:
    """A list under a key, one value a line."""
    lines = "".join(f"  {toml_value(row)},\n" for row in rows)
    return f"{toml_key(name)} = [\n{lines}]\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
