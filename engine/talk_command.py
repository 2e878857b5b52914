"""`giliran talk`: be a customer or an agent, in a terminal."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from engine import options
from engine.config import load_secret
from engine.options import Usage

Flag = Annotated[bool, Parameter(negative="")]


class Talks(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"


def talk(
    role: str,
    /,
    *,
    ws: str | None = None,
    sub: str | None = None,
    name: str = "You",
    queue: str | None = None,
    tier: str | None = None,
    skills: str | None = None,
    frames: Flag = False,
    config: Path | None = None,
) -> None:
    """Be a customer or an agent: connect to a node, say what one may say, see what it answers.

    Parameters
    ----------
    role
        customer (asks for a call at once) or agent (is ready at once).
    ws
        ws://HOST:PORT or wss://…; default as configured.
    sub
        Your id; default you-customer or you-agent.
    name
        As the other side sees it.
    queue
        Which to ask; an agent serves them all. Default the first that is configured.
    tier
        A customer's segment.
    skills
        loan:3,card: what a call needs, or what an agent knows.
    frames
        Show every frame as it comes, instead of words.
    config
        Settings; default giliran.toml if there is one.
    """
    who = options.choice("ROLE", role, Talks)
    settings = options.settings(config)
    if settings.public_keys:
        raise Usage("talk: this node takes tokens signed for auth.public_keys, whose private key it has not")
    settings = load_secret(settings)
    from engine.demo.talk import talk as run
    from engine.demo.tokens import AUDIENCE, minter
    from engine.gateway.messages import Role

    known = list(settings.policy.queues)
    asks = known[0] if queue is None else options.name("--queue", queue)
    levels = options.levels("--skills", skills)
    claims: dict[str, Any] = {"name": name, "tier": None if tier is None else options.name("--tier", tier)}
    if who is Talks.AGENT:
        claims = {"name": name, "queues": known, "skills": levels}
    url = options.ws_url("--ws", ws) if ws else f"ws://{settings.ws_host}:{settings.ws_port}"
    audience = (settings.audience, AUDIENCE)
    me = options.name("--sub", sub or f"you-{who}")
    token = minter(settings.secret, Role(who), me, audience=audience, **claims)
    run(url, Role(who), token, queue=asks, skills=levels, frames=frames)
