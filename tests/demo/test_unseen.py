"""Who has no camera says so, and nobody waits for his picture."""

from attrs import define, field

from engine.actors import notices as told
from engine.demo.unseen import ABSENT, Unseen
from engine.gateway.messages import ServerMessage
from engine.replay.people import Deeds, Later, Leave, Turn

PERSON = told.Person(id="p1", name="")
VIDEO = told.Video(provider="p2p", room="r1", role="answerer", ice_servers=[])
MET = told.CustomerConnected(call_id="c1", connected_at=1, agent=PERSON, video=VIDEO)
ANSWERED = told.AgentConnected(
    call_id="c1", connected_at=1, queue="q", tier="t", customer=PERSON, skills={}, attributes={}, video=VIDEO
)


@define
class Leaver:
    """He leaves, whatever he is told."""

    told: list[ServerMessage] = field(factory=list)

    def heard(self, message: ServerMessage) -> Deeds:
        self.told.append(message)
        return (Leave(),)

    def act(self, later: Later) -> Deeds:
        return (later,)


def test_he_says_so_once_he_is_connected_and_to_whoever_comes_later() -> None:
    for message in (MET, ANSWERED, told.Signal(data={"kind": "ready", "from": "x"})):
        assert Unseen(Leaver()).heard(message) == (Leave(), ABSENT)


def test_to_anything_else_he_says_nothing() -> None:
    for message in (told.CallOffered(), told.Signal(data={"kind": "candidate"}), told.Signal(data="ready")):
        assert Unseen(Leaver()).heard(message) == (Leave(),)


def test_he_does_what_he_would_do_anyway() -> None:
    leaver, later = Leaver(), Later(Turn.WORK, 5)
    unseen = Unseen(leaver)
    unseen.heard(MET)
    assert leaver.told == [MET]
    assert unseen.act(later) == (later,)
