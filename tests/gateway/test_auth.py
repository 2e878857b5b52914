"""Tokens that are good, and every way in which one is not."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from engine.actors.ports import Identity
from engine.gateway.auth import SignedReceipts, TokenRefused, Verifier, mint

from .fakes import AUDIENCE, SECRET

NOW = 1_700_000_000
CLAIMS: dict[str, Any] = {"sub": "ayu", "role": "agent", "aud": AUDIENCE, "exp": NOW + 3600}


def verifier() -> Verifier:
    return Verifier.of_secret(SECRET, AUDIENCE, unix_s=lambda: NOW)


def signed(claims: dict[str, Any], header: dict[str, Any] | None = None, secret: bytes = SECRET) -> str:
    """A JWT made by hand, so that it can be as wrong as we like."""
    parts = [_b64(json.dumps({"alg": "HS256"} | (header or {})).encode()), _b64(json.dumps(claims).encode())]
    parts.append(_b64(hmac.digest(secret, ".".join(parts).encode(), hashlib.sha256)))
    return ".".join(parts)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def refused(token: str, verify: Verifier | None = None) -> str:
    with pytest.raises(TokenRefused) as caught:
        (verify or verifier())(token)
    assert str(caught.value) == "token refused"
    return caught.value.why


def test_what_we_mint_we_know_again() -> None:
    token = mint(
        SECRET,
        AUDIENCE,
        sub="ayu",
        role="agent",
        ttl_s=60,
        now_s=NOW,
        name="Ayu",
        queues=["general"],
        skills={"loan": 2},
        tier="",
    )
    assert verifier()(token) == Identity(
        sub="ayu", role="agent", name="Ayu", expires_s=NOW + 60, queues=("general",), skills={"loan": 2}
    )


def test_a_customers_claims() -> None:
    claims = CLAIMS | {
        "role": "customer",
        "tier": "priority",
        "attributes": {"lang": "id"},
        "aud": ["x", AUDIENCE],
    }
    assert verifier()(signed(claims)) == Identity(
        sub="ayu", role="customer", expires_s=NOW + 3600, tier="priority", attributes={"lang": "id"}
    )


BAD_CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"exp": NOW}, "expired"),
    ({"exp": None}, "expired"),
    ({"exp": str(NOW + 60)}, "claim exp"),
    ({"exp": True}, "claim exp"),
    ({"exp": float("nan")}, "claim exp"),
    ({"exp": float("inf")}, "claim exp"),
    ({"exp": NOW + 25 * 3600}, "life"),
    ({"exp": 10**30}, "life"),
    ({"nbf": NOW + 60}, "early"),
    ({"nbf": "soon"}, "claim nbf"),
    ({"aud": "other"}, "audience"),
    ({"aud": None}, "audience"),
    ({"aud": ["other"]}, "audience"),
    ({"aud": {AUDIENCE: 1}}, "audience"),
    ({"sub": None}, "claim sub"),
    ({"sub": "a b"}, "claim sub"),
    ({"sub": 5}, "claim sub"),
    ({"role": None}, "claim role"),
    ({"tier": "the best"}, "claim tier"),
    ({"name": "x" * 101}, "claim name"),
    ({"queues": "general"}, "claim queues"),
    ({"skills": ["loan"]}, "claim skills"),
    ({"skills": {"loan": "2"}}, "claim skills.loan"),
    ({"attributes": {"lang": 5}}, "claim attributes.lang"),
]


@pytest.mark.parametrize(("claims", "why"), BAD_CLAIMS)
def test_a_bad_claim_is_refused(claims: dict[str, Any], why: str) -> None:
    assert refused(signed(CLAIMS | claims)) == why


def test_the_day_before_its_expiry_and_the_second_of_it() -> None:
    assert verifier()(signed(CLAIMS | {"exp": NOW + 24 * 3600})).sub == "ayu"
    assert verifier()(signed(CLAIMS | {"exp": NOW + 1, "nbf": NOW})).sub == "ayu"


def test_an_unsigned_token_is_refused() -> None:
    parts = signed(CLAIMS, {"alg": "none"}).split(".")
    assert refused(f"{parts[0]}.{parts[1]}.") == "signature"
    assert refused(".".join(parts)) == "signature"


@pytest.mark.parametrize("alg", ["HS384", "HS512", "RS256", "ES256", "None", "nOnE", "", "hs256"])
def test_the_token_does_not_choose_the_algorithm(alg: str) -> None:
    assert refused(signed(CLAIMS, {"alg": alg})) == "signature"


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/cert"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"zip": "DEF"},
        {"typ": "at+jwt"},
        {"typ": 5},
        {"alg": ["HS256"]},
        {"alg": None},
    ],
)
def test_no_header_is_followed(header: dict[str, Any]) -> None:
    assert refused(signed(CLAIMS, header)) == "header"


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "http://127.0.0.1:1/"])
def test_a_key_id_means_nothing(kid: str) -> None:
    assert verifier()(signed(CLAIMS, {"kid": kid})).sub == "ayu"
    assert refused(signed(CLAIMS, {"kid": kid}, secret=b"another secret of some length")) == "signature"


def test_a_key_id_of_10_kb_is_refused() -> None:
    assert refused(signed(CLAIMS, {"kid": "x" * 10_000})) == "signature"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d.e",
        "é.é.é",
        "x" * 8000,
        "{}.{}.{}",
        _b64(b"[" * 300) + ".e30.",
        "\0.\0.\0",
    ],
)
def test_noise_is_refused(token: str) -> None:
    assert refused(token) in ("shape", "header", "signature")


def test_one_changed_character_is_noticed_wherever_it_is() -> None:
    token = signed(CLAIMS)
    for at in range(0, len(token) - 1, 7):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert refused(changed)


def test_doubled_headers_are_refused() -> None:
    head = _b64(b'{"alg":"HS256","alg":"none"}')
    body = signed(CLAIMS).split(".")[1]
    mac = _b64(hmac.digest(SECRET, f"{head}.{body}".encode(), hashlib.sha256))
    assert refused(f"{head}.{body}.{mac}") == "shape"


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def private(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_public_keys_of_the_bank(rsa_key: rsa.RSAPrivateKey) -> None:
    old, new = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    verify = Verifier.of_public_keys(
        [public(rsa_key), public(old), public(new)], AUDIENCE, unix_s=lambda: NOW
    )
    by_rsa = jwt.encode({"alg": "RS256"}, CLAIMS, RSAKey.import_key(private(rsa_key)))
    by_ec = [jwt.encode({"alg": "ES256"}, CLAIMS, ECKey.import_key(private(key))) for key in (old, new)]
    assert [verify(token).sub for token in (by_rsa, *by_ec)] == ["ayu"] * 3
    assert (
        refused(mint(SECRET, AUDIENCE, sub="ayu", role="agent", ttl_s=60, now_s=NOW), verify) == "signature"
    )
    assert refused(by_rsa) == "signature"


def test_a_public_key_is_never_a_secret(rsa_key: rsa.RSAPrivateKey) -> None:
    pem = public(rsa_key)
    verify = Verifier.of_public_keys([pem], AUDIENCE, unix_s=lambda: NOW)
    assert refused(signed(CLAIMS, secret=pem), verify) == "signature"
    assert refused(signed(CLAIMS, {"alg": "RS256"}, secret=pem), verify) == "signature"


def test_only_public_keys_of_the_right_kind_are_taken(rsa_key: rsa.RSAPrivateKey) -> None:
    for pem in (private(rsa_key), public(ec.generate_private_key(ec.SECP384R1())), b"not a key", b""):
        with pytest.raises(ValueError, match=r"."):
            Verifier.of_public_keys([pem], AUDIENCE)


RECEIPT = {"era": "e1", "sub": "budi", "call": "c1", "due": 1700}


def test_a_receipt_is_what_was_signed() -> None:
    receipts = SignedReceipts(SECRET)
    assert receipts.verify(receipts.sign(RECEIPT)) == RECEIPT


@pytest.mark.parametrize("noise", ["", ".", "a.b", "é.é", "\ud800.x", "e30."])
def test_noise_is_no_receipt(noise: str) -> None:
    assert SignedReceipts(SECRET).verify(noise) is None


def test_a_receipt_changed_in_any_character_is_none() -> None:
    token = SignedReceipts(SECRET).sign(RECEIPT)
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert SignedReceipts(SECRET).verify(changed) is None
    assert SignedReceipts(SECRET + b"2").verify(token) is None


def test_a_receipt_is_no_login_and_a_login_no_receipt() -> None:
    receipts = SignedReceipts(SECRET)
    assert refused(receipts.sign(CLAIMS)) == "shape"
    assert receipts.verify(signed(CLAIMS)) is None
    head, body, _ = signed(CLAIMS).split(".")
    assert receipts.verify(f"{head}.{body}") is None
    compact = jws.serialize_compact({"alg": "HS256"}, json.dumps(RECEIPT), OctKey.import_key(SECRET))
    assert receipts.verify(compact) is None
