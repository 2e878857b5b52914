"""A wallboard written from the wire format alone: a snapshot, and what changed since, row by row."""

from collections.abc import Callable
from typing import Any

from attrs import define

from .wire import PATIENCE_S, Frame, Wire

Row = dict[str, Any]


@define(eq=False)
class Board:
    """What a supervisor's page would show by now."""

    wire: Wire

    async def watch(self) -> "Board":
        answer = await self.wire.ask("board.watch")
        assert answer["type"] == "ok", answer
        await self.wire.hear("board.snapshot")
        return self

    async def command(self, type_: str, **fields: Any) -> None:
        answer = await self.wire.ask(type_, **fields)
        assert answer["type"] == "ok", answer

    async def refused(self, type_: str, **fields: Any) -> tuple[str, str | None]:
        answer = await self.wire.ask(type_, **fields)
        assert answer["type"] == "error", answer
        return answer["code"], answer.get("field")

    @property
    def frames(self) -> list[Frame]:
        """The newest snapshot and what followed it; each delta must follow the frame before it."""
        told = [f for f in self.wire.frames if f["type"] in ("board.snapshot", "board.delta")]
        first = max(n for n, f in enumerate(told) if f["type"] == "board.snapshot")
        for before, after in zip(told[first:], told[first + 1 :], strict=False):
            assert after["from_rev"] == before["rev"], (before["rev"], after)
        return told[first:]

    def _rows(self, kind: str, key: str) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for frame in self.frames:
            for gone in frame.get("gone", {}).get(kind, ()):
                del rows[gone]
            rows |= {row[key]: row for row in frame[kind]}
        return rows

    @property
    def queues(self) -> dict[str, Row]:
        return self._rows("queues", "id")

    @property
    def calls(self) -> dict[str, Row]:
        return self._rows("calls", "call_id")

    @property
    def agents(self) -> dict[str, Row]:
        return self._rows("agents", "id")

    @property
    def assigned(self) -> list[Row]:
        return [row for frame in self.frames for row in frame["assigned"]]

    async def shows(self, holds: Callable[["Board"], bool], what: str) -> None:
        """Return once that is to be seen."""
        await self.wire.until(lambda: holds(self) or None, PATIENCE_S, f"board that shows {what}")

    async def shows_call(self, call_id: str, **fields: Any) -> Row:
        await self.shows(
            lambda b: call_id in b.calls and fields.items() <= b.calls[call_id].items(), f"{call_id} {fields}"
        )
        return self.calls[call_id]

    async def shows_agent(self, agent_id: str, **fields: Any) -> Row:
        await self.shows(
            lambda b: agent_id in b.agents and fields.items() <= b.agents[agent_id].items(),
            f"{agent_id} {fields}",
        )
        return self.agents[agent_id]

    async def shows_queue(self, queue: str, **fields: Any) -> Row:
        await self.shows(lambda b: fields.items() <= b.queues[queue].items(), f"{queue} {fields}")
        return self.queues[queue]
