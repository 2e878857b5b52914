"""The bench runs from end to end and finds something for every figure. How much is nobody's assertion."""

import json
import subprocess
import sys
from pathlib import Path

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
