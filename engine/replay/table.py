"""The result of a replay as a table for people, from nothing but its JSON form."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from engine.replay.expectations import Measure, summary

_SHARES = frozenset({Measure.ABANDONMENT, Measure.SERVICE_LEVEL})


def table(result: Mapping[str, Any], service_level_s: Mapping[str, float]) -> Table:
    """A column for each queue and each tier, and one for the whole day."""
    calls = result["calls"]
    columns = {"all": calls}
    for key in ("queue", "tier"):
        names = sorted({row[key] for row in calls})
        if len(names) > 1:
            columns |= {f"{key} {n}": [row for row in calls if row[key] == n] for n in names}
    measured = {title: summary(rows, service_level_s) for title, rows in columns.items()}
    made = Table("", *columns)
    for measure in Measure:
        made.add_row(measure.value, *(_text(measure, found[measure.value]) for found in measured.values()))
    return made


def _text(measure: Measure, value: float | None) -> str:
    if value is None:
        return "-"
    if measure in _SHARES:
        return f"{value:.1%}"
    return f"{value:.1f}" if measure.value.endswith("_s") else f"{value:.0f}"
