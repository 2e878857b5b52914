"""Who a client is: login tokens (JWT) read and made, and the receipts from which a lost place is rebuilt.

The algorithm is fixed by the key this node was given, never by the token: a secret means HS256, an RSA public
key RS256, an EC public key ES256. The only headers a token may have are listed here and none is followed, so
a token cannot name the key that proves it. A refusal gives no detail to the client; `TokenRefused.why` is for
the node's own log and holds no value of the token.

A receipt is no JWT and its key is derived from the secret for this one use, so a resume token is never a
login token nor the other way round.
"""

import base64
import hmac
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from attrs import frozen
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from engine.actors.ports import Identity
from engine.domain.limits import AGENT_SKILLS, NAME_CHARS, QUEUES, TOKEN_LEEWAY_S, TOKEN_LIFE_S
from engine.gateway import strict
from engine.gateway.strict import Wrong

_HEADERS = frozenset({"alg", "typ", "kid", "x5t"})
_CLAIMS: Mapping[str, strict.Reader] = {
    "name": strict.text(NAME_CHARS),
    "tier": strict.identifier,
    "attributes": strict.attributes,
    "queues": strict.names(QUEUES),
    "skills": strict.levels(AGENT_SKILLS),
}


class TokenRefused(Exception):
    """A login token proves nothing. `why` is one word for the node's log."""

    def __init__(self, why: str) -> None:
        super().__init__("token refused")
        self.why = why


@frozen
class Verifier:
    """Reads login tokens. Several keys of one kind allow a key to be changed without a break."""

    _keys: tuple[tuple[str, Key], ...]
    _audience: str
    _unix_s: Callable[[], float]

    @classmethod
    def of_secret(
        cls, secret: bytes, audience: str, *, unix_s: Callable[[], float] = time.time
    ) -> "Verifier":
        return cls((("HS256", OctKey.import_key(secret)),), audience, unix_s)

    @classmethod
    def of_public_keys(
        cls, pems: Sequence[bytes], audience: str, *, unix_s: Callable[[], float] = time.time
    ) -> "Verifier":
        """For an identity server of the bank. Raises ValueError for what is no RSA or P-256 public key."""
        return cls(tuple(_public_key(pem) for pem in pems), audience, unix_s)

    def __call__(self, token: str) -> Identity:
        """Raises TokenRefused."""
        alg = _checked_header(token)
        for known, key in self._keys:
            if known == alg:
                try:
                    claims = jwt.decode(token, key, algorithms=[alg]).claims
                except (JoseError, ValueError):
                    continue
                return self._identity(claims)
        raise TokenRefused("signature")

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        now = self._unix_s()
        expires = _instant(claims, "exp")
        if expires is None or expires <= now:
            raise TokenRefused("expired")
        if expires > now + TOKEN_LIFE_S + TOKEN_LEEWAY_S:
            raise TokenRefused("life")
        begins = _instant(claims, "nbf")
        if begins is not None and begins > now + TOKEN_LEEWAY_S:
            raise TokenRefused("early")
        said = claims.get("aud")
        if self._audience not in (said if type(said) is list else [said]):
            raise TokenRefused("audience")
        given = [(name, read) for name, read in _CLAIMS.items() if claims.get(name) is not None]
        try:
            return Identity(
                sub=strict.identifier(claims.get("sub"), "sub"),
                role=strict.identifier(claims.get("role"), "role"),
                expires_s=int(expires),
                **{name: read(claims[name], name) for name, read in given},
            )
        except Wrong as wrong:
            raise TokenRefused(f"claim {wrong.field}") from None


def mint(
    secret: bytes,
    audience: str | Sequence[str],
    *,
    sub: str,
    role: str,
    ttl_s: int,
    now_s: int,
    **claims: Any,
) -> str:
    """A login token that `Verifier.of_secret` accepts. `claims` as in `Identity`; empty ones are left out."""
    aud = audience if isinstance(audience, str) else list(audience)
    body = {"sub": sub, "role": role, "aud": aud, "iat": now_s, "exp": now_s + ttl_s}
    body |= {name: value for name, value in claims.items() if value}
    return jwt.encode({"alg": "HS256"}, body, OctKey.import_key(secret))


def _checked_header(token: str) -> str:
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused("shape")
    try:
        header = strict.loads(_from_base64(parts[0]).decode())
    except ValueError:
        raise TokenRefused("shape") from None
    alg = header.get("alg")
    if not _HEADERS.issuperset(header) or header.get("typ", "JWT") != "JWT" or type(alg) is not str:
        raise TokenRefused("header")
    return alg


def _instant(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value):
        raise TokenRefused(f"claim {name}")
    return float(value)


def _public_key(pem: bytes) -> tuple[str, Key]:
    if b"PRIVATE KEY" in pem:
        raise ValueError("a private key has no business here: give the public key")
    try:
        return "RS256", RSAKey.import_key(pem)
    except (JoseError, ValueError, TypeError):
        key = ECKey.import_key(pem)
    if key.curve_name != "P-256":
        raise ValueError("an EC key must be on P-256")
    return "ES256", key


class SignedReceipts:
    """Resume tokens: `<claims>.<signature>`, both base64url; the signature is HMAC-SHA256."""

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"giliran receipt 1", "sha256")

    def sign(self, claims: Mapping[str, Any]) -> str:
        body = _to_base64(orjson.dumps(dict(claims)))
        return f"{body}.{self._mac(body)}"

    def verify(self, token: str) -> Mapping[str, Any] | None:
        """The claims as they were signed, or None."""
        body, _, mac = token.partition(".")
        if not hmac.compare_digest(self._mac(body).encode(), mac.encode(errors="replace")):
            return None
        claims: Mapping[str, Any] = orjson.loads(_from_base64(body))
        return claims

    def _mac(self, body: str) -> str:
        return _to_base64(hmac.digest(self._key, body.encode(errors="replace"), "sha256"))


def _to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_base64(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
