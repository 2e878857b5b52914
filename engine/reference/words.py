"""The words of a class: its docstring, and for each field or member the comment it stands with.

They are read from the source, so that what a reader of the code sees and what a reader of the reference sees
is the same text: lines of `#:` above a field, or a comment at the end of its line. Where there is no source
(a package without .py files) there are no words.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache

from attrs import field, frozen

_ABOVE = re.compile(r"\s*#:\s?(.*)")
_BEHIND = re.compile(r"\s*#:?\s*(.*)")


@frozen
class Words:
    text: str = ""
    of: dict[str, str] = field(factory=dict)

    @property
    def summary(self) -> str:
        """The first sentence."""
        first = " ".join(self.text.partition("\n\n")[0].split())
        return re.split(r"(?<=[.?!]) (?=[A-Z`])", first)[0]


@cache
def words_of(cls: type) -> Words:
    tree, lines = _source(cls.__module__)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
            return Words(ast.get_docstring(node) or "", dict(_described(node, lines)))
    return Words()


def _described(node: ast.ClassDef, lines: list[str]) -> Iterator[tuple[str, str]]:
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                text = _above(statement, lines) or _behind(statement, lines)
                if text:
                    yield name, text
            case _:
                pass


def _above(statement: ast.stmt, lines: list[str]) -> str:
    found: list[str] = []
    at = statement.lineno - 2
    while at >= 0 and (comment := _ABOVE.fullmatch(lines[at])):
        found.insert(0, comment[1].strip())
        at -= 1
    return " ".join(found)


def _behind(statement: ast.stmt, lines: list[str]) -> str:
    assert statement.end_lineno is not None
    rest = lines[statement.end_lineno - 1].encode()[statement.end_col_offset :].decode()
    comment = _BEHIND.fullmatch(rest)
    return comment[1].strip() if comment else ""


@cache
def _source(module: str) -> tuple[ast.Module, list[str]]:
    try:
        source = inspect.getsource(sys.modules[module])
    except (OSError, TypeError):
        source = ""
    return ast.parse(source), source.splitlines()
