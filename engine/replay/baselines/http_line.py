"""One person's HTTP connection: kept alive, one request at a time, opened anew when it was lost."""

from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import h11
import orjson
import trio
from attrs import define

from engine.replay.connection import CONNECT_S, Counted, counted
from engine.replay.cost import Traffic

#: How long an answer is waited for.
ANSWER_S = 10.0
#: The status of an answer that is not the application's own.
_FAULT = 500
_RECEIVE_BYTES = 16 * 1024


@define(eq=False)
class HttpLine:
    """To the server at `url`, showing `token`, while the `async with` block lasts."""

    url: str
    token: str
    traffic: Traffic
    connects: int = 0
    _stream: Counted | None = None
    _http: h11.Connection | None = None

    async def __aenter__(self) -> "HttpLine":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.drop()

    async def drop(self) -> None:
        if self._stream is not None:
            await trio.aclose_forcefully(self._stream)
            self._stream = self._http = None

    async def open(self) -> None:
        """Connect, unless that is done. Raises what is in `connection.AWAY`."""
        if self._stream is None:
            with trio.fail_after(CONNECT_S):
                self._stream = await counted(self.url, self.traffic)
            self._http = h11.Connection(h11.CLIENT)
            self.connects += 1

    async def ask(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        """The answer's status and body. Raises what is in `connection.AWAY`; then it is closed."""
        try:
            await self.open()
            asked_s = trio.current_time()
            with trio.fail_after(ANSWER_S):
                answer = await self._exchange(method, path, b"" if body is None else orjson.dumps(body))
        except BaseException:
            with trio.CancelScope(shield=True):
                await self.drop()
            raise
        self.traffic.http_requests += 1
        self.traffic.answered_s.append(trio.current_time() - asked_s)
        if self._http is not None and self._http.our_state is h11.MUST_CLOSE:
            await self.drop()
        return answer

    async def _exchange(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        assert self._http is not None
        headers = [("Host", urlsplit(self.url).netloc), ("Authorization", f"Bearer {self.token}")]
        if body:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        request = h11.Request(method=method, target=path, headers=headers)
        await self._send(request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage())
        status, said = 0, b""
        while True:
            match await self._next():
                case h11.Response(status_code=code):
                    status = code
                case h11.Data(data=data):
                    said += data
                case h11.EndOfMessage():
                    break
                case h11.ConnectionClosed():
                    raise trio.BrokenResourceError("closed before the answer")
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        found: dict[str, Any] = {} if status == _FAULT else orjson.loads(said)
        return status, found

    async def _send(self, *events: Any) -> None:
        assert self._http is not None
        assert self._stream is not None
        await self._stream.send_all(b"".join(self._http.send(event) or b"" for event in events))

    async def _next(self) -> Any:
        assert self._http is not None
        assert self._stream is not None
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(bytes(await self._stream.receive_some(_RECEIVE_BYTES)))
        return event
