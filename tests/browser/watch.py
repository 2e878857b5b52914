"""What a browser notices and a person does not: the console, failed requests, and where tokens travel.

Every page of a test is watched from its first byte to its last. The pages say nothing on the console in
normal use, ask nobody but their node, and show a token to nobody but the WebSocket's first frame.
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebSocket

#: What the browser itself says of a node that is gone. A test that kills one expects it.
OF_LOST_LINKS = re.compile(r"WebSocket connection to|net::ERR_CONNECTION|net::ERR_EMPTY|net::ERR_INCOMPLETE")
TOKENS_TRAVEL_IN = ("hello", "token.refresh")

_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
    console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@define(eq=False, slots=False)  # playwright leaves a mark on who listens
class Watch:
    """Everything suspicious that one person's browser saw, and every URL it asked for."""

    token: str
    complaints: list[str] = field(factory=list)
    urls: list[str] = field(factory=list)
    sent: list[dict[str, Any]] = field(factory=list)  #: frames, oldest first
    expects_lost_links: bool = False

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(_TELL_VIOLATIONS)
        context.on("page", self._page)
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def verdict(self, hosts: set[str]) -> list[str]:
        """What speaks against the pages; `hosts` are where the nodes of the test answer."""
        strangers = [url for url in self.urls if urlsplit(url).netloc not in hosts]
        leaks = [url for url in self.urls if self.token in url]
        quiet = [c for c in self.complaints if not (self.expects_lost_links and OF_LOST_LINKS.search(c))]
        return [
            *quiet,
            *(f"asks a stranger: {u}" for u in strangers),
            *(f"shows a token: {u}" for u in leaks),
        ]

    def frames(self, type: str) -> list[dict[str, Any]]:
        """What was sent of that type."""
        return [frame for frame in self.sent if frame["type"] == type]

    def _page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("crash", lambda _: self.complaints.append("the page crashed"))
        page.on("websocket", self._websocket)

    def _console(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "").partition("#")[0]
        self.complaints.append(f"console {message.type}: {message.text} ({where})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith("blob:"):
            self.urls.append(request.url)

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # left by a page that went elsewhere
            self.complaints.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"answered {response.status}: {response.url}")

    def _websocket(self, socket: WebSocket) -> None:
        self.urls.append(socket.url)
        socket.on("framesent", self._sent)

    def _sent(self, frame: str | bytes) -> None:
        said = json.loads(frame)
        self.sent.append(said)
        if self.token in str(frame) and said["type"] not in TOKENS_TRAVEL_IN:
            self.complaints.append(f"shows a token: {said['type']}")
