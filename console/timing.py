"""How long pages take, said with each answer (`Server-Timing`) and counted for Prometheus by kind of page."""

import time

from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Timing:
    """Stands before all else of an application: waiting for a thread and looking up who asks is part of what a person waits for.

    Args:
        registry: where the counts are told.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        title = "Seconds from a request to the beginning of its answer, by kind of page"
        self._seconds = Histogram("polyrisk_console_page_seconds", title, ["page"], registry=registry, buckets=_BOUNDS_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it through, and note when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = time.perf_counter() - begun
                MutableHeaders(scope=message)["server-timing"] = f"total;dur={1000 * took:.1f}"
                self._seconds.labels(_page_of(scope)).observe(took)
            await send(message)

        await self._app(scope, receive, sending)


def _page_of(scope: Scope) -> str:
    """The pattern of the address: no label holds what stands for one warning, one message or one person."""
    route = scope.get("route")
    return route.path if isinstance(route, Route) else "none"
