"""The picture may fail, or not be there at all: both sides know, and no call is lost by it."""

import pytest

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import FAILING, MENDED, ringing
from .soon import expect

#: In a page: camera and microphone are had once `given` was called.
SLOWLY = """
    window.given = null;
    window.tracks = [];
    const devices = navigator.mediaDevices;
    const ask = devices?.getUserMedia.bind(devices);
    if (devices) devices.getUserMedia = async (wanted) => {
        await new Promise((resolve) => (window.given = resolve));
        const stream = await ask(wanted);
        tracks.push(...stream.getTracks());
        return stream;
    };
"""
ALL_ENDED = "tracks.every((track) => track.readyState === 'ended')"


def test_a_picture_that_fails_is_told_to_both_and_tried_again(house: House) -> None:
    budi, sari = ringing(house)
    budi.page.evaluate(FAILING)
    sari.accepts()
    budi.sees("video.failed")
    sari.sees("call.failed")
    budi.page.evaluate(MENDED)
    sari.press("retry")
    budi.is_in_call_with("Sari")
    sari.is_in_call_with("Budi")


def test_the_customer_may_try_again_too(house: House) -> None:
    budi, sari = ringing(house)
    budi.page.evaluate(FAILING)
    sari.accepts()
    sari.sees("call.failed")
    budi.page.evaluate(MENDED)
    budi.press("retry")
    sari.is_in_call_with("Budi")
    budi.is_in_call_with("Sari")


@pytest.mark.parametrize(
    ("error", "problem"),
    [("NotAllowedError", "denied"), ("NotFoundError", "none"), ("NotReadableError", "busy")],
)
def test_a_customer_without_camera_is_told_why_and_can_still_call(
    house: House, error: str, problem: str
) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.goes_ready()
    budi = house.enter(Customer, "budi", "Budi", script=_no_devices(error))
    budi.chooses("General service")
    budi.press("prepare.devices")
    budi.sees(f"device.{problem}")
    budi.agrees()
    budi.press("prepare.ask_bare")
    sari.accepts()
    budi.sees_moving("Sari")
    sari.sees("tile.off")


def test_an_agent_without_camera_is_asked_before_he_goes_ready(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", script=_no_devices("NotFoundError"), queues=["general"])
    sari.goes_ready()
    sari.sees("device.none")
    sari.is_in("not_ready", "login")
    sari.press("media.ready_without")
    sari.is_in("ready")


def test_a_ready_agents_camera_is_let_go_on_a_break(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.goes_ready()
    sari.is_in("ready")
    sari.sees_moving(str(sari.text("media.preview")))
    sari.chooses_state("Break")
    sari.is_in("not_ready", "Break")
    sari.sees("media.closed")
    assert not sari.page.locator("video").evaluate_all("all => all.filter((video) => video.srcObject).length")


def test_where_the_bank_has_its_own_video_both_are_told_so(house: House) -> None:
    house.node(more='[video]\nprovider = "none"\n')
    budi, sari = ringing(house, devices=False)
    sari.accepts()
    budi.sees("video.elsewhere.none", agent="Sari")
    sari.sees("call.elsewhere")


def _no_devices(error: str) -> str:
    return f"""
        const refused = () => Promise.reject(new DOMException("no", "{error}"));
        if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = refused;
    """


def test_switching_the_camera_off_before_the_call_holds_in_it(house: House) -> None:
    budi, sari = ringing(house)
    sari.declines()
    budi.press("devices.video.turn_off")
    sari.is_offered("Budi")
    sari.accepts()
    budi.sees_moving("Sari")
    sari.sees("tile.off")
    budi.press("devices.video.turn_on")
    sari.sees_moving("Budi")


@pytest.mark.parametrize("kind", [Customer, Agent])
def test_a_camera_that_is_given_too_late_is_turned_off(house: House, kind: type[Customer | Agent]) -> None:
    """The browser's question is still open while he goes elsewhere, and is answered then."""
    person = house.enter(kind, "budi", "Budi", script=SLOWLY, queues=["general"])
    if isinstance(person, Customer):
        person.chooses("General service")
        person.press("prepare.devices")
        person.waits_for(lambda: person.page.evaluate("given !== null"), "the question")
        person.press("back")
        expect(person.service("General service")).to_be_visible()
    else:
        person.goes_ready()
        person.waits_for(lambda: person.page.evaluate("given !== null"), "the question")
        person.chooses_state("Break")
        person.is_in("not_ready", "Break")
    person.page.evaluate("given()")
    person.waits_for(lambda: person.page.evaluate("tracks.length > 0"), "a camera")
    person.waits_for(lambda: person.page.evaluate(ALL_ENDED), "that it is off")
