"""The API's documentation as a page: Swagger UI from files in the package, no script or style from elsewhere."""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

_ASSETS = Path(fastapi_offline.__file__).parent / "static"

# Swagger UI sets styles in the page and draws its icons from data: URLs; everything else comes from this origin.
# "Try it out" asks this origin only, and no other page may show this one in a frame and have it clicked.
_POLICY = (
    "default-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>AYLA service: API</title>
  <link rel="stylesheet" href="docs/assets/swagger-ui.css">
  <link rel="icon" href="docs/assets/favicon.png">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="docs/assets/swagger-ui-bundle.js"></script>
  <script src="docs/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null, tryItOutEnabled: true
});
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js")
def start() -> Response:
    """The script that starts Swagger UI; apart from the page, so that the policy can refuse inline scripts."""
    return Response(_START, media_type="text/javascript")


def install_docs(app: FastAPI) -> None:
    """Serve the page and its files under /docs."""
    app.include_router(router)
    app.mount("/docs/assets", StaticFiles(directory=_ASSETS))
