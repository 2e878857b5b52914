"""What a baseline keeps in its Redis: records, and the journal of the same facts as the engine's.

A record is one JSON string; the journal is a stream in the form of `store.journal`, so that whoever reads the
one reads the other. A change is one transaction (MULTI, EXEC) and so is kept whole or not at all.

The server is one process that waits for the store's answers: between what it reads and what it then writes
nothing else happens, and that is all the isolation it has and needs.
"""

from collections.abc import Iterable
from typing import Any

import orjson
import redis

from engine.domain.change import Change
from engine.domain.model import Record, Ref
from engine.store.keys import Keys
from engine.store.records import decode, encode, encode_fact

Command = tuple[str | int, ...]


class Ledger:
    """Any method may raise redis-py's errors."""

    def __init__(self, client: "redis.Redis", pool: str) -> None:
        self._client: Any = client
        self._keys = Keys(pool)
        self._changes = 0

    def key(self, name: str) -> str:
        return self._keys.of(name)

    def ask(self, *command: str | int) -> Any:
        """One command, its answer as redis-py gives it."""
        return self._client.execute_command(*command)

    def ask_all(self, commands: Iterable[Command]) -> list[Any]:
        """Several commands in one round trip, each by itself."""
        with self._client.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            answers: list[Any] = pipe.execute()
        return answers

    def read(self, ref: Ref) -> Record | None:
        text = self._client.get(self.key(ref))
        return None if text is None else decode(ref, orjson.loads(text))

    def write(self, change: Change, also: Iterable[Command]) -> None:
        """Keep the change, tell it in the journal, and do `also`, all or nothing."""
        self._changes += 1
        with self._client.pipeline(transaction=True) as pipe:
            for write in change.writes:
                key = self.key(write.ref)
                if write.after is None:
                    pipe.execute_command("DEL", key)
                else:
                    record = orjson.dumps(encode(write.after, self._changes, "", ()))
                    pipe.execute_command("SET", key, record)
            for command in also:
                pipe.execute_command(*command)
            if change.facts:
                told = orjson.dumps([encode_fact(fact) for fact in change.facts])
                entry = ("rev", self._changes, "op", "", "facts", told)
                pipe.execute_command("XADD", self.key("journal"), "*", *entry)
            pipe.execute()
