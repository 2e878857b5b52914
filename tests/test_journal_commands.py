"""why, report and journal from the command line: of a result, an export, a store that runs or does not."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import orjson
import pytest
from attrs import evolve

from engine.__main__ import main
from engine.domain.facts import (
    AgentMoved,
    CallConnected,
    CallEnded,
    CallOffered,
    CallQueued,
    Commanded,
    Fact,
    OfferEnded,
)
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party
from engine.replay.scenario import load_scenario
from engine.store.embedded import Embedded, EmbeddedError, binary
from engine.store.keys import Keys
from engine.store.records import encode_fact
from engine.store.wire import Address

#: 2025-03-31 09:00 in Jakarta.
NINE = 1_743_386_400_000


def served(call: str, at: int, *, waits_ms: int = 5_000) -> list[Fact]:
    """A call that asks at that instant, and is served for a minute by ani."""
    then = at + waits_ms
    return [
        CallQueued(
            at=at,
            call=call,
            customer=f"k-{call}",
            queue="general",
            tier="regular",
            due_at=at,
            band=0,
            terms={},
            rules="r",
            skills={},
            request_id=f"r-{call}",
        ),
        CallOffered(at=then, call=call, agent="ani", offer=f"o-{call}", until=then + 15_000, why=""),
        AgentMoved(at=then, agent="ani", state=AgentState.OFFERED, call=call),
        OfferEnded(at=then, call=call, agent="ani", offer=f"o-{call}", how=OfferEnd.ACCEPTED),
        CallConnected(at=then, call=call, agent="ani", waited_ms=waits_ms),
        AgentMoved(at=then, agent="ani", state=AgentState.ON_CALL, call=call),
        CallEnded(at=then + 60_000, call=call, reason=EndReason.COMPLETED, by=Party.CUSTOMER, agent="ani"),
        AgentMoved(at=then + 60_000, agent="ani", state=AgentState.READY),
    ]


LOGS_IN = [
    AgentMoved(at=NINE, agent="ani", state=AgentState.NOT_READY, reason="login", queues=("general",)),
    AgentMoved(at=NINE, agent="ani", state=AgentState.READY),
]
#: Two calls, at 9:01 and at 9:40.
FACTS = [*LOGS_IN, *served("first", NINE + 60_000), *served("second", NINE + 2_400_000)]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty directory, with nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("GILIRAN_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def exported(tmp_path: Path) -> str:
    """The journal as JSON lines."""
    file = tmp_path / "j.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(encode_fact(fact)) for fact in FACTS) + b"\n")
    return str(file)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Embedded]:
    """An embedded store in the default place, whose journal is this."""
    try:
        server = Embedded(tmp_path / ".giliran" / "data", server=binary())
    except EmbeddedError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with server:
        with Address(server.url).client() as client:
            for n, fact in enumerate(FACTS):
                told = {
                    "rev": str(n + 1),
                    "op": f"b:{n}",
                    "facts": orjson.dumps([encode_fact(fact)]).decode(),
                }
                client.xadd(Keys("main").of("journal"), told, id=f"{fact.at}-{n + 1}")
        yield server


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """What a command that must succeed prints, with nothing on standard error."""
    status = run(*arguments)
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out.splitlines()


def test_why_tells_a_call_by_the_clock_of_the_bank(exported: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "why", "first", "--json", exported) == [
        "Call first: queue general, tier regular, request r-first",
        "  09:01:00.000  asked for queue general, tier regular",
        "  09:01:00.000  due 09:01:00.000: when it arrived, as no rule gave it a head start",
        "  09:01:00.000  not offered at once; those who could take it: 1 ready",
        "  09:01:05.000  offered to ani, the next who was free, after 5 s",
        "  09:01:05.000  ani accepted after 0 s: connected, having waited 5 s",
        "  09:02:05.000  ended after 1 min 00 s with ani: hung up, by the customer",
        "Nobody who had arrived earlier was left waiting for it.",
        "Nobody who arrived later was served before it.",
    ]
    [*_, last, _, _] = told(capsys, "why", "r-second", "--json", exported, "--lang", "id")
    assert last == "  09:41:05,000  selesai setelah 1 mnt 00 dtk dengan ani: ditutup, oleh nasabah"


def test_the_report_is_by_the_clock_of_the_bank(exported: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(
        capsys, "report", "--json", exported, "--from", "2025-03-31T09:00", "--to", "2025-03-31T10:00"
    )
    rows = [row for row in csv.DictReader(StringIO("\n".join(lines))) if row["queue"] == "general"]
    assert [(row["from"], row["offered"], row["answered"], row["asa_s"]) for row in rows] == [
        ("2025-03-31T09:00:00.000+07:00", "1", "1", "5.000"),
        ("2025-03-31T09:30:00.000+07:00", "1", "1", "5.000"),
    ]
    options = ("--by", "agent", "--interval", "1h", "--from", "2025-03-31T02:00Z")
    [row] = csv.DictReader(StringIO("\n".join(told(capsys, "report", "--json", exported, *options))))
    assert (row["agent"], row["on_call_s"], row["handled"]) == ("ani", "120.000", "2")


def test_the_report_is_of_today_unless_told(exported: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, "report", "--json", exported)
    assert lines[1].startswith("2025-03-31T00:00:00.000+07:00,")
    assert lines[-1].startswith("2025-03-31T09:30:00.000+07:00,")


@pytest.mark.parametrize("form", ["jsonl", "csv", "queue_log"])
def test_an_export_goes_to_standard_output_or_whole_into_a_file(
    form: str, exported: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(capsys, "journal", "export", "--json", exported, "--format", form)
    assert len(lines) == {"jsonl": len(FACTS), "csv": 3, "queue_log": 5 + 6}[form]
    assert told(capsys, "journal", "export", "--json", exported, "--format", form, "--out", "x") == []
    assert (tmp_path / "x").read_text().splitlines() == lines
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j.jsonl", "x"]


def test_a_range_may_be_named_by_the_time_since(exported: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("journal", "export", "--json", exported, "--format", "csv", "--from", "2m")
    [_, row] = told(capsys, *arguments)
    assert row.startswith("second,")


def test_a_file_that_cannot_be_finished_is_not_there(
    exported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> Iterator[str]:
        yield "a line"
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.replay.journal.exports.export", interrupted)
    (tmp_path / "x").write_text("from yesterday\n")
    assert run("journal", "export", "--json", exported, "--out", "x") == 130
    assert capsys.readouterr() == ("", "giliran: stopped\n")
    assert (tmp_path / "x").read_text() == "from yesterday\n"
    assert not (tmp_path / "x.part").exists()


def test_whoever_reads_no_further_is_no_mistake(exported: str) -> None:
    command = [sys.executable, "-m", "engine", "journal", "export", "--json", exported]
    with open(exported, "ab") as file:
        file.write(Path(exported).read_bytes() * 400)
    path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"kind":"agent_moved"')
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_a_served_day_becomes_a_scenario_that_serves_it_again(
    exported: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("journal", "record", "--json", exported, "--out", "day.toml", "--check") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "day.toml: 2 calls, 1 log-ins of agents",
        "replayed: 2 of 2 assignments stand alike, 2 in all",
        "replayed: the instants of the same assignments differ by 5 s at most",
    ]
    assert err.splitlines() == ["giliran: note: queue general was served with wrap_up 0s, not as configured"]
    day = load_scenario(tmp_path / "day.toml")
    assert (day.name, day.clock) == ("day", "09:00")
    assert [(call.id, call.arrive_s, call.handle_s) for call in day.calls] == [
        ("first", 60.0, 60.0),
        ("second", 2400.0, 60.0),
    ]
    arguments = ("journal", "record", "--json", exported, "--out", "x.toml", "--from", "10m")
    assert run(*arguments) == 0
    assert capsys.readouterr().out == "x.toml: 1 calls, 1 log-ins of agents\n"


def test_what_a_replay_does_otherwise_is_told_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A supervisor gave the later call to the agent first; without him the earlier one is first."""
    early = served("early", NINE + 1_000, waits_ms=100_000)
    late = served("late", NINE + 2_000, waits_ms=9_000)
    then = NINE + 11_000
    comes = evolve(LOGS_IN[0], at=then), evolve(LOGS_IN[1], at=then)
    commanded = Commanded(at=then, by="boss", command="call.assign", target="call:late")
    facts = [early[0], late[0], *comes, commanded, *late[1:], *early[1:]]
    (tmp_path / "j.jsonl").write_bytes(b"\n".join(orjson.dumps(encode_fact(fact)) for fact in facts))
    assert run("journal", "record", "--json", "j.jsonl", "--out", "day.toml", "--check") == 0
    out, err = capsys.readouterr()
    assert "supervisors' call.assign: 1 times, not commanded again" in err
    assert out.splitlines()[-1] == (
        "replayed: 1 assigned before or after others, as a supervisor had a hand in it; "
        "the first is late at 11.000 s"
    )


def test_what_a_journal_s_end_leaves_open_is_told_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = [encode_fact(fact) for fact in FACTS[:-5]]
    assert (cut[-1]["kind"], cut[-1]["call"]) == ("agent_moved", "second")
    (tmp_path / "j.jsonl").write_bytes(b"\n".join(map(orjson.dumps, cut)))
    assert run("journal", "record", "--json", "j.jsonl", "--out", "day.toml", "--check") == 0
    out, err = capsys.readouterr()
    assert "1 calls had not ended when the journal did" in err
    assert out.splitlines()[1:] == [
        "replayed: 1 of 1 assignments stand alike, 2 in all",
        "replayed: the instants of the same assignments differ by 5 s at most",
        "replayed: 1 assigned in the replay alone, as the journal ends before; "
        "the first is second at 2400.000 s",
    ]


def test_a_replay_s_calls_are_known_by_the_scenario_s_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Path(__file__).parent.parent / "scenarios" / "a_priority_caller_passes_within_his_head_start.toml"
    assert run("replay", str(story), "--json", "r.json") == 0
    capsys.readouterr()
    lines = told(capsys, "why", "shortly_before", "--json", "r.json")
    assert "  00:01:00.000  asked for queue general, tier regular" in lines
    assert lines[-2:] == [
        "Waited on while 1 that arrived later were served:",
        "  vip to ani, arrived 40 s later, because vip, head starts counted, was due 50 s earlier",
    ]
    arguments = ("report", "--json", "r.json", "--from", "0s", "--to", "1h", "--by", "agent")
    assert told(capsys, *arguments)[1].startswith("00:00:00,00:30:00,")
    assert run("journal", "record", "--json", "r.json", "--out", "again.toml", "--check") == 0
    assert "replayed: 4 of 4 assignments stand alike, 4 in all\n" in capsys.readouterr().out


def test_a_replay_is_reported_by_its_own_rules_not_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Path(__file__).parent.parent / "scenarios" / "a_priority_caller_passes_within_his_head_start.toml"
    patient = story.read_text().replace('wrap_up = "0s"', 'wrap_up = "0s"\nservice_level = "2m"')
    (tmp_path / "patient.toml").write_text(patient)
    run("replay", "patient.toml", "--json", "r.json")
    capsys.readouterr()
    [row] = csv.DictReader(told(capsys, "report", "--json", "r.json"))
    assert (row["queue"], row["answered"], row["in_time"]) == ("general", "4", "2")


def test_a_report_with_nothing_in_it_says_of_when_the_journal_is(
    exported: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", "--json", exported, "--from", "2025-04-02", "--to", "2025-04-03") == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    [line] = err.splitlines()
    assert line.startswith("giliran: note: nothing happened from 2025-04-02 00:00 to 2025-04-03 00:00; ")
    assert "; the journal is of 2025-03-31 09:00 to 2025-03-31 " in line
    story = Path(__file__).parent.parent / "scenarios" / "a_priority_caller_passes_within_his_head_start.toml"
    (tmp_path / "evening.toml").write_text('clock = "23:59"\n' + story.read_text())
    run("replay", "evening.toml", "--json", "r.json")
    capsys.readouterr()
    assert run("report", "--json", "r.json", "--from", "25:00", "--to", "26:00", "--out", "r.csv") == 0
    note = "giliran: note: nothing happened from 25:00 to 26:00; the journal is of 23:59 to 24:"
    assert capsys.readouterr().err.startswith(note)
    assert run("report", "--json", "r.json", "--from", "23:30") == 0
    out, err = capsys.readouterr()
    assert err == ""
    spans = [(row["from"], row["to"]) for row in csv.DictReader(out.splitlines())]
    assert spans == [("23:30:00", "24:00:00"), ("24:00:00", "24:30:00")]


MISTAKES = [
    (["why"], "CALL_ID"),
    (["journal", "record", "--json", "j.jsonl"], "--out"),
    (["journal", "record", "--json", "j.jsonl", "--out", "no/x.toml"], "--out no/x.toml: cannot be written"),
    (
        ["journal", "record", "--json", "j.jsonl", "--out", "x", "--to", "2025-01-01"],
        "nothing to record: nobody",
    ),
    (
        ["why", "frist", "--json", "j.jsonl"],
        "CALL_ID frist: expected a call of this journal, 2025-03-31 09:00 to",
    ),
    (["why", "frist", "--json", "j.jsonl"], "did you mean first"),
    (["why", "x", "--lang", "fr"], "--lang fr: expected one of en, id"),
    (["why", "x", "--json", "none.json"], "--json none.json: expected a file that exists"),
    (["why", "x", "--json", "bad.json"], "bad.json: is not JSON"),
    (["why", "x", "--json", "j.jsonl", "--redis", "redis://h"], "--redis: expected without --json"),
    (["why", "x", "--redis", "http://u:hunter2@h"], "--redis (hidden): expected redis://"),
    (["why", "x", "--redis", "redis://127.0.0.1:1"], "the store cannot be read"),
    (["why", "x"], ".giliran/data: there is no store"),
    (["why", "x", "--embedded", "nowhere"], "--embedded nowhere: holds no store"),
    (["report", "--json", "j.jsonl", "--from", "noon"], '--from noon: expected "2025-03-31"'),
    (
        ["report", "--json", "j.jsonl", "--from", "2025-03-31", "--to", "2025-03-30"],
        "--to 2025-03-30: expected an",
    ),
    (["report", "--json", "j.jsonl", "--interval", "7m"], "--interval 7m: expected a part of a day"),
    (["report", "--json", "j.jsonl", "--interval", "30s"], "--interval 30s: expected a part of a day"),
    (["report", "--json", "j.jsonl", "--by", "team"], "--by team: expected one of queue, agent"),
    (["journal", "export", "--json", "j.jsonl", "--format", "xml"], "--format xml: expected one of jsonl"),
    (
        ["journal", "export", "--json", "j.jsonl", "--out", "no/x"],
        "--out no/x: cannot be written: No such file",
    ),
]


@pytest.mark.parametrize(("arguments", "expected"), MISTAKES, ids=[" ".join(a) for a, _ in MISTAKES])
def test_a_mistake_is_one_clear_message(
    arguments: list[str], expected: str, exported: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.json").write_text("nonsense")
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    [line] = err.splitlines()
    assert (out, line.startswith("giliran: ")) == ("", True)
    assert expected in line
    assert "hunter2" not in err


def test_the_journal_of_a_running_node_s_store_is_found_and_left_as_it_was(
    store: Embedded, capsys: pytest.CaptureFixture[str]
) -> None:
    with Address(store.url).client() as client:
        before = client.dbsize(), client.xinfo_stream(Keys("main").of("journal"))
        for arguments in (["why", "first"], ["why", "first", "--redis", store.url], ["report"]):
            assert told(capsys, *arguments)
        lines = told(capsys, "journal", "export")
        assert [orjson.loads(line) for line in lines] == [encode_fact(fact) for fact in FACTS]
        assert (client.dbsize(), client.xinfo_stream(Keys("main").of("journal"))) == before
    assert store.running


def test_the_journal_of_a_store_that_nobody_runs_is_read_where_it_lies(
    store: Embedded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.stop()
    assert told(capsys, "why", "first")[0].startswith("Call first")
    assert len(told(capsys, "journal", "export", "--embedded", str(tmp_path / ".giliran/data"))) == len(FACTS)
    assert not (tmp_path / ".giliran/data/url").exists(), "and it is not left running"


def test_an_empty_journal_and_a_foreign_one_are_said_to_be_so(
    store: Embedded, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GILIRAN_POOL", "other")
    assert run("journal", "export") == 2
    assert capsys.readouterr().err == "giliran: the journal of pool other is empty\n"
    with Address(store.url).client() as client:
        client.xadd(Keys("other").of("journal"), {"rev": "1", "op": "b:1", "facts": '[{"kind":"vanished"}]'})
    assert run("journal", "export") == 2
    assert "holds what no node of this version wrote" in capsys.readouterr().err
