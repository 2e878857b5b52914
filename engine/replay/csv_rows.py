"""The CSV files a scenario's rows may stand in.

Columns are found by name; `id` is `call_id` or `agent_id` there. Lists are separated by spaces; an empty
`patience_s` never leaves, an empty `logout_s` never logs out. Reading a file raises `ConfigError` with up to
twenty mistakes, each with its line and column.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from engine.domain.limits import ID
from engine.replay.rows import AgentRow, CallRow
from engine.tables import A_NAME, ConfigError, Expected, Mistake, nearest, shown

MAX_MISTAKES = 20
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")

Cell = Callable[[str], Any]


def _name(text: str) -> str:
    if not ID.fullmatch(text):
        raise Expected(f"expected {A_NAME}")
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_name(part) for part in text.split()))


def _some_names(text: str) -> tuple[str, ...]:
    if not text.split():
        raise Expected("expected at least one name")
    return _names(text)


def _skills(text: str) -> Mapping[str, int]:
    return dict.fromkeys(_names(text), 1)


def _tier(text: str) -> str:
    return _name(text) if text else "regular"


def _seconds(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Expected("expected seconds, a number of 0 or more")
    return float(text)


def _maybe_seconds(text: str) -> float | None:
    return _seconds(text) if text else None


_AGENT_COLUMNS: dict[str, Cell] = {
    "agent_id": _name,
    "login_s": _seconds,
    "logout_s": _maybe_seconds,
    "queues": _some_names,
    "skills": _skills,
}
_CALL_COLUMNS: dict[str, Cell] = {
    "call_id": _name,
    "arrive_s": _seconds,
    "queue": _name,
    "tier": _tier,
    "skills": _skills,
    "handle_s": _seconds,
    "patience_s": _maybe_seconds,
}


def read_agents(path: Path) -> tuple[AgentRow, ...]:
    """The agents of a CSV file, columns `agent_id,login_s,logout_s,queues,skills`."""
    rows: list[AgentRow] = []
    mistakes: list[Mistake] = []
    for line, cells in _read(path, _AGENT_COLUMNS, mistakes):
        row = AgentRow(id=cells.pop("agent_id"), **cells)
        if row.logout_s is not None and row.logout_s < row.login_s:
            mistakes.append(_at(line, "logout_s", f"{row.logout_s:g}", "expected login_s or later"))
        rows.append(row)
    _raise_any(path, mistakes)
    return tuple(rows)


def read_calls(path: Path) -> tuple[CallRow, ...]:
    """The calls of a CSV file, columns `call_id,arrive_s,queue,tier,skills,handle_s,patience_s`."""
    rows: list[CallRow] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    for line, cells in _read(path, _CALL_COLUMNS, mistakes):
        row = CallRow(id=cells.pop("call_id"), **cells)
        first = seen.setdefault(row.id, line)
        if first != line:
            mistakes.append(
                _at(line, "call_id", shown(row.id), f"expected each once; line {first} has it too")
            )
        rows.append(row)
    _raise_any(path, mistakes)
    return tuple(rows)


def _raise_any(path: Path, mistakes: list[Mistake]) -> None:
    if len(mistakes) > MAX_MISTAKES:
        more = Mistake("more", "", f"{len(mistakes) - MAX_MISTAKES} further mistakes are not shown")
        mistakes = [*mistakes[:MAX_MISTAKES], more]
    if mistakes:
        raise ConfigError(str(path), mistakes)


def _at(line: int, column: str, text: str, expected: str) -> Mistake:
    return Mistake(f"line {line}, column {column}", text, expected)


def _read(
    path: Path, columns: dict[str, Cell], mistakes: list[Mistake]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines whose every cell is right; the mistakes of the others are added to `mistakes`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(str(path), [Mistake("file", "", f"cannot be read: {reason}")]) from error
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, list(columns))
        for values in reader:
            if not any(v.strip() for v in values):
                continue
            cells = _cells(reader.line_num, header, values, columns, mistakes)
            if cells is not None:
                yield reader.line_num, cells
    except csv.Error as error:
        mistakes.append(Mistake(f"line {reader.line_num}", "", f"is not CSV: {error}"))


def _check_header(path: Path, header: list[str], expected: list[str]) -> None:
    mistakes = [_at(1, c, "", "missing") for c in expected if c not in header]
    mistakes += [_at(1, c, "", f"unknown column{nearest(c, expected)}") for c in header if c not in expected]
    mistakes += [_at(1, c, "", "expected once") for c in dict.fromkeys(header) if header.count(c) > 1]
    if mistakes:
        hint = Mistake("line 1", shown(",".join(header)), f"expected {','.join(expected)}")
        raise ConfigError(str(path), [hint, *mistakes][:MAX_MISTAKES])


def _cells(
    line: int, header: list[str], values: list[str], columns: dict[str, Cell], mistakes: list[Mistake]
) -> dict[str, Any] | None:
    if len(values) != len(header):
        expected = f"expected {len(header)} values, found {len(values)}"
        mistakes.append(Mistake(f"line {line}", "", expected))
        return None
    cells, wrong = {}, 0
    for column, text in zip(header, values, strict=True):
        try:
            cells[column] = columns[column](text.strip())
        except Expected as error:
            mistakes.append(_at(line, column, shown(text), str(error)))
            wrong += 1
    return None if wrong else cells
