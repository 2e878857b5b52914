"""When pages ask, in virtual time, against a server that answers from a script."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import trio
import trio.testing

from engine.replay.baselines.http_line import HttpLine
from engine.replay.baselines.page import IN_CALL_S, JITTER, AgentPage, CustomerPage, Rooms, ServerFault
from engine.replay.cost import Traffic
from engine.replay.people import SimAgent, SimCustomer
from engine.replay.rows import AgentRow, CallRow

Answer = Callable[[str, float], dict[str, Any]]

CALLER = CallRow(id="c1", arrive_s=0, queue="q", handle_s=20)
WAITING = {"call_id": "x", "queue": "q", "state": "waiting", "since_at": 1}
CONNECTED = {**WAITING, "state": "connected", "agent": "a1"}
ENDED = {**WAITING, "state": "ended", "reason": "completed", "by": "customer"}
READY = {"state": "ready", "reason": None, "since_at": 1, "next_state": None, "left_ms": None}
READY |= {"call_id": None, "offer_id": None}


class Scripted(HttpLine):
    """Answers at once, or not at all while `away`; remembers what was asked and when."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("http://nowhere", "", Traffic())
        self.answer = answer
        self.asked: list[tuple[float, str, str]] = []
        self.away = 0
        self.began = trio.current_time()

    async def open(self) -> None:
        pass

    async def ask(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        await trio.lowlevel.checkpoint()
        at = trio.current_time() - self.began
        self.asked.append((at, method, path))
        if self.away:
            self.away -= 1
            raise trio.BrokenResourceError
        said = self.answer(f"{method} {path}", at)
        return (409 if "code" in said else self.status), said

    status = 200

    def times(self, method: str, path: str) -> list[float]:
        return [at for at, how, what in self.asked if (how, what.partition("?")[0]) == (method, path)]


def customer(line: HttpLine, rooms: Rooms | None = None) -> CustomerPage:
    return CustomerPage(line=line, person=SimCustomer(CALLER), random=Random(1), rooms=rooms or Rooms())


def agent(line: HttpLine, rooms: Rooms, every_s: float, *, answers: bool = True, **row: Any) -> AgentPage:
    person = SimAgent(AgentRow(id="a1", login_s=0, queues=("q",), **row), Random(1))
    more = {"every_s": every_s, "answers": answers}
    return AgentPage(line=line, person=person, random=Random(1), rooms=rooms, **more)


async def lived(page: CustomerPage | AgentPage, until_s: float) -> None:
    with trio.move_on_at(trio.current_time() + until_s):
        await page.run()


def apart(times: list[float]) -> list[float]:
    return [later - sooner for sooner, later in pairwise(times)]


async def test_a_customer_asks_every_two_seconds_until_he_talks(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def answer(what: str, at: float) -> dict[str, Any]:
        return ENDED if what == "DELETE /call" else CONNECTED if at > 30 else WAITING

    line = Scripted(answer)
    page = customer(line)
    await page.run()
    polls = line.times("GET", "/call")
    waited, talked = [at for at in polls if at < 30], [at for at in polls if at > 30]
    assert all(2 * (1 - JITTER) <= gap <= 2 * (1 + JITTER) for gap in apart(waited))
    assert len(waited) == 15
    assert apart(talked) == [pytest.approx(IN_CALL_S)]
    assert line.times("DELETE", "/call") == [pytest.approx(talked[0] + CALLER.handle_s)]
    assert page.over


async def test_an_agent_asks_at_his_interval_and_not_during_wrap_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def answer(what: str, at: float) -> dict[str, Any]:
        resting = 10 < at < 30
        return {**READY, "state": "wrap_up", "left_ms": round((30 - at) * 1000)} if resting else READY

    line = Scripted(answer)
    await lived(agent(line, Rooms(), 1.0), 40)
    gaps = apart(line.times("GET", "/agent/next"))
    assert max(gaps) >= 15.0 - 1e-6
    assert sum(gap > 1 + JITTER for gap in gaps) == 2
    assert min(gaps) >= 1 - JITTER


async def test_an_agent_in_a_call_hears_of_its_end_by_the_video(
    autojump_clock: trio.testing.MockClock,
) -> None:
    rooms, ended = Rooms(), 7.0

    def answer(what: str, at: float) -> dict[str, Any]:
        return {**READY, "state": "on_call", "call_id": "x"} if at < ended else {**READY, "since_at": 2}

    async def end() -> None:
        await trio.sleep(ended)
        rooms.of("x").set()

    line = Scripted(answer)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(end)
        await lived(agent(line, rooms, 1.0), 8)
    assert line.times("GET", "/agent/next")[0] == pytest.approx(ended)


async def test_only_a_page_that_does_not_answer_by_itself_accepts(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def answer(what: str, at: float) -> dict[str, Any]:
        return {**READY, "state": "offered", "call_id": "x", "offer_id": "o1"} if at > 3 else READY

    for answers in (True, False):
        line = Scripted(answer)
        await lived(agent(line, Rooms(), 1.0, answers=answers), 10)
        assert len(line.times("POST", "/agent/accept")) == (0 if answers else 1)


async def test_an_agent_who_was_taken_for_gone_logs_in_again(autojump_clock: trio.testing.MockClock) -> None:
    known = False

    def answer(what: str, at: float) -> dict[str, Any]:
        nonlocal known
        known = what == "POST /agent" or (known and not 5 < at < 6)
        return READY if known else {"code": "wrong_state"}

    line = Scripted(answer)
    page = agent(line, Rooms(), 0.9)
    await lived(page, 10)
    assert len(line.times("POST", "/agent")) == 2
    assert len(line.times("GET", "/agent/next")) >= 9
    assert page.person.errors == []  # type: ignore[attr-defined]


async def test_what_was_not_answered_is_asked_again(autojump_clock: trio.testing.MockClock) -> None:
    line = Scripted(lambda what, at: ENDED)
    line.away = 3
    page = customer(line)
    await page.run()
    assert [(how, what) for _, how, what in line.asked] == [("POST", "/call")] * 4
    assert page.over


async def test_a_fault_of_the_server_is_not_passed_over(autojump_clock: trio.testing.MockClock) -> None:
    line = Scripted(lambda what, at: {})
    line.status = 500
    with pytest.RaisesGroup(ServerFault, flatten_subgroups=True):
        await customer(line).run()
