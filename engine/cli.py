"""The command line: `giliran`, also `python -m engine`.

A mistake of the user ends with status 2 and one message that names the option or key, its value and what was
expected; a run that breaks its promises with status 1. Results go to standard output, everything else to
standard error. Commands import what they run when they run.
"""

import errno
import os
import socket
import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from attrs import evolve
from cyclopts import App, CoercionError, CycloptsError, Parameter

from engine import __version__, options
from engine.compare_command import compare
from engine.config import load, load_secret
from engine.config_command import config_
from engine.domain.limits import NAME_CHARS, TOKEN_LIFE_S, VALUE_CHARS
from engine.import_command import import_
from engine.journal_commands import journal, report, why
from engine.options import Usage
from engine.replay_commands import replay
from engine.settings import Settings
from engine.tables import ConfigError
from engine.talk_command import talk

app = App(
    name="giliran",
    version=f"giliran {__version__}",
    help="Auto-assignment of video calls: the right call to the right agent, the moment both exist.",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # it would end without a word
)
app.command(config_, name="config")
app.command(import_, name="import")
app.command(replay)
app.command(compare)
app.command(why)
app.command(report)
app.command(journal)
app.command(talk)
Flag = Annotated[bool, Parameter(negative="")]
Many = Annotated[list[str] | None, Parameter(negative="")]
_KINDS = {"int": "a whole number", "float": "a number", "bool": "no value"}


class Role(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"


def main(arguments: list[str] | None = None) -> None:
    """Run the command of `arguments` (the process's own) and exit with its status."""
    try:
        status = app(arguments, print_error=False, exit_on_error=False, result_action="return_value")
    except (Usage, ConfigError) as error:
        sys.exit(_refuse(str(error)))
    except CoercionError as error:
        given = error.token.value if error.token else ""
        option = error.argument.name if error.argument else "an argument"
        kind = getattr(error.target_type, "__name__", "value")
        sys.exit(_refuse(f"{option} {given}: expected {_KINDS.get(kind, kind)}"))
    except CycloptsError as error:
        sys.exit(_refuse(str(error)))
    sys.exit(status if isinstance(status, int) else 0)


def _refuse(message: str) -> int:
    for line in message.splitlines():
        print(f"giliran: {line}", file=sys.stderr)
    return 2


@app.command
def serve(
    *,
    config: Path | None = None,
    redis: str | None = None,
    embedded: Path | None = None,
    ws: str | None = None,
    http: str | None = None,
    node: str | None = None,
) -> None:
    """Serve customers, agents and supervisors until SIGTERM.

    Parameters
    ----------
    config
        Settings; default giliran.toml if there is one. `giliran config` prints every key.
    redis
        URL of a Redis >= 7.0 or Valkey >= 7.2, shared by the pool's nodes.
    embedded
        Keep the store in this directory, for this machine.
    ws
        HOST:PORT of the WebSocket port; port 0 takes a free one.
    http
        HOST:PORT of pages, health and metrics.
    node
        This node's name; default host-pid.
    """
    if redis is not None and embedded is not None:
        raise Usage("--embedded: expected without --redis: a node has one store")
    settings = options.settings(config)
    if redis is not None:
        settings = evolve(settings, redis_url=options.redis_url("--redis", redis))
    if embedded is not None:
        settings = evolve(settings, redis_url=None, data_dir=embedded)
    if node is not None:
        settings = evolve(settings, node=options.name("--node", node))
    from engine.app import serve as run

    _start(run, _at(settings, ws, http))


@app.command
def demo(
    *,
    for_: Annotated[str | None, Parameter(name="--for")] = None,
    ws: str | None = None,
    http: str | None = None,
    no_browser: Flag = False,
) -> None:
    """Show the engine at work: an embedded store, sample queues, simulated agents and customers.

    Parameters
    ----------
    for_
        End by itself after so long, such as 60s.
    ws
        HOST:PORT of the WebSocket port; port 0 takes a free one.
    http
        HOST:PORT of pages, health and metrics.
    no_browser
        Never open the page on which one takes part; it is told in any case.
    """
    for_ms = None if for_ is None else options.duration("--for", for_)
    own = load_secret(options.settings(None))  # `talk` makes its tokens with the same
    settings = evolve(load(None, os.environ), secret=own.secret)
    settings = _at(settings, ws, http)
    from engine.demo.show import demo as run

    _start(run, settings, for_ms, not no_browser)


@app.command
def token(
    *,
    role: str,
    sub: str,
    name: str = "",
    tier: str | None = None,
    queues: str | None = None,
    skills: str | None = None,
    attribute: Many = None,
    ttl: str = "8h",
    config: Path | None = None,
) -> None:
    """Print a log-in token (JWT), signed with the node's secret.

    Parameters
    ----------
    role
        customer, agent or supervisor.
    sub
        The person's id.
    name
        As the other side sees it.
    tier
        A customer's segment.
    queues
        a,b: what an agent serves, or a supervisor sees.
    skills
        loan:3,card: an agent's skills, and their levels if not 1.
    attribute
        KEY=VALUE, for a customer; may be repeated.
    ttl
        How long the token is good, at most 24h.
    config
        Settings; default giliran.toml if there is one.
    """
    life_ms = options.duration("--ttl", ttl)
    if not 1_000 <= life_ms <= TOKEN_LIFE_S * 1000:
        options.wrong("--ttl", ttl, "1s to 24h")
    if len(name) > NAME_CHARS:
        options.wrong("--name", name, f"at most {NAME_CHARS} characters")
    attributes = options.pairs("--attribute", attribute or (), "KEY=VALUE")
    for key, value in attributes.items():
        if len(value) > VALUE_CHARS:
            options.wrong("--attribute", key, f"a value of at most {VALUE_CHARS} characters")
    claims: dict[str, Any] = {
        "role": options.choice("--role", role, Role).value,
        "sub": options.name("--sub", sub),
        "name": name,
        "tier": None if tier is None else options.name("--tier", tier),
        "attributes": attributes,
        "queues": list(options.names("--queues", queues)),
        "skills": options.levels("--skills", skills),
    }
    settings = options.settings(config)
    if settings.public_keys:
        raise Usage("token: this node takes tokens signed for auth.public_keys, whose private key it has not")
    settings = load_secret(settings)
    from engine.gateway.auth import mint

    now_s = int(time.time())
    print(mint(settings.secret, settings.audience, ttl_s=life_ms // 1000, now_s=now_s, **claims))


def _start(run: Callable[..., None], settings: Settings, *others: Any) -> None:
    """Run a node. What keeps it from starting is the user's to put right, so it is told as such."""
    from engine.store.embedded import EmbeddedError

    try:
        run(settings, *others)
    except EmbeddedError as error:
        raise Usage(str(error)) from error
    except (OSError, ExceptionGroup) as error:
        reasons = {_no_address(leaf) for leaf in _leaves(error)}
        if None in reasons:
            raise
        ws, http = f"{settings.ws_host}:{settings.ws_port}", f"{settings.http_host}:{settings.http_port}"
        why = " and ".join(sorted(str(reason) for reason in reasons))
        raise Usage(f"cannot listen on {ws} (--ws) and {http} (--http): {why}") from error


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


def _no_address(error: BaseException) -> str | None:
    """Why an address could not be had, if that is what this error is about."""
    numbers = {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}
    listening = isinstance(error, socket.gaierror) or (isinstance(error, OSError) and error.errno in numbers)
    return str(error.strerror) if listening and isinstance(error, OSError) else None


def _at(settings: Settings, ws: str | None, http: str | None) -> Settings:
    """`settings` with the addresses of the command line."""
    if ws is not None:
        host, port = options.address("--ws", ws)
        settings = evolve(settings, ws_host=host, ws_port=port)
    if http is not None:
        host, port = options.address("--http", http)
        settings = evolve(settings, http_host=host, http_port=port)
    return settings
