"""The longest waits of a day, each with the trace of its decisions, in the words of `giliran why`."""

from collections.abc import Iterator

from engine.replay.journal.catalogue import LANGUAGES
from engine.replay.journal.sources import ResultJournal, UnusableJournal, journal_of
from engine.replay.journal.telling import NoSuchCall, tell
from engine.replay.journal.words import Clockface, Words
from engine.replay.report.html import Html, el
from engine.replay.report.plot import clock
from engine.replay.result import CallOutcome, Result

TRACES = 8
#: Others that a trace names of a list; `giliran why` names all.
NAMED = 6


class DayClock(Clockface):
    """Instants as the drawings have them: to the second."""

    def instant(self, at: int) -> str:
        return clock((at - (self.midnight_at or 0)) / 1000)


def longest_waits(result: Result) -> Html:
    """A section; says so if the day is too large for its journal to be read again, or if nobody waited."""
    waited = [call for call in result.calls if call.wait_s]
    waited.sort(key=lambda call: (-(call.wait_s or 0), call.call_id))
    try:
        journal = journal_of(result.to_json())
    except UnusableJournal as error:
        return el("p", f"The journal of this day {error}.")
    if not waited:
        return el("p", "Nobody waited.")
    return el("div", *(_trace(journal, call) for call in waited[:TRACES]), class_="traces")


def _trace(journal: ResultJournal, call: CallOutcome) -> Html:
    end = f"answered by {call.agent_id}" if call.agent_id else call.outcome
    head = el(
        "header",
        el("h3", call.call_id),
        el("p", el("strong", f"{call.wait_s:,.1f} s"), f" · {call.queue} · {call.tier} · {end}"),
    )
    try:
        telling = tell(journal, call.call_id)
    except NoSuchCall:
        return el("article", head)
    said = LANGUAGES["en"]
    words = Words(telling, said, DayClock(said, journal.zone, journal.midnight_at))
    steps = (
        el("li", el("time", at), el("p", lines[0]), *_more(lines[1:]))
        for at, lines in words.course()
        if lines
    )
    return el(
        "article",
        head,
        el("ol", *steps, class_="steps"),
        *_list(words.ahead()),
        *_list(words.passed_by()),
        *_list(words.passed()),
    )


def _list(lines: list[str]) -> Iterator[Html]:
    """A heading and what it names, if anything is to be said."""
    if not lines:
        return
    yield el("p", lines[0], class_="who")
    yield from _more(lines[1:])


def _more(lines: list[str]) -> Iterator[Html]:
    if lines:
        hidden = [f"and {len(lines) - NAMED} more"] if len(lines) > NAMED else []
        yield el("ul", *(el("li", line) for line in [*lines[:NAMED], *hidden]))
