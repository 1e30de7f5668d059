"""Routes of the dashboard: the page for the address of every view, and the files that it loads.

No key is asked for: the files are the same for everybody, and what they show comes from the API, which asks for one.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from ayla_service.dashboard.files import ASSETS, DashboardFile, DashboardFolder
from ayla_service.http.dependencies import refuse_line_break
from ayla_service.http.etags import etag_of, not_modified
from ayla_service.http.negotiation import accepts

VIEWS = ("jobs", "compare", "new", "team", "sign-in")
"""First parts of the paths of all views but the first, which is at /. What follows is the view's own."""

POLICY = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'"
"""Content security policy: scripts, styles and connections of this origin alone, nothing within the page itself."""

_HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
_LATEST = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"
_HTML = ("text/html", "application/xhtml+xml")

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_line_break)])


async def _folder(request: Request) -> DashboardFolder:
    folder: DashboardFolder = request.app.state.dashboard
    return folder


Folder = Annotated[DashboardFolder, Depends(_folder)]


@router.get("/")
def first_view(request: Request, folder: Folder) -> Response:
    """The page, for whoever asks for HTML by name; programs that ask for anything are told what there is."""
    return _page(request, folder)


def _view(name: str) -> Callable[..., Response]:
    def view(request: Request, folder: Folder) -> Response:
        return _page(request, folder)

    view.__name__ = f"view_{name}"
    return view


for each in VIEWS:
    router.add_api_route(f"/{each}", _view(each), methods=["GET"])
    router.add_api_route(f"/{each}/{{rest:path}}", _view(each), methods=["GET"])


@router.get(f"{ASSETS}/{{version}}/{{name:path}}")
def asset(request: Request, folder: Folder, version: str, name: str) -> Response:
    """A file; a page of an earlier version gets those of now, which nothing keeps under its address."""
    files = folder.of_version(version)
    if name not in files.assets:
        raise HTTPException(404)
    return _answer(request, files.assets[name], _FOR_EVER if version == files.version else _LATEST)


def _page(request: Request, folder: DashboardFolder) -> Response:
    if not any(accepts(request.headers.get("accept", ""), media_type) for media_type in _HTML):
        raise HTTPException(404)
    answer = _answer(request, folder.read().page_at(request.url.path), _LATEST)
    answer.headers.add_vary_header("Accept")
    return answer


def _answer(request: Request, file: DashboardFile, caching: str) -> Response:
    headers = {**_HEADERS, "ETag": etag_of(file.content), "Cache-Control": caching, "Vary": "Accept-Encoding"}
    if not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if accepts(",".join(request.headers.getlist("accept-encoding")), "gzip"):
        return Response(file.compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
