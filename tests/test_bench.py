"""The benches run from end to end and find something for every figure. How much is nobody's assertion."""

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from bench import board, replay
from bench.figures import Report
from bench.sightings import Made, Seen, Unseen, lags_ms, merged, within

ROOT = Path(__file__).parents[1]


def test_a_quick_run_finds_every_figure(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    command = [sys.executable, "-m", "bench", "--quick", "--json", str(found)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    report = json.loads(found.read_text())
    assert set(report["figures"]) == {
        "echo round trip p50",
        "echo round trip p99",
        "EVALSHA p50",
        "commit p50",
        "offer idle p50",
        "offer idle p99",
        "calls at saturation",
        "offer half load p50",
        "offer half load p99",
        "frames bare",
        "frames engine",
        "memory agent",
        "memory customer",
        "memory bare",
    }
    for name, figure in report["figures"].items():
        assert figure["unit"], name
        assert 0 < figure["min"] <= figure["median"] <= figure["max"], name
    for name, aim in report["aims"].items():
        assert aim["reached"] > 0, name
    assert "offer idle p50" in done.stdout


def test_a_replay_is_measured_beside_its_floor() -> None:
    day = ROOT / "scenarios" / "two_agents_end_their_wrap_up_at_the_same_instant.toml"
    report = replay.run(replay.Size(repeats=2, day=day), Report({}, replay.aims))
    for figure in report.figures():
        assert figure.unit
        assert figure.median > 0, figure.name
    assert [aim.name for aim in report.aims()] == ["calls per CPU second"]


MADE = [Made(rev=10, at_ms=1000.0), Made(rev=12, at_ms=1030.0), Made(rev=13, at_ms=1040.0)]


def test_a_change_is_seen_with_the_first_frame_that_includes_it() -> None:
    seen = [Seen(9, 990.0), Seen(11, 1100.0), Seen(13, 1200.0), Seen(20, 1300.0)]
    assert lags_ms(MADE, seen) == [100.0, 170.0, 160.0]


def test_a_frame_may_say_the_very_rev_of_a_change() -> None:
    assert lags_ms(MADE[:1], [Seen(10, 1005.0)]) == [5.0]


def test_a_change_that_no_frame_showed_is_no_figure() -> None:
    with pytest.raises(Unseen, match="2 of 3"):
        lags_ms(MADE, [Seen(11, 1100.0)])


def test_merged_counts_the_frames_that_showed_anything() -> None:
    assert merged(MADE, [Seen(9, 990.0), Seen(11, 1100.0), Seen(13, 1200.0), Seen(20, 1300.0)]) == 1.5
    assert merged(MADE, [Seen(10, 1010.0), Seen(12, 1040.0), Seen(13, 1050.0)]) == 1.0


def test_within_is_from_then_until_before_then() -> None:
    seen = [Seen(n, float(n)) for n in range(5)]
    assert within(seen, 1.0, 3.0) == [Seen(1, 1.0), Seen(2, 2.0)]


@pytest.mark.parametrize(("p95_ms", "met"), [((90.0, 250.0, 900.0), True), ((250.1,), False)])
def test_the_board_keeps_up_if_the_median_p95_is_within_the_aim(p95_ms: tuple[float, ...], met: bool) -> None:
    report = Report({}, board.aims)
    for each in p95_ms:
        report.add("on screen p95", "ms", each)
    [aim] = report.aims()
    assert aim.met is met


STAGES = ("floor", "received", "drawn", "on screen")
BOARD_FIGURES = {f"{stage} {share}" for stage in STAGES for share in ("p50", "p95")} | {
    "on screen p99",
    "on screen max",
    "on screen / floor p50",
    "on screen / floor p95",
    "changes measured",
    "changes made",
    "commits in all",
    "drawings presented",
    "changes in one drawing",
    "frame of the engine",
    "animation frames",
    "longest between two",
    "page busy",
    "page in scripts",
    "page in styles",
    "page in layout",
    "page's heap at the beginning",
    "page's heap at the end",
    "node busy",
    "machine busy, of all processors",
}
#: Nothing of these is well, too; a clock may be behind.
MAYBE_NONE = {
    "refused, the engine was first",
    "drawings not told of",
    "long tasks (over 50 ms)",
    "longest task",
    "pool's clock is ahead",
    "page's clock is ahead",
}


def test_a_small_board_finds_every_figure(tmp_path: Path) -> None:
    if shutil.which("chromium") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is missing")
    found = tmp_path / "found.json"
    size = "--seconds 2 --calls 20 --agents 5 --repeats 1"
    command = [sys.executable, "-m", "bench", "board", *size.split(), "--json", str(found)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert found.exists(), done.stderr
    report = json.loads(found.read_text())
    assert set(report["figures"]) == BOARD_FIGURES | MAYBE_NONE
    for name in BOARD_FIGURES:
        assert report["figures"][name]["min"] > 0, name
    for earlier, later in pairwise(STAGES[1:]):
        assert report["figures"][f"{earlier} p50"]["median"] < report["figures"][f"{later} p50"]["median"]
    [aim] = report["aims"].values()
    assert aim["reached"] == report["figures"]["on screen p95"]["median"]
    assert done.returncode == (0 if aim["met"] else 1), done.stderr
    assert "a change is on the screen" in done.stdout
