"""The page and its files, as a browser gets them."""

import gzip
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from ayla_service.dashboard import files
from ayla_service.dashboard.files import DashboardFolder
from ayla_service.dashboard.routes import POLICY, VIEWS
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.drop_in.environment import ROOT, wheel
from tests.http.helpers import problem_of
from tests.keyring import make_key

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}
PATHS = [
    "/",
    *(f"/{view}" for view in VIEWS),
    "/jobs/3f2a/verdict",
    "/jobs/3f2a/sweep",
    "/jobs/x/y/z",
    "/new?from=3f2a",
]

PRELOAD = re.compile(r'  <link rel="modulepreload"[^>]*>\n')


def page_of(client: TestClient, path: str = "/") -> Response:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200
    return answer


def script_of(client: TestClient) -> str:
    """The address of the script that the page starts with."""
    found = re.search(r'src="(/assets/[0-9a-f]{16}/app\.js)"', page_of(client).text)
    assert found is not None
    return found[1]


def preloads_of(page: Response) -> list[str]:
    """What the page says it will start with."""
    return re.findall(r'<link rel="modulepreload" href="([^"]*)">', page.text)


def test_every_view_has_the_page_whoever_asks(client: TestClient, app: FastAPI) -> None:
    make_key(app.state.database)
    first = PRELOAD.sub("", page_of(client).text)
    for path in PATHS:
        answer = page_of(client, path)
        assert PRELOAD.sub("", answer.text) == first
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-cache"
        assert {"Accept", "Accept-Encoding"} <= {*answer.headers["vary"].split(", ")}
        assert "set-cookie" not in answer.headers


def test_the_policy_is_that_of_the_documentation() -> None:
    assert POLICY == "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'"


def test_the_page_holds_no_script_and_no_style_of_its_own(client: TestClient) -> None:
    text = page_of(client).text
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", text) == []
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert {address[:1] for address in re.findall(r'(?:src|href)="([^"]*)', text)} == {"/"}


def test_each_page_names_the_modules_that_its_view_starts_with(client: TestClient) -> None:
    start = script_of(client).removesuffix("app.js")
    named = {
        path: preloads_of(page_of(client, path)) for path in ("/", "/jobs/3f2a/sweep?x=a", "/team/", "/jobs/a/b/c")
    }
    for found in named.values():
        assert len({*found}) == len(found)
        assert {f"{start}lib/preact.js", f"{start}parts/frame.js", f"{start}live/sse.js"} <= {*found}
        assert not {f"{start}app.js", f"{start}live/worker.js"} & {*found}
        assert {client.get(address).status_code for address in found} == {200}
    views = {path: {name for name in found if name.endswith("/view.js")} for path, found in named.items()}
    shown = {"/": "queue", "/jobs/3f2a/sweep?x=a": "sweep", "/team/": "team"}
    assert views == {path: {f"{start}views/{name}/view.js"} for path, name in shown.items()} | {"/jobs/a/b/c": set()}
    assert f"{start}views/sweep/heatmap.js" in named["/jobs/3f2a/sweep?x=a"]
    assert f"{start}views/sweep/heatmap.js" not in named["/team/"]


def test_all_styles_are_one_file_in_the_order_of_the_page(client: TestClient) -> None:
    folder = ROOT / "clients" / "web" / "ayla_web"
    names = re.findall(r'rel="stylesheet" href="/assets/([^"]+)"', (folder / "index.html").read_text())
    found = re.findall(r'rel="stylesheet" href="([^"]+)"', page_of(client).text)
    assert len(names) > 1
    assert len(found) == 1
    answer = client.get(found[0])
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.text == "\n".join((folder / name).read_text() for name in names)
    assert {*folder.rglob("*.css")} == {folder / name for name in names}
    assert "url(" not in answer.text, "an address in a stylesheet is relative to where the stylesheet is served"


def test_files_of_the_version_that_is_there_are_sent_without_a_look_at_the_folder(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = script_of(client)
    monkeypatch.setattr(files, "_folder", None)
    assert client.get(address).status_code == 200


def test_libraries_are_served_with_their_licences(client: TestClient) -> None:
    start = script_of(client).removesuffix("app.js")
    for name, library in (("preact.js", "preact"), ("signals.js", "@preact/signals"), ("uplot.js", "uplot")):
        said = re.match(
            r"/\*! (\S+) [\d.]+, [\w.-]+, see (LICENSE\.\S+\.txt) beside this file \*/",
            client.get(f"{start}lib/{name}").text,
        )
        assert said is not None
        assert said[1] == library
        licence = client.get(f"{start}lib/{said[2]}")
        assert licence.headers["content-type"] == "text/plain; charset=utf-8"
        assert "Permission is hereby granted" in licence.text


def test_there_is_something_to_be_seen_before_the_scripts_are_there(client: TestClient) -> None:
    text = page_of(client).text
    assert re.search(r'<div id="app">.*<p class="loading" role="status">Reading …</p>.*</div>', text)
    assert "data-theme" not in text, "which theme it is, the system says until the scripts are there"


def test_programs_are_told_what_there_is(client: TestClient) -> None:
    for path in ("/", "/jobs", "/jobs/3f2a"):
        for accept in ("*/*", "application/json", "", "text/html;q=0", "application/problem+json, */*"):
            assert (
                "openapi.json" in problem_of(client.get(path, headers={"Accept": accept}), 404, "not-found")["detail"]
            )


def test_nothing_else_has_the_page(client: TestClient) -> None:
    for path in (
        "/v1",
        "/v1/nothing",
        "/nothing",
        "/Jobs",
        "/index.html",
        "/assets",
        "/assets/",
        "/docs/x",
        "/jobsx",
    ):
        problem_of(client.get(path, headers=BROWSER), 404, "not-found")
    assert client.get("/v1/jobs", headers=BROWSER).headers["content-type"] == "application/json"
    docs = client.get("/docs", headers=BROWSER)
    assert "swagger-ui" in docs.text
    assert docs.headers["content-security-policy"] != POLICY
    refused = client.post("/jobs", headers=BROWSER)
    problem_of(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, HEAD"


def test_files_are_kept_by_browsers_until_there_is_another_version(client: TestClient) -> None:
    address = script_of(client)
    answer = client.get(address)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.content == (ROOT / "clients" / "web" / "ayla_web" / "app.js").read_bytes()
    earlier = client.get("/assets/0123456789abcdef/app.js")
    assert (earlier.content, earlier.headers["cache-control"]) == (answer.content, "no-cache")


def test_what_a_browser_has_is_not_sent_again(client: TestClient) -> None:
    for address, accept in ((script_of(client), "*/*"), ("/", BROWSER["Accept"])):
        for encoding in ("gzip", "identity"):
            headers = {"Accept": accept, "Accept-Encoding": encoding}
            etag = client.get(address, headers=headers).headers["etag"]
            again = client.get(address, headers=headers | {"If-None-Match": etag})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["content-security-policy"] == POLICY
            assert client.get(address, headers=headers | {"If-None-Match": '"other"'}).status_code == 200


def test_files_are_sent_compressed_to_whoever_takes_it(client: TestClient) -> None:
    address = script_of(client)
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["etag"].startswith("W/")
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content


def test_head_is_answered_as_get(client: TestClient) -> None:
    for address in ("/jobs/x", script_of(client)):
        head, got = client.head(address, headers=BROWSER), client.get(address, headers=BROWSER)
        assert head.content == b""
        assert set(got.headers) - set(head.headers) <= {"content-length"}


def test_nothing_but_files_of_the_page_is_served(client: TestClient) -> None:
    version = script_of(client).split("/")[2]
    unknown = ["", "index.html", "__init__.py", "nothing.js", "app.js/", "APP.JS", "lib//app.js", "a" * 5000]
    strange = ["%2e%2e/__init__.py", "..%2f..%2f..%2fpyproject.toml", "%2fetc%2fpasswd", "app.js%00", "app.js%0a"]
    for name in (*unknown, *strange, "%2e/app.js", "lib/%2e%2e/app.js"):
        problem_of(client.get(f"/assets/{version}/{name}"), 404, "not-found")


def test_a_change_of_any_file_is_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "ayla_web"
    shutil.copytree(ROOT / "clients" / "web" / "ayla_web", copy)
    monkeypatch.setattr(files, "_folder", lambda: copy)
    folder = DashboardFolder()
    before = folder.read()
    assert folder.read() is before
    (copy / "app.js").write_text("export {};")
    changed = folder.read()
    assert changed.version != before.version
    assert changed.assets["app.js"].content == b"export {};"
    assert f"/assets/{changed.version}/app.js".encode() in changed.page.content
    (copy / "views" / "more.js").write_text("")
    (copy / "notes.md").write_text("not served")
    assert {*folder.read().assets} - {*changed.assets} == {"views/more.js"}


def test_every_file_of_the_page_is_of_a_kind_that_is_served() -> None:
    folder = ROOT / "clients" / "web" / "ayla_web"
    others = {path for path in folder.rglob("*") if path.is_file() and path.suffix not in files._MEDIA_TYPES}
    # Beside the libraries stand their types, which only the type checker reads.
    beside = {*folder.glob("lib/*.d.ts")}
    assert beside < others
    assert {path.name for path in others - beside if path.suffix != ".pyc"} == {"__init__.py"}


def test_the_wheel_has_every_file_of_the_page(tmp_path: Path) -> None:
    folder = ROOT / "clients" / "web"
    sources = {path.relative_to(folder).as_posix() for path in (folder / "ayla_web").rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel("ayla-service", tmp_path)) as built:
        packed = {name for name in built.namelist() if name.startswith("ayla_web/")}
    assert packed == {name for name in sources if not name.endswith(".pyc")}


def test_the_images_are_built_from_the_page_too() -> None:
    package = "clients/web/ayla_web"
    assert f"!{package}" in (ROOT / ".dockerignore").read_text().splitlines()
    for place in ("service", "worker"):
        assert f"COPY {package} {package}" in (ROOT / place / "Dockerfile").read_text()
