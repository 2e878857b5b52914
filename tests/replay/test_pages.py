"""The pages: whole, safe, the same each time, and of a replay everything that it broke."""

import re
from xml.etree import ElementTree

import pytest

from engine import __version__
from engine.replay.measures import MEASURES
from engine.replay.report.compare_page import compare_page
from engine.replay.report.replay_page import replay_page
from engine.replay.sample import Day
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import scenario
from tests.replay.pages import VIPS_FIRST, Seen, a_day, side_by_side


@pytest.fixture(scope="module")
def replayed() -> str:
    return replay_page(Day(a_day(VIPS_FIRST)), ["c1: <too late>"], "giliran replay 'a day.toml'")


@pytest.fixture(scope="module")
def compared() -> str:
    return compare_page(side_by_side(a_day(), a_day(VIPS_FIRST)))


@pytest.fixture(params=["replayed", "compared"])
def page(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def test_a_page_needs_no_script_and_no_other_file(page: str) -> None:
    seen = Seen(page)
    assert seen.open == []
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in seen.tags}
    for _, attributes in seen.tags:
        assert not {"style", "src", "onclick"} & attributes.keys()
        assert not (attributes.get("href") or "").startswith("http")
    assert not re.search(r"url\((?!#p\d)", page)
    assert "@import" not in page


def test_every_drawing_has_a_name_and_a_description(page: str) -> None:
    ids = [str(attributes["id"]) for _, attributes in Seen(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    drawings = [a for a in Seen(page).of("svg") if a.get("role") == "img"]
    assert len(drawings) in (5, 11)
    for attributes in drawings:
        assert set((attributes["aria-labelledby"] or "").split()) <= set(ids)
    for drawn in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(drawn)
    assert page.count("<summary>Numbers<") in (5, 6)


def test_a_page_defines_every_measure(page: str) -> None:
    for measure in MEASURES:
        assert f"<dt>{measure.title.replace('&', '&amp;')}</dt>" in page


def test_a_page_says_by_what_threshold_a_service_level_is(page: str) -> None:
    assert '<th scope="row">Service level (20 s)</th>' in page


def test_a_page_says_who_the_callers_without_head_start_are(replayed: str, compared: str) -> None:
    assert "neither head start nor band, 40 of 60." in replayed
    assert "neither head start nor band, 60 of 60 under r1, 40 of 60 under r2." in compared


def test_a_page_tells_how_to_make_it_again_and_not_when_it_was_made(replayed: str) -> None:
    footer = replayed[replayed.index("<footer>") :]
    assert f"Giliran {__version__}, scenario by-hand, virtual, seed 1." in footer
    assert "Made again, to the byte, by <code>giliran replay 'a day.toml'</code>" in footer


def test_a_page_says_what_was_violated(replayed: str) -> None:
    assert "✗ Violated: 1" in replayed
    assert "c1: &lt;too late&gt;" in replayed
    assert "✓ Kept every expectation" in replay_page(Day(a_day(calls=2)), [])


def test_the_longest_waits_are_told_with_their_trace(replayed: str) -> None:
    traces = re.findall(r"<article>.*?</article>", replayed, re.DOTALL)
    waits = [float(re.findall(r"<strong>([\d,.]+) s", trace)[0].replace(",", "")) for trace in traces]
    assert len(traces) == 8
    assert waits == sorted(waits, reverse=True)
    assert any("Waited on while" in trace for trace in traces)
    assert all("asked for queue q" in trace for trace in traces)


def test_a_page_is_small_and_the_same_each_time() -> None:
    day = a_day(calls=400, agents=8)
    first = replay_page(Day(day), [])
    assert first == replay_page(Day(day), [])
    assert len(first) < 200_000


def test_an_empty_day_has_a_page() -> None:
    assert "Nobody waited." in replay_page(Day(replay(scenario(()))), [])
