"""The same seed is the same life and the same replay, to the byte, in every process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORY = sorted((ROOT / "scenarios").glob("*.toml"))[0]

LIFE = "from actors.test_life_at_random import life; print(life(3))"
REPLAY = f"""
import json
from pathlib import Path
from engine.replay.scenario import load_scenario
from engine.replay.virtual import replay
print(json.dumps(replay(load_scenario(Path({str(STORY)!r})), seed=7).to_json()))
"""


def said(code: str, hash_seed: str) -> str:
    """What a fresh interpreter prints last; before it there may be log lines, with the time of day."""
    path = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    return run.stdout.splitlines()[-1]


@pytest.mark.parametrize("code", [LIFE, REPLAY], ids=["life", "replay"])
def test_the_same_seed_gives_the_same_bytes_in_every_process(code: str) -> None:
    first, second = said(code, "1"), said(code, "2")
    assert first == second
    assert len(first) > 32
