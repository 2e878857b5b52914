"""Pages and files: what is served and how, and that nothing else is."""

import os
import re
import tomllib
from pathlib import Path
from urllib.parse import urljoin

import pytest

from engine.web import pages
from engine.web.pages import MEDIA_TYPES, PAGES, STATIC, Document, page_routes

from .serving import FakeStatus, get, serving

FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package's static files, and a file beside them that is nobody's business."""
    (tmp_path / "secret.txt").write_text("hunter2")
    root = tmp_path / "static"
    (root / "agent" / "deep").mkdir(parents=True)
    (root / "agent" / "index.html").write_text("<!doctype html>agent")
    (root / "agent" / "deep" / "a.b-c_1.js").write_text("export {}")
    (root / ".hidden.js").write_text("hidden")
    (root / "key.pem").write_text("key")
    (root / "leak.txt").symlink_to(tmp_path / "secret.txt")
    return root


async def test_a_file_comes_with_its_type_and_is_asked_after(root: Path) -> None:
    async with serving(FakeStatus(), page_routes(root=root)) as port:
        status, headers, body = await get(port, "/static/agent/deep/a.b-c_1.js")
        assert (status, body) == (200, b"export {}")
        assert headers["content-type"] == "text/javascript; charset=utf-8"
        assert headers["cache-control"] == "no-cache"
        again = {"If_None_Match": f'"other", W/{headers["etag"]}'}
        status, headers_again, body = await get(port, "/static/agent/deep/a.b-c_1.js", **again)
        assert (status, body, headers_again["etag"]) == (304, b"", headers["etag"])
        status, headers_head, body = await get(port, "/static/agent/deep/a.b-c_1.js", method="HEAD")
        assert (status, body, headers_head["content-length"]) == (200, b"", "9")


async def test_a_changed_file_is_another(root: Path) -> None:
    file = root / "agent" / "index.html"
    async with serving(FakeStatus(), page_routes(root=root)) as port:
        _, before, _ = await get(port, "/agent")
        file.write_text("<!doctype html>AGENT")
        os.utime(file, ns=(1, 1))
        status, after, body = await get(port, "/agent", If_None_Match=before["etag"])
        assert (status, body) == (200, b"<!doctype html>AGENT")
        assert after["etag"] != before["etag"]
        file.unlink()
        assert (await get(port, "/agent"))[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static",
        "/static/agent",
        "/static/agent/",
        "/static/none.js",
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/agent/../../secret.txt",
        "/static/agent/..%5c..%5csecret.txt",
        "/static//etc/passwd.txt",
        "/static/%00.js",
        "/static/.hidden.js",
        "/static/key.pem",
        "/static/leak.txt",
        "/static/agent/index.html%00.js",
        "/static/" + "a/" * 2_000 + "a.js",
        "/static/" + "a" * 5_000 + ".js",
        "/board",
    ],
)
async def test_nothing_else_is_served(root: Path, path: str) -> None:
    async with serving(FakeStatus(), page_routes(root=root)) as port:
        status, headers, body = await get(port, path)
        assert status == 404
        assert b"hunter2" not in body
        assert headers["cache-control"] == "no-store"


async def test_a_file_too_big_is_not_served(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "FILE_BYTES", 8)
    async with serving(FakeStatus(), page_routes(root=root)) as port:
        assert (await get(port, "/static/agent/deep/a.b-c_1.js"))[0] == 404


async def test_a_slash_too_many_leads_back_by_a_relative_way(root: Path) -> None:
    routes = page_routes({"/docs/asyncapi.json": Document(b"{}", "application/json")}, root)
    async with serving(FakeStatus(), routes) as port:
        for path in ("/agent", "/docs/asyncapi.json"):
            status, headers, _ = await get(port, f"{path}/")
            assert status == 307
            assert urljoin(f"https://bank.example/video{path}/", headers["location"]).endswith(
                f"/video{path}"
            )


async def test_a_document_is_served_like_a_file(root: Path) -> None:
    routes = page_routes({"/docs": Document(b"<p>", "text/html")}, root)
    async with serving(FakeStatus(), routes) as port:
        status, headers, body = await get(port, "/docs")
        assert (status, body, headers["content-type"]) == (200, b"<p>", "text/html; charset=utf-8")
        assert (await get(port, "/docs", If_None_Match=headers["etag"]))[0] == 304
        assert (await get(port, "/docs", method="POST"))[0] == 405


def test_every_file_of_the_package_can_be_asked_for() -> None:
    assert [p for p in FILES if p.suffix not in MEDIA_TYPES] == []
    assert [p for p in FILES if pages._NAME.fullmatch(p.relative_to(STATIC).as_posix()) is None] == []
    assert [p for p in FILES if p.stat().st_size > pages.FILE_BYTES] == []


def test_every_file_is_packed() -> None:
    engine = STATIC.parent.parent
    project = tomllib.loads((engine.parent / "pyproject.toml").read_text(encoding="utf-8"))
    globs = project["tool"]["setuptools"]["package-data"]["engine"]
    packed = {path for pattern in globs for path in engine.glob(pattern)}
    assert set(FILES) <= packed


@pytest.mark.parametrize(("path", "directory"), PAGES.items())
async def test_every_page_is_there_and_what_it_links_to(path: str, directory: str) -> None:
    async with serving(FakeStatus(), page_routes()) as port:
        status, headers, body = await get(port, path)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert body == (STATIC / directory / "index.html").read_bytes()
        for file in re.findall(r'(?:href|src)="(static/[^"]+)"', body.decode()):
            assert (await get(port, f"/{file}"))[0] == 200, file
