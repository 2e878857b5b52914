"""The journal as text, line by line: as it is (jsonl), a row per call (csv), or Asterisk's queue_log.

Nothing is held but what is still going on, so a journal may be of any length. A range is that of the facts
(jsonl, queue_log) or of the calls' arrivals (csv, which reads on until those calls have ended).
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from io import StringIO

import attrs
import orjson
from attrs import define, field

from engine.domain.facts import (
    CallArchived,
    CallConnected,
    CallEnded,
    CallPrioritised,
    CallQueued,
    CallRated,
    CallRequeued,
    CallTransferred,
    Fact,
    LinkLost,
    OfferEnded,
)
from engine.domain.lifecycle import OfferEnd
from engine.replay.journal.line import arrival
from engine.replay.journal.queue_log import queue_log
from engine.replay.journal.sources import LOOK_BACK_MS, SLACK_MS, Journal
from engine.store.records import encode_fact

#: How long after its end a call may be rated, where it is never put away.
RATED_WITHIN_MS = 900_000


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    QUEUE_LOG = "queue_log"


def export(journal: Journal, form: Format, from_at: int | None, to_at: int | None) -> Iterator[str]:
    """The lines of that range (`from_at` inclusive, `to_at` exclusive), without their ends."""
    match form:
        case Format.JSONL:
            for fact in journal.facts(from_at, to_at):
                if (from_at is None or fact.at >= from_at) and (to_at is None or fact.at < to_at):
                    yield orjson.dumps(encode_fact(fact)).decode()
        case Format.CSV:
            yield from _csv(journal, from_at, to_at)
        case Format.QUEUE_LOG:
            since_at = None if from_at is None else from_at - LOOK_BACK_MS
            yield from queue_log(journal.facts(since_at, to_at), from_at, to_at)


# a row per call


@define
class CallLine:
    """A call as a row. Durations in seconds, instants in ISO 8601; empty where a thing did not happen.

    `queue` is the one asked for, `last_queue` where it ended; `agent_id` the first who was connected,
    `last_agent_id` the last. `due_at`, `band` and `terms` are the last. `wait_s`: from arrival to the first
    connection, or to the end of a call that was never connected; `talk_s`: connected, all agents together.
    `skills` are NAME:LEVEL, separated by blanks; `terms` RULE=SECONDS, separated by semicolons.
    `offers` and how many of them were declined, not answered, taken back, or lost with the agent's link.
    """

    call_id: str
    request_id: str
    customer_id: str
    queue: str
    tier: str
    skills: str
    arrived_at: int
    due_at: int
    band: int
    head_start_s: int
    terms: str
    rules: str
    offers: int = 0
    declined: int = 0
    no_answer: int = 0
    rescinded: int = 0
    agent_lost: int = 0
    connected_at: int | None = None
    wait_s: int | None = None
    talk_s: int = 0
    agent_id: str = ""
    last_agent_id: str = ""
    last_queue: str = ""
    transfers: int = 0
    requeues: int = 0
    links_lost: int = 0
    ended_at: int | None = None
    end_reason: str = ""
    ended_by: str = ""
    rating: int | None = None
    #: since when it is connected now
    _talks_at: int | None = field(default=None)

    @classmethod
    def of(cls, fact: CallQueued) -> "CallLine":
        return cls(
            call_id=fact.call,
            request_id=fact.request_id,
            customer_id=fact.customer,
            queue=fact.queue,
            tier=fact.tier,
            skills=_pairs(fact.skills),
            arrived_at=arrival(fact),
            due_at=fact.due_at,
            band=fact.band,
            head_start_s=sum(fact.terms.values()),
            terms=_terms(fact.terms),
            rules=fact.rules,
            last_queue=fact.queue,
        )

    def take(self, fact: Fact) -> None:
        match fact:
            case OfferEnded(how=how):
                self.offers += 1
                if how is not OfferEnd.ACCEPTED:
                    name = "no_answer" if how is OfferEnd.EXPIRED else how.value
                    setattr(self, name, getattr(self, name) + 1)
            case CallConnected(agent=agent):
                self._talks_at, self.last_agent_id = fact.at, agent
                if self.connected_at is None:
                    self.connected_at, self.wait_s, self.agent_id = fact.at, fact.waited_ms, agent
            case CallTransferred(queue=queue):
                self.last_queue, self.transfers = queue, self.transfers + 1
            case CallRequeued():
                self.requeues += 1
                self._hang_up(fact.at)
            case CallPrioritised(due_at=due_at, band=band, terms=terms):
                self.due_at, self.band, self.terms = due_at, band, _terms(terms)
                self.head_start_s = sum(terms.values())
            case LinkLost():
                self.links_lost += 1
            case CallEnded(reason=reason, by=by):
                self._hang_up(fact.at)
                self.ended_at, self.end_reason, self.ended_by = fact.at, reason.value, by.value
                if self.connected_at is None:
                    self.wait_s = fact.at - self.arrived_at
            case CallRated(score=score):
                self.rating = score

    def _hang_up(self, at: int) -> None:
        if self._talks_at is not None:
            self.talk_s, self._talks_at = self.talk_s + at - self._talks_at, None

    def cells(self, zone: tzinfo) -> Iterator[str]:
        for name in COLUMNS:
            value = getattr(self, name)
            if value is None:
                yield ""
            elif name.endswith("_at"):
                yield iso(value, zone)
            else:
                yield seconds(value) if name.endswith("_s") else str(value)


COLUMNS = tuple(f.name for f in attrs.fields(CallLine) if not f.name.startswith("_"))


def _csv(journal: Journal, from_at: int | None, to_at: int | None) -> Iterator[str]:
    yield csv_line(COLUMNS)
    for row in _rows(journal, from_at, to_at):
        yield csv_line(row.cells(journal.zone))


def _rows(journal: Journal, from_at: int | None, to_at: int | None) -> Iterator[CallLine]:
    """The calls that arrived then, each once it is over; at last those that are not."""
    rows: dict[str, CallLine] = {}
    #: those that ended, in that order
    ended: dict[str, int] = {}
    for fact in journal.facts(from_at):
        if to_at is not None and fact.at > to_at + SLACK_MS and not rows:
            return
        name = getattr(fact, "call", "")
        if isinstance(fact, CallQueued) and name not in rows:
            row = CallLine.of(fact)
            if (from_at is None or row.arrived_at >= from_at) and (to_at is None or row.arrived_at < to_at):
                rows[name] = row
        elif name in rows:
            rows[name].take(fact)
            if isinstance(fact, CallEnded):
                ended[name] = fact.at
            elif isinstance(fact, CallArchived):
                ended.pop(name, None)
                yield rows.pop(name)
        while ended and fact.at > ended[oldest := next(iter(ended))] + RATED_WITHIN_MS:
            del ended[oldest]
            yield rows.pop(oldest)
    yield from rows.values()


def _pairs(skills: Mapping[str, int]) -> str:
    return " ".join(f"{name}:{level}" for name, level in skills.items())


def _terms(terms: Mapping[str, int]) -> str:
    """Rules' labels may have blanks."""
    return "; ".join(f"{rule}={seconds(ms)}" for rule, ms in terms.items())


def csv_line(cells: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow(list(cells))
    return out.getvalue()


def seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}"


def iso(at: int, zone: tzinfo = UTC) -> str:
    """An instant, to the ms, with its offset."""
    return datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="milliseconds")
