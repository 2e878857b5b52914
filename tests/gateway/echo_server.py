"""An echo server on the gateway's own connections, for the conformance suite. Prints its port.

Nothing of what guards a connection is left out but the bounds that the suite itself exceeds on purpose.
"""

import trio
from attrs import frozen

from engine.gateway.connection import Connection, Terms
from engine.gateway.frames import BINARY, TEXT, FrameLimits, server_frame
from engine.gateway.handshake import Door


@frozen
class Echo:
    """Says again what it heard."""

    link: Connection
    due_at: float = float("inf")

    def hear(self, message: str | bytes) -> None:
        self.link.send(message)

    def tick(self) -> None:
        pass

    def lost(self) -> None:
        pass


def _frame(message: str | bytes) -> bytes:
    if isinstance(message, str):
        return server_frame(TEXT, message.encode())
    return server_frame(BINARY, message)


def echo_terms() -> Terms:
    return Terms(
        door=Door(frozenset({"/"}), None, None),
        open=lambda _, link: Echo(link),
        frame=_frame,
        frames=FrameLimits(
            message_bytes=2**25, fragments=2**20, binary=True, controls_per_s=1e6, controls_burst=1e6
        ),
        outbox_frames=10_000,
    )


async def main() -> None:
    terms = echo_terms()

    async def serve(stream: trio.SocketStream) -> None:
        await Connection(stream, terms).run()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        print(listeners[0].socket.getsockname()[1], flush=True)
        nursery.start_soon(trio.serve_listeners, serve, listeners)


if __name__ == "__main__":
    trio.run(main)
