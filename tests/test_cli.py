"""The command line: what it prints, what it passes on, and one clear message for each mistake."""

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from attrs import evolve

import engine.app
from engine.__main__ import main
from engine.config import load
from engine.domain.rules import Rule
from engine.gateway.auth import Verifier
from engine.replay.scenario import load_scenario
from engine.settings import Settings

SECRET = "s" * 40
CALLS = "call_id,arrive_s,queue,tier,skills,handle_s,patience_s\n"
AGENTS = "agent_id,login_s,logout_s,queues,skills\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty directory, with nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("GILIRAN_")]:
        monkeypatch.delenv(name)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"giliran {engine.__version__}\n"
    assert done.stderr == ""


def test_whoever_stops_it_before_it_has_begun_is_told_so() -> None:
    """Ctrl-C while the command line is being imported."""
    stopped = """
import sys

class Finder:
    def find_spec(self, name, *_):
        if name == "cyclopts":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Finder())
from engine.__main__ import main
main(["--version"])
"""
    done = subprocess.run([sys.executable, "-c", stopped], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "giliran: stopped\n")


def test_the_command_that_is_installed_is_the_module_s() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"giliran": f"{main.__module__}:{main.__name__}"}


MISTAKES = [
    (["serv"], 'Did you mean "serve"?'),
    (["serve", "--wz", "3"], "Did you mean --ws?"),
    (["serve", "--ws", "nope"], "--ws nope: expected HOST:PORT"),
    (["serve", "--ws", "::1:80"], "--ws ::1:80: expected HOST:PORT"),
    (["serve", "--http", "127.0.0.1:99999"], "--http 127.0.0.1:99999: expected HOST:PORT"),
    (["serve", "--redis", "http://u:hunter2@h"], "--redis (hidden): expected redis://"),
    (["serve", "--redis", "redis://h", "--embedded", "d"], "--embedded: expected without --redis"),
    (["serve", "--node", "a b"], "--node a b: expected 1 to 64 of"),
    (["serve", "--config", "none.toml"], "none.toml: file: cannot be read"),
    (["demo", "--for", "60"], '--for 60: expected a duration such as "90s"'),
    (["demo", "--for=-90s"], '--for -90s: expected 0 or more, a duration such as "90s"'),
    (["token", "--sub", "a"], "--role"),
    (["token", "--role", "boss", "--sub", "a"], "--role boss: expected one of customer, agent, supervisor"),
    (["token", "--role", "agent", "--sub", "a b"], "--sub a b: expected 1 to 64 of"),
    (["token", "--role", "agent", "--sub", "a", "--skills", "id:x"], "--skills id:x: expected SKILL"),
    (["token", "--role", "agent", "--sub", "a", "--skills", "id:0"], "--skills id:0: expected SKILL"),
    (["token", "--role", "agent", "--sub", "a", "--queues", "a,b!"], "--queues b!: expected 1 to 64 of"),
    (["token", "--role", "agent", "--sub", "a", "--ttl", "25h"], "--ttl 25h: expected 1s to 24h"),
    (["token", "--role", "customer", "--sub", "a", "--attribute", "x"], "--attribute x: expected KEY=VALUE"),
    (["config", "--check", "none.toml"], "none.toml: file: cannot be read"),
    (["import", "--calls", "c", "--agents", "a", "--out", "o"], "--calls c: expected a file that exists"),
    (["replay"], "SCENARIO"),
    (["replay", "none.toml"], "SCENARIO none.toml: expected a file that exists"),
    (["replay", "s.toml", "--live", "--virtual"], "--live: expected without --virtual"),
    (["replay", "s.toml", "--speed", "2"], "--speed 2: expected with --live"),
    (["replay", "s.toml", "--live", "--speed", "0"], "--speed 0: expected a number from"),
    (["replay", "s.toml", "--virtual=3"], "--virtual 3: expected no value"),
]


@pytest.mark.parametrize(("arguments", "expected"), MISTAKES, ids=[" ".join(a) for a, _ in MISTAKES])
def test_a_mistake_is_one_clear_message(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    [line] = err.splitlines()
    assert line.startswith("giliran: ")
    assert expected in line
    assert "hunter2" not in err


def test_every_mistake_of_a_file_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "giliran.toml").write_text('pool = "a b"\n[[queues]]\nname = "q"\nring = 3\n')
    assert run("serve") == 2
    err = capsys.readouterr().err.splitlines()
    assert [line.partition(" =")[0] for line in err] == [
        "giliran: giliran.toml: pool",
        "giliran: giliran.toml: queues[0].ring",
    ]


def test_a_token_is_what_a_node_accepts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GILIRAN_SECRET", SECRET)
    options = "--role agent --sub a1 --name Budi --queues a,b --skills id:3,loan --ttl 1h"
    assert run("token", *options.split()) == 0
    identity = Verifier.of_secret(SECRET.encode(), "giliran")(capsys.readouterr().out.strip())
    assert (identity.sub, identity.role, identity.name) == ("a1", "agent", "Budi")
    assert (identity.queues, identity.skills) == (("a", "b"), {"id": 3, "loan": 1})


def test_a_token_without_a_secret_makes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("token", *["--role", "customer", "--sub", "c1", "--tier", "priority", "--attribute", "city=Ubud"])
        == 0
    )
    secret = (tmp_path / ".giliran/secret").read_bytes().strip()
    identity = Verifier.of_secret(secret, "giliran")(capsys.readouterr().out.strip())
    assert (identity.tier, identity.attributes) == ("priority", {"city": "Ubud"})


def test_config_prints_a_file_that_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config") == 0
    (tmp_path / "mine.toml").write_text(capsys.readouterr().out)
    assert evolve(load(tmp_path / "mine.toml"), config_file=None) == Settings()
    assert run("config", "--check", "mine.toml") == 0
    assert capsys.readouterr().out == "mine.toml: good\n"


KINDS = [
    (
        '[[rules]]\nwhen = { tier = "vip" }\nhead_start = "9s"\n',
        "good, rules for --rules of giliran replay and",
    ),
    ("rules = []\n", "good, rules for --rules"),
    ('[[queues]]\nname = "q"\n\n[[rules]]\nband = 1\n', "good\n"),
    (
        '[[queues]]\nname = "q"\n\n[[agents]]\nid = "a"\nlogin_s = 0\nqueues = ["q"]\n',
        "good, a scenario: for",
    ),
]


@pytest.mark.parametrize(("text", "said"), KINDS, ids=[said for _, said in KINDS])
def test_a_file_that_is_good_is_called_what_it_is(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.toml").write_text(text, encoding="utf-8-sig")
    assert run("config", "--check", "f.toml") == 0
    assert capsys.readouterr().out.startswith(f"f.toml: {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "f.toml: queues: expected at least one [[queues]] table"),
        ("[[rules]]\nband = 10\n", "f.toml: rules[0].band = 10: expected 0 to 9"),
        ('[[rules]]\nwehn = { tier = "t" }\nband = 1\n', 'rules[0].wehn: unknown key; did you mean "when"?'),
        ("[rules]\nband = 1\n", "expected a list of tables; write [[rules]], not [rules]"),
        (
            '[[queues]]\nname = "q"\n\n[[agents]]\nid = "a"\nlogin_s = 0\nqueues = ["p"]\n',
            "agents[0].queues =",
        ),
        ("pool = 3\n[[queues]]\nname = 'q'\n", "f.toml: pool = 3: expected a text"),
    ],
)
def test_a_file_is_checked_as_what_it_is(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.toml").write_text(text)
    assert run("config", "--check", "f.toml") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


def test_serve_passes_its_options_on_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Settings] = []
    monkeypatch.setattr(engine.app, "serve", served.append)
    (tmp_path / "giliran.toml").write_text(
        '[redis]\nurl = "redis://file"\n[listen]\nhttp_port = 1\n[[queues]]\nname = "q"\n'
    )
    options = "--embedded data --ws [::1]:0 --http :9090 --node n1"
    assert run("serve", *options.split()) == 0
    [settings] = served
    assert (settings.redis_url, settings.data_dir) == (None, Path("data"))
    assert (settings.ws_host, settings.ws_port) == ("::1", 0)
    assert (settings.http_host, settings.http_port) == ("0.0.0.0", 9090)
    assert settings.node == "n1"
    assert list(settings.policy.queues) == ["q"]


def write_day(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(CALLS + "c1,1,bank,priority,PS,9,\nc2,2,bank,regular,PS,9,\n")
    (tmp_path / "a.csv").write_text(AGENTS + "a1,0,,bank,PS\n")


IMPORT = "import --calls c.csv --agents a.csv --out day.toml --head-start priority=90s --wrap-up 5s"


def test_a_call_log_becomes_a_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_day(tmp_path)
    assert run(*IMPORT.split(), "--select", "longest_idle", "--head-start", "vip=1m") == 0
    out, err = capsys.readouterr()
    assert out == "day.toml: 2 calls, 1 agents\n"
    assert err.splitlines() == [
        "giliran: note: no call has the tier vip of --head-start",
        "giliran: note: the log does not tell, so it is assumed: agents answer at once (--answer)",
    ]
    day = load_scenario(tmp_path / "day.toml")
    assert day.name == "day"
    assert day.queues[0].wrap_up_ms == 5_000
    assert day.rules == (
        Rule(when={"tier": ("priority",)}, head_start_ms=90_000),
        Rule(when={"tier": ("vip",)}, head_start_ms=60_000),
    )


def test_what_the_call_log_does_not_tell_is_given_or_assumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_day(tmp_path)
    plain = ["import", "--calls", "c.csv", "--agents", "a.csv", "--out", "day.toml"]
    assert run(*plain) == 0
    note = "giliran: note: the log does not tell, so it is assumed: "
    assumed = "agents answer at once (--answer), wrap-up takes 8s (--wrap-up)"
    assert capsys.readouterr().err == f"{note}{assumed}\n"
    assert run(*plain, "--answer", "4s", "--wrap-up", "8s") == 0
    assert capsys.readouterr().err == ""
    assert [agent.answer_ms for agent in load_scenario(tmp_path / "day.toml").agents] == [4_000]


@pytest.mark.parametrize("asked", ["30s", "8s"])
def test_the_wrap_up_that_was_asked_for_stands_in_the_file(tmp_path: Path, asked: str) -> None:
    """Even if it is what a queue has anyway."""
    write_day(tmp_path)
    assert run(*IMPORT.replace("5s", asked).split()) == 0
    assert f'wrap_up = "{asked}"' in (tmp_path / "day.toml").read_text()


def test_a_call_log_that_cannot_be_written_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_day(tmp_path)
    assert run(*IMPORT.replace("day.toml", "none/day.toml").split()) == 2
    assert "--out none/day.toml: cannot be written: No such file" in capsys.readouterr().err


def test_a_replay_tells_what_came_of_each_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_day(tmp_path)
    run(*IMPORT.split())
    capsys.readouterr()
    assert run("replay", "day.toml", "--json", "-") == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert (result["scenario"], result["mode"], result["violations"]) == ("day", "virtual", [])
    assert [(c["call_id"], c["outcome"], c["wait_s"]) for c in result["calls"]] == [
        ("c1", "served", 0.0),
        ("c2", "served", 13.0),
    ]
    assert "Wait, mean" in err
    assert run("replay", "day.toml", "--json", "r.json", "--virtual") == 0
    assert json.loads((tmp_path / "r.json").read_text()) == result
    assert "Wait, mean" in capsys.readouterr().out


def test_a_broken_expectation_is_told_and_is_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_day(tmp_path)
    run(*IMPORT.split())
    with (tmp_path / "day.toml").open("a") as file:
        file.write('\n[[expect]]\nmeasure = "mean_wait_s"\nmax = 5\n')
    capsys.readouterr()
    assert run("replay", "day.toml") == 1
    assert "violated: Wait, mean: expected at most 5 s, found 6.5 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--dispatch", "stream"), "day: faults[0].kind = 'clock_step': expected one of drop_agent, drop_c"),
        ((), "day: faults[0].kind = 'clock_step': expected with --live"),
    ],
)
def test_what_a_replay_cannot_carry_out_is_refused_by_its_key(
    options: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_day(tmp_path)
    run(*IMPORT.split())
    with (tmp_path / "day.toml").open("a") as file:
        file.write('\n[[faults]]\nat_s = 1\nkind = "clock_step"\nby = "-5m"\n')
    capsys.readouterr()
    assert run("replay", "day.toml", *options) == 2
    assert told in capsys.readouterr().err


def test_a_window_is_a_part_of_the_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_day(tmp_path)
    run(*IMPORT.split())
    capsys.readouterr()
    assert run("replay", "day.toml", "--json", "-", "--window", "1.5s..1h") == 0
    [call] = json.loads(capsys.readouterr().out)["calls"]
    assert (call["call_id"], call["arrived_s"], call["wait_s"]) == ("c2", 0.5, 0.0)


def test_a_window_is_by_the_scenario_s_clock_and_so_is_what_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_day(tmp_path)
    run(*IMPORT.split())
    day = tmp_path / "day.toml"
    expected = '\n[[expect]]\nmeasure = "calls"\nmin = 2\n'
    day.write_text('clock = "08:59:58"\n' + day.read_text() + expected)
    capsys.readouterr()
    assert run("replay", "day.toml", "--json", "r.json", "--window", "09:00..10:00") == 0
    assert "note: expectations are of the whole day" in capsys.readouterr().err
    told = json.loads((tmp_path / "r.json").read_text())
    assert (told["clock"], [call["call_id"] for call in told["calls"]]) == ("09:00", ["c2"])
    capsys.readouterr()
    assert run("why", "c2", "--json", "r.json") == 0
    assert "  09:00:00.000  asked for queue" in capsys.readouterr().out
    assert run("report", "--json", "r.json", "--from", "09:00", "--to", "09:30") == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("09:00:00,09:30:00,")
    for unclear in ("9..10", "9", "09:00..noon"):
        assert run("replay", "day.toml", "--window", unclear) == 2
        expected = 'expected START..END, such as "09:00..10:00" or "9h..10h"\n'
        assert capsys.readouterr().err == f"giliran: --window {unclear}: {expected}"
    assert run("replay", "day.toml", "--window", "08:00..10:00") == 2
    assert "--window 08:00..10:00: expected a start at 08:59 or later" in capsys.readouterr().err


def test_an_address_that_is_taken_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("serve", "--http", "127.0.0.1:0", "--ws", f"127.0.0.1:{port}") == 2
    assert f"cannot listen on 127.0.0.1:{port} (--ws)" in capsys.readouterr().err


def test_a_directory_that_cannot_hold_the_store_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--embedded", "/proc/none") == 2
    assert "giliran: the data directory /proc/none cannot be written" in capsys.readouterr().err


def test_a_node_whose_store_never_came_still_ends_when_asked() -> None:
    """Nobody listens on port 1; the node waits for its store, takes no traffic, and heeds SIGTERM."""
    command = "-m engine serve --ws 127.0.0.1:0 --http 127.0.0.1:0 --redis redis://127.0.0.1:1/0"
    with subprocess.Popen(
        [sys.executable, *command.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as node:
        assert node.stderr is not None
        while "store_unreachable" not in node.stderr.readline():
            assert node.poll() is None
        node.send_signal(signal.SIGTERM)
        out, _ = node.communicate(timeout=60)
    assert (node.returncode, out) == (0, "")
