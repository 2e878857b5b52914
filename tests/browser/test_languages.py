"""Both languages, everywhere: the whole story in Indonesian, and a change of language in the middle of it."""

import re

import pytest

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import in_call
from .soon import expect
from .texts import LANGUAGES, PAGES, catalogue
from .wallboard import Supervisor


def test_the_story_in_indonesian(house: House) -> None:
    budi, sari = in_call(house, service="Layanan umum", language="id")
    board = house.enter(Supervisor, "rina", language="id")
    board.sees_agent("Sari", "on_call")
    for person in (budi, sari, board):
        expect(person.page.locator("html")).to_have_attribute("lang", "id")
    sari.hangs_up()
    budi.sees_the_end("completed")
    budi.rates(5)
    sari.is_in_wrap_up()
    sari.finishes("Selesai")
    sari.is_in("ready")


def test_the_language_is_changed_in_the_middle_and_kept(house: House) -> None:
    budi = house.enter(Customer, "budi", "Budi")
    budi.asks("General service")
    budi.sees_place(1)
    sari = house.enter(Agent, "sari", "Sari", queues=["loans"])
    sari.is_in("not_ready", "login")
    board = house.enter(Supervisor, "rina")
    board.sees_agent("Sari", "not_ready")
    for person in (budi, sari, board):
        person.page.get_by_role("button", name="ID", exact=True).click()
        person.language = "id"
        expect(person.page.locator("html")).to_have_attribute("lang", "id")
    for _ in range(2):
        budi.sees_place(1)
        sari.is_in("not_ready", "login")
        sari.sees("idle.not_ready.login.text")
        board.sees_agent("Sari", "not_ready")
        board.sees_line("Layanan umum")
        for person in (budi, sari, board):
            person.page.reload()


@pytest.mark.parametrize("page", ["common", *PAGES])
def test_both_languages_say_the_same_things(page: str) -> None:
    english, indonesian = (catalogue(language, page) for language in LANGUAGES)
    assert english.keys() == indonesian.keys()
    for key, text in english.items():
        assert _holes(text) == _holes(indonesian[key]), key


def _holes(text: str | dict[str, str]) -> set[str]:
    every = [text] if isinstance(text, str) else list(text.values())
    return {hole for each in every for hole in re.findall(r"\{(\w+)\}", each)}
