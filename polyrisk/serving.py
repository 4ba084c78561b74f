"""Web applications on the loopback interface: as long as a `with` block lasts, or beside the work of a process."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.health import Health, Probe
from schemas.errors import PolyriskError

HOST = "127.0.0.1"
_UP_WITHIN_S = 20.0
_LARGEST_HEAD = 32_768


class Serving:
    """Serves in a thread.

    Args:
        port: that is wished for; if it is taken, any free one.
    """

    def __init__(self, app: Starlette, port: int) -> None:
        self._port = _free(port)
        self._server = uvicorn.Server(uvicorn.Config(app, host=HOST, port=self._port, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, name="console", daemon=True)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://{HOST}:{self._port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + _UP_WITHIN_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise PolyriskError("The page could not be served.", where=self.url, remedy="Try another --port.")
            time.sleep(0.02)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join()


def _free(port: int) -> int:
    for wished in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, wished))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PolyriskError("No port of the loopback interface is free.", where=HOST, remedy="End a program that holds one.")


def bound(port: int, remedy: str, host: str = HOST) -> socket.socket:
    """A socket on a port, of this machine alone unless another address is named; 0 takes a free one.

    Raises:
        PolyriskError: the port cannot be used.
    """
    served = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    served.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        served.bind((host, port))
    except OSError as error:
        served.close()
        raise refused_port(port, error, remedy, host) from error
    return served


def refused_port(port: int, error: OSError, remedy: str, host: str = HOST) -> PolyriskError:
    """What to say of a port that cannot be used."""
    return PolyriskError(f"Port {port} cannot be used: {error.strerror}.", where=host, remedy=remedy)


def metrics_app(probes: Sequence[Probe], registry: CollectorRegistry = REGISTRY) -> Starlette:
    """What a process tells of itself: its metrics for Prometheus at `/` and `/metrics`, its health and whether it is ready.

    Args:
        probes: what it needs; more may be added while it runs.
    """

    def scrape(_request: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return Starlette(
        routes=[Route("/", scrape), Route("/metrics", scrape), *Health(probes).routes],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
    )


def in_background(stack: ExitStack, app: Starlette, served: socket.socket, name: str) -> None:
    """Serve in a thread until the stack is closed. No access log: addresses may hold numbers. No header of a proxy is believed.

    Args:
        served: a socket that is bound. name: of the thread, and what an error calls it.

    Raises:
        PolyriskError: it did not come up.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=200,
        timeout_keep_alive=5,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [served]}, name=name, daemon=True)
    thread.start()

    def end() -> None:
        server.should_exit = True
        thread.join()

    stack.callback(end)
    deadline = time.monotonic() + _UP_WITHIN_S
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise PolyriskError(f"The {name} could not be served.", where=HOST, remedy="See the error logged above.")
        time.sleep(0.02)
