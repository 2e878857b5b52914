"""Readers say what they do: a value is read if, and only if, the reader's JSON Schema accepts it."""

from collections.abc import Callable
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.lifecycle import ASKABLE
from engine.gateway import strict
from engine.gateway.messages import READERS
from engine.gateway.strict import Reader, Wrong

BUILT: dict[str, Reader] = {
    "id": strict.identifier,
    "text": strict.text(5),
    "integer": strict.integer(-2, 3),
    "choice": strict.choice(ASKABLE),
    "names": strict.names(2),
    "levels": strict.levels(2),
    "skills": strict.skills(2),
    "attributes": strict.table(2, strict.text(3)),
    "anything": strict.relayed,
}
BUILT |= {f"{name} or null": strict.optional(reader) for name, reader in BUILT.items()}

#: Small values of the kinds that readers tell apart. A whole float is left out: to JSON Schema, 1.0 is 1.
IDS = st.sampled_from(["a", "B_2-", "x" * 64, "x" * 65, "", "a b", "é"])
TEXTS = IDS | st.text(max_size=6) | st.sampled_from(["a\0b", "😊" * 5, "😊" * 6, *(s.value for s in ASKABLE)])
PLAIN = st.none() | st.booleans() | st.integers(-4, 105) | st.just(0.5) | TEXTS
VALUES = PLAIN | st.lists(IDS | PLAIN, max_size=3) | st.dictionaries(TEXTS, PLAIN, max_size=3)


def reads(reader: Reader, value: Any) -> bool:
    try:
        reader(value, "field")
    except Wrong:
        return False
    return True


def accepts(schema: Callable[[Any], Any], value: Any) -> bool:
    try:
        schema(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


@pytest.mark.parametrize("name", [*BUILT, *READERS])
def test_a_reader_reads_what_its_schema_accepts(name: str) -> None:
    reader = BUILT.get(name) or READERS[name]
    schema = fastjsonschema.compile(dict(reader.schema))

    @given(value=VALUES)
    def alike(value: Any) -> None:
        assert reads(reader, value) is accepts(schema, value)

    alike()
