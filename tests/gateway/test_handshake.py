"""Who may come in, and with which answer the others go."""

import pytest

from engine.gateway.handshake import Door, Rejected, judge, plausible

from .wire import HEADERS, upgrade_request

DOOR = Door(frozenset({"/agent", "/customer"}), "giliran.v1", frozenset({"https://bank.example"}))
KEY = HEADERS["Sec-WebSocket-Key"]


def status(head: bytes) -> int:
    with pytest.raises(Rejected) as caught:
        judge(head, DOOR)
    return caught.value.status.value


@pytest.mark.parametrize("path", ["/agent", "/customer"])
def test_a_good_request_enters(path: str) -> None:
    entry = judge(upgrade_request(path), DOOR)
    assert (entry.path, entry.key) == (path, KEY)


GOOD = {
    "the words may be in any case": upgrade_request(Upgrade="WebSocket", Connection="keep-alive, UPGRADE"),
    "from a page of ours": upgrade_request(Origin="https://bank.example"),
    "one of several subprotocols": upgrade_request(Sec_WebSocket_Protocol="mqtt, giliran.v1"),
    "subprotocols in two headers": upgrade_request(Sec_WebSocket_Protocol=["mqtt", "giliran.v1"]),
    "compression offered": upgrade_request(Sec_WebSocket_Extensions="permessage-deflate; x=1"),
    "other headers, whatever they hold": upgrade_request(Cookie="a=1; b=2", User_Agent="Zoë/1.0"),
    "IPv6": upgrade_request(Host="[::1]:8765"),
}


@pytest.mark.parametrize("head", GOOD.values(), ids=GOOD.keys())
def test_what_browsers_and_apps_send_is_good(head: bytes) -> None:
    assert judge(head, DOOR).path == "/agent"


BAD: dict[str, tuple[bytes, int]] = {
    "not HTTP": (b"\x16\x03\x01\x02\0\r\n\r\n", 400),
    "HTTP/1.0": (upgrade_request(line="GET /agent HTTP/1.0"), 400),
    "HTTP/2.0": (upgrade_request(line="GET /agent HTTP/2.0"), 400),
    "POST": (upgrade_request(line="POST /agent HTTP/1.1"), 400),
    "a body": (upgrade_request(Content_Length="5"), 400),
    "a chunked body": (upgrade_request(Transfer_Encoding="chunked"), 400),
    "no Host": (upgrade_request(Host=None), 400),
    "two Hosts": (upgrade_request(Host=["localhost", "localhost"]), 400),
    "an odd Host": (upgrade_request(Host="a b"), 400),
    "a Host that is no name": (upgrade_request(Host="é"), 400),
    "2,000 headers": (upgrade_request(X=["1"] * 2000), 400),
    "a header without a name": (upgrade_request()[:-2] + b": 1\r\n\r\n", 400),
    "a folded header": (upgrade_request()[:-2] + b" folded\r\nX: \x00\r\n\r\n", 400),
    "a plain page": (upgrade_request(Upgrade=None, Connection=None), 426),
    "another protocol": (upgrade_request(Upgrade="h2c"), 426),
    "no Connection: Upgrade": (upgrade_request(Connection="keep-alive"), 426),
    "no version": (upgrade_request(Sec_WebSocket_Version=None), 400),
    "two versions": (upgrade_request(Sec_WebSocket_Version=["13", "13"]), 400),
    "version 8": (upgrade_request(Sec_WebSocket_Version="8"), 426),
    "no key": (upgrade_request(Sec_WebSocket_Key=None), 400),
    "two keys": (upgrade_request(Sec_WebSocket_Key=[KEY, KEY]), 400),
    "a short key": (upgrade_request(Sec_WebSocket_Key="c2hvcnQ="), 400),
    "a long key": (upgrade_request(Sec_WebSocket_Key="A" * 24 + KEY), 400),
    "a key that is no base64": (upgrade_request(Sec_WebSocket_Key="?" * 24), 400),
    "a key that is no ASCII": (upgrade_request(Sec_WebSocket_Key="é" * 24), 400),
    "no subprotocol": (upgrade_request(Sec_WebSocket_Protocol=None), 400),
    "an unknown subprotocol": (upgrade_request(Sec_WebSocket_Protocol="giliran.v2, mqtt"), 400),
    "a subprotocol that is no ASCII": (upgrade_request(Sec_WebSocket_Protocol="giliran.v1, é"), 400),
    "unknown path": (upgrade_request("/nowhere"), 404),
    "no role of ours": (upgrade_request("/boss"), 404),
    "the root": (upgrade_request("/"), 404),
    "dots": (upgrade_request("/agent/../agent"), 404),
    "an encoded slash": (upgrade_request("/agent%2f"), 404),
    "an encoded letter": (upgrade_request("/%61gent"), 404),
    "a trailing slash": (upgrade_request("/agent/"), 404),
    "another case": (upgrade_request("/Agent"), 404),
    "a whole URL": (upgrade_request("http://localhost/agent"), 404),
    "non-ASCII bytes": (upgrade_request("/agent\u00e9"), 400),
    "a token in the URL": (upgrade_request("/agent?token=secret"), 400),
    "any query": (upgrade_request("/agent?a"), 400),
    "Origin null": (upgrade_request(Origin="null"), 403),
    "no Origin to speak of": (upgrade_request(Origin=""), 403),
    "a longer Origin": (upgrade_request(Origin="https://bank.example.evil.com"), 403),
    "a shorter Origin": (upgrade_request(Origin="https://bank"), 403),
    "an Origin in another case": (upgrade_request(Origin="https://BANK.example"), 403),
    "an Origin with a port": (upgrade_request(Origin="https://bank.example:443"), 403),
    "an Origin without TLS": (upgrade_request(Origin="http://bank.example"), 403),
    "an Origin with a path": (upgrade_request(Origin="https://bank.example/"), 403),
    "two Origins": (upgrade_request(Origin=["https://bank.example", "https://evil.example"]), 400),
}


@pytest.mark.parametrize(("head", "expected"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_gets_its_status(head: bytes, expected: int) -> None:
    assert status(head) == expected


def test_an_old_version_is_told_the_right_one() -> None:
    with pytest.raises(Rejected) as caught:
        judge(upgrade_request(Sec_WebSocket_Version="8"), DOOR)
    assert b"\r\nSec-WebSocket-Version: 13\r\n" in caught.value.response


def test_an_answer_is_whole() -> None:
    with pytest.raises(Rejected) as caught:
        judge(upgrade_request("/agent?token=secret"), DOOR)
    assert caught.value.response == (
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"
        b"Connection: close\r\n\r\nBad Request\n"
    )


def test_the_library_sees_nothing_of_the_clients_but_its_key() -> None:
    entry = judge(upgrade_request(Cookie="secret", Host="evil.example", User_Agent="x" * 1000), DOOR)
    request = entry.request("giliran.v1")
    assert b"secret" not in request
    assert b"evil" not in request
    assert judge(request, DOOR) == entry


@pytest.mark.parametrize("begin", [b"", b"G", b"GET", b"GET ", b"GET /agent"])
def test_an_upgrade_is_recognised_by_its_first_bytes(begin: bytes) -> None:
    assert plausible(begin)


@pytest.mark.parametrize("begin", [b"\x16\x03\x01", b"POST ", b"get ", b"PRI * HTTP/2.0", b"\0", b"GET\t"])
def test_and_anything_else_too(begin: bytes) -> None:
    assert not plausible(begin)
