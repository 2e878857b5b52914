"""A `Telling` as sentences, in English or Indonesian; instants by the clock, a replay's by its scenario's."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from attrs import evolve, field, frozen

from engine.domain.lifecycle import AgentState
from engine.replay.journal.catalogue import LANGUAGES
from engine.replay.journal.passing import Passing
from engine.replay.journal.sources import Journal
from engine.replay.journal.telling import Saying, Telling

#: Calls that a list names; of more it tells how many.
NAMED = 20
#: Others whom the journal names beside the chosen agent (`matching.CONSIDERED`).
CONSIDERED = 4


@frozen
class Clockface:
    """How instants and durations are told. `midnight_at`: of a replay's only day, which needs no date."""

    words: Mapping[str, str]
    zone: tzinfo = UTC
    midnight_at: int | None = None
    #: the day that goes without saying
    day: str = field(default="")

    def on(self, at: int) -> "Clockface":
        """The same, on the day of that instant."""
        return evolve(self, day=self._date(at))

    def instant(self, at: int) -> str:
        if self.midnight_at is not None:
            return self._shown(at - self.midnight_at)
        then = datetime.fromtimestamp(at / 1000, self.zone)
        clock = f"{then:%H:%M:%S}{self.words['point']}{at % 1000:03}"
        date = self._date(at)
        return clock if date == self.day else f"{date} {clock}"

    def _shown(self, ms: int) -> str:
        """That long after midnight, on a clock that goes on after 24 hours; before it, with a minus."""
        if ms < 0:
            return f"−{self._shown(-ms)}"
        seconds, ms = divmod(ms, 1000)
        minutes, s = divmod(seconds, 60)
        h, minutes = divmod(minutes, 60)
        return f"{h:02}:{minutes:02}:{s:02}{self.words['point']}{ms:03}"

    def _date(self, at: int) -> str:
        return f"{datetime.fromtimestamp(at / 1000, self.zone):%Y-%m-%d}"

    def span(self, ms: int) -> str:
        """A duration as one says it: 90 ms is 0.09 s, an hour has no fractions."""
        if abs(ms) < 60_000:
            text = f"{ms / 1000:.3f}".rstrip("0").rstrip(".")
            return self.words["s"].format(s=text.replace(".", self.words["point"]))
        minutes, s = divmod(round(ms / 1000), 60)
        h, minutes = divmod(minutes, 60)
        return self.words["h" if h else "min"].format(h=h, min=minutes, s=f"{s:02}")


@frozen
class Words:
    """The sentences of one telling."""

    telling: Telling
    words: Mapping[str, str]
    clock: Clockface

    @classmethod
    def of(cls, telling: Telling, lang: str, journal: Journal) -> "Words":
        words = LANGUAGES[lang]
        clock = Clockface(words, journal.zone, journal.midnight_at)
        return cls(telling, words, clock.on(telling.arrived_at))

    def _(self, code: str, **said: Any) -> str:
        return self.words[code].format(**said)

    def title(self) -> str:
        """A replay's call is known by its request, any other by its id."""
        told = self.telling
        names = {"call": told.call, "request": told.request_id}
        if self.clock.midnight_at is not None and told.request_id:
            names = {"call": told.request_id, "id": told.call}
        second = next((self._(code, **names) for code in ("request", "id") if names.get(code)), "")
        return self._("title", call=names["call"], queue=told.queue, tier=told.tier) + second

    def course(self) -> Iterator[tuple[str, list[str]]]:
        """What happened: the instant, the sentence, and what belongs to it."""
        for saying in self.telling.sayings:
            yield self.clock.instant(saying.at), [self._line(saying), *self._more(saying)]

    def passed(self) -> list[str]:
        """The calls that came earlier and were left waiting, after a heading."""
        return self._list("passed", "pair.left", self.telling.passed)

    def passed_by(self) -> list[str]:
        """The calls that came later and were served before it, after a heading."""
        return self._list("passed_by", "pair.first", self.telling.passed_by)

    def ahead(self) -> list[str]:
        """The calls that came earlier and were served while it waited, after a heading, if there were any."""
        return self._list("ahead", "pair.ahead", self.telling.ahead) if self.telling.ahead else []

    def ending(self) -> str:
        return "" if self.telling.over else self.words["open"]

    # pieces

    def _list(self, heading: str, pair: str, found: tuple[Passing, ...]) -> list[str]:
        if not found:
            return [self.words[f"{heading}.none"]]
        lines = [self._(heading, count=len(found)), *(self._pair(pair, p) for p in found[:NAMED])]
        return lines if len(found) <= NAMED else [*lines, self._("more", count=len(found) - NAMED)]

    def _name(self, call: str) -> str:
        """A replay's calls are known by their requests."""
        return call if self.clock.midnight_at is None else self.telling.requests.get(call) or call

    def _pair(self, pair: str, p: Passing) -> str:
        said = {"after": self.clock.span(abs(p.arrived_after_ms)), "reason": self._why_passed(p)}
        return self._(pair, first=self._name(p.first), left=self._name(p.left), agent=p.agent, **said)

    def _why_passed(self, p: Passing) -> str:
        high, low = p.bands
        said = {"lead": self.clock.span(p.lead_ms), "lacks": ", ".join(p.lacks), "high": high, "low": low}
        names = {"first": self._name(p.first), "left": self._name(p.left), "agent": p.agent}
        return self._(f"pass.{p.reason}", **names, **said)

    def _line(self, saying: Saying) -> str:
        said = {_bare(key): self._said(key, value) for key, value in saying.said.items()}
        match saying.code:
            case "asked":
                skills = ", ".join(f"{name} {level}" for name, level in saying.said["skills"].items())
                said["skills"] = self._("asked.skills", skills=skills) if skills else ""
            case "due" | "prioritised":
                said |= self._place(saying.said)
            case "not_yet":
                return self._not_yet(saying.said)
            case "offered":
                said["choice"] = self._choice(saying.said)
            case "transferred":
                whom = saying.said["to_agent"]
                to = self._("transferred.agent", agent=whom) if whom else self._("transferred.queue", **said)
                said["to"] = to
            case "ended.connected" | "ended.waiting":
                said["reason"] = self.words[f"reason.{saying.said['reason']}"]
                said["by"] = saying.said["who"] or self.words[f"by.{saying.said['by']}"]
            case "link.customer.lost" | "link.agent.lost":
                until = saying.said["until_at"]
                said["until"] = "" if until is None else self._("link.until", until=said["until"])
        return self._(saying.code, **said)

    def _said(self, key: str, value: Any) -> Any:
        """`due_at` is said as an instant, in place of {due}; `waited_ms` as a duration, of {waited}."""
        if key.endswith("_at") and value is not None:
            return self.clock.instant(value)
        if key.endswith("_ms") and value is not None:
            return self.clock.span(value)
        return value

    def _place(self, said: Mapping[str, Any]) -> dict[str, str]:
        terms = "".join(
            self._("due.term", sign="−" if ms >= 0 else "+", ms=self.clock.span(abs(ms)), rule=rule)
            for rule, ms in said["terms"].items()
        )
        arrived = self.clock.instant(said["arrived_at"])
        reason = said.get("reason", "")
        return {
            "how": self._("due.terms", arrived=arrived, terms=terms) if terms else self.words["due.plain"],
            "band": self._("due.band", band=said["band"]) if said["band"] else "",
            "by": said.get("by") or self.words["by.supervisor"],
            "reason": self._("prioritised.reason", reason=reason) if reason else "",
        }

    def _not_yet(self, said: Mapping[str, Any]) -> str:
        """What those do who could have taken it."""
        if not said["count"]:
            return self.words["not_yet.nobody"]
        doing = []
        for (state, reason), count in sorted(said["doing"].items(), key=lambda found: (-found[1], found[0])):
            because = f" ({reason})" if reason and state == AgentState.NOT_READY else ""
            doing.append(f"{count} {self.words[f'doing.{state}']}{because}")
        return self._("not_yet", doing=", ".join(doing))

    def _choice(self, said: Mapping[str, Any]) -> str:
        why = said["why"]
        if why.get("by") == "supervisor" or said["by"]:
            return self._("select.supervisor", by=said["by"] or self.words["by.supervisor"])
        if said["kept"]:
            return self.words["select.kept"]
        code = f"select.{why.get('select')}"
        if code not in self.words:
            return self.words["select.unknown"]
        return self._(code, idle=self.clock.span(why.get("idle_ms", 0)))

    def _more(self, saying: Saying) -> Iterator[str]:
        """What else there is to say of an offer."""
        if saying.code != "offered":
            return
        why, left = saying.said["why"], saying.said["left"]
        if why.get("step"):
            yield self._("step", count=why["step"])
        if "considered" in why:
            others = [self._(f"other.{code}", agent=agent) for agent, code in why["considered"].items()]
            most = [self.words["others.most"]] if len(others) >= CONSIDERED else []
            yield self._("others", others=", ".join(others + most)) if others else self.words["others.none"]
        if why.get("passed_over"):
            yield self._("passed_over", count=why["passed_over"])
        for p in left[:NAMED]:
            yield self._("left", call=self._name(p.left), reason=self._why_passed(p))
        if len(left) > NAMED:
            yield self._("more", count=len(left) - NAMED)


def _bare(key: str) -> str:
    return key.removesuffix("_at").removesuffix("_ms")
