"""Reports as people look at them: on a desk, on a phone, on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from playwright.sync_api import Browser, Page

from engine.replay.comparison import Comparison
from engine.replay.measures import MEASURES, Unit
from engine.replay.replications import Difference, Spread
from engine.replay.report.compare_page import compare_page
from engine.replay.report.replay_page import replay_page
from engine.replay.result import Result
from engine.replay.sample import Day
from engine.replay.table import sides
from tests.replay.pages import VIPS_FIRST, a_day, side_by_side

from .axe import violations

DESK, PHONE = (1366, 768), (390, 844)
SCROLLS = "(each) => each.scrollWidth > each.clientWidth"
#: An A4 page less its margins, in CSS pixels.
PAPER = (703, 1017)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """More calls go otherwise than are seen at once."""
    before, after = a_day(calls=150), a_day(VIPS_FIRST, calls=150)
    several = evolve(side_by_side(before, after), told=((), ("rule tier=vip is new",)))
    folder = tmp_path_factory.mktemp("reports")
    pages = {"replayed": replay_page(Day(after), ["c1: too late"]), "compared": compare_page(several)}
    pages["six"] = compare_page(six_over_days(before))
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


def six_over_days(day: Result) -> Comparison:
    """As many runs as there can be, each with intervals as wide as they come."""
    several = evolve(side_by_side(*[day] * 6), titles=tuple(f"head_{n}5_wrap_30" for n in range(6)))
    means = {heading: of_day for heading, [of_day] in sides([several.days[0]])}
    shares, others = Difference(-0.224, 0.205), Difference(-30.7, 29.6)
    wide = {
        heading: {m.key: shares if m.unit is Unit.SHARE else others for m in MEASURES if m.key in of_day}
        for heading, of_day in means.items()
    }
    return evolve(several, spread=Spread(tuple(range(1, 11)), (means,) * 6, (wide,) * 5, ({},) * 6))


class Shown:
    """Opens reports as wide as is asked."""

    def __init__(self, browser: Browser, made: dict[str, Path]) -> None:
        self.browser, self.made, self.pages = browser, made, list[Page]()

    def __call__(self, name: str, size: tuple[int, int], scheme: str = "light") -> Page:
        page = self.browser.new_page(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        self.pages.append(page)
        page.goto(self.made[name].as_uri())
        return page


@pytest.fixture
def shown(browser: Browser, made: dict[str, Path]) -> Iterator[Shown]:
    opened = Shown(browser, made)
    yield opened
    for page in opened.pages:
        page.close()


def too_wide(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("name", ["replayed", "compared", "six"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_no_page_is_wider_than_the_screen(shown: Shown, name: str, size: tuple[int, int]) -> None:
    page = shown(name, size)
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert not too_wide(page)


@pytest.mark.parametrize("name", ["replayed", "compared"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_keeps_nobody_out(shown: Shown, name: str, scheme: str) -> None:
    page = shown(name, DESK, scheme)
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert violations(page) == []


def test_the_answer_of_a_comparison_is_on_its_first_screen(shown: Shown) -> None:
    box = shown("compared", DESK).locator("section.summary").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= DESK[1]


def test_on_a_phone_a_row_keeps_its_heading_in_sight(shown: Shown) -> None:
    page = shown("replayed", PHONE)
    table = page.get_by_role("region", name="Measures of the day")
    heading = table.locator("tbody th").first
    before = heading.bounding_box()
    table.evaluate("(each) => { each.scrollLeft = 40 }")
    assert table.evaluate("(each) => each.scrollLeft") > 0
    assert heading.bounding_box() == before


def test_on_a_phone_a_changed_call_is_a_card_that_says_what_each_thing_is(shown: Shown) -> None:
    page = shown("compared", PHONE)
    table = page.get_by_role("region", name="Changed outcomes first")
    assert table.evaluate("(each) => each.scrollWidth <= each.clientWidth")
    why = table.locator("tbody tr").first.locator("td").last
    assert why.evaluate("(each) => getComputedStyle(each, '::before').content") == '"why"'


def test_on_a_desk_no_table_of_six_runs_scrolls(shown: Shown) -> None:
    tables = shown("six", DESK).locator(".scroll:visible").all()
    assert len(tables) > 2
    assert [t.get_attribute("aria-label") for t in tables if t.evaluate(SCROLLS)] == []


@pytest.mark.parametrize("name", ["replayed", "compared", "six"])
def test_on_paper_everything_is_open_and_nothing_is_cut(shown: Shown, name: str) -> None:
    page = shown(name, PAPER)
    folded = page.locator("details .scroll")
    assert folded.count() >= 5
    assert not folded.first.is_visible()
    page.emulate_media(media="print")
    assert all(each.is_visible() for each in folded.all())
    assert not too_wide(page)
