"""One warning to 100,000 made-up people of Sri Lanka: how long it takes to plan and to send, and what it costs in CPU and memory.

Our side is a whole round: the registry's durable transactions, decryption, Twilio's own library and real HTTP over loopback. The other
side is the stand-in provider in a process of its own, which must have each person exactly once.
"""

import multiprocessing
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from alerts import intents, ledger
from alerts.audience import Audience, concerned
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.dispatch import Dispatcher
from alerts.people.keys import Keys
from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.rendering import Renderer
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProcess
from alerts.texts import Kind
from processors.garbage import look_less_often
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence
from schemas.warning_records import RenderedText, Warning, WarningStatus

PEOPLE = 100_000
CHECK_EVERY = 100
"""Of so many exchanges with the stand-in one is held against Twilio's OpenAPI."""
NOW = datetime(2025, 11, 27, 12, tzinfo=UTC)
AREA, RULE = "LK21", "river_and_landslide"


def texts(country: LoadedCountry) -> tuple[RenderedText, ...]:
    """A red warning as a household of Kandy reads it, in each language of the country."""
    event = CompoundEvent(
        id=f"LKA:{RULE}:{AREA}:1",
        shard="LKA",
        rule=RULE,
        rule_version="1",
        area=AREA,
        area_version="v1",
        change=EventChange.OPENED,
        level=Level.RED,
        steps=(),
        dimensions=(),
        since=NOW,
        at=NOW,
        known=NOW,
        truth=Truth.TRUE,
        evidence=Evidence(condition="river_station >= red", truth=Truth.TRUE),
        record="observations:0",
        configuration="c" * 64,
        engine="1",
    )
    renderer = Renderer(country)
    rendered = {language: renderer.render(RULE, Kind.WARNING, event, language) for language in country.languages}
    return tuple(
        RenderedText(
            language=language,
            area=AREA,
            body=text.body,
            encoding=text.size.encoding,
            segments=text.size.segments,
            reviewed=text.reviewed,
            recipients=0,
        )
        for language, text in rendered.items()
    )


def issue(connection: Connection, country: LoadedCountry) -> int:
    """Intend one warning for every household of the country; answers how many messages that are."""
    warning = Warning(
        id="benchmark.1",
        warning="benchmark",
        event=f"LKA:{RULE}:{AREA}:1",
        rule=RULE,
        shard="LKA",
        area=AREA,
        message_type="Alert",
        status=WarningStatus.ISSUED,
        level=Level.RED,
        reason="benchmark",
        since=NOW,
        known=NOW,
        proposed=NOW,
        expires=NOW + timedelta(days=1),
        texts=texts(country),
        recipients=0,
        segments=0,
        cost=0.0,
        currency="USD",
        configuration="c" * 64,
    )
    ledger.propose(connection, warning, Kind.WARNING, "households", 2, NOW)
    ledger.settle(connection, warning, ledger.ISSUED)
    return intents.intend(connection, warning, int(warning.level), concerned(Audience(list(country.places.areas), "household")))


def cpu_s(pid: int) -> float:
    """CPU that a process has taken so far, as Linux tells it."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    """The most memory that a process ever held. What `getrusage` says of a child would include what its parent held when it began."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def enrol(database: str, keys: Path, people: int) -> None:
    """Fill a registry, in a process of its own: its memory is not that of planning."""
    registry = Registry(database, Keys.load(keys, create=True))
    fill(registry, load_country(countries_root() / "lka"), households=people)
    registry.close()


def plan(registry: Registry, country: LoadedCountry) -> int:
    """Render, choose the audience, put a message for each person into the outbox; how long that takes, and how much memory it takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    with registry.begin() as connection:
        number = issue(connection, country)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{number} messages planned, rendered and in the outbox in {wall:.2f} s ({cpu:.2f} s of CPU), at most {peak_mb(os.getpid()):.0f} MB"
    )
    return number


def send(registry: Registry, provider: StandInProcess, number: int) -> None:
    """Send all, and ask the provider who has what."""
    dispatcher = Dispatcher(registry, TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "POLYRISK", provider.base_url)))
    sides = {"our side": os.getpid(), "the stand-in": provider.pid}
    wall, before = time.perf_counter(), {name: cpu_s(pid) for name, pid in sides.items()}
    report = dispatcher.run(NOW)
    wall, after = time.perf_counter() - wall, {name: cpu_s(pid) for name, pid in sides.items()}
    peaks = {name: peak_mb(pid) for name, pid in sides.items()}
    times = Counter(message.to for message in provider.accepted)
    checked, wrong = provider.wrong
    assert (report.accepted, len(times), set(times.values())) == (number, number, {1}), report
    assert not wrong, wrong
    print(f"{number} messages, each person exactly once, in {wall:.1f} s: {number / wall:.0f} messages a second")
    print(f"{checked} exchanges were held against Twilio's OpenAPI, none is wrong")
    for name in sides:
        print(f"{name}: {1e3 * (after[name] - before[name]) / number:.3f} ms of CPU a message, at most {peaks[name]:.0f} MB of memory")


def main(people: int = PEOPLE) -> None:
    """Measure and print."""
    country = load_country(countries_root() / "lka")
    look_less_often()
    with TemporaryDirectory() as folder, StandInProcess(check_every=CHECK_EVERY) as provider:
        database, keys = f"sqlite:///{folder}/registry.db", Path(folder) / "keys"
        enrolling = multiprocessing.get_context("spawn").Process(target=enrol, args=(database, keys, people))
        enrolling.start()
        enrolling.join()
        registry = Registry(database, Keys.load(keys))
        send(registry, provider, plan(registry, country))
        registry.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
