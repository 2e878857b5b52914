"""Logs: one line an event, in either form, and never a token or a person."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from engine.observability.log import configure

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjMSJ9.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def fall(token: str) -> None:
    raise ValueError(f"bad token {token}")


def test_json_is_one_object_a_line() -> None:
    out = StringIO()
    configure("json", stream=out)
    structlog.get_logger().info("offered", call="c1", agent="a1", until=17)
    structlog.get_logger().debug("unheard")
    [line] = out.getvalue().splitlines()
    told = json.loads(line)
    assert told.pop("timestamp").endswith("Z")
    assert told == {"event": "offered", "level": "info", "call": "c1", "agent": "a1", "until": 17}


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_is_secret_or_personal_is_hidden(form: str) -> None:
    out = StringIO()
    configure(form, stream=out)
    log = structlog.get_logger()
    log.info("hello", token="abc-secret", customer_name="Siti Rahayu", frame={"note": "Siti"})
    log.info(
        "link", url="redis://user:hunter2@host:6379/0", body={"resume": "abc-secret", "text": f"x {JWT}"}
    )
    try:
        fall(JWT)
    except ValueError:
        log.exception("fell", detail=[JWT])
    logging.getLogger("lib").warning("cannot reach %s", "redis://user:hunter2@host")
    text = out.getvalue()
    for private in ("abc-secret", "Siti", "hunter2", JWT, "c2lnbmF0dXJl"):
        assert private not in text
    assert "ValueError" in text
    assert "fall" in text
    assert "host:6379" in text


def test_a_library_speaks_in_the_same_form() -> None:
    out = StringIO()
    configure("json", stream=out)
    logging.getLogger("giliran.http").error("fell %d times", 3)
    logging.getLogger("giliran.http").info("unheard")
    [line] = out.getvalue().splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("fell 3 times", "error", "giliran.http")
