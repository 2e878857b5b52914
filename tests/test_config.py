"""Settings: the template loads back, the environment overrides, and every mistake is told at once."""

import re
import stat
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import load, load_secret
from engine.config_template import COMMENTS, template
from engine.domain.rules import Queue, Select
from engine.policy_file import PolicyTables
from engine.settings import IceServer, Settings
from engine.tables import ConfigError, Expected, duration_ms, duration_text, key_of

SECRET = "s" * 40


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "giliran.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(path: Path | None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    return [str(m) for m in caught.value.mistakes]


def test_the_template_loads_back_to_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, template())
    read = load(path)
    assert read.config_file == path, "rules are read again from there"
    assert attrs.evolve(read, config_file=None) == load() == Settings()


def test_every_key_of_the_template_may_be_set_without_its_comment_sign(tmp_path: Path) -> None:
    open_text = re.sub(r"(?m)^# (?=(\w+ = |\[\[))", "", template())
    (tmp_path / "secret").write_text(SECRET)
    settings = load(write(tmp_path, open_text))
    assert settings.redis_url == "redis://localhost:6379/0"
    assert settings.policy.queues["premium"].steps[0].max_level == 1


@pytest.mark.parametrize("cl", COMMENTS, ids=lambda cl: cl.__name__)
def test_the_template_describes_every_key_of_the_rules(cl: type) -> None:
    in_tables_of_their_own = {PolicyTables: {"queues", "rules", "timings"}, Queue: {"steps"}}.get(cl, set())
    assert set(COMMENTS[cl]) == {key_of(f) for f in attrs.fields(cl)} - in_tables_of_their_own


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[redis]\nurl = "redis://file"\n[auth]\naudience = "file"\n[[queues]]\nname = "q"')
    settings = load(
        path,
        {
            "GILIRAN_REDIS_URL": "redis://variable",
            "GILIRAN_AUTH__AUDIENCE": "variable",
            "GILIRAN_AUTH_ORIGINS": "https://a.example, https://b.example:8443",
            "GILIRAN_LISTEN_WS_PORT": "0",
            "GILIRAN_CLUSTER_LEASE": "5s",
            "GILIRAN_VIDEO_ICE_SERVERS": '[{ urls = ["stun:a.example"] }]',
            "GILIRAN_SECRET": SECRET,
        },
    )
    assert (settings.redis_url, settings.audience) == ("redis://variable", "variable")
    assert settings.origins == ("https://a.example", "https://b.example:8443")
    assert (settings.ws_port, settings.lease_ms) == (0, 5_000)
    assert settings.ice_servers == (IceServer(urls=("stun:a.example",)),)
    assert settings.secret == SECRET.encode()


def test_variables_that_kubernetes_sets_for_a_service_are_not_ours() -> None:
    environ = {
        "GILIRAN_SERVICE_HOST": "10.0.0.1",
        "GILIRAN_PORT": "tcp://10.0.0.1:80",
        "GILIRAN_PORT_80_TCP": "x",
    }
    assert load(None, environ) == Settings()


BAD = """
timezone = "Mars/Base"
pool = "a b"
timezon = "UTC"
redis = "redis://localhost"
tiers = ["regular", "regular"]
[auth]
secret_fil = "x"
origins = ["https://bank.example/"]
[cluster]
beat = 2
[listen]
ws_port = 99999
http_port = "80"
[[queues]]
name = "a"
ring = 15
selekt = "longest_idle"
tiers = ["vip"]
[[queues]]
name = "b"
select = "fastest"
[[queues.steps]]
after = "10s"
drop_skills = ["loan", 3]
[[queues.steps]]
after = "20s"
max_level = 0
[[rules]]
when = { tier = "prioriti", queue = ["b", "c"] }
[[rules]]
when = { tier = "regular" }
band = 11
name = "supervisor"
"""

EXPECTED = [
    'timezon: unknown key; did you mean "timezone"?',
    "redis: expected a table [redis]",
    'auth.secret_fil: unknown key; did you mean "secret_file"?',
    "cluster.beat = 2: expected a duration such as",
    "listen.http_port = '80': expected a whole number",
    "pool = 'a b': expected a name",
    "listen.ws_port = 99999: expected a port, 0 to 65535",
    "timezone = 'Mars/Base': expected a zone",
    "auth.origins = 'https://bank.example/': expected an origin",
    "queues[0].ring = 15: expected a duration such as",
    'queues[0].selekt: unknown key; did you mean "select"?',
    "queues[1].select = 'fastest': expected one of longest_idle, least_flexible",
    "queues[1].steps[0].drop_skills[1] = 3: expected a text",
    "tiers = 'regular': expected once, found 2 times",
    "queues[0].tiers = 'vip': expected one that is listed",
    "queues[1].steps[1].max_level = 0: expected 1 or more",
    "rules[0]: expected a head_start or a band",
    "rules[0].when.queue = 'c': expected one that is listed",
    "rules[0].when.tier = 'prioriti': expected one that is listed",
    "rules[1].band = 11: expected 0 to 9",
    "rules[1].name = 'supervisor': expected another name",
]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    told = mistakes(write(tmp_path, BAD))
    for expected in EXPECTED:
        assert any(line.startswith(expected) for line in told), expected
    assert len(told) == len(EXPECTED), told


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"GILIRAN_LISTEN_WS_PORT": "x"}, "GILIRAN_LISTEN_WS_PORT = 'x': expected a whole number"),
        (
            {"GILIRAN_AUTH_AUDIANCE": "x"},
            'GILIRAN_AUTH_AUDIANCE: unknown variable; did you mean "GILIRAN_AUTH_AUDIENCE"?',
        ),
        ({"GILIRAN_SECRET": "hunter2"}, "GILIRAN_SECRET = (hidden): expected 32 bytes or more"),
        (
            {"GILIRAN_LISTEN_OTHER_WS_URLS": "wss://b.example/ws, https://c.example"},
            "GILIRAN_LISTEN_OTHER_WS_URLS = 'https://c.example': "
            'expected a URL such as "wss://video.bank.example/ws"',
        ),
        (
            {"GILIRAN_LISTEN_WS_URL": "wss://b.example; script-src *"},
            "GILIRAN_LISTEN_WS_URL = 'wss://b.example; script-src *': "
            'expected a URL such as "wss://video.bank.example/ws"',
        ),
        (
            {"GILIRAN_REDIS_URL": "http://u:hunter2@host"},
            "GILIRAN_REDIS_URL = (hidden): expected redis://, rediss:// or unix://",
        ),
        (
            {"GILIRAN_VIDEO_TURN_URLS": "turn:a.example", "GILIRAN_VIDEO_TURN_SECRET": ""},
            "GILIRAN_VIDEO_TURN_SECRET: expected coturn's static-auth-secret for video.turn_urls",
        ),
        (
            {"GILIRAN_VIDEO_TURN_URLS": "stun:a.example", "GILIRAN_VIDEO_TURN_SECRET": "hunter2"},
            "GILIRAN_VIDEO_TURN_URLS = 'stun:a.example': expected a URL such as \"turn:turn.bank.example\"",
        ),
        ({"GILIRAN_VIDEO_TURN_TTL": "5s"}, 'GILIRAN_VIDEO_TURN_TTL = "5s": expected "1m" or more'),
        (
            {"GILIRAN_VIDEO_LIVEKIT_SECRET": "hunter2"},
            "GILIRAN_VIDEO_LIVEKIT_SECRET = (hidden): expected 32 bytes or more",
        ),
        (
            {"GILIRAN_VIDEO_ICE_SERVERS": '[{ urls = ["turn:a"], credential = 7 }]'},
            "video.ice_servers[0].credential = (hidden): expected a text",
        ),
    ],
)
def test_a_variable_is_named_and_a_secret_is_not_shown(environ: dict[str, str], expected: str) -> None:
    assert mistakes(None, environ) == [expected]


def test_a_video_provider_without_its_key_is_told_what_is_missing(tmp_path: Path) -> None:
    video = '[video]\nprovider = "livekit"\nlivekit_url = "https://livekit.bank.example"\n'
    path = write(tmp_path, video + '[[queues]]\nname = "q"')
    assert mistakes(path) == [
        "video.livekit_url = 'https://livekit.bank.example': "
        'expected a URL such as "wss://video.bank.example/ws"',
        "video.livekit_key: missing, as video.provider is livekit",
        "video.livekit_secret: missing, as video.provider is livekit",
    ]


def test_a_file_that_is_absent_or_no_toml_is_said_so(tmp_path: Path) -> None:
    assert mistakes(tmp_path / "none.toml") == ["file: cannot be read: No such file or directory"]
    [told] = mistakes(write(tmp_path, "pool = \n"))
    assert told.startswith("file: is not TOML: ")
    assert "line 1" in told


def test_words_carry_labels_and_a_match_is_one_value_or_several(tmp_path: Path) -> None:
    settings = load(
        write(
            tmp_path,
            """
            reasons = ["lunch", { name = "break", label = { id = "Istirahat", en = "Break" } }]
            [[queues]]
            name = "q"
            max_wait = "never"
            select = "best_skill"
            [[rules]]
            when = { queue = "q", city = ["Jakarta Pusat", "Bandung"] }
            head_start = "1h30m"
            """,
        )
    )
    policy = settings.policy
    assert policy.reasons == ("lunch", "break")
    assert settings.labels["reasons"] == {"break": {"id": "Istirahat", "en": "Break"}}
    assert (policy.queues["q"].max_wait_ms, policy.queues["q"].select) == (None, Select.BEST_SKILL)
    assert policy.rules[0].when == {"queue": ("q",), "city": ("Jakarta Pusat", "Bandung")}
    assert policy.rules[0].head_start_ms == 5_400_000
    assert policy.tiers == ()


def test_the_secret_comes_from_its_file_and_public_keys_from_theirs(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET + "\n")
    (tmp_path / "bank.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
    text = '[auth]\nsecret_file = "key"\npublic_keys = ["bank.pem"]\n[[queues]]\nname = "q"'
    settings = load(write(tmp_path, text))
    assert settings.secret == SECRET.encode()
    assert settings.public_keys == (b"-----BEGIN PUBLIC KEY-----\n",)
    assert load_secret(settings, tmp_path / "unused") == settings
    assert not (tmp_path / "unused").exists()


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made = tmp_path / "deep" / "secret"
    first = load_secret(load(), made)
    assert len(first.secret) >= 32
    assert load_secret(load(), made).secret == first.secret
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_what_is_secret_does_not_show(tmp_path: Path) -> None:
    environ = {
        "GILIRAN_SECRET": SECRET,
        "GILIRAN_REDIS_URL": "redis://u:hunter2@h",
        "GILIRAN_VIDEO_ICE_SERVERS": '[{ urls = ["turn:a"], username = "u", credential = "hunter2" }]',
        "GILIRAN_VIDEO_TURN_SECRET": "hunter2",
        "GILIRAN_VIDEO_LIVEKIT_SECRET": "hunter2" + SECRET,
    }
    settings = load(None, environ)
    text = repr(settings) + repr(settings.ice_servers)
    assert SECRET not in text
    assert "hunter2" not in text


@given(st.integers(0, 10 * 365 * 86_400_000))
def test_a_duration_is_read_as_it_is_written(ms: int) -> None:
    assert duration_ms(duration_text(ms)) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("90s", 90_000),
        ("15m", 900_000),
        ("1h30m", 5_400_000),
        ("250ms", 250),
        ("1.5s", 1_500),
        ("1d", 86_400_000),
    ],
)
def test_durations(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize(
    "bad",
    ["", "s", "15", "15 s", "-1s", "1s1m", "1e3s", "٣s", "9" * 5000 + "s", "9999d", 15, True, None, 1.5],
)
def test_what_is_no_duration(bad: object) -> None:
    with pytest.raises(Expected):
        duration_ms(bad)
