"""The processes of the laboratory of signing: the console and the alert service, each put together as `polyrisk run` does."""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from alerts.channels.dry import Dry
from alerts.people.keys import Keys
from alerts.registry import Registry
from alerts.service import AlertService
from console.pages import create_app
from eventlog.log import open_log
from polyrisk.serving import bound
from schemas.country_files import countries_root, load_country

COUNTRY = load_country(countries_root() / "lka")
PAUSE_S = 0.02
LOOK_EVERY = timedelta(seconds=5)
"""How often the alert service holds what waits against how it stands: far more often than it would, so that it meets those who sign."""


def console(database: str, keys: str, log: str, ahead_s: float, port: int) -> None:
    """Serve the pages."""
    logging.basicConfig(level=logging.WARNING)
    with ExitStack() as stack:
        opened = stack.enter_context(closing(open_log(log)))
        registry = stack.enter_context(closing(Registry(database, Keys.load(Path(keys)))))
        app = create_app(opened, COUNTRY, now=lambda: _now(ahead_s), registry=registry)
        stack.callback(app.state.close)
        served = stack.enter_context(closing(bound(port, "The last console must have ended.")))
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[served])


def alerts(database: str, keys: str, log: str, ahead_s: float, channel: str, wall_ahead_s: float) -> None:
    """Propose, let time pass, send: into a file."""
    logging.basicConfig(level=logging.WARNING)
    registry = Registry(database, Keys.load(Path(keys)))
    with closing(open_log(log)) as opened:
        service = AlertService(opened, registry, COUNTRY, Dry(Path(channel)), wall_clock=lambda: _now(wall_ahead_s), look_every=LOOK_EVERY)
        while True:
            service.run_once(_now(ahead_s))
            time.sleep(PAUSE_S)


def _now(ahead_s: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=ahead_s)


ROLES: dict[str, Callable[..., None]] = {"console": console, "alerts": alerts}
