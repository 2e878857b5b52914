"""How mistakes are told: with their remedy, those of many rows once, and of very many how many they are."""

from pathlib import Path

import pytest

from engine.config import load
from engine.tables import ConfigError, Mistake


def lines(mistakes: list[Mistake]) -> list[str]:
    return str(ConfigError("f", mistakes)).splitlines()


def unknown(n: int, name: str) -> Mistake:
    return Mistake(f"calls[{n}].queue", repr(name), "expected one that is listed")


def test_few_rows_are_told_one_by_one() -> None:
    assert lines([unknown(n, "q") for n in range(3)]) == [
        f"f: calls[{n}].queue = 'q': expected one that is listed" for n in range(3)
    ]


def test_many_rows_are_told_by_the_first() -> None:
    mistakes = [unknown(n, f"q{n}") for n in range(720)] + [Mistake("name", "'a b'", "expected a name")]
    assert lines(mistakes) == [
        "f: calls[0].queue = 'q0' and 719 more: expected one that is listed",
        "f: name = 'a b': expected a name",
    ]


def test_another_key_or_remedy_is_another_mistake() -> None:
    tiers = [Mistake(f"calls[{n}].tier", "'t'", "expected one that is listed") for n in range(9)]
    dates = [Mistake(f"line {n}, column handle_s", "'t'", f"expected less than {n}") for n in range(2, 9)]
    assert lines([unknown(n, "q") for n in range(9)] + tiers + dates) == [
        "f: calls[0].queue = 'q' and 8 more: expected one that is listed",
        "f: calls[0].tier = 't' and 8 more: expected one that is listed",
        "f: line 2, column handle_s = 't' and 6 more: expected less than 2",
    ]


def test_of_more_than_twenty_it_is_said_how_many_there_are() -> None:
    one_by_one = [Mistake(f"key{chr(97 + n)}", "", "missing") for n in range(20)]
    assert len(lines(one_by_one)) == 20
    more = [*one_by_one, Mistake("last", "", "missing")]
    assert lines(more)[20:] == ["f: 1 more mistake, not shown"]
    assert lines(more + [unknown(n, "q") for n in range(720)])[20:] == ["f: 721 more mistakes, not shown"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[rules]\nhead_start = "9s"', "expected a list of tables; write [[rules]], not [rules]"),
        ("[[timings]]\nreport = '1s'", "expected one table; write [timings], not [[timings]]"),
        (
            '[[rules]]\nwhen = { tier = "t" }\nhead_start = "-90s"',
            "rules[0].head_start = '-90s': expected 0 or more, a duration such as",
        ),
        ('[[queues.steps]]\nafter = "-"', "queues[0].steps[0].after = '-': expected a duration such as"),
        ('[queues.steps]\nafter = "9s"', "write [[queues.steps]], not [queues.steps]"),
    ],
)
def test_a_mistake_tells_its_remedy(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "giliran.toml"
    path.write_text(f'[[queues]]\nname = "q"\n{text}\n')
    with pytest.raises(ConfigError) as caught:
        load(path)
    [line] = str(caught.value).splitlines()
    assert expected in line
