"""The story the whole house is for: somebody asks, somebody answers, they see each other, and part."""

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import in_call
from .soon import expect


def test_from_the_wish_to_the_rating(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    budi = house.enter(Customer, "budi", "Budi")
    sari.is_in("not_ready", "login")
    budi.asks("General service")
    budi.sees_place(1)
    sari.goes_ready()
    sari.is_offered("Budi")
    budi.sees_that_an_agent_is_alerted()
    sari.accepts()
    budi.is_in_call_with("Sari")
    sari.is_in_call_with("Budi")
    budi.sees_moving(budi.text("call.you"))
    sari.sees_moving(sari.text("media.you"))
    sari.hangs_up()
    budi.sees_the_end("completed")
    budi.sees("ended.completed.agent.text", agent="Sari")
    budi.rates(5, "Quick and friendly.")
    sari.is_in_wrap_up()
    sari.finishes("Solved", "A new card is on its way.")
    sari.is_in("ready")
    sari.has_figure("handled", "1")


def test_the_customer_hangs_up_and_asks_again(house: House) -> None:
    budi, sari = in_call(house)
    budi.hangs_up()
    budi.sees_the_end("completed")
    budi.sees("ended.completed.customer.text")
    sari.is_in_wrap_up()
    sari.sees("wrap_up.how.completed.customer", name="Budi")
    sari.finishes()
    budi.press("ended.again")
    budi.asks("General service")
    sari.accepts()
    budi.is_in_call_with("Sari")


def test_what_one_side_switches_off_the_other_is_told(house: House) -> None:
    budi, sari = in_call(house)
    budi.press("devices.video.turn_off")
    sari.sees("tile.off")
    budi.press("devices.video.turn_on")
    sari.sees_moving("Budi")
    budi.press("devices.audio.turn_off")
    expect(sari.page.get_by_role("img", name=sari.text("tile.muted"))).to_be_visible()
    sari.press("call.camera_off")
    budi.sees("tile.off")
    sari.press("call.camera_on")
    budi.sees_moving("Sari")


def test_notes_go_with_the_agent_from_the_call_into_the_wrap_up(house: House) -> None:
    budi, sari = in_call(house)
    notes = sari.page.get_by_role("textbox", name=sari.text("wrap_up.notes"))
    notes.fill("Asked for a limit.")
    sari.page.reload()
    sari.is_in_call_with("Budi")
    budi.hangs_up()
    sari.is_in_wrap_up()
    expect(notes).to_have_value("Asked for a limit.")


def test_what_comes_after_the_call_is_chosen_in_it(house: House) -> None:
    budi, sari = in_call(house)
    sari.chooses_state("Break", menu="menu.next")
    sari.sees("state.next_on_call", next="Break")
    budi.hangs_up()
    sari.is_in_wrap_up()
    sari.finishes(next="Break")
    sari.is_in("not_ready", "Break")
