"""`polyrisk run listener`: where providers call us, on this machine alone; a proxy in front of it speaks TLS with the outside."""

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import click
import uvicorn
from starlette.applications import Starlette

from alerts.listening.listener import Listener
from alerts.listening.webhooks import Doors, create_app
from alerts.registry import open_registry
from alerts.stand_in_provider import AUTH_TOKEN
from eventlog.log import EventLog
from feeds.clock import Clock
from polyrisk.serving import HOST, bound
from schemas.country_files import LoadedCountry
from schemas.errors import PolyriskError

_UP_WITHIN_S = 20.0
_LARGEST_HEAD = 32_768


class Listening:
    """A listener that is called over HTTP, for as long as the stack is open.

    Args:
        port: where it listens; 0 takes a free one.
        played: the stand-in provider calls, and nobody else; else those whose secrets the environment names.

    Raises:
        ConfigurationError: the environment names no provider's secret.
        PolyriskError: the port is taken.
    """

    def __init__(
        self, stack: ExitStack, log: EventLog, country: LoadedCountry, state: Path, clock: Clock, port: int, *, played: bool = False
    ) -> None:
        served = bound(port, "Choose another with --listener-port, and tell the proxy.")
        self.url = f"http://{HOST}:{served.getsockname()[1]}"
        stack.enter_context(closing(served))
        self._clock = clock
        self._listener = Listener(log, open_registry(state, create=True), country, clock=clock.now)
        doors = Doors(self.url, AUTH_TOKEN) if played else Doors.of(os.environ)
        _serve(stack, create_app(doors, self._listener), served)
        click.echo(f"listens at {self.url}/")

    def turn(self) -> None:
        """Answer what came in."""
        self._listener.process(self._clock.now())


def _serve(stack: ExitStack, app: Starlette, served: socket.socket) -> None:
    """Serve in a thread until the stack is closed. No access log: addresses hold numbers. No header of a proxy is believed."""
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
    thread = threading.Thread(target=server.run, kwargs={"sockets": [served]}, name="listener", daemon=True)
    thread.start()
    stack.callback(_end(server, thread))
    deadline = time.monotonic() + _UP_WITHIN_S
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise PolyriskError("The listener could not be served.", where=HOST, remedy="See the error logged above.")
        time.sleep(0.02)


def _end(server: uvicorn.Server, thread: threading.Thread) -> Callable[[], None]:
    def end() -> None:
        server.should_exit = True
        thread.join()

    return end
