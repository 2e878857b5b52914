"""The nodes of one test and the people in front of them."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

from attrs import define, field
from e2e.jwt import mint
from e2e.process import SECRET
from playwright.sync_api import Browser, BrowserContext

from engine.app import free_port
from engine.store.embedded import Embedded

from .launch import PATIENCE_MS
from .node import Node
from .person import Person
from .settings import settings
from .spares import Spares
from .watch import Watch

P = TypeVar("P", bound=Person)


@define(eq=False)
class House:
    browser: Browser
    directory: Path
    nodes: list[Node] = field(factory=list)
    people: list[Person] = field(factory=list)
    spares: Spares | None = None
    #: for whom it is, a script that his browser begins each page with
    dress: Callable[[str], str] = lambda _: ""
    _ends: ExitStack = field(factory=ExitStack)

    def __enter__(self) -> "House":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for person in self.people:
            person.context.close()
        self._ends.close()

    @property
    def one(self) -> Node:
        """The node of a test that needs but one."""
        return self.nodes[0] if self.nodes else self.node()

    def node(self, **told: str) -> Node:
        """A node with an embedded store; what it is told, see `settings`."""
        if self.spares is not None and not told:
            node = self.spares.take()
            self._ends.callback(self.spares.give_back, node)
            self.nodes.append(node.start())
            return node
        return self.started(Node(self.directory, settings(**told)))

    def pair(self, store: Embedded) -> tuple[Node, Node]:
        """Two nodes on one store. Each one's pages know the other's WebSocket."""
        ws, http = ([f"127.0.0.1:{free_port()}" for _ in range(2)] for _ in range(2))
        origins = tuple(f"http://{address}" for address in http)
        made = [
            Node(
                self.directory,
                settings(others=(f"ws://{ws[1 - n]}",), origins=origins),
                ("one", "two")[n],
                ("--redis", store.url),
                ws=ws[n],
                http=http[n],
            )
            for n in range(2)
        ]
        return self.started(made[0]), self.started(made[1])

    def store(self) -> Embedded:
        """A store that is no node's own: either may be killed while the other runs."""
        runtime = self._ends.enter_context(tempfile.TemporaryDirectory())
        return self._ends.enter_context(Embedded(self.directory / "data", socket=Path(runtime) / "s"))

    def started(self, node: Node) -> Node:
        self._ends.callback(node.stop)
        self.nodes.append(node.start())
        return node

    def context(
        self, viewport: tuple[int, int], language: str = "en", scheme: Literal["light", "dark"] = "light"
    ) -> BrowserContext:
        """A browser of somebody's own."""
        width, height = viewport
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            locale={"en": "en-GB", "id": "id-ID"}[language],
            timezone_id="Asia/Jakarta",
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        return context

    def enter(
        self,
        kind: type[P],
        sub: str,
        name: str = "",
        *,
        node: Node | None = None,
        language: str = "en",
        scheme: Literal["light", "dark"] = "light",
        script: str = "",
        secret: str = SECRET,
        **claims: Any,
    ) -> P:
        """Somebody with a browser of his own follows his link.

        `script` makes his browser another than it is; `claims` go into his token, which `secret` signs.
        """
        context = self.context(kind.VIEWPORT, language, scheme)
        token = mint(secret, kind.ROLE, sub, name=name or sub, **claims)
        watch = Watch(token)
        watch.over(context)
        for each in (self.dress(sub), script):
            if each:
                context.add_init_script(each)
        person = kind(sub, name or sub, language, context, context.new_page(), watch)
        self.people.append(person)
        person.page.goto(f"{(node or self.one).url}/{kind.PAGE}#token={token}", wait_until="commit")
        return person

    def assert_nothing_to_complain_of(self) -> None:
        """No console line, no failed request, no stranger asked, no token shown, and no node stumbled."""
        hosts = {address for node in self.nodes for address in (node.ws, node.http)}
        complaints = {f"{p.sub}: {c}" for p in self.people for c in p.watch.verdict(hosts)}
        assert not complaints, "\n".join(sorted(complaints))
        for node in self.nodes:
            assert "Traceback" not in node.log(), node.log()[-5000:]
