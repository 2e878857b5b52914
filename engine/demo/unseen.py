"""Somebody without camera and microphone: a simulated person, or one at a terminal.

He says so as soon as he is connected, and again to whoever wants to meet him later, so that nobody waits for
his picture.
"""

from attrs import frozen

from engine.actors import notices as told
from engine.actors.requests import Signal
from engine.gateway.messages import ServerMessage
from engine.replay.life import Person
from engine.replay.people import Deeds, Later

ABSENT = Signal(data={"kind": "absent"})


@frozen
class Unseen:
    """A `Person` like the one he is made of."""

    person: Person

    def heard(self, message: ServerMessage) -> Deeds:
        deeds = self.person.heard(message)
        match message:
            case told.CustomerConnected() | told.AgentConnected():
                return (*deeds, ABSENT)
            case told.Signal(data={"kind": "ready"}):
                return (*deeds, ABSENT)
        return deeds

    def act(self, later: Later) -> Deeds:
        return self.person.act(later)
