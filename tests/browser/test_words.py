"""What people write goes through all pages as text, never as markup, and nothing of it is lost."""

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import in_call
from .wallboard import Supervisor

MARKUP = '<img src=x onerror="alert(1)"> & <b>Budi</b>'


def test_markup_is_shown_as_it_is_written(house: House) -> None:
    board = house.enter(Supervisor, "rina")
    sari = house.enter(Agent, "sari", MARKUP, queues=["general", "loans"])
    budi = house.enter(Customer, "budi", MARKUP)
    budi.sees("choose.title_name", name=MARKUP)
    budi.asks("General service")
    sari.goes_ready()
    sari.is_offered(MARKUP)
    board.sees_agent(MARKUP, "offered")
    sari.accepts()
    budi.is_in_call_with(MARKUP)
    sari.is_in_call_with(MARKUP)
    sari.passes_on("Loans", MARKUP)
    sari.finishes()
    sari.is_offered(MARKUP)
    for person in (board, sari, budi):
        assert person.page.locator("img[src=x]").count() == 0


def test_what_was_written_reaches_the_engine(house: House) -> None:
    budi, sari = in_call(house)
    budi.hangs_up()
    budi.rates(2, "It took long.")
    sari.finishes("Call back", "Tomorrow at nine.")
    sari.is_in("ready")
    [rating] = budi.watch.frames("call.rate")
    assert (rating["score"], rating["comment"]) == (2, "It took long.")
    [wrapped] = sari.watch.frames("wrapup.finish")
    assert (wrapped["disposition"], wrapped["notes"]) == ("call_back", "Tomorrow at nine.")


def test_notes_are_saved_by_themselves_when_the_wrap_up_ends(house: House) -> None:
    budi, sari = in_call(house, service="Quick service")
    budi.hangs_up()
    sari.is_in_wrap_up()
    sari.page.get_by_role("textbox", name=sari.text("wrap_up.notes")).fill("Not finished, but")
    sari.is_in("ready")
    [wrapped] = sari.watch.frames("wrapup.finish")
    assert wrapped["notes"] == "Not finished, but"
    sari.sees_no("unsent.title")
