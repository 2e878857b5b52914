"""The texts of the command line as values. What is none raises `Usage`, which names option and value."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

from engine.config import load
from engine.domain.limits import ID, LEVEL_MAX
from engine.settings import Settings
from engine.tables import A_NAME, Expected, duration_ms

E = TypeVar("E", bound=StrEnum)

CONFIG_FILE = Path("giliran.toml")


class Usage(Exception):
    """The command line cannot be used as it is."""


def wrong(option: str, value: object, expected: str) -> NoReturn:
    raise Usage(f"{option} {value}: expected {expected}")


def duration(option: str, text: str) -> int:
    """Milliseconds."""
    try:
        return duration_ms(text)
    except Expected as error:
        raise Usage(f"{option} {text}: {error}") from None


def name(option: str, text: str) -> str:
    if not ID.fullmatch(text):
        wrong(option, text, A_NAME)
    return text


def names(option: str, text: str | None) -> tuple[str, ...]:
    """`a,b`."""
    return tuple(name(option, part.strip()) for part in (text or "").split(",") if part.strip())


def levels(option: str, text: str | None) -> dict[str, int]:
    """`loan:3,card`: a skill without a level has level 1."""
    return dict(_level(option, part.strip()) for part in (text or "").split(",") if part.strip())


def _level(option: str, text: str) -> tuple[str, int]:
    skill, _, level = text.partition(":")
    if level and not (level.isdecimal() and level.isascii() and 1 <= int(level[:9]) <= LEVEL_MAX):
        wrong(option, text, f"SKILL or SKILL:LEVEL, a level of 1 to {LEVEL_MAX}")
    return name(option, skill), int(level or 1)


def pairs(option: str, texts: Iterable[str], form: str) -> dict[str, str]:
    """`key=value`, as many as there are; `form` says what was expected."""
    found = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not value or not ID.fullmatch(key):
            wrong(option, text, form)
        found[key] = value
    return found


def address(option: str, text: str) -> tuple[str, int]:
    """`HOST:PORT`, `[::1]:PORT` or `:PORT` for every address of this machine."""
    host, sign, port = text.rpartition(":")
    if not (sign and port.isdecimal() and port.isascii() and int(port[:9]) <= 65_535) or (
        ":" in host and not (host.startswith("[") and host.endswith("]"))
    ):
        wrong(option, text, 'HOST:PORT, such as "127.0.0.1:8765"; port 0 takes any free one')
    return host.strip("[]") or "0.0.0.0", int(port)


def settings(config: Path | None) -> Settings:
    """Of `--config`, else GILIRAN_CONFIG, else giliran.toml, else the sample; under the environment's."""
    return load(settings_file(config)[1], os.environ)


def settings_file(config: Path | None) -> tuple[str, Path | None]:
    """The file of the settings, if there is one, and by what it is named."""
    if config is not None:
        return "--config", config
    if named := os.environ.get("GILIRAN_CONFIG"):
        return "GILIRAN_CONFIG", Path(named)
    return "the settings", CONFIG_FILE if CONFIG_FILE.is_file() else None


def ws_url(option: str, text: str) -> str:
    """The URL of a node's WebSocket port, without the path."""
    where = urlsplit(text)
    if where.scheme not in ("ws", "wss") or not where.hostname or where.path.strip("/"):
        wrong(option, text, 'ws://HOST:PORT or wss://HOST, such as "ws://127.0.0.1:8765"')
    return text.rstrip("/")


def redis_url(option: str, text: str) -> str:
    """The value is not shown: it may hold a password."""
    if urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        wrong(option, "(hidden)", "redis://, rediss:// or unix://")
    return text


def number(option: str, text: str, least: float, most: float) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not least <= float(text) <= most:
        wrong(option, text, f"a number from {least:g} to {most:g}")
    return float(text)


def whole(option: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        wrong(option, text, "a whole number, 0 or more")
    return int(text)


def choice(option: str, text: str, kind: type[E]) -> E:
    try:
        return kind(text)
    except ValueError:
        wrong(option, text, f"one of {', '.join(kind)}")


def window(option: str, text: str, zero_s: int) -> tuple[float, float]:
    """`09:00..10:30` by a clock that shows `zero_s` at second 0, or `1h..2h30m` from there; as seconds."""
    start, sign, end = text.partition("..")
    bounds = (_second(start, zero_s), _second(end, zero_s)) if sign else (None, None)
    if bounds[0] is None or bounds[1] is None:
        wrong(option, text, 'START..END, such as "09:00..10:00" or "9h..10h"')
    if bounds[0] >= bounds[1]:
        wrong(option, text, "an end after its start")
    if bounds[0] < 0:
        wrong(
            option,
            text,
            f"a start at {zero_s // 3600:02}:{zero_s // 60 % 60:02} or later, when the day begins",
        )
    return bounds[0], bounds[1]


def _second(text: str, zero_s: int) -> float | None:
    from engine.replay.reading import clock_s

    if (shown_s := clock_s(text)) is not None:
        return float(shown_s - zero_s)
    try:
        return duration_ms(text) / 1000
    except Expected:
        return None


def readable(option: str, path: Path) -> Path:
    if not path.is_file():
        wrong(option, path, "a file that exists")
    return path


def writing(option: str, path: Path, write: Callable[[], object]) -> None:
    """Run `write`, which writes that file."""
    try:
        write()
    except OSError as error:
        raise Usage(f"{option} {path}: cannot be written: {error.strerror}") from error


def apart(outputs: Mapping[str, Path | None], inputs: Iterable[tuple[str, Path | None]]) -> None:
    """No output is an input, and no two outputs are one file, by whatever path or link they are named."""
    taken = [(name, path) for name, path in inputs if path is not None]
    for option, path in outputs.items():
        if path is None:
            continue
        for name, other in taken:
            if _same_file(path, other):
                wrong(option, path, f"another file than {name}")
        taken.append((option, path))


def _same_file(one: Path, other: Path) -> bool:
    """Whatever is no file, such as /dev/null or a terminal, loses nothing by being written twice."""
    there = [path.exists() for path in (one, other)]
    if all(there):
        return one.is_file() and one.samefile(other)
    return not any(there) and one.resolve() == other.resolve()
