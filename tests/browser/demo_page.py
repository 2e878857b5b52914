"""The demo's page, and the way from it to being somebody."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

from attrs import define
from playwright.sync_api import Browser, Locator

from .house import House
from .node import Node
from .person import Person
from .watch import Watch

P = TypeVar("P", bound=Person)
PHONE, DESK = (390, 844), (1280, 900)
#: How every token begins.
ANY_TOKEN = "eyJ"


class Demo(Node):
    """It has its own settings and names itself."""

    def _command(self) -> tuple[str, ...]:
        return "demo", "--no-browser"


@define(eq=False)
class Visitor(Person):
    PAGE: ClassVar[str] = "demo"

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("link", name=re.compile(rf"\b{name}\b"))

    @property
    def assigned(self) -> Locator:
        title = self.text("live.assigned")
        return self.page.get_by_role("list", name=title).get_by_role("listitem")

    def becomes(self, kind: type[P], name: str) -> P:
        """Another tab, in which he is somebody."""
        self.page.bring_to_front()
        with self.context.expect_page() as opened:
            self.link(name).click()
        return kind(name.lower(), name, self.language, self.context, opened.value, self.watch)


@contextmanager
def at_work(browser: Browser, directory: Path) -> Iterator[House]:
    with House(browser, directory) as house:
        house.started(Demo(directory, ""))
        yield house
        house.assert_nothing_to_complain_of()


def visit(
    demo: House,
    viewport: tuple[int, int] = DESK,
    language: str = "en",
    scheme: Literal["light", "dark"] = "light",
) -> Visitor:
    context, watch = demo.context(viewport, language, scheme), Watch(ANY_TOKEN)
    watch.over(context)
    visitor = Visitor("visitor", "", language, context, context.new_page(), watch)
    demo.people.append(visitor)
    visitor.page.goto(f"{demo.one.url}/")
    return visitor
