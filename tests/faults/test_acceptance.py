"""The acceptance: nodes and store die at random moments, and no customer notices more than a pause.

Calls lost 0, double assignments 0, stuck agents or calls 0, places lost 0, found by a checker that knows
nothing of the engine. `make faults` runs the whole of it; the short one is part of every test run.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import asdict

from .checker import check
from .rig import Rig

Record = Callable[[str, object], None]

SEED = int(os.environ.get("GILIRAN_FAULT_SEED", "1"))

FULL = pytest.mark.skipif(not os.environ.get("GILIRAN_FAULTS"), reason="the full acceptance: make faults")


async def accept(rig: Rig, record_property: Record) -> None:
    evidence = await rig.run()
    served = {f["call"] for f in evidence.journal if f["kind"] == "call_connected"}
    calls = {f["call"] for f in evidence.journal if f["kind"] == "call_queued"}
    record_property("calls", len(calls))
    record_property("served", len(served))
    record_property("kills", sum(" kill " in each for each in rig.harm))
    (rig.directory / "evidence.json").write_text(json.dumps(asdict(evidence)))
    found = check(evidence)
    story = "\n".join([f"seed {rig.seed}", *rig.harm, f"{len(found)} violations", *found[:40]])
    assert not found, story
    assert len(served) >= rig.customers / 2, f"a day on which few are served proves little\n{story}"


async def test_nobody_is_lost_when_nodes_and_store_die(tmp_path: Path, record_property: Record) -> None:
    await accept(Rig(tmp_path, SEED, customers=80, agents=20, rounds=2), record_property)


@FULL
async def test_nobody_of_a_full_house_is_lost_when_nodes_and_store_die(
    tmp_path: Path, record_property: Record
) -> None:
    await accept(Rig(tmp_path, SEED, customers=300, agents=50, rounds=5), record_property)
