"""Every page in each of its main states, one after the other, for whoever looks at them: axe, or a camera.

Each function yields a state's name and the person who sees it, and goes on when it is asked for the next.
"""

from collections.abc import Generator
from typing import Any

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import FAILING, ringing
from .wallboard import Supervisor

States = Generator[tuple[str, Any], None, None]

#: In the bank's own words, by language.
GENERAL = {"en": "General service", "id": "Layanan umum"}
SHUT = {"en": "Tiny service", "id": "Layanan kecil"}


def of_customer(house: House, language: str = "en", **at: Any) -> States:
    service = GENERAL[language]
    budi = house.enter(Customer, "budi", "Budi Santoso", language=language, **at)
    budi.sees("choose.lead")
    yield "choose", budi
    budi.chooses(service)
    budi.sees("prepare.title")
    yield "prepare", budi
    budi.press("prepare.devices")
    budi.sees_moving(budi.text("call.you"))
    budi.press("prepare.ask")
    budi.hears("consent.missing")
    yield "consent missing", budi
    budi.agrees()
    yield "prepared", budi
    budi.press("prepare.ask")
    budi.sees_place(1)
    yield "waiting", budi
    budi.press("waiting.leave")
    yield "leaving", budi
    budi.press("leave.stay")
    sari = house.enter(Agent, "sari", "Sari Dewi", language=language, queues=["general"])
    sari.goes_ready()
    budi.sees_that_an_agent_is_alerted()
    yield "alerted", budi
    sari.accepts()
    budi.is_in_call_with("Sari Dewi")
    yield "call", budi
    sari.page.goto("about:blank")
    budi.sees("peer.lost", agent="Sari Dewi")
    yield "agent away", budi
    sari.page.go_back()
    sari.is_in_call_with("Budi Santoso")
    sari.hangs_up()
    budi.sees_the_end("completed")
    budi.page.get_by_role("radio", name=budi.text("rating.5")).check()
    yield "ended", budi
    budi.press("rating.send")
    budi.sees("rating.thanks")
    yield "rated", budi
    budi.press("ended.again")
    budi.asks(service)
    again = house.enter(Customer, "budi", "Budi Santoso", language=language, **at)
    again.sees_place(1)
    budi.sees("replaced.text")
    yield "replaced", budi
    for person in house.people:
        person.expects_lost_links()
    house.one.kill()
    again.sees("lost.waiting")
    yield "link lost", again
    house.one.start()


def of_failing_video(house: House, **at: Any) -> States:
    """Both sides of a call whose picture does not come."""
    budi, sari = ringing(house, GENERAL[at.get("language", "en")], **at)
    budi.page.evaluate(FAILING)
    sari.accepts()
    budi.sees("video.failed")
    yield "customer video failed", budi
    sari.sees("call.failed")
    yield "agent video failed", sari


def of_agent(house: House, language: str = "en", **at: Any) -> States:
    service = GENERAL[language]
    sari = house.enter(Agent, "sari", "Sari Dewi", language=language, queues=["general", "loans"], **at)
    sari.is_in("not_ready", "login")
    yield "login", sari
    sari.press("keys.title")
    yield "shortcuts", sari
    sari.page.keyboard.press("Escape")
    sari.goes_ready()
    sari.is_in("ready")
    sari.sees_moving(sari.text("media.preview"))
    yield "ready", sari
    sari.press("menu.now")
    yield "menu", sari
    sari.page.keyboard.press("Escape")
    budi = house.enter(Customer, "budi", "Budi Santoso", language=language, tier="priority")
    budi.asks(service)
    sari.is_offered("Budi Santoso")
    yield "offer", sari
    sari.accepts()
    sari.is_in_call_with("Budi Santoso")
    yield "call", sari
    dewi = house.enter(Agent, "dewi", "Dewi Lestari", language=language, queues=["loans"])
    dewi.goes_ready()
    dewi.is_in("ready")
    sari.press("call.transfer")
    sari.sees_words("Dewi Lestari")
    yield "transfer", sari
    sari.press("cancel")
    budi.page.goto("about:blank")
    sari.sees("call.away", name="Budi Santoso")
    yield "customer away", sari
    budi.page.go_back()
    budi.is_in_call_with("Sari Dewi")
    budi.hangs_up()
    sari.is_in_wrap_up()
    yield "wrap-up", sari
    sari.finishes()
    sari.is_in("ready")
    budi.press("ended.again")
    budi.asks(service)
    sari.declines()
    sari.is_in("not_ready", "declined")
    yield "declined", sari
    budi.leaves_the_queue()
    again = house.enter(Agent, "sari", "Sari Dewi", language=language, queues=["general"], **at)
    sari.sees("parted.replaced.text")
    yield "replaced", sari
    for person in house.people:
        person.expects_lost_links()
    house.one.kill()
    again.hears("link.lost")
    yield "link lost", again
    house.one.start()


def of_board(house: House, language: str = "en", **at: Any) -> States:
    board = house.enter(Supervisor, "rina", "Rina", language=language, **at)
    board.sees("calls.none")
    yield "nothing yet", board
    budi, sari = ringing(house, GENERAL[language], language=language)
    for name in ("andi", "citra", "eka"):
        house.enter(Customer, name, language=language).asks(GENERAL[language], devices=False)
    sari.accepts()
    board.sees_agent("Sari", "on_call")
    board.sees_line(*[GENERAL[language]] * 3)
    yield "calls", board
    card = board.opens(board.rows("calls").nth(1))
    yield "a call", board
    card.get_by_role("button", name=board.text("prioritise.open")).click()
    yield "prioritise", board
    board.press("cancel")
    board.press("close")
    board.opens(board.rows("agents").first)
    yield "an agent", board
    board.press("close")
    board.press("queue.pause.label", queue=GENERAL[language])
    board.confirms(board.page.get_by_role("dialog"), "pause")
    yield "paused", board
    board.press("wall.open")
    yield "wall", board
    board.press("wall.close")
    for person in house.people:
        person.expects_lost_links()
    house.one.kill()
    board.hears("link.lost")
    yield "link lost", board
    house.one.start()
    board.sees_agent("Sari", "on_call")
    budi.is_in_call_with("Sari")
