"""The WebSocket protocol itself: the Autobahn cases, through everything that guards our connections."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Cases 12 and 13 are compression, which we do not offer.
WITHOUT_COMPRESSION = ["-x", "12.*", "-x", "13.*"]
CASES = 301


@pytest.fixture
def echo_port() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.gateway.echo_server"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        assert server.poll() is None, "the server did not survive"
        server.terminate()


def test_every_case_that_applies_passes(echo_port: int, tmp_path: Path) -> None:
    kosoku = Path(sys.executable).with_name("kosoku")
    address = f"ws://127.0.0.1:{echo_port}"
    command = [str(kosoku), *WITHOUT_COMPRESSION, "-p", "4", "-o", str(tmp_path), address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    passed = re.search(r"(\d+) cases passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) == CASES
