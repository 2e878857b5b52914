"""A recorded day's replies, given again one by one."""

from pathlib import Path

import pytest

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, OfferEnd, Party
from engine.domain.rules import Queue, Timings
from engine.replay.replies import Answer, Reply
from engine.replay.rows import AgentRow, CallRow, Drop
from engine.replay.scenario import Scenario, dump_scenario, load_scenario
from engine.replay.virtual import replay

QUEUES = (Queue(name="general", wrap_up_ms=30_000), Queue(name="cards", wrap_up_ms=0))
REPLIES = (
    Reply(how=Answer.DECLINED, after_ms=2_000),
    Reply(how=Answer.NO_ANSWER, back_ms=3_000),
    Reply(after_ms=1_234, pass_on_ms=20_000, queue="cards", wrap_up_ms=4_500),
    Reply(after_ms=500, hang_up_ms=7_000),
)


def a_day(**more: object) -> Scenario:
    day = {
        "name": "day",
        "queues": QUEUES,
        "timings": Timings(avoid_ms=0),
        "agents": (AgentRow(id="ani", login_s=0, queues=("general", "cards"), replies=REPLIES),),
        "calls": (CallRow(id="x", arrive_s=10, queue="general", handle_s=60),),
    }
    return Scenario(**(day | more))  # type: ignore[arg-type]


def told(day: Scenario) -> list[tuple[float, str]]:
    """What became of offers and calls, by the second."""
    result = replay(day)
    found = []
    for fact in result.facts:
        match fact:
            case f.OfferEnded(how=how):
                found.append((fact.at, how.value))
            case f.CallTransferred(queue=queue, to_agent=to):
                found.append((fact.at, f"to {queue} {to}".strip()))
            case f.CallEnded(by=by):
                found.append((fact.at, f"ended by {by}"))
            case f.AgentMoved(agent="ani", state=AgentState.READY):
                found.append((fact.at, "ready"))
    return [((at - result.start_at) / 1000, what) for at, what in found]


def test_each_offer_gets_the_reply_that_is_its_turn() -> None:
    assert told(a_day()) == [
        (0.0, "ready"),
        (12.0, OfferEnd.DECLINED),
        (17.0, "ready"),
        (32.0, OfferEnd.EXPIRED),
        (35.0, "ready"),
        (36.234, OfferEnd.ACCEPTED),
        (56.234, "to cards"),
        (60.734, "ready"),
        (61.234, OfferEnd.ACCEPTED),
        (68.234, "ended by agent"),
        (68.234, "ready"),
    ]


def test_when_they_are_used_up_the_row_says_what_he_does() -> None:
    agent = AgentRow(id="ani", login_s=0, queues=("general",), answer_ms=9_000, replies=REPLIES[:1])
    assert told(a_day(agents=(agent,)))[1:4] == [(12.0, "declined"), (17.0, "ready"), (26.0, "accepted")]


def test_a_call_may_be_passed_on_to_a_colleague() -> None:
    ani = AgentRow(id="ani", login_s=0, queues=("general",), replies=(Reply(pass_on_ms=5_000, agent="budi"),))
    budi = AgentRow(id="budi", login_s=0, queues=("cards",))
    assert (15.0, "to general budi") in told(a_day(agents=(ani, budi)))


def test_what_no_longer_makes_sense_is_not_done() -> None:
    """The customer hangs up before his call is passed on; the next call is not passed on in its stead."""
    agent = AgentRow(id="ani", login_s=0, queues=("general",), replies=(REPLIES[2],))
    calls = (
        CallRow(id="x", arrive_s=10, queue="general", handle_s=5),
        CallRow(id="y", arrive_s=11, queue="general", handle_s=60),
    )
    ends = [what for _, what in told(a_day(agents=(agent,), calls=calls)) if "by" in what or "to" in what]
    assert ends == [f"ended by {Party.CUSTOMER}"] * 2


def test_a_link_that_breaks_in_a_call_makes_it_no_longer() -> None:
    calls = (CallRow(id="x", arrive_s=10, queue="cards", handle_s=60, drops=(Drop(at_s=20, for_ms=5_000),)),)
    agent = AgentRow(id="ani", login_s=0, queues=("cards",), drops=(Drop(at_s=40, for_ms=5_000),))
    assert told(a_day(agents=(agent,), calls=calls))[-2:] == [(70.0, "ended by customer"), (70.0, "ready")]


def test_replies_are_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "day.toml"
    file.write_text(dump_scenario(a_day()))
    assert load_scenario(file) == a_day()


WRONG = {
    "to nobody": Reply(pass_on_ms=5_000),
    "to two": Reply(pass_on_ms=5_000, queue="cards", agent="budi"),
    "never": Reply(queue="cards"),
    "to an unknown queue": Reply(pass_on_ms=5_000, queue="crads"),
}


@pytest.mark.parametrize("reply", WRONG.values(), ids=WRONG)
def test_a_reply_that_cannot_be_given_is_a_mistake(reply: Reply) -> None:
    agent = AgentRow(id="ani", login_s=0, queues=("general",), replies=(reply,))
    [mistake] = a_day(agents=(agent,)).mistakes()
    assert mistake.key.startswith("agents[0].replies[0]")
