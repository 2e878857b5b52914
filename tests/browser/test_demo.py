"""The demo as a newcomer meets it: one page, from which he calls himself, answers, and watches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from .agent_desk import Agent
from .axe import violations
from .customer_page import Customer
from .demo_page import DESK, PHONE, at_work, visit
from .house import House
from .soon import expect
from .wallboard import Supervisor

#: How long one waits in a queue full of simulated callers, and somewhat more.
A_TURN_MS = 120_000


@pytest.fixture(scope="module")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For those who only look."""
    with at_work(browser, tmp_path_factory.mktemp("demo")) as house:
        yield house


@pytest.fixture
def fresh(browser: Browser, tmp_path: Path) -> Iterator[House]:
    """For those who take part."""
    with at_work(browser, tmp_path) as house:
        yield house


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("viewport", "language"), [(PHONE, "id"), (DESK, "en")])
def test_the_page_keeps_nobody_out(
    demo: House, viewport: tuple[int, int], language: str, scheme: Literal["light", "dark"]
) -> None:
    visitor = visit(demo, viewport, language, scheme)
    visitor.sees("demo.lead")
    expect(visitor.page.get_by_role("main").get_by_role("link")).to_have_count(4)
    expect(visitor.assigned.first).to_be_visible()
    assert not violations(visitor.page)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= viewport[0]


def test_the_language_is_changed_and_goes_with_the_links(demo: House) -> None:
    visitor = visit(demo)
    visitor.page.get_by_role("button", name="ID", exact=True).click()
    visitor.language = "id"
    visitor.sees("ask.text")
    expect(visitor.link("Kirana")).to_have_text(str(visitor.text("open.customer", name="Kirana")))
    customer = visitor.becomes(Customer, "Kirana")
    customer.sees("choose.lead")


#: A node that takes no token.
_UNWILLING = """
globalThis.refused = 0;
globalThis.WebSocket = class {
    constructor() { setTimeout(() => { refused += 1; this.onclose({ code: 4003 }); }); }
    send() {}
    close() {}
};
"""


def test_a_page_that_is_refused_with_a_fresh_token_says_so_and_stops(demo: House) -> None:
    visitor = visit(demo)
    visitor.sees_no("demo.refused")
    visitor.page.add_init_script(_UNWILLING)
    visitor.page.reload()
    visitor.sees("demo.refused")
    expect(visitor.page.get_by_role("main").get_by_role("link")).to_have_count(4)
    assert visitor.page.evaluate("refused") == 2, "the token it had, and a fresh one"
    assert not violations(visitor.page)


def test_a_newcomer_meets_himself(fresh: House) -> None:
    visitor = visit(fresh)
    kirana = visitor.becomes(Customer, "Kirana")
    kirana.asks("Your own desk")
    kirana.sees_place(1)
    lestari = visitor.becomes(Agent, "Lestari")
    lestari.goes_ready()
    lestari.is_offered("Kirana")
    lestari.accepts()
    lestari.is_in_call_with("Kirana")
    kirana.page.bring_to_front()
    kirana.is_in_call_with("Lestari")
    visitor.page.bring_to_front()
    expect(visitor.link("Lestari")).to_contain_text(str(visitor.text("state.on_call")))
    kirana.page.bring_to_front()
    kirana.hangs_up()
    kirana.sees_the_end("completed")
    lestari.is_in_wrap_up()


def test_a_simulated_agent_is_no_failure(fresh: House) -> None:
    visitor = visit(fresh, PHONE)
    kirana = visitor.becomes(Customer, "Kirana")
    kirana.asks("General service")
    absent = kirana.page.get_by_text(kirana.text("tile.absent")).filter(visible=True)
    expect(absent).to_be_visible(timeout=A_TURN_MS)
    expect(kirana.button("retry")).to_be_hidden()
    kirana.hangs_up()
    kirana.sees_the_end("completed")


def test_a_simulated_caller_is_no_failure_and_the_board_shows_him(fresh: House) -> None:
    visitor = visit(fresh)
    pratama = visitor.becomes(Agent, "Pratama")
    pratama.goes_ready()
    pratama.accepts()
    pratama.sees("tile.absent")
    expect(pratama.button("retry")).to_be_hidden()
    board = visitor.becomes(Supervisor, str(visitor.text("open.board")))
    board.sees_agent("Pratama", "on_call")
