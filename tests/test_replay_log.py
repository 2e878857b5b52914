"""What nodes log in a replay: nothing of what a scenario does to them in virtual time, anywhere."""

from pathlib import Path

import pytest

from tests.planner import DAY, at_a_desk, run

FAULTS = """
nodes = 2
faults = [
  { at_s = 5, kind = "kill_leader", for = "30s" },
  { at_s = 50, kind = "store_away", for = "10s" },
]
"""
ARRIVALS = """
[[arrivals]]
to_s = 100
per_hour = 360
handle = { distribution = "constant", value_s = 10 }
[[arrivals.mix]]
queue = "q"
"""
COMMANDS = ["replay faults.toml", "compare faults.toml --rules b.toml --seeds 2"]


@pytest.mark.parametrize("line", COMMANDS)
def test_what_a_scenario_does_to_its_nodes_is_no_news(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    at_a_desk(tmp_path, monkeypatch)
    Path("faults.toml").write_text(FAULTS + DAY + ARRIVALS)
    assert run(*line.split()) == 0
    said = "".join(capfd.readouterr())
    assert "node died" not in said
    assert "the store was away" not in said
    assert "[warning" not in said
