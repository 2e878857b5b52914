"""The CSV files a scenario's rows may stand in.

Between the columns are commas, semicolons or tabs, as in the header; with semicolons a number may have a
decimal comma, as spreadsheets write both. Columns are found by name; `id` is `call_id` or `agent_id` there.
Lists are separated by spaces; an empty `patience_s` never leaves, an empty `logout_s` never logs out. Reading
a file raises `ConfigError` with every mistake, each with its line and column.
"""

import csv
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from engine.domain.limits import ID
from engine.replay.reading import CLOCK, as_clock, clock_s
from engine.replay.rows import AgentRow, CallRow
from engine.tables import A_NAME, ConfigError, Expected, Mistake, shown

SEPARATORS = ",;\t"
_DECIMAL_COMMA = re.compile(r"^\s*([0-9]+),([0-9]+)\s*$")
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


def _maybe(cell: Cell) -> Cell:
    return lambda text: cell(text) if text else None


def _second(zero_s: int) -> Cell:
    """A second of the day, or what a clock shows then that shows `zero_s` at second 0."""

    def cell(text: str) -> float:
        shown_s = clock_s(text)
        if shown_s is None and not _NUMBER.fullmatch(text):
            raise Expected(f"expected seconds, a number of 0 or more, or {CLOCK}")
        if shown_s is not None and shown_s < zero_s:
            raise Expected(f"expected {as_clock(zero_s)} or later, when the day begins")
        return float(text) if shown_s is None else float(shown_s - zero_s)

    return cell


def read_agents(path: Path, zero_s: int = 0) -> tuple[AgentRow, ...]:
    """The agents of a CSV file, columns `agent_id,login_s,logout_s,queues,skills`."""
    second = _second(zero_s)
    columns: dict[str, Cell] = {
        "agent_id": _name,
        "login_s": second,
        "logout_s": _maybe(second),
        "queues": _some_names,
        "skills": _skills,
    }
    rows: list[AgentRow] = []
    mistakes: list[Mistake] = []
    for line, cells in _read(path, columns, mistakes):
        row = AgentRow(id=cells.pop("agent_id"), **cells)
        if row.logout_s is not None and row.logout_s < row.login_s:
            mistakes.append(_at(line, "logout_s", f"{row.logout_s:g}", "expected login_s or later"))
        rows.append(row)
    if mistakes:
        raise ConfigError(str(path), mistakes)
    return tuple(rows)


def read_calls(path: Path, zero_s: int = 0) -> tuple[CallRow, ...]:
    """The calls of a CSV file, columns `call_id,arrive_s,queue,tier,skills,handle_s,patience_s`."""
    columns: dict[str, Cell] = {
        "call_id": _name,
        "arrive_s": _second(zero_s),
        "queue": _name,
        "tier": _tier,
        "skills": _skills,
        "handle_s": _seconds,
        "patience_s": _maybe(_seconds),
    }
    rows: list[CallRow] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    for line, cells in _read(path, columns, mistakes):
        row = CallRow(id=cells.pop("call_id"), **cells)
        first = seen.setdefault(row.id, line)
        if first != line:
            mistakes.append(
                _at(line, "call_id", shown(row.id), f"expected each once; line {first} has it too")
            )
        rows.append(row)
    if mistakes:
        raise ConfigError(str(path), mistakes)
    return tuple(rows)


def _at(line: int, column: str, text: str, expected: str) -> Mistake:
    return Mistake(f"line {line}, column {column}", text, expected)


def _read(
    path: Path, columns: dict[str, Cell], mistakes: list[Mistake]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines whose every cell is right; the mistakes of the others are added to `mistakes`."""
    text = _text(path)
    separator = _separator(text.partition("\n")[0], columns)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, separator, columns)
        for values in reader:
            if not any(v.strip() for v in values):
                continue
            if separator == ";":
                values = [_DECIMAL_COMMA.sub(r"\1.\2", value) for value in values]
            cells = _cells(reader.line_num, header, values, columns, mistakes)
            if cells is not None:
                yield reader.line_num, cells
    except csv.Error as error:
        mistakes.append(Mistake(f"line {reader.line_num}", "", f"is not CSV: {error}"))


def _text(path: Path) -> str:
    """In UTF-8, or in what a byte-order mark says it is."""
    try:
        content = path.read_bytes()
        return content.decode("utf-16" if content[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "not UTF-8; save it as CSV UTF-8"
        raise ConfigError(str(path), [Mistake("file", "", f"cannot be read: {said}")]) from error


def _separator(header: str, columns: Collection[str]) -> str:
    """By which most of the columns are found; a comma if nothing is better."""
    found = {s: len(set(columns) & {name.strip(' "') for name in header.split(s)}) for s in SEPARATORS}
    return max(SEPARATORS, key=found.__getitem__)


def _check_header(path: Path, header: list[str], separator: str, columns: Collection[str]) -> None:
    """One line, whatever is wrong with it."""
    wrong = [f"{c} is missing" for c in columns if c not in header]
    wrong += [
        f"{c or 'a column without a name'} is none of them" for c in dict.fromkeys(header) if c not in columns
    ]
    wrong += [f"{c} stands there {n} times" for c, n in Counter(header).items() if n > 1 and c in columns]
    if wrong:
        said = f"expected {','.join(columns)} (or semicolons or tabs)"
        known = not set(columns).isdisjoint(header)
        said += f"; {', '.join(wrong)}" if known else ""
        raise ConfigError(str(path), [Mistake("line 1", shown(separator.join(header)), said)])


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
