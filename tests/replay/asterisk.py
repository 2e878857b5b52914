"""A reader of Asterisk's queue_log, written from its documentation and from nothing of ours.

https://docs.asterisk.org/Operation/Logging/Queue-Logs/: fields separated by pipes, which are the UNIX
timestamp, the unique id of the caller's channel or NONE, the queue's name, the member's channel, the event,
and the event's parameters. It follows callers and members and objects to what app_queue would never write.
"""

from collections.abc import Iterable
from typing import Any

from attrs import define, field

#: The parameters of each event, by the documentation's names; PAUSE and the like as app_queue.c writes them.
EVENTS: dict[str, tuple[str, ...]] = {
    "ABANDON": ("position", "origposition", "waittime"),
    "ADDMEMBER": ("",),
    "BLINDTRANSFER": ("extension", "context", "holdtime", "calltime", "origposition"),
    "COMPLETEAGENT": ("holdtime", "calltime", "origposition"),
    "COMPLETECALLER": ("holdtime", "calltime", "origposition"),
    "CONFIGRELOAD": ("",),
    "CONNECT": ("holdtime", "bridgedchanneluniqueid", "ringtime"),
    "ENTERQUEUE": ("url", "callerid", "origposition"),
    "EXITWITHTIMEOUT": ("position", "origposition", "waittime"),
    "PAUSE": ("reason",),
    "PAUSEALL": ("reason",),
    "REMOVEMEMBER": ("",),
    "RINGCANCELED": ("ringtime",),
    "RINGNOANSWER": ("ringtime",),
    "UNPAUSE": ("reason",),
    "UNPAUSEALL": ("reason",),
}
TEXTS = {"", "bridgedchanneluniqueid", "callerid", "context", "extension", "reason", "url"}
LEAVES = {"ABANDON", "BLINDTRANSFER", "COMPLETEAGENT", "COMPLETECALLER", "EXITWITHTIMEOUT"}


@define
class Event:
    time: int
    call: str
    queue: str
    agent: str
    name: str
    data: dict[str, Any]


def parse(line: str) -> Event:
    time, call, queue, agent, name, *rest = line.split("|")
    keys = EVENTS[name]
    assert len(rest) == len(keys), line
    data = {key: text if key in TEXTS else int(text) for key, text in zip(keys, rest, strict=True)}
    assert all(value >= 0 for value in data.values() if isinstance(value, int)), line
    return Event(int(time), call, queue, agent, name, data)


@define
class Caller:
    queue: str
    entered: int
    position: int
    connected: int | None = None
    hold: int = 0
    agent: str = ""


@define
class Reader:
    """Follows a log from its first line. `events` is what was read."""

    events: list[Event] = field(factory=list)
    callers: dict[str, Caller] = field(factory=dict)
    #: (queue, agent) -> whether paused
    members: dict[tuple[str, str], bool] = field(factory=dict)

    def read(self, lines: Iterable[str]) -> "Reader":
        for line in lines:
            event = parse(line)
            self.events.append(event)
            if event.call != "NONE":
                self._caller(event)
            elif event.name != "CONFIGRELOAD":
                self._member(event)
        return self

    def count(self, name: str) -> int:
        return sum(event.name == name for event in self.events)

    def _caller(self, event: Event) -> None:
        data = event.data
        if event.name == "ENTERQUEUE":
            assert event.call not in self.callers, event
            assert (event.agent, data["origposition"] >= 1) == ("NONE", True), event
            self.callers[event.call] = Caller(event.queue, event.time, data["origposition"])
            return
        caller = self.callers[event.call]
        assert event.queue == caller.queue, event
        if event.name == "CONNECT":
            assert caller.connected is None, event
            caller.connected, caller.agent, caller.hold = event.time, event.agent, data["holdtime"]
            assert data["holdtime"] == event.time - caller.entered, event
            assert data["ringtime"] <= data["holdtime"], event
        elif event.name in ("RINGNOANSWER", "RINGCANCELED"):
            assert caller.connected is None, event
            assert data["ringtime"] <= 1000 * (event.time - caller.entered + 1), event
        else:
            self._leaves(event, caller)

    def _leaves(self, event: Event, caller: Caller) -> None:
        data = event.data
        assert event.name in LEAVES, event
        assert data["origposition"] == caller.position, event
        if event.name in ("ABANDON", "EXITWITHTIMEOUT"):
            assert (caller.connected, event.agent) == (None, "NONE"), event
            assert data["waittime"] == event.time - caller.entered, event
            assert data["position"] >= 1, event
        else:
            assert caller.connected is not None, event
            assert event.agent == caller.agent, event
            assert (data["holdtime"], data["calltime"]) == (caller.hold, event.time - caller.connected), event
        del self.callers[event.call]

    def _member(self, event: Event) -> None:
        who = (event.queue, event.agent)
        if event.name in ("PAUSEALL", "UNPAUSEALL"):
            assert event.queue == "NONE", event
        elif event.name == "ADDMEMBER":
            assert who not in self.members, event
            self.members[who] = False
        elif event.name == "REMOVEMEMBER":
            del self.members[who]
        else:
            paused = event.name == "PAUSE"
            assert paused or self.members[who], event
            assert bool(event.data["reason"]) == paused, event
            self.members[who] = paused
