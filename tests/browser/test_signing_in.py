"""Tokens: where they come from, what is said of one that is no good, and that they go nowhere else."""

import pytest
from e2e.jwt import mint
from e2e.process import SECRET

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .person import Person
from .soon import expect
from .wallboard import Supervisor

ANOTHER_SECRET = "a secret of somebody else, long enough as well"


def test_the_token_leaves_the_address_bar_and_a_reload_stays_signed_in(house: House) -> None:
    budi = house.enter(Customer, "budi", "Budi")
    budi.sees("choose.title_name", name="Budi")
    assert budi.page.url == f"{house.one.url}/customer"
    budi.page.reload()
    budi.sees("choose.title_name", name="Budi")
    assert budi.page.evaluate("() => history.length") <= 2


@pytest.mark.parametrize(
    ("kind", "known_by"),
    [(Customer, "choose.lead"), (Agent, "idle.not_ready.login.text"), (Supervisor, "calls.none")],
)
def test_a_refused_token_is_told_and_another_one_taken(
    house: House, kind: type[Person], known_by: str
) -> None:
    person = house.enter(kind, "budi", secret=ANOTHER_SECRET, queues=["general"])
    person.press("link.do.signin")
    person.sees("signin.refused")
    good = mint(SECRET, kind.ROLE, "budi", queues=["general"])
    person.page.get_by_role("textbox", name=person.text("signin.token")).fill(good)
    person.press("signin.go")
    person.sees(known_by)


def test_a_desk_that_another_agent_signs_in_at_is_his(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", secret=ANOTHER_SECRET, queues=["general"])
    kept = "giliran.agent.call.c-1"
    sari.page.evaluate('(name) => sessionStorage.setItem(name, \'{"notes": "hers"}\')', kept)
    sari.press("link.do.signin")
    good = mint(SECRET, "agent", "dewi", name="Dewi", queues=["general"])
    sari.page.get_by_role("textbox", name=sari.text("signin.token")).fill(good)
    sari.press("signin.go")
    sari.sees("idle.not_ready.login.text")
    expect(sari.page.get_by_role("banner")).to_contain_text("Dewi")
    assert sari.page.evaluate("(name) => sessionStorage.getItem(name)", kept) is None


def test_who_comes_without_a_token_is_asked_for_one(house: House) -> None:
    budi = house.enter(Customer, "budi")
    budi.sees("choose.lead")
    budi.page.evaluate("() => sessionStorage.clear()")
    budi.page.reload()
    budi.sees("signin.why")
    budi.page.get_by_role("textbox", name=budi.text("signin.token")).fill(budi.watch.token)
    budi.page.keyboard.press("Enter")
    budi.sees("choose.lead")


def test_who_signs_in_at_the_same_tab_has_agreed_to_nothing_yet(house: House) -> None:
    """And it is another's link that counts, whatever else of the address changed before."""
    budi = house.enter(Customer, "budi", "Budi")
    budi.chooses("General service")
    budi.agrees()
    budi.page.reload()
    budi.chooses("General service")
    agreed = budi.page.get_by_role("checkbox", name=budi.text("consent.agree"))
    expect(agreed).to_be_checked()
    budi.page.goto(f"{house.one.url}/customer#main")
    token = mint(SECRET, "customer", "dewi", name="Dewi")
    budi.page.goto(f"{house.one.url}/customer#token={token}")
    budi.sees("choose.title_name", name="Dewi")
    assert token not in budi.page.url
    budi.chooses("General service")
    expect(agreed).not_to_be_checked()
