"""CSV files of calls and agents: as spreadsheets write them, and what is wrong by line and column."""

from pathlib import Path

import pytest

from engine.replay.call_log import import_call_log
from engine.replay.csv_rows import read_agents, read_calls
from engine.replay.rows import AgentRow, CallRow
from engine.replay.scenario import load_scenario
from engine.tables import ConfigError

CALLS = "call_id,arrive_s,queue,tier,skills,handle_s,patience_s\n"
AGENTS = "agent_id,login_s,logout_s,queues,skills\n"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def told(caught: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [str(m) for m in caught.value.mistakes]


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_as_a_spreadsheet_writes_it(tmp_path: Path, separator: str, encoding: str) -> None:
    seconds = {";": "12,5"}.get(separator, "12.5")
    lines = [CALLS.strip(), "c1,09:00,bank,priority,id loan,@,", "c2,32401,bank,,,0,60"]
    text = "\r\n".join(line.replace(",", separator).replace("@", seconds) for line in lines)
    assert read_calls(write(tmp_path / "c.csv", text + "\r\n", encoding)) == (
        CallRow(
            id="c1",
            arrive_s=32_400,
            queue="bank",
            tier="priority",
            skills={"id": 1, "loan": 1},
            handle_s=12.5,
        ),
        CallRow(id="c2", arrive_s=32_401, queue="bank", handle_s=0, patience_s=60),
    )


def test_names_between_quotes_are_found_too(tmp_path: Path) -> None:
    text = '"agent_id";"login_s";"logout_s";"queues";"skills"\n"a1";"9:00";"25:10:30";"bank";""\n'
    [row] = read_agents(write(tmp_path / "a.csv", text))
    assert row == AgentRow(id="a1", login_s=32_400, logout_s=90_630, queues=("bank",))


def test_a_decimal_comma_is_none_between_commas(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_calls(write(tmp_path / "c.csv", CALLS + 'c1,1,q,,,"1,500",\n'))
    assert told(caught) == ["line 2, column handle_s = '1,500': expected seconds, a number of 0 or more"]


def test_clock_times_are_by_the_scenario_s_clock(tmp_path: Path) -> None:
    write(tmp_path / "c.csv", CALLS + "c1,09:00,q,,,30,\n")
    write(tmp_path / "a.csv", AGENTS + "a1,08:00,24:00,q,\n")
    rows = 'clock = "08:00"\ncalls_csv = "c.csv"\nagents_csv = "a.csv"\n[[queues]]\nname = "q"\n'
    day = load_scenario(write(tmp_path / "day.toml", rows))
    assert [call.arrive_s for call in day.calls] == [3_600]
    assert [(agent.login_s, agent.logout_s) for agent in day.agents] == [(0, 57_600)]
    write(tmp_path / "c.csv", CALLS + "c1,07:59,q,,,30,\n")
    with pytest.raises(ConfigError) as caught:
        load_scenario(tmp_path / "day.toml")
    assert told(caught) == ["line 2, column arrive_s = '07:59': expected 08:00 or later, when the day begins"]


BAD_CELLS = [
    ("c1,-1,q,,,9,", "line 2, column arrive_s = '-1': expected seconds"),
    ("c1,nan,q,,,9,", "line 2, column arrive_s = 'nan': expected seconds"),
    ("c1,1_0,q,,,9,", "line 2, column arrive_s = '1_0': expected seconds"),
    ("c1,1e9,q,,,9,", "line 2, column arrive_s = '1e9': expected seconds"),
    ("c1,,q,,,9,", "line 2, column arrive_s = '': expected seconds"),
    ("c 1,1,q,,,9,", "line 2, column call_id = 'c 1': expected 1 to 64 of"),
    ("c1,1,,,,9,", "line 2, column queue = '': expected 1 to 64 of"),
    ("c1,1,q,,a b!,9,", "line 2, column skills = 'a b!': expected 1 to 64 of"),
    ("c1,1,q,,,9,soon", "line 2, column patience_s = 'soon': expected seconds"),
    ("c1,1,q,,,9", "line 2: expected 7 values, found 6"),
    ('c1,1,q,,,9,"7', "line 2: is not CSV: unexpected end of data"),
    ("c1,1,q,,,9,\nc1,2,q,,,9,", "line 3, column call_id = 'c1': expected each once; line 2 has it too"),
]


@pytest.mark.parametrize(("lines", "expected"), BAD_CELLS, ids=[e for _, e in BAD_CELLS])
def test_a_bad_cell_is_named_by_line_and_column(tmp_path: Path, lines: str, expected: str) -> None:
    calls = write(tmp_path / "c.csv", CALLS + lines + "\n")
    agents = write(tmp_path / "a.csv", AGENTS)
    with pytest.raises(ConfigError) as caught:
        import_call_log(calls, agents, name="day", head_starts_ms={})
    [line] = told(caught)
    assert line.startswith(expected)
    assert caught.value.source == str(calls)


def test_what_is_wrong_with_every_row_is_told_once(tmp_path: Path) -> None:
    calls = write(tmp_path / "c.csv", CALLS + "".join(f"c{n},{n}h,q,,,9,\n" for n in range(725)))
    with pytest.raises(ConfigError) as caught:
        read_calls(calls)
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"{calls}: line 2, column arrive_s = '0h' and 724 more: expected seconds")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("agent_id,login,logout_s,queues,skills", "; login_s is missing, login is none of them"),
        ("agent_id;login_s;logout_s;skills", "; queues is missing"),
        ("agent_id,login_s,logout_s,queues,skills,", "; a column without a name is none of them"),
        ("agent_id\tlogin_s\tlogout_s\tqueues\tskills\tskills", "; skills stands there 2 times"),
        ("agent_id|login_s|logout_s|queues|skills", ""),
        ("", ""),
    ],
)
def test_a_bad_header_is_told_in_one_line(tmp_path: Path, header: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_agents(write(tmp_path / "a.csv", header + "\n"))
    [mistake] = caught.value.mistakes
    right = "expected agent_id,login_s,logout_s,queues,skills (or semicolons or tabs)"
    assert (mistake.key, mistake.shown, mistake.expected) == ("line 1", repr(header), right + expected)


@pytest.mark.parametrize("content", [b"call_id\xff,", b"call_id\x00,"])
def test_what_is_no_text_is_no_csv(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        import_call_log(path, path, name="day", head_starts_ms={})
