"""The floor: trio-websocket as it comes, saying again what it hears. Prints its URL."""

import trio
from trio_websocket import ConnectionClosed, WebSocketRequest, serve_websocket


async def echo(request: WebSocketRequest) -> None:
    socket = await request.accept()
    try:
        while True:
            await socket.send_message(await socket.get_message())
    except ConnectionClosed:
        pass


async def main() -> None:
    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve_websocket, echo, "127.0.0.1", 0, None)
        print(f"ready ws=ws://127.0.0.1:{server.port}", flush=True)


if __name__ == "__main__":
    trio.run(main)
