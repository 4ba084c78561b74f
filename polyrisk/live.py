"""`polyrisk run`: the parts of an installation, each alone or all together with Airflow and the sources, until Ctrl-C."""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from prometheus_client import REGISTRY

from alerts.cap.folder import cap_folder
from alerts.channels import dry
from alerts.channels.contract import Channel, Settings, known_channels, open_channel
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.drills.results import last_good
from alerts.intents import standing_by_provider
from alerts.listening.webhooks import SECRETS
from alerts.metrics import Metrics
from alerts.people.synthetic import fill
from alerts.previews.handing_over import PreviewSender
from alerts.registry import Registry, open_registry
from alerts.rendering import place_name
from alerts.roster.code_sender import CodeSender
from alerts.roster.feed_watch import FeedWatch
from alerts.roster.waking import Waker
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProcess
from console.health import Probe
from console.planner_histories import sources_of
from eventlog.log import EventLog, open_log
from eventlog.state import is_drill, log_url
from feeds import source_clocks
from feeds.cases import Case
from feeds.clock import Clock, FileClock, WallClock
from feeds.source_clocks import SourceClocks
from feeds.stand_ins import StandInServer
from polyrisk import metrics
from polyrisk.airflow_services import Standalone, start_standalone
from polyrisk.configuring import configure
from polyrisk.console_part import Where, console_of, run_console
from polyrisk.defaults import LISTENER_PORT, PARTS
from polyrisk.listener_command import Listening
from polyrisk.processes import noted
from polyrisk.readiness import STARTING, probes_of
from polyrisk.serving import HOST, bound, in_background, metrics_app
from processors.garbage import look_less_often
from processors.loop import HOLD_S, Processor
from processors.ticker import Ticker
from schemas.country_files import LoadedCountry, load_country
from schemas.errors import RefusedError


@dataclass(frozen=True)
class Judges:
    """How the processor is started: under which name, for all shards or the country's, and whether it may replace a newer engine."""

    member: str = "processor"
    all_shards: bool = False
    go_back: bool = False


METRICS_PORT = {"ticker": 9451, "processor": 9452, "alerts": 9453, "listener": 9454, "all": 9450}
PAUSE_S = 1.0
CHANNEL = "POLYRISK_CHANNEL"
"""Names the channel, whatever the country's file says."""
DRY = "dry"
_PLAYED_CALLER = "+15005550006"
"""From which the stand-in calls; Twilio's own magic number, which reaches nobody."""
Turn = Callable[[], object]


def run_parts(
    part: str,
    state: Path,
    folder: Path,
    case: str | None,
    start: datetime | None,
    speed: float,
    where: Where,
    *,
    listener_port: int = LISTENER_PORT,
    metrics_port: int | None = None,
    send: bool = False,
    judges: Judges = Judges(),
    histories: Sequence[Path] = (),
) -> None:
    """Run one part, or all with Airflow, until Ctrl-C. Not in the folder of a drill.

    Args:
        part: one of `PARTS`, or `all`. state: the installation's folder. folder: of the country.
        case: whose sources stand-ins play (only with `all`); none asks the real sources.
        start: where in the case its clock begins. speed: case time for each second of ours.
        where: the console is reached.
        listener_port: where providers call us; 0 takes a free one.
        metrics_port: of the metrics; 0 takes a free one, none the part's own.
        send: hand messages to the country's channel; else what would go is written into a file.
        judges: how the processor is started.
        histories: folders that the planner may choose from, before the country's cases.
    """
    if part == "console":
        run_console(state, folder, where, histories)
        return
    # A service manager ends us by SIGTERM, and what was started in the background ignores SIGINT unless it says otherwise.
    # From the first moment on, so that Airflow is not left behind by an end while it starts.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    if is_drill(state):
        raise RefusedError("this is the folder of a drill.", where=str(state), remedy="Name that of the installation with --state.")
    state.mkdir(parents=True, exist_ok=True)
    country = load_country(folder)
    sources = sources_of(country, histories)
    os.environ["POLYRISK_STATE"] = str(state.absolute())
    with ExitStack() as stack:
        log = stack.enter_context(closing(open_log(log_url(state))))
        clock: Clock = FileClock(state / "clock") if (state / "clock").exists() and part != "all" else WallClock()
        turns: dict[str, Turn] = {}
        if part == "all":
            clock = clock if case is None else _play(stack, state, folder, case, start, speed)
            turns["airflow"] = _airflow(stack, state).check_running
        configure(log, country, clock)
        if part in ("ticker", "all"):
            REGISTRY.register(SourceClocks(state / source_clocks.FOLDER, lambda: datetime.now(UTC)))
        probes = [STARTING]
        url = ""
        if part in METRICS_PORT:
            url = _serve_metrics(stack, METRICS_PORT[part] if metrics_port is None else metrics_port, probes)
        stack.enter_context(noted(state, part, url))
        played = part == "all" and case is not None
        listening = _listening(stack, log, country, state, clock, listener_port, part, played=played)
        channel = _channel(stack, country, state, listening, played=played, send=send) if part in ("alerts", "all") else None
        if listening is not None:
            turns["listener"] = listening.turn
        look_less_often()  # before the processors make their states again, which takes half as long so
        turns |= {name: _turn(name, log, country, state, clock, channel, stack, judges) for name in PARTS[:3] if part in (name, "all")}
        probes[:] = probes_of(turns, log, country, state)
        if part == "all":
            page, served = console_of(stack, log, country, state, clock, where, sources)
            threading.Thread(target=page.run, kwargs={"sockets": [served]}, name="console", daemon=True).start()
        click.echo("running; Ctrl-C ends it")
        _take_turns(turns)


def _take_turns(turns: Mapping[str, Turn]) -> None:
    try:
        while True:
            begun = time.monotonic()
            for name, turn in turns.items():
                turn()
                metrics.done(name)
            # A processor uses the pause itself, to judge what comes at once.
            time.sleep(max(0.0, begun + PAUSE_S - time.monotonic()))
    except KeyboardInterrupt:
        click.echo("ended")


def _turn(
    name: str,
    log: EventLog,
    country: LoadedCountry,
    state: Path,
    clock: Clock,
    channel: Channel | None,
    stack: ExitStack,
    judges: Judges,
) -> Turn:
    """What a part does each second."""
    if name == "ticker":
        ticker = Ticker(log, country.shard)
        return lambda: ticker.tick(clock.now())
    if name == "processor":
        shard = None if judges.all_shards else country.shard
        processor = stack.enter_context(closing(Processor(log, shard, member=judges.member, go_back=judges.go_back, hold_s=HOLD_S)))
        return lambda: processor.run_for(PAUSE_S)
    registry = open_registry(state, create=True)
    if isinstance(clock, FileClock):
        fill(registry, country)
    if channel is not None and channel.reaches_people:
        _refuse_after_dry(registry)
    speed = country.facts.messaging.segments_per_second if isinstance(clock, WallClock) else None
    cap = cap_folder(state, country)
    gauges = Metrics(REGISTRY)
    gauges.observe_drills(lambda: last_good(state, sent=False), lambda: last_good(state, sent=True))
    service = AlertService(log, registry, country, channel, metrics=gauges, segments_per_second=speed, cap=cap)
    stack.enter_context(closing(service))
    told: set[str] = set()
    wakes = _waking(log, registry, country, state, channel, stack)
    to_officers = [] if channel is None else [PreviewSender(registry, country, channel).turn, CodeSender(registry, country, channel).turn]

    def turn() -> None:
        for wake in wakes:
            wake(clock.now())
        service.run_once(clock.now())
        for hand_over in to_officers:
            hand_over(clock.now())
        for warning in service.pending():
            if warning.id not in told:
                told.add(warning.id)
                what = f"{warning.rule}, {place_name(country, warning.area, 'en')}, {warning.level.word}"
                click.echo(f"waits for signatures: {warning.id} ({what}); `polyrisk pending` shows it")

    return turn


def _waking(
    log: EventLog, registry: Registry, country: LoadedCountry, state: Path, channel: Channel | None, stack: ExitStack
) -> list[Callable[[datetime], int]]:
    """Who watches over silent feeds, and wakes who is on duty, by the same way out as messages."""
    if channel is None:
        return []
    listed = state / "feeds.txt"
    feeds = listed.read_text(encoding="utf-8").split() if listed.exists() else None
    watch = stack.enter_context(closing(FeedWatch(log, registry, country, feeds)))
    return [watch.turn, Waker(registry, country, channel).turn]


def _serve_metrics(stack: ExitStack, port: int, probes: Sequence[Probe]) -> str:
    """Serve metrics, health and readiness in a thread from the first moment on, so that a long start can be looked at; answers where."""
    served = stack.enter_context(closing(bound(port, "Choose another with --metrics-port.")))
    in_background(stack, metrics_app(probes), served, "metrics")
    url = f"http://{HOST}:{served.getsockname()[1]}/"
    click.echo(f"metrics at {url}")
    return url


def _listening(
    stack: ExitStack, log: EventLog, country: LoadedCountry, state: Path, clock: Clock, port: int, part: str, *, played: bool
) -> Listening | None:
    """Where providers call us: the part by itself; with all parts the stand-in's way back in a played case, else if a secret is set."""
    wanted = played or part == "listener" or (part == "all" and any(os.environ.get(name) for name in SECRETS))
    return Listening(stack, log, country, state, clock, 0 if played else port, played=played) if wanted else None


def _refuse_after_dry(registry: Registry) -> None:
    """People who were warned in a file alone would be told the end of what they never heard.

    Raises:
        RefusedError: a warning stands whose messages were only written.
    """
    with registry.reading() as connection:
        written = standing_by_provider(connection, dry.PREFIX)
    if written:
        what = f"{written} messages of warnings that stand were only written into a file, not sent."
        raise RefusedError(what, remedy="Name another folder with --state to send, or wait until they have ended.")


def _channel(stack: ExitStack, country: LoadedCountry, state: Path, listening: Listening | None, *, played: bool, send: bool) -> Channel:
    """The way out: a stand-in if a case is played, the country's channel if that was asked for, else the dry one."""
    messaging = country.facts.messaging
    if played:
        provider = stack.enter_context(StandInProcess())
        receipts = f"{listening.url}/twilio_sms/receipt" if listening is not None else None
        woken = f"{listening.url}/twilio_sms/woken" if listening is not None else None
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, messaging.sender, provider.base_url, receipts, _PLAYED_CALLER, woken)
        return TwilioSms(account)
    name = os.environ.get(CHANNEL) or messaging.channel
    if not send:
        beyond = f"--send hands it to {name}" if name != DRY else f"the country's file or {CHANNEL} must name a channel to send"
        click.echo(f"dry: what would go is written into {state / dry.FILE}; {beyond}")
        return open_channel(DRY, Settings(messaging.sender, os.environ, state))
    if name == DRY:
        what = "No channel is named that sends."
        raise RefusedError(
            what, remedy=f"Write `channel` under `messaging` in country.yaml, or set {CHANNEL}; known: {', '.join(known_channels())}."
        )
    return open_channel(name, Settings(messaging.sender, os.environ, state))


def _play(stack: ExitStack, state: Path, folder: Path, case: str, start: datetime | None, speed: float) -> Clock:
    """The sources of a case, and its clock."""
    played = Case.load(folder / "cases" / case)
    begin = begin_of(state, played, start or played.start)
    clock = FileClock(state / "clock")
    clock.set(begin)
    threading.Thread(target=_advance, args=(clock, begin, speed), name="clock", daemon=True).start()
    sources = stack.enter_context(StandInServer(played, clock))
    click.echo(f"sources of {played.name} played at {sources.base_url}, clock at {speed:g} times")
    os.environ["POLYRISK_SOURCES"] = sources.base_url
    os.environ["POLYRISK_CLOCK"] = str((state / "clock").absolute())
    os.environ["POLYRISK_FEEDS"] = ",".join(played.feeds)
    os.environ["POLYRISK_SPEED"] = str(speed)
    return clock


def _airflow(stack: ExitStack, state: Path) -> Standalone:
    click.echo("starting Airflow (some seconds)")
    airflow = stack.enter_context(start_standalone(state))
    airflow.wait_until_healthy()
    click.echo(f"Airflow at {airflow.url}")
    return airflow


def begin_of(state: Path, played: Case, start: datetime) -> datetime:
    """Where the case's clock goes on: never before what the log of this folder has seen, or its readings would come from the future.

    Raises:
        RefusedError: the case is over in this folder.
    """
    seen = FileClock(state / "clock").now() if (state / "clock").exists() else start
    if seen >= played.end:
        raise RefusedError(f"{played.name} has been played to its end here.", where=str(state), remedy="Name another folder with --state.")
    if seen > start:
        click.echo(f"goes on where it stopped, at {seen.isoformat()}; name another folder with --state to begin anew")
    return max(seen, start)


def _advance(clock: FileClock, start: datetime, speed: float) -> None:
    begun = time.monotonic()
    while True:
        clock.set(start + timedelta(seconds=(time.monotonic() - begun) * speed))
        time.sleep(PAUSE_S)
