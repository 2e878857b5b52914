"""The pages: plain files of the package, and documents made at start. Read, never listed, never written.

A file is served under its own name below `/static/`; a page under its own path, from its directory's
`index.html`. A name is a few plain segments and a known suffix, so no name leads out of the package, and what
has no media type here is not served. A file is read when it is first asked for and again when it changed.
Browsers keep what they got and ask whether it is still the same (`ETag`, `no-cache`): nobody sees half of an
old page beside half of a new one.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG

import trio
from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

STATIC = Path(__file__).parent / "static"

#: Each page's path and the directory of its `index.html`.
PAGES = {"/": "start", "/customer": "customer", "/agent": "agent", "/board": "board"}

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

#: No file of ours comes near; a mistake in packaging must not fill the node's memory.
FILE_BYTES = 1024 * 1024

_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}"
_NAME = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT}){{0,7}}", re.ASCII)


@frozen
class Document:
    """What a path answers with."""

    body: bytes
    media_type: str
    etag: str = field(init=False)

    @etag.default
    def _hashed(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:32]}"'


class Shelf:
    """The files below one directory, each as it is on disk."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._read: dict[str, tuple[tuple[int, int], Document]] = {}

    async def get(self, name: str) -> Document | None:
        """The file of that name, if there is one that may be served."""
        path = self._root / name
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is None or _NAME.fullmatch(name) is None:
            return None
        try:
            found = path.stat()
        except OSError:
            return None
        seen = (found.st_mtime_ns, found.st_size)
        known = self._read.get(name)
        if known is not None and known[0] == seen:
            return known[1]
        if not S_ISREG(found.st_mode) or found.st_size > FILE_BYTES or not self._inside(path):
            return None
        document = Document(await trio.to_thread.run_sync(path.read_bytes), media_type)
        self._read[name] = (seen, document)
        return document

    def _inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._root)


def page_routes(documents: Mapping[str, Document] = {}, root: Path = STATIC) -> Sequence[BaseRoute]:
    """The routes of pages and files, and of `documents` by path."""
    shelf = Shelf(root)

    def page(path: str, directory: str) -> Route:
        async def answer(request: Request) -> Response:
            return answered(request, await shelf.get(f"{directory}/index.html"))

        return Route(path, answer)

    def made(path: str, document: Document) -> Route:
        async def answer(request: Request) -> Response:
            return answered(request, document)

        return Route(path, answer)

    def slashed(path: str) -> Route:
        async def answer(_request: Request) -> Response:
            return RedirectResponse("../" + path.rpartition("/")[2])  # relative: right behind any proxy

        return Route(f"{path}/", answer)

    async def static(request: Request) -> Response:
        return answered(request, await shelf.get(request.path_params["name"]))

    return [
        *(page(path, directory) for path, directory in PAGES.items()),
        *(made(path, document) for path, document in documents.items()),
        *(slashed(path) for path in (*PAGES, *documents) if path != "/"),
        Route("/static/{name:path}", static),
    ]


def answered(request: Request, document: Document | None) -> Response:
    """The document, or that the browser's own copy is still right, or that there is none."""
    if document is None:
        return PlainTextResponse("not found\n", 404)
    headers = {"ETag": document.etag, "Cache-Control": "no-cache"}
    held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if held & {document.etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type=document.media_type)
