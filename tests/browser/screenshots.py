"""Pictures of every page in each of its main states: `python -m browser.screenshots [FOLDER] [--only WORD]`.

By day in English, by night in Indonesian, each page at the size it is made for, from the real thing: a node,
people in browsers of their own, and for a full board the demo's crowd, which needs a while to have a history.
`--readme` takes the README's four alone, small enough to be kept with the sources.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from . import states
from .demo_page import at_work, visit
from .house import House
from .launch import launched
from .soon import expect
from .wallboard import Supervisor

FOLDER, README_FOLDER = Path("docs/screenshots"), Path("docs/images")
PAGES: dict[str, Callable[..., states.States]] = {
    "customer": states.of_customer,
    "agent": states.of_agent,
    "video": states.of_failing_video,
    "board": states.of_board,
}
LOOKS: tuple[dict[str, Any], ...] = (
    {"scheme": "light", "language": "en"},
    {"scheme": "dark", "language": "id"},
)
#: Before the board is worth a look.
CROWD_S = 90
README_BOARD, README_REPORT = (1440, 810), (1240, 740)
PORTRAIT = (Path(__file__).parent / "portrait.js").read_text(encoding="utf-8").rstrip().removesuffix(";")


def main() -> None:
    parser = argparse.ArgumentParser(prog="screenshots", description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument(
        "--only", default="", metavar="WORD", help="series whose name has it, such as agent-dark"
    )
    parser.add_argument(
        "--crowd", type=int, default=CROWD_S, metavar="S", help="seconds before the full board"
    )
    parser.add_argument("--readme", action="store_true", help="the README's four")
    told = parser.parse_args()
    folder = told.folder or (README_FOLDER if told.readme else FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        if told.readme:
            picture_report(browser, folder / "compare.png")
            for name, person in for_readme(browser, told.crowd):
                take(folder / f"{name}.png", person)
            return
        for series, pictures in all_series(browser, told.crowd):
            if told.only not in series:
                continue
            for n, (state, person) in enumerate(pictures(), 1):
                take(folder / f"{series}-{n:02}-{re.sub(r'[^a-z]+', '-', state)}.png", person)


def all_series(browser: Browser, crowd_s: int) -> Iterator[tuple[str, Callable[[], states.States]]]:
    for look in LOOKS:
        for name, of_page in PAGES.items():
            yield f"{name}-{look['scheme']}", lambda of_page=of_page, look=look: small(browser, of_page, look)
    yield "demo", lambda: crowded(browser, crowd_s)


def small(browser: Browser, of_page: Callable[..., states.States], look: dict[str, Any]) -> states.States:
    """The states of one page in a bank of a few people."""
    with tempfile.TemporaryDirectory() as there, House(browser, Path(there), dress=portrait) as house:
        yield from of_page(house, **look)


def for_readme(browser: Browser, crowd_s: int) -> states.States:
    for name, wanted, pictures in (
        ("customer", "alerted", small(browser, states.of_customer, LOOKS[0])),
        ("agent", "offer", small(browser, states.of_agent, LOOKS[0])),
        ("board", "board light", crowded(browser, crowd_s, README_BOARD)),
    ):
        with closing(pictures):
            for state, person in pictures:
                if state == wanted:
                    yield name, person
                    break


def picture_report(browser: Browser, path: Path) -> None:
    """The first screen of the comparison that the README shows, over ten days."""
    [rules] = re.findall(r"```toml\n(.*?)```", Path("README.md").read_text(encoding="utf-8"), re.DOTALL)
    with tempfile.TemporaryDirectory() as there:
        trial, report = Path(there) / "trial.toml", Path(there) / "report.html"
        trial.write_text(rules, encoding="utf-8")
        made = ["compare", "scenarios/payday_rush.toml", "--rules", str(trial), "--seeds", "10"]
        subprocess.run([sys.executable, "-m", "engine", *made, "--html", str(report)], check=True)
        width, height = README_REPORT
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
        page.goto(report.as_uri())
        page.screenshot(path=path)
    print(path, f"{path.stat().st_size // 1024} KB", flush=True)


def crowded(browser: Browser, seconds: int, size: tuple[int, int] = Supervisor.VIEWPORT) -> states.States:
    """The demo's page and its board, once things have happened."""
    with tempfile.TemporaryDirectory() as directory, at_work(browser, Path(directory)) as demo:
        for look in LOOKS:
            visitor = visit(demo, **look)
            expect(visitor.assigned.first).to_be_visible()
            board = visitor.becomes(Supervisor, str(visitor.text("open.board")))
            board.page.set_viewport_size({"width": size[0], "height": size[1]})
            board.waits_for(lambda board=board: board.rows("agents").count() > 3, "the crowd")
            board.page.wait_for_timeout(1000 * seconds)
            seconds = 0
            yield f"board {look['scheme']}", board
            board.press("wall.open")
            yield f"wall {look['scheme']}", board
            visitor.page.bring_to_front()
            yield f"page {look['scheme']}", visitor


def portrait(who: str) -> str:
    return f"({PORTRAIT})({json.dumps(who)})"


def take(path: Path, person: Any) -> None:
    person.page.screenshot(path=path)
    print(path, f"{path.stat().st_size // 1024} KB", flush=True)


if __name__ == "__main__":
    main()
