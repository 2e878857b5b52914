"""The stories of `scenarios/`, and as parameters of tests in virtual time: what is live only is skipped."""

from pathlib import Path

import pytest

from engine.replay.feasible import infeasible
from engine.replay.scenario import load_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
STORIES = sorted(SCENARIOS.glob("*.toml"))


def _param(story: Path) -> object:
    why = [str(mistake) for mistake in infeasible(load_scenario(story), live=False)]
    marks = [pytest.mark.skip(reason=why[0])] if why else []
    return pytest.param(story, id=story.stem, marks=marks)


IN_VIRTUAL_TIME = [_param(story) for story in STORIES]
