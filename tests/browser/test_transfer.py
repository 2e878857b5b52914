"""A call is passed on: the customer keeps his place, the agent wraps up, and the next one knows why."""

from .agent_desk import Agent
from .house import House
from .meeting import in_call
from .soon import expect


def test_to_a_queue(house: House) -> None:
    budi, sari = in_call(house)
    sari.passes_on("Loans", "Wants to know about a mortgage.")
    sari.is_in_wrap_up()
    sari.sees("wrap_up.how.transferred", to="Loans")
    budi.sees("requeued.transferred")
    budi.sees_place(1)
    dewi = house.enter(Agent, "dewi", "Dewi", queues=["loans"])
    dewi.goes_ready()
    dewi.is_offered("Budi")
    dewi.is_offered("Wants to know about a mortgage.")
    dewi.is_offered(str(dewi.text("why.transferred", agent="Sari")))
    dewi.accepts()
    budi.is_in_call_with("Dewi")
    dewi.is_in_call_with("Budi")


def test_to_a_colleague(house: House) -> None:
    budi, sari = in_call(house)
    dewi = house.enter(Agent, "dewi", "Dewi", queues=["general"])
    dewi.goes_ready()
    dewi.is_in("ready")
    sari.passes_on("Dewi", "Knows her.")
    sari.sees("wrap_up.how.transferred", to="Dewi")
    dewi.is_offered("Budi")
    dewi.is_offered("Knows her.")
    dewi.accepts()
    budi.is_in_call_with("Dewi")


def test_nobody_is_ready_and_a_closed_queue_cannot_be_chosen(house: House) -> None:
    _, sari = in_call(house)
    sari.press("call.transfer")
    sari.sees("transfer.nobody")
    dialog = sari.page.get_by_role("dialog", name=sari.text("transfer.title"))
    expect(dialog.get_by_role("radio", name="Shut service")).to_be_disabled()
    expect(dialog.get_by_role("button", name=sari.text("transfer.go"))).to_be_disabled()
    sari.press("cancel")
    sari.is_in_call_with("Budi")
