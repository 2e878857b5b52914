"""`giliran config`: every key with its default and a comment, as TOML that loads back to the same settings.

A setting's comment stands with the setting; the bank's rules, whose records belong to the domain, are
described here, and a test holds this list against the records.
"""

from typing import Any

import attrs

from engine.config import FIELDS
from engine.domain.rules import Queue, Rule, Select, Step, Timings
from engine.policy_file import SAMPLE, PolicyTables, policy_converter
from engine.settings import Settings
from engine.tables import duration_text, is_duration, key_of
from engine.toml_text import toml_value

HEAD = """\
# Giliran's settings: every key with its default. Durations are texts such as "250ms", "90s", "1h30m", "30d".
# The environment overrides: GILIRAN_ and the key in capitals, GILIRAN_REDIS_URL for url of [redis].
# Names of files are relative to this file; data_dir is relative to where the node is started.
"""

COMMENTS: dict[type, dict[str, str]] = {
    PolicyTables: {
        "tiers": "customer segments; a list left out or empty accepts any well-formed name",
        "skills": "what a call may need and an agent may have",
        "reasons": "why an agent may be not ready",
        "dispositions": "how a call may turn out",
    },
    Queue: {
        "name": "as clients ask for it",
        "label": "as people read it, by language",
        "select": f"which able agent gets the call: {', '.join(Select)}",
        "ring": "how long an agent has to answer an offer",
        "wrap_up": "how long an agent has after a call; 0s: none",
        "service_level": "answered within this counts as in time",
        "service_target": "per cent of the calls that are to be in time; below it the wallboard says so",
        "head_start": "how much earlier than its arrival a call of this queue counts as arrived",
        "max_wait": 'after which a call ends, expired; "never"',
        "max_waiting": "how many may wait at once; absent: any number",
        "tiers": "who may enter; empty: everybody",
        "client_attributes": "attributes that a client's own request may set",
        "open": "false: new requests are refused",
    },
    Step: {
        "after": "the wait that reaches this step",
        "drop_skills": 'no longer needed; ["*"]: none is',
        "max_level": "levels above this are needed only at this; absent: unchanged",
        "queues": "whose agents may serve the call too (overflow)",
    },
    Rule: {
        "when": "queue, tier or an attribute: one value, or a list of which one must match",
        "head_start": "all rules that match add up",
        "band": "0 to 9, strict priority for emergencies; the highest of the rules that match",
        "name": "as the reasons of an assignment call it; empty: made from when",
    },
    Timings: {
        "decline_rest": "an agent who declined rests this long",
        "avoid": "a declined call avoids that agent this long",
        "customer_grace": "a waiting customer whose link dropped keeps his place this long",
        "call_grace": "in a call, either side may be away this long",
        "agent_grace": "an agent who dropped and is back within this is ready again",
        "ask_every": "how often one customer may ask for calls in the long run, ten at once; 0s: as he likes",
        "prefer": "a preferred agent is tried first this long",
        "keep_ended": "an ended call can still be asked about this long",
        "keep_offline": "an offline agent is remembered this long",
    },
}


def template() -> str:
    """The whole file."""
    plain = {"skills": [], **policy_converter().unstructure(SAMPLE)}
    blocks = [HEAD, *_settings(""), _table("", PolicyTables, plain)]
    for section in dict.fromkeys(key.partition(".")[0] for key in FIELDS if "." in key):
        blocks += [f"[{section}]\n", *_settings(section)]
    blocks += ["[timings]\n" + _table("", Timings, _defaults(Timings))]
    for queue in plain["queues"]:
        blocks.append("[[queues]]\n" + _table("", Queue, {**_defaults(Queue), **queue}))
    step = _table("# ", Step, {"after": "60s", "max_level": 1, **_defaults(Step)})
    blocks.append("# [[queues.steps]]            # any number of them, for the queue above\n" + step)
    for rule in plain["rules"]:
        blocks.append("[[rules]]\n" + _table("", Rule, {**_defaults(Rule), **rule}))
    return "\n".join(_joined(blocks))


def _joined(blocks: list[str]) -> list[str]:
    """Blocks of one section stand together; a new header or the policy's lists begin a new paragraph."""
    paragraphs: list[str] = []
    for block in blocks:
        if paragraphs and not block.startswith(("[", "# [", "tiers")):
            paragraphs[-1] += block
        else:
            paragraphs.append(block)
    return paragraphs


def _settings(section: str) -> list[str]:
    lines = []
    for key, f in FIELDS.items():
        if key.rpartition(".")[0] == section:
            lines.append(_line(_prefix(f), key.rpartition(".")[2], _default(f), f.metadata["comment"]))
    return lines


def _prefix(f: "attrs.Attribute[Any]") -> str:
    """A setting whose default differs from node to node, or is absence, stands as a comment."""
    return "# " if f.default is None or f.name == "node" else ""


def _default(f: "attrs.Attribute[Any]") -> object:
    if f.default is None or f.name == "node":
        return _EXAMPLES[f.name]
    return duration_text(f.default) if is_duration(f) else getattr(Settings(), f.name)


_EXAMPLES = {
    "node": "host-1234",
    "redis_url": "redis://localhost:6379/0",
    "ws_url": "wss://video.bank.example/ws",
    "secret_file": "secret",
    "turn_secret": "as coturn has it",
    "livekit_url": "wss://livekit.bank.example",
    "livekit_key": "APIexample",
    "livekit_secret": "as the LiveKit server has it for that key",
}


def _defaults(cl: type) -> dict[str, Any]:
    """What a record's keys are if left out."""
    return {key_of(f): _plain(f) for f in attrs.fields(cl) if f.default is not attrs.NOTHING}


def _plain(f: "attrs.Attribute[Any]") -> Any:
    default: Any = f.default
    if is_duration(f) and default is not None:
        return duration_text(default)
    return default.factory() if hasattr(default, "factory") else default


def _table(prefix: str, cl: type, values: dict[str, Any]) -> str:
    """Every key of a record, a line each; absence has no form in TOML, so that key stands as a comment."""
    lines = []
    for key, comment in COMMENTS[cl].items():
        value = values.get(key)
        absent = "" if value is not None else "# "
        lines.append(_line(prefix or absent, key, 1 if value is None else value, comment))
    return "".join(lines)


def _line(prefix: str, key: str, value: Any, comment: str) -> str:
    shown = toml_value(value if isinstance(value, int | float | str | list | tuple | dict) else str(value))
    said = f"{prefix}{key} = {shown}"
    return f"{said:<44} # {comment}\n"
