"""The console as a part that runs: where it listens, under which names, and over whose accounts."""

import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from alerts.officers.signing_in import SigningIn
from alerts.registry import has_registry, open_registry
from console.elsewhere import SignInService
from console.pages import create_app
from console.planner_histories import Source
from eventlog.log import EventLog
from feeds.clock import Clock
from polyrisk.defaults import PORT
from polyrisk.serving import HOST, bound
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError


@dataclass(frozen=True)
class Where:
    """Where the console is reached.

    Attributes:
        port: 0 takes a free one. host: the address it listens at.
        names: under which it is called from elsewhere, such as that of a proxy; calls under other names are refused.
    """

    port: int = PORT
    host: str = HOST
    names: tuple[str, ...] = ()

    @property
    def on_this_machine(self) -> bool:
        """Whether nobody from elsewhere reaches it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def console_of(
    stack: ExitStack, log: EventLog, country: LoadedCountry, state: Path, clock: Clock, where: Where, histories: Sequence[Source]
) -> tuple[uvicorn.Server, socket.socket]:
    """The server of the pages, not started yet, and where it listens.

    Args:
        histories: that the planner may choose from.

    Raises:
        RefusedError: it would be open to whoever reaches it from elsewhere. ConfigurationError: half a sign-in service is named.
        PolyriskError: the port cannot be used.
    """
    elsewhere = SignInService.of_settings(os.environ)
    registry = stack.enter_context(closing(open_registry(state, create=not has_registry(state))))
    if not where.on_this_machine and not SigningIn(registry).is_closed():
        what = "The console would be open to whoever reaches it there: no administrator has signed in yet."
        remedy = "Start it without --host, let `polyrisk officers first` make the first administrator, and sign in; then start it so."
        raise RefusedError(what, where=f"--host {where.host}", remedy=remedy)
    served = stack.enter_context(closing(bound(where.port, "Choose another with --port.", where.host)))
    own = (where.host,) if where.host not in ("0.0.0.0", "::") else ()  # noqa: S104 - compared, not listened at
    hosts = (HOST, "localhost", *own, *where.names)
    app = create_app(log, country, now=clock.now, hosts=hosts, registry=registry, histories=histories, elsewhere=elsewhere)
    stack.callback(app.state.close)
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)), served
