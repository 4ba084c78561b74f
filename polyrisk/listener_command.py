"""`polyrisk run listener`: where providers call us, on this machine alone; a proxy in front of it speaks TLS with the outside."""

import os
from contextlib import ExitStack, closing
from pathlib import Path

import click
from starlette.applications import Starlette

from alerts.drills.handing_on import HandsOn
from alerts.listening.listener import Listener
from alerts.listening.webhooks import Doors, create_app
from alerts.registry import open_registry
from alerts.stand_in_provider import AUTH_TOKEN
from console.health import Health, log_readable, registry_reachable
from eventlog.log import EventLog
from feeds.clock import Clock, FileClock
from polyrisk.serving import HOST, bound, in_background
from schemas.country_files import LoadedCountry


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
        registry = open_registry(state, create=True)
        self._listener = Listener(log, registry, country, clock=clock.now)
        doors = Doors(self.url, AUTH_TOKEN) if played else Doors.of(os.environ)
        takes = HandsOn(self._listener, registry, log, country, state, lambda drill: FileClock(drill / "clock").now)
        calls = create_app(doors, takes)
        health = Health([log_readable(log, country.shard), registry_reachable(lambda: open_registry(state))])
        in_background(stack, Starlette(routes=[*calls.routes, *health.routes]), served, "listener")
        click.echo(f"listens at {self.url}/")

    def turn(self) -> None:
        """Answer what came in."""
        self._listener.process(self._clock.now())
