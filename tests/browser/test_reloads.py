"""A page may be reloaded or opened twice at any moment: what the engine knows comes back by itself."""

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import in_call, ringing
from .soon import expect


def test_a_waiting_customer_keeps_his_place_and_his_picture(house: House) -> None:
    first, second = house.enter(Customer, "andi"), house.enter(Customer, "budi")
    for person in (first, second):
        person.asks("General service")
    first.page.reload()
    first.sees_place(1)
    first.sees_moving(str(first.text("call.you")))
    second.page.reload()
    second.sees_place(2)


def test_a_customer_in_a_call_is_told_to_the_agent_and_seen_again(house: House) -> None:
    budi, sari = in_call(house)
    budi.page.goto("about:blank")
    sari.sees("call.away", name="Budi")
    sari.sees("call.away_text")
    budi.page.go_back()
    budi.is_in_call_with("Sari")
    sari.sees_no("call.away", name="Budi")
    sari.is_in_call_with("Budi")


def test_an_agent_in_a_call_is_told_to_the_customer_and_seen_again(house: House) -> None:
    budi, sari = in_call(house)
    sari.page.goto("about:blank")
    budi.sees("peer.lost", agent="Sari")
    sari.page.go_back()
    sari.is_in_call_with("Budi")
    budi.sees_no("peer.lost", agent="Sari")
    budi.is_in_call_with("Sari")


def test_an_agent_who_reloads_while_it_rings_is_ready_again_and_offered_anew(house: House) -> None:
    budi, sari = ringing(house)
    sari.page.reload()
    sari.is_offered("Budi")
    sari.accepts()
    sari.is_in_call_with("Budi")
    budi.is_in_call_with("Sari")


def test_an_agent_in_wrap_up_stays_there(house: House) -> None:
    budi, sari = in_call(house)
    budi.hangs_up()
    sari.is_in_wrap_up()
    sari.page.reload()
    sari.is_in_wrap_up()
    sari.sees("wrap_up.how.completed.customer", name="Budi")


#: The first answer to the end of a wrap-up is lost.
_DEAF = """
const { prototype } = WebSocket;
const { send } = prototype;
prototype.send = function (text) {
    send.call(this, text);
    if (sessionStorage.deaf || JSON.parse(text).type !== "wrapup.finish") return;
    sessionStorage.deaf = "was";
    this.onmessage = null;
    CLOSES;
};
"""


def deaf_once(house: House, closes: str) -> tuple[Customer, Agent]:
    script = _DEAF.replace("CLOSES", closes)
    house.dress = lambda sub: script if sub == "sari" else ""
    return in_call(house)


def test_notes_whose_answer_was_lost_with_the_page_are_known_to_be_kept(house: House) -> None:
    budi, sari = deaf_once(house, "")
    budi.hangs_up()
    sari.is_in_wrap_up()
    sari.finishes("Solved", "A new card is on its way. ")
    sari.waits_for(lambda: sari.watch.frames("wrapup.finish"), "the end of the wrap-up said")
    sari.page.reload()
    sari.is_in("ready")
    sari.waits_for(lambda: len(sari.watch.frames("wrapup.finish")) == 2, "a question for what was said")
    sari.sees_no("unsent.title", name="Budi")


def test_notes_whose_answer_was_lost_are_known_to_be_kept(house: House) -> None:
    budi, sari = deaf_once(house, "setTimeout(() => this.close(), 300)")
    budi.hangs_up()
    sari.is_in_wrap_up()
    sari.finishes("Solved", "A new card is on its way.")
    sari.is_in("ready")
    sari.hears("link.back")
    sari.sees_no("unsent.title", name="Budi")
    sari.sees_no("refused.wrong_state", state=sari.text("state.ready"))
    first, again = sari.watch.frames("wrapup.finish")
    assert first == again
    assert first["call_id"]


def test_the_end_of_a_call_is_told_to_whoever_comes_back_after_it(house: House) -> None:
    budi, sari = in_call(house)
    budi.page.goto("about:blank")
    sari.hangs_up()
    budi.page.go_back()
    budi.sees_the_end("completed")
    budi.rates(4)
    budi.page.reload()
    budi.sees("choose.lead")


def test_of_two_tabs_of_a_customer_the_older_says_it_was_replaced(house: House) -> None:
    budi = house.enter(Customer, "budi")
    budi.asks("General service")
    again = house.enter(Customer, "budi")
    again.sees_place(1)
    expect(budi.page.get_by_role("heading", name=budi.text("replaced.title"))).to_be_visible()
    budi.press("link.do.here")
    budi.sees_place(1)
    expect(again.page.get_by_role("heading", name=again.text("replaced.title"))).to_be_visible()


def test_of_two_desks_of_an_agent_the_older_says_it_was_replaced(house: House) -> None:
    budi, sari = in_call(house)
    again = house.enter(Agent, "sari", "Sari", queues=["general"])
    again.is_in_call_with("Budi")
    budi.is_in_call_with("Sari")
    expect(sari.page.get_by_role("heading", name=sari.text("parted.replaced.title"))).to_be_visible()
    sari.press("parted.replaced.act")
    sari.is_in_call_with("Budi")
    expect(again.page.get_by_role("heading", name=again.text("parted.replaced.title"))).to_be_visible()
