"""Imports point one way, the core is pure, and no file grows beyond what one reads in one go.

    cli -> app -> {gateway | web | replay} -> {actors | store} -> observability -> domain

Imports are read from the source, those inside functions too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "engine"
FILES = sorted(ROOT.rglob("*.py"))
MOST_LINES = 300

#: Each part, and the parts of the engine it may import. A file at the top is a part of its own.
ARROW: dict[str, set[str]] = {
    "domain": set(),
    "observability": {"domain"},
    "actors": {"domain", "observability"},
    "store": {"domain", "observability"},
    "mistakes": set(),
    "tables": {"domain", "mistakes"},
    "toml_text": set(),
    "policy_file": {"domain", "tables"},
    "settings": {"domain", "tables", "policy_file"},
    "config": {"domain", "tables", "policy_file", "settings"},
    "config_template": {"domain", "tables", "policy_file", "settings", "config", "toml_text"},
    "welcome": {"domain", "actors", "gateway", "settings"},
    "gateway": {"domain", "observability", "actors"},
    "web": {"domain", "observability", "actors"},
    "reference": {"domain", "actors", "gateway"},
    "replay": {
        *("domain", "observability", "actors", "store", "gateway"),
        *("tables", "toml_text", "policy_file"),
    },
}
#: The ends of the arrow: the composition root may import everything below it, the command line everything.
BELOW_APP = {*ARROW, "wiring", "node", "app", "demo"}
COMMAND_LINE = {
    *(
        "cli",
        "config_command",
        "import_command",
        "replay_commands",
        "replay_output",
        "compare_command",
        "journal_commands",
        "journal_input",
        "journal_output",
        "talk_command",
    ),
    *("options", "interrupts", "progress", "seeds", "__main__"),
}
ROOTS = {"wiring", "node", "app", "demo"}

#: What would make the core impure: I/O, time, chance, other tasks, and the libraries that do them.
IMPURE = {
    *("trio", "anyio", "asyncio", "threading", "socket", "select", "subprocess", "multiprocessing"),
    *("time", "datetime", "random", "secrets", "uuid", "os", "sys", "io", "pathlib", "tempfile"),
    *(
        "logging",
        "structlog",
        "warnings",
        "redis",
        "orjson",
        "trio_websocket",
        "starlette",
        "prometheus_client",
    ),
}


def part_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Each imported module and its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            yield node.module, node.lineno
            if node.module == "engine":
                for alias in node.names:
                    yield f"engine.{alias.name}", node.lineno


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def allowed(part: str) -> set[str]:
    if part in COMMAND_LINE:
        return BELOW_APP | COMMAND_LINE
    return BELOW_APP if part in ROOTS else ARROW[part]


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    for module, line in imports(path):
        names = module.split(".")
        if names[0] == "engine" and len(names) > 1 and names[1] not in (part, "__version__"):
            assert names[1] in allowed(part), f"{path}:{line}: {part} imports {module}"


@pytest.mark.parametrize("path", [p for p in FILES if part_of(p) == "domain"], ids=ids)
def test_the_core_is_pure(path: Path) -> None:
    impure = [f"{path}:{line}: {m}" for m, line in imports(path) if m.split(".")[0] in IMPURE]
    assert not impure
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef | ast.Await)]


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_file_is_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_every_part_has_its_place_on_the_arrow() -> None:
    known = {*ARROW, *BELOW_APP, *COMMAND_LINE, "__init__"}
    assert {part_of(path) for path in FILES} <= known


def test_the_arrow_has_no_circle() -> None:
    """Every part can be reached only from above: taking away what imports nothing ends with nothing."""
    left = {part: set(below) for part, below in ARROW.items()}
    while left:
        lowest = {part for part, below in left.items() if not below & left.keys()}
        assert lowest, f"a circle among {sorted(left)}"
        left = {part: below for part, below in left.items() if part not in lowest}
