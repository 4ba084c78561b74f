"""The console as a part that runs: where it listens, under which names, and over whose accounts."""

import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from ipaddress import ip_address
from pathlib import Path
from types import ModuleType

import click
import uvicorn

from alerts.officers.signing_in import SigningIn
from alerts.registry import has_registry, open_registry
from console.elsewhere import SignInService
from console.pages import create_app
from console.planner_histories import Source, sources_of
from eventlog.log import EventLog, open_log
from eventlog.state import is_drill, log_url
from feeds.clock import Clock, FileClock, WallClock
from polyrisk.configuring import configure
from polyrisk.defaults import PORT
from polyrisk.processes import noted
from polyrisk.serving import HOST, bound
from processors.garbage import hold_little, look_often
from schemas.country_files import LoadedCountry, load_country
from schemas.errors import RefusedError

KEPT = "console"
"""Of the installation's folder, the console's own; it may be removed, and is made again."""
_CACHE_KB = 500
"""Of the registry's pages, each of its connections, of which there is one for each page that is made at once."""


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
    registry = stack.enter_context(closing(open_registry(state, create=not has_registry(state), cache_kb=_CACHE_KB)))
    if not where.on_this_machine and not SigningIn(registry).is_closed():
        what = "The console would be open to whoever reaches it there: no administrator has signed in yet."
        remedy = "Start it without --host, let `polyrisk officers first` make the first administrator, and sign in; then start it so."
        raise RefusedError(what, where=f"--host {where.host}", remedy=remedy)
    served = stack.enter_context(closing(bound(where.port, "Choose another with --port.", where.host)))
    own = (where.host,) if where.host not in ("0.0.0.0", "::") else ()  # noqa: S104 - compared, not listened at
    hosts = (HOST, "localhost", *own, *where.names)
    kept, now = state / KEPT, clock.now
    app = create_app(log, country, now=now, hosts=hosts, registry=registry, histories=histories, elsewhere=elsewhere, kept=kept)
    stack.callback(app.state.close)
    click.echo(f"console at http://{where.host}:{served.getsockname()[1]}/")
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, ws="none")), served


def run_console(state: Path, folder: Path, where: Where, histories: Sequence[Path] = ()) -> None:
    """Run the console alone until Ctrl-C or SIGTERM. Not in the folder of a drill.

    It loads nothing of the other parts: an installation with seven countries runs seven of it.

    Args:
        state: the installation's folder. folder: of the country. histories: folders that the planner may choose from, before its cases.

    Raises:
        RefusedError, PolyriskError: as `console_of`. RefusedError: the folder is a drill's.
    """
    for ending in (signal.SIGINT, signal.SIGTERM):  # as for every part (`polyrisk.live`)
        signal.signal(ending, signal.default_int_handler)
    if is_drill(state):
        raise RefusedError("this is the folder of a drill.", where=str(state), remedy="Name that of the installation with --state.")
    state.mkdir(parents=True, exist_ok=True)
    country = load_country(folder)
    os.environ["POLYRISK_STATE"] = str(state.absolute())
    sys.meta_path.insert(0, _NoPandas())
    hold_little()
    with ExitStack() as stack:
        log = stack.enter_context(closing(open_log(log_url(state))))
        clock: Clock = FileClock(state / "clock") if (state / "clock").exists() else WallClock()
        configure(log, country, clock)
        stack.enter_context(noted(state, "console"))
        look_often()
        page, served = console_of(stack, log, country, state, clock, where, sources_of(country, histories))
        page.run(sockets=[served])


class _NoPandas(MetaPathFinder):
    """Finds no pandas, and so has nothing load it in this process.

    Arrow loads it only to ask whether a list is one of its own, and goes on without; it takes 45 MB of each console. The processes that
    judge a planner's moves are started anew and load what they need.
    """

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002 - it is asked so
        """The import system's question."""
        if fullname == "pandas":
            raise ModuleNotFoundError("the console loads no pandas", name=fullname)
        return None
