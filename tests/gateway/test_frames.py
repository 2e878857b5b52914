"""The frame gate: what passes, passes unchanged and one by one; the rest ends the connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.ports import CloseCode
from engine.gateway.frames import FrameGate, FrameLimits, Violation, ping_frame, text_frame

from .wire import BINARY, CLOSE, PING, PONG, TEXT, client_frame

CONTINUATION = 0
LAX = FrameLimits(binary=True, controls_per_s=1e6, controls_burst=1e6)


def gate(**changes: float) -> FrameGate:
    return FrameGate(FrameLimits(**changes))  # type: ignore[arg-type]


def taken(gate: FrameGate, now: float = 0.0) -> list[bytes]:
    pieces = []
    while piece := gate.take(now):
        pieces.append(piece)
    return pieces


def violation(gate: FrameGate, data: bytes, now: float = 0.0) -> tuple[int, str]:
    gate.feed(data)
    with pytest.raises(Violation) as caught:
        taken(gate, now)
    return int(caught.value.code), caught.value.reason


frames = st.one_of(
    st.builds(client_frame, st.sampled_from([TEXT, BINARY]), st.binary(max_size=300)),
    st.builds(client_frame, st.sampled_from([PING, PONG, CLOSE]), st.binary(max_size=125)),
)


@given(st.lists(frames, max_size=8), st.data())
def test_frames_pass_unchanged_however_they_are_cut(sent: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    subject = FrameGate(LAX)
    passed: list[bytes] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        if begin < end:
            subject.feed(stream[begin:end])
            passed += taken(subject)
    assert b"".join(passed) == stream
    assert not subject.unfinished
    _never_more_than_a_frame_at_once(passed, sent)


def _never_more_than_a_frame_at_once(pieces: list[bytes], sent: list[bytes]) -> None:
    ends, at = set(), 0
    for frame in sent:
        ends.add(at := at + len(frame))
    at = 0
    for piece in pieces:
        assert not any(at < end < at + len(piece) for end in ends)
        at += len(piece)


@given(st.lists(frames, max_size=8), st.binary(max_size=3))
def test_a_closing_gate_lets_nothing_pass_but_close(sent: list[bytes], rest: bytes) -> None:
    subject = FrameGate(LAX)
    subject.closing = True
    subject.feed(b"".join(sent))
    assert taken(subject) == [frame for frame in sent if frame[0] & 0x0F == CLOSE]


def test_the_gate_closes_between_frames_not_within_one() -> None:
    subject = gate()
    first, second = client_frame(TEXT, b"first"), client_frame(PING, b"second")
    subject.feed(first[:8])
    assert taken(subject) == [first[:8]]
    subject.closing = True
    subject.feed(first[8:] + second)
    assert taken(subject) == [first[8:]]


def test_a_message_announced_too_large_ends_it_before_it_comes() -> None:
    for size in (64 * 1024 + 1, 2**40, 2**63):
        head = bytes((0x81, 0xFF)) + size.to_bytes(8, "big") + b"mask"
        assert violation(gate(), head) == (CloseCode.TOO_BIG, "message too big")


def test_a_message_too_large_in_pieces_ends_it() -> None:
    subject = gate()
    subject.feed(client_frame(TEXT, b"x" * 40_000, final=False))
    taken(subject)
    assert violation(subject, client_frame(CONTINUATION, b"x" * 30_000)) == (1009, "message too big")


def test_the_next_message_is_counted_anew() -> None:
    subject = gate()
    for _ in range(5):
        subject.feed(client_frame(TEXT, b"x" * 40_000))
        taken(subject)
    assert not subject.unfinished


def test_what_comes_of_a_refused_message_is_dropped() -> None:
    subject = gate()
    frame = client_frame(TEXT, b"x" * 70_000)
    assert violation(subject, frame[:1000]) == (1009, "message too big")
    subject.feed(frame[1000:] + client_frame(TEXT, b"more"))
    assert taken(subject) == []
    goodbye = client_frame(CLOSE, b"\x03\xe8")
    subject.feed(goodbye)
    assert taken(subject) == [goodbye]


def test_twenty_fragments_are_enough() -> None:
    subject = gate()
    subject.feed(client_frame(TEXT, b"x", final=False) + client_frame(CONTINUATION, b"x", final=False) * 19)
    assert len(taken(subject)) == 20
    assert violation(subject, client_frame(CONTINUATION, b"x", final=False)) == (4008, "too many fragments")


def test_a_binary_frame_ends_it() -> None:
    assert violation(gate(), client_frame(BINARY, b"x")) == (1003, "text frames only")


@pytest.mark.parametrize("opcode", [PING, PONG])
def test_a_flood_of_pings_ends_it(opcode: int) -> None:
    subject = gate(controls_per_s=1, controls_burst=3)
    subject.feed(client_frame(opcode) * 3)
    assert len(taken(subject)) == 3
    subject.feed(client_frame(opcode) * 2)
    assert len(taken(subject, now=2.0)) == 2
    assert violation(subject, client_frame(opcode), now=2.5) == (4008, "too many pings")


def test_a_pong_answers_its_ping_and_those_before_it() -> None:
    subject = gate(controls_burst=1)
    subject.awaited = ((b"1", 3.0), (b"2", 4.0), (b"3", 5.0))
    whole = client_frame(PONG, b"2")
    subject.feed(whole[:-1])
    assert (taken(subject), len(subject.awaited)) == ([], 3)
    subject.feed(whole[-1:])
    assert (taken(subject), subject.awaited) == ([whole], ((b"3", 5.0),))


def test_a_pong_that_answers_nothing_changes_nothing_and_counts() -> None:
    subject = gate(controls_per_s=1, controls_burst=1)
    subject.awaited = ((b"1", 3.0),)
    subject.feed(client_frame(PONG, b"0"))
    assert (len(taken(subject)), subject.awaited) == (1, ((b"1", 3.0),))
    subject.feed(client_frame(PONG, b"1"))
    assert (len(taken(subject)), subject.awaited) == (1, ())
    assert violation(subject, client_frame(PONG, b"1")) == (4008, "too many pings")


def test_what_has_begun_and_not_ended_is_unfinished() -> None:
    subject = gate()
    whole = client_frame(TEXT, b"hello", final=False)
    seen = []
    for byte in whole + client_frame(CONTINUATION, b""):
        subject.feed(bytes((byte,)))
        taken(subject)
        seen.append(subject.unfinished)
    assert seen == [True] * (len(seen) - 1) + [False]


@pytest.mark.parametrize(
    "wrong",
    [
        client_frame(TEXT, b"x", masked=False),
        client_frame(TEXT, b"x", rsv=7),
        client_frame(3, b"x"),
        client_frame(11, b"x"),
        client_frame(PING, b"x" * 126),
        client_frame(PING, b"x", final=False),
        client_frame(CLOSE, b"x"),
        client_frame(CONTINUATION, b"x"),
    ],
)
def test_what_is_against_the_protocol_is_left_to_the_library(wrong: bytes) -> None:
    subject = gate()
    subject.feed(wrong)
    assert b"".join(taken(subject)) == wrong


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_servers_frame_says_its_length(size: int) -> None:
    frame = text_frame(b"x" * size)
    head, payload = frame[: len(frame) - size], frame[len(frame) - size :]
    assert payload == b"x" * size
    expected = client_frame(TEXT, b"x" * size, masked=False)
    assert head + payload == expected


def test_a_ping() -> None:
    assert ping_frame(b"1234") == b"\x89\x041234"
