"""Metrics of requests by route."""

import re
import time
from collections.abc import Collection, Sequence
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ayla_service.observability import metrics

UNMATCHED = "unmatched"
"""Route of a request whose path has none."""


class MetricsMiddleware:
    """Counts and times the answers; a request that gets none, because its client has gone, is not counted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._routes: Sequence[_Route] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"], time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, send_and_count)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        self._routes = self._routes or _routes_of(scope["app"])
        metrics.request_answered(scope["method"], _template(self._routes, scope), status, seconds)


class _Route(NamedTuple):
    """Pattern of the paths and methods of a route; without methods it has all."""

    template: str
    pattern: re.Pattern[str]
    methods: Collection[str]


def _routes_of(app: FastAPI) -> list[_Route]:
    routes = iter_route_contexts(app.routes)
    return [_Route(route.path or UNMATCHED, route.path_regex, route.methods or ()) for route in routes]


def _template(routes: Sequence[_Route], scope: Scope) -> str:
    """Template of a route's path, as the path itself would make a label for each job."""
    # Matched here and not taken from the router: a request that was refused on its way has never reached it.
    matching = [route for route in routes if route.pattern.match(scope["path"])]
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    taking = [route for route in matching if not route.methods or method in route.methods]
    return next((route.template for route in (*taking, *matching)), UNMATCHED)
