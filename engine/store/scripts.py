"""The Lua scripts beside this file, and the one way to run one on a client."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import redis
from attrs import field, frozen


@frozen
class Script:
    """A script's text, and the digest by which the server knows it once it is loaded."""

    text: str
    sha: str = field(init=False)

    @sha.default
    def _sha(self) -> str:
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: "redis.Redis", key: str, *args: str) -> Any:
        """Run it, loading it if the server does not know it (yet, or any more)."""
        try:
            return client.evalsha(self.sha, 1, key, *args)
        except redis.exceptions.NoScriptError:
            return client.eval(self.text, 1, key, *args)


@cache
def script(name: str) -> Script:
    """The script in `<name>.lua`."""
    return Script(files(__package__).joinpath(f"{name}.lua").read_text(encoding="utf-8"))
