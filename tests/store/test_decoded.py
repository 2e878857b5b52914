"""What an op wrote is decoded once, and remembered only for a while."""

from engine.store.decoded import MOST, Decoded, Records


def test_the_first_to_ask_decodes_and_the_others_share() -> None:
    decoded, records = Decoded(), Records({"call:c": None})
    assert decoded.of("b:1", lambda: records) is records
    assert decoded.of("b:1", dict) is records
    assert decoded.of("b:2", dict) == {}


def test_what_is_long_past_is_forgotten() -> None:
    decoded = Decoded()
    asked: list[str] = []

    def read(op: str) -> Records:
        asked.append(op)
        return {}

    ops = [f"b:{n}" for n in range(MOST + 1)]
    for op in [*ops, ops[-1], ops[1], ops[0]]:
        decoded.of(op, lambda op=op: read(op))  # type: ignore[misc]
    assert asked == [*ops, ops[0]]
