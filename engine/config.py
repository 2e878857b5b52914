"""Reads `giliran.toml` and the environment into one frozen `Settings`.

`GILIRAN_` and a key in capitals, with `_` or `__` for the dot, overrides the file: `GILIRAN_REDIS_URL`,
`GILIRAN_AUTH__AUDIENCE`; lists are separated by commas. `GILIRAN_SECRET` is the secret itself. Names of files
in the file are relative to it. `load` raises `ConfigError` with every mistake at once and makes nothing;
whoever starts a node without a secret calls `load_secret`, which makes one.
"""

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import attrs
from attrs import evolve
from cattrs import Converter

from engine.policy_file import SAMPLE, PolicyTables, policy_converter
from engine.settings import Settings as Settings
from engine.tables import ConfigError, Mistake, key_of, nearest, read_toml, shown, structure

C = TypeVar("C", Settings, PolicyTables)

PREFIX = "GILIRAN_"
SECRET_VARIABLE = "GILIRAN_SECRET"
MIN_SECRET_BYTES = 32
MADE_SECRET = Path(".giliran/secret")
_LONG_ENOUGH = f"expected {MIN_SECRET_BYTES} bytes or more"
_NOT_OURS = re.compile(r"_(SERVICE|PORT)(_|$)")  # what Kubernetes sets for a service named giliran
_NOT_SETTINGS = {SECRET_VARIABLE, "GILIRAN_CONFIG"}

FIELDS = {key_of(f): f for f in attrs.fields(Settings) if not f.metadata["made"]}
POLICY_KEYS = tuple(key_of(f) for f in attrs.fields(PolicyTables))


def load(path: Path | None = None, environ: Mapping[str, str] = {}) -> Settings:
    """The settings of the file (None: the sample's) under those of the environment. Raises `ConfigError`."""
    source = str(path) if path else "settings"
    tables = read_toml(path) if path else {}
    flat, mistakes = _flatten(tables)
    named = _from_environment(flat, environ, mistakes)
    beside = path.parent if path else Path()
    conv = policy_converter()
    conv.register_structure_hook(Path, lambda v, _: Path(conv.structure(v, str)))
    settings = _checked(conv, flat, Settings, source, mistakes)
    policy: PolicyTables | None = SAMPLE
    if path:
        mine = {key: tables[key] for key in POLICY_KEYS if key in tables}
        policy = _checked(conv, mine, PolicyTables, source, mistakes)
    secret = _secret(flat.get("auth.secret_file"), beside, environ, mistakes)
    keys = tuple(_public_key(k, beside, mistakes) for k in settings.public_key_files) if settings else ()
    if mistakes or settings is None or policy is None:
        raise ConfigError(source, [evolve(m, key=named.get(m.key, m.key)) for m in mistakes])
    return evolve(
        settings,
        config_file=path,
        policy=policy.policy,
        labels=policy.labels,
        secret=secret,
        public_keys=keys,
    )


def load_secret(settings: Settings, made: Path = MADE_SECRET) -> Settings:
    """`settings` with a secret: its own, else that of the file `made`, which is created (0600) if absent.

    Raises `ConfigError` if the file cannot be used.
    """
    if settings.secret:
        return settings
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
        secret = made.read_bytes().strip()
    except OSError as error:
        reason = f"cannot be used: {error.strerror}; set {SECRET_VARIABLE} instead"
        raise ConfigError(str(made), [Mistake("secret", "", reason)]) from error
    if len(secret) < MIN_SECRET_BYTES:
        raise ConfigError(str(made), [Mistake("secret", "", _LONG_ENOUGH)])
    return evolve(settings, secret=secret)


def _flatten(tables: dict[str, Any]) -> tuple[dict[str, Any], list[Mistake]]:
    """The file's settings by dotted key, and the keys that are none."""
    flat: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    sections = {key.partition(".")[0] for key in FIELDS if "." in key}
    for key, value in tables.items():
        if key in FIELDS:
            flat[key] = value
        elif key in sections:
            if not isinstance(value, dict):
                mistakes.append(Mistake(key, "", f"expected a table [{key}]"))
                continue
            for inner, setting in value.items():
                if f"{key}.{inner}" in FIELDS:
                    flat[f"{key}.{inner}"] = setting
                else:
                    known = [k.partition(".")[2] for k in FIELDS if k.startswith(f"{key}.")]
                    mistakes.append(Mistake(f"{key}.{inner}", "", f"unknown key{nearest(inner, known)}"))
        elif key not in POLICY_KEYS:
            known = sorted({*sections, *POLICY_KEYS, *(k for k in FIELDS if "." not in k)})
            mistakes.append(Mistake(key, "", f"unknown key{nearest(key, known)}"))
    return flat, mistakes


def _checked(
    conv: Converter, raw: dict[str, Any], cl: type[C], source: str, mistakes: list[Mistake]
) -> C | None:
    """`raw` as a `cl`, its mistakes of form and of meaning added; None if too little of it has a form.

    What has no form is set aside for the second look, so that one round shows everything.
    """
    formless: list[Mistake] = []
    try:
        made = structure(conv, raw, cl, source)
    except ConfigError as error:
        formless = error.mistakes
        mistakes += formless
        try:
            made = structure(conv, _without(raw, "", {m.key for m in formless}), cl, source)
        except ConfigError:
            return None
    known = [f.key for f in formless]
    mistakes += [m for m in made.mistakes() if m.shown or not any(k.startswith(m.key) for k in known)]
    return made


def _without(value: Any, at: str, keys: set[str]) -> Any:
    """The tables without those keys, or without the list that holds one of them."""
    if isinstance(value, list):
        return [_without(item, f"{at}[{n}]", keys) for n, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, inner in value.items():
        path = f"{at}.{key}" if at else key
        held = {f"{path}[{n}]" for n in range(len(inner))} if isinstance(inner, list) else set()
        if not keys & {path, *held}:
            kept[key] = _without(inner, path, keys)
    return kept


def _from_environment(
    flat: dict[str, Any], environ: Mapping[str, str], mistakes: list[Mistake]
) -> dict[str, str]:
    """Put the environment's settings over `flat`; which variable each key came from."""
    variables = {PREFIX + key.upper().replace(".", dot): key for key in FIELDS for dot in ("_", "__")}
    named = {}
    for name in sorted(environ):
        if key := variables.get(name):
            flat[key] = _typed(environ[name], FIELDS[key].type)
            named[key] = name
        elif name.startswith(PREFIX) and name not in _NOT_SETTINGS and not _NOT_OURS.search(name):
            known = [variable for variable in variables if "__" not in variable]
            mistakes.append(Mistake(name, "", f"unknown variable{nearest(name, known)}"))
    return named


def _typed(text: str, kind: Any) -> Any:
    """A variable's text in its setting's form; what has another form stays text, a mistake."""
    if kind is int:
        return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else text
    if get_origin(kind) is tuple and get_args(kind)[0] is str:
        return [part.strip() for part in text.split(",") if part.strip()]
    if get_origin(kind) is tuple:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _secret(file: object, beside: Path, environ: Mapping[str, str], mistakes: list[Mistake]) -> bytes:
    """The secret of the environment, else of the named file; empty if there is neither."""
    where, secret = SECRET_VARIABLE, environ.get(SECRET_VARIABLE, "").encode()
    if not secret and isinstance(file, str):
        where = "auth.secret_file"
        try:
            secret = (beside / file).read_bytes().strip()
        except OSError as error:
            mistakes.append(Mistake(where, shown(file), f"cannot be read: {error.strerror}"))
            return b""
    elif not secret:
        return b""
    if len(secret) < MIN_SECRET_BYTES:
        mistakes.append(Mistake(where, "(hidden)", _LONG_ENOUGH))
    return secret


def _public_key(given: str, beside: Path, mistakes: list[Mistake]) -> bytes:
    if given.lstrip().startswith("-----BEGIN"):
        return given.encode()
    try:
        return (beside / given).read_bytes()
    except OSError:
        mistakes.append(Mistake("auth.public_keys", shown(given), "expected a readable PEM file"))
        return b""
