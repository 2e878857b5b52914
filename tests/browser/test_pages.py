"""Every page is served with the strict policy, links to the others, and stands axe as it is first seen."""

import pytest

from .axe import violations
from .house import House
from .person import Person
from .soon import expect


class Visitor(Person):
    """Nobody in particular, at the first page."""

    ROLE = "customer"
    PAGE = ""


def test_the_first_page_leads_to_the_others(standing: House) -> None:
    visitor = standing.enter(Visitor, "visitor")
    links = visitor.page.get_by_role("navigation").get_by_role("link").all()
    paths = [link.get_attribute("href") for link in links]
    assert paths == ["customer", "agent", "board", "docs"]
    for path in paths:
        answer = visitor.context.request.get(f"{standing.one.url}/{path}")
        assert answer.ok, path


PATHS = ("/", "/customer", "/agent", "/board", "/docs", "/static/base.css", "/static/nothing.js", "/nothing")


def test_every_answer_carries_the_strict_policy(standing: House) -> None:
    asks = standing.enter(Visitor, "visitor").context.request
    for path in PATHS:
        headers = asks.get(standing.one.url + path).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'self'", path
        assert policy["connect-src"] == f"'self' ws://{standing.one.ws}", path
        assert not {"script-src", "style-src"} & policy.keys(), path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_page_keeps_nobody_out(standing: House, scheme: str) -> None:
    visitor = standing.enter(Visitor, "visitor", scheme=scheme)
    assert not violations(visitor.page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_reference_keeps_nobody_out(standing: House, scheme: str) -> None:
    visitor = standing.enter(Visitor, "visitor", scheme=scheme)
    visitor.page.goto(f"{standing.one.url}/docs")
    visitor.page.get_by_role("navigation").get_by_role("link", name="offer", exact=True).click()
    heading = visitor.page.get_by_role("heading", name="offer server sends", exact=True)
    assert heading.bounding_box()["y"] < 100
    assert not violations(visitor.page)


def test_the_first_page_speaks_both_languages(standing: House) -> None:
    visitor = standing.enter(Visitor, "visitor")
    visitor.page.get_by_role("button", name="ID", exact=True).click()
    expect(visitor.page.get_by_role("link", name="Nasabah")).to_be_visible()
    visitor.page.get_by_role("button", name="EN", exact=True).click()
    expect(visitor.page.get_by_role("link", name="Customer")).to_be_visible()
