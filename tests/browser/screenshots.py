"""Pictures of every page in each of its main states: `python -m browser.screenshots [FOLDER] [--only WORD]`.

By day in English, by night in Indonesian, each page at the size it is made for, from the real thing: a node,
people in browsers of their own, and for the board the demo's crowd, which needs a while to have a history.
"""

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import states
from .house import House
from .launch import launched

FOLDER = Path("docs/screenshots")
PAGES: dict[str, Callable[..., states.States]] = {
    "customer": states.of_customer,
    "agent": states.of_agent,
    "video": states.of_failing_video,
    "board": states.of_board,
}
LOOKS = ({"scheme": "light", "language": "en"}, {"scheme": "dark", "language": "id"})


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="screenshots", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", default="", help="pages whose name has this word")
    told = parser.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    taken = list(pictures(told.folder, told.only))
    print(f"{len(taken)} pictures in {told.folder}, {time.monotonic() - began:.0f} s")


def pictures(folder: Path, only: str) -> Iterator[Path]:
    with launched() as browser:
        for name, of_page in PAGES.items():
            if only not in name:
                continue
            for look in LOOKS:
                with tempfile.TemporaryDirectory() as directory, House(browser, Path(directory)) as house:
                    yield from taken(folder, f"{name}-{look['scheme']}", of_page(house, **look))


def taken(folder: Path, series: str, of_page: Iterator[tuple[str, Any]]) -> Iterator[Path]:
    for n, (state, person) in enumerate(of_page, 1):
        path = folder / f"{series}-{n:02}-{re.sub(r'[^a-z]+', '-', state)}.png"
        person.page.screenshot(path=path)
        print(path, flush=True)
        yield path


if __name__ == "__main__":
    main()
