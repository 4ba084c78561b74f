"""`polyrisk run`: the parts of an installation, each alone or all together with Airflow and the sources, until Ctrl-C."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path

import click
import uvicorn
from prometheus_client import start_http_server

from alerts.channels.contract import Channel
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.keys import Keys
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProcess
from alerts.synthetic import fill
from console.pages import create_app
from eventlog.log import EventLog, open_log
from feeds.cases import Case
from feeds.clock import Clock, FileClock, WallClock
from feeds.stand_ins import StandInServer
from polyrisk.airflow_services import start_standalone
from polyrisk.serving import HOST
from processors.loop import Processor
from processors.ticker import Ticker
from schemas.country_files import LoadedCountry, load_country
from schemas.envelopes import input_record
from schemas.errors import RefusedError
from schemas.records import ConfigChange, Warning

PARTS = ("ticker", "processor", "alerts", "console")
METRICS_PORT = {"ticker": 9451, "processor": 9452, "alerts": 9453, "all": 9450}
PAUSE_S = 1.0
Turn = Callable[[], object]


def run_parts(
    part: str, state: Path, folder: Path, case: str | None, start: datetime | None, speed: float, port: int, *, send: bool = False
) -> None:
    """Run one part, or all with Airflow, until Ctrl-C.

    Args:
        part: one of `PARTS`, or `all`. state: the installation's folder. folder: of the country.
        case: whose sources stand-ins play (only with `all`); none asks the real sources.
        start: where in the case its clock begins. speed: case time for each second of ours.
        send: hand messages to Twilio itself (`TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`); else they are intended and wait.
    """
    state.mkdir(parents=True, exist_ok=True)
    country = load_country(folder)
    os.environ["POLYRISK_STATE"] = str(state.absolute())
    with ExitStack() as stack:
        log = stack.enter_context(closing(open_log(f"sqlite:///{state / 'log.db'}")))
        clock: Clock = FileClock(state / "clock") if (state / "clock").exists() and part != "all" else WallClock()
        if part == "all":
            clock = _everything(stack, state, folder, case, start, speed, clock)
        _configure(log, country, clock)
        if part in METRICS_PORT:
            start_http_server(METRICS_PORT[part], HOST)
            click.echo(f"metrics at http://{HOST}:{METRICS_PORT[part]}/")
        channel = _channel(stack, country, played=part == "all" and case is not None, send=send)
        turns = [_turn(name, log, country, state, clock, channel, stack) for name in PARTS[:3] if part in (name, "all")]
        if part in ("console", "all"):
            click.echo(f"console at http://{HOST}:{port}/")
            server = uvicorn.Server(uvicorn.Config(create_app(log, country, now=clock.now), host=HOST, port=port, log_level="warning"))
            if not turns:
                server.run()
                return
            threading.Thread(target=server.run, name="console", daemon=True).start()
        click.echo("running; Ctrl-C ends it")
        _take_turns(turns)


def _take_turns(turns: list[Turn]) -> None:
    try:
        while True:
            for turn in turns:
                turn()
            time.sleep(PAUSE_S)
    except KeyboardInterrupt:
        click.echo("ended")


def _turn(name: str, log: EventLog, country: LoadedCountry, state: Path, clock: Clock, channel: Channel | None, stack: ExitStack) -> Turn:
    """What a part does each second."""
    if name == "ticker":
        ticker = Ticker(log, country.shard)
        return lambda: ticker.tick(clock.now())
    if name == "processor":
        processor = stack.enter_context(closing(Processor(log, country.shard)))
        return processor.run_until_idle
    registry = Registry(f"sqlite:///{state / 'registry.db'}", Keys.load(state / "keys", create=True))
    if isinstance(clock, FileClock):
        fill(registry, country)
    service = stack.enter_context(closing(AlertService(log, registry, country, channel)))
    return lambda: service.run_once(clock.now())


def _channel(stack: ExitStack, country: LoadedCountry, *, played: bool, send: bool) -> Channel | None:
    """The way out: a stand-in if a case is played, Twilio if that was asked for, else none: then messages wait."""
    sender = country.facts.messaging.sender
    if played:
        provider = stack.enter_context(StandInProcess())
        return TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, sender, provider.base_url))
    if not send:
        click.echo("dry: messages are intended and wait; --send hands them to Twilio")
        return None
    missing = [name for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not os.environ.get(name)]
    if missing:
        raise RefusedError(f"{' and '.join(missing)} must be set to send.", remedy="Set them in the environment, never in a file of ours.")
    return TwilioSms(TwilioAccount(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"], sender))


def _everything(stack: ExitStack, state: Path, folder: Path, case: str | None, start: datetime | None, speed: float, clock: Clock) -> Clock:
    """Airflow, and if a case is played its sources and its clock."""
    if case is not None:
        played = Case.load(folder / "cases" / case)
        file = FileClock(state / "clock")
        file.set(start or played.start)
        clock = file
        threading.Thread(target=_advance, args=(file, start or played.start, speed), name="clock", daemon=True).start()
        sources = stack.enter_context(StandInServer(played, file))
        click.echo(f"sources of {played.name} played at {sources.base_url}, clock at {speed:g} times")
        os.environ["POLYRISK_SOURCES"] = sources.base_url
        os.environ["POLYRISK_CLOCK"] = str((state / "clock").absolute())
        os.environ["POLYRISK_FEEDS"] = ",".join(played.feeds)
        os.environ["POLYRISK_SPEED"] = str(speed)
    click.echo("starting Airflow (some seconds)")
    airflow = stack.enter_context(start_standalone(state))
    airflow.wait_until_healthy()
    click.echo(f"Airflow at {airflow.url}")
    return clock


def _advance(clock: FileClock, start: datetime, speed: float) -> None:
    begun = time.monotonic()
    while True:
        clock.set(start + timedelta(seconds=(time.monotonic() - begun) * speed))
        time.sleep(PAUSE_S)


def _configure(log: EventLog, country: LoadedCountry, clock: Clock) -> None:
    """Say by which configuration the shard is judged from here on; the same one said again at the same moment is one record."""
    configuration = country.configuration
    change = ConfigChange(
        at=clock.now(), hash=configuration.hash, configuration=configuration.canonical(), author="country files", reason="start"
    )
    log.append([input_record(country.shard, change)])


def sign(state: Path, country: LoadedCountry, log: EventLog, message: str, by: str, role: str) -> Warning:
    """Sign a message that waits. Answers it as it then stands.

    Raises:
        RefusedError: nothing waits under this id, the role may not sign, or this person or role has signed already.
    """
    clock: Clock = FileClock(state / "clock") if (state / "clock").exists() else WallClock()
    service = AlertService(log, Registry(f"sqlite:///{state / 'registry.db'}", Keys.load(state / "keys")), country, member="signing")
    try:
        waiting = [w.id for w in service.pending() if w.id.startswith(message)]
        return service.sign(waiting[0] if len(waiting) == 1 else message, by, role, clock.now())
    finally:
        service.close()
