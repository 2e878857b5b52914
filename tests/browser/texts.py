"""What the pages say, by key, in a language: a test names a thing once, and finds it in either language."""

import json
import re
from functools import cache
from pathlib import Path
from re import Pattern
from typing import Any

LOCALES = Path(__file__).parents[2] / "engine" / "web" / "static" / "locales"
PAGES = ("customer", "agent", "board", "demo", "start")
LANGUAGES = ("en", "id")

Words = str | Pattern[str]


@cache
def catalogue(language: str, name: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((LOCALES / language / f"{name}.json").read_text(encoding="utf-8"))
    return texts


def words(language: str, page: str, key: str, **params: Any) -> Words:
    """The text of that key; whatever a parameter that is not given may be."""
    text = {**catalogue(language, "common"), **catalogue(language, page)}[key]
    if isinstance(text, dict):
        text = text["one" if params.get("count") == 1 and "one" in text else "other"]
    for name, value in params.items():
        text = text.replace(f"{{{name}}}", str(value))
    parts = re.split(r"\{\w+\}", text)
    return text if len(parts) == 1 else re.compile("^" + ".+".join(map(re.escape, parts)) + "$")
