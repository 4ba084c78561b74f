"""What the tests of alerts share: a country, a registry, a log, a loopback provider, and events built by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_places import START, country_without_feeds
from event_makers import event, tell
from postgres_server import PostgresServer
from sending import Intend, Wall
from serving import HOUSEHOLDS

from alerts import intents
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.people.keys import Keys
from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider
from alerts.stand_in_provider.specification import Specification
from eventlog.log import EventLog, open_log
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange


@pytest.fixture(autouse=True, scope="session")
def exchanges_are_checked() -> Iterator[None]:
    """Each request to a stand-in in this process, and its answer, is held against Twilio's own OpenAPI.

    A stand-in that saw a wrong one says so when it ends.
    """
    StandInProvider.checks_all = staticmethod(Specification.of_messages().check)
    yield
    StandInProvider.checks_all = None


@pytest.fixture(scope="session")
def country() -> LoadedCountry:
    """Sri Lanka."""
    return country_without_feeds("lka")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Fresh keys in a folder of their own."""
    return Keys.load(tmp_path / "keys", create=True)


@pytest.fixture
def registry(tmp_path: Path, keys: Keys) -> Iterator[Registry]:
    """An empty registry."""
    opened = Registry(f"sqlite:///{tmp_path}/registry.sqlite", keys)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started when the first test asks for one."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def registry_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, once of each kind: what holds for one must hold for the other."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/registry.sqlite"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.database()
    yield url
    server.drop(url)


@pytest.fixture
def homed(registry_home: str, keys: Keys) -> Iterator[Registry]:
    """An empty registry, once in each kind of database."""
    opened = Registry(registry_home, keys)
    yield opened
    opened.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(f"sqlite:///{tmp_path}/log.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def wall() -> Wall:
    """Noon."""
    return Wall()


@pytest.fixture
def intend(log: EventLog, registry: Registry, country: LoadedCountry) -> Intend:
    """Issue warnings without sending them; answers how many messages are intended."""

    def issue(households: int, level: Level = Level.RED, areas: tuple[str, ...] = ("LK11",)) -> int:
        fill(registry, country, households=households)
        service = AlertService(log, registry, country)
        service.run_once(tell(log, *(event(EventChange.OPENED, level, area=area) for area in areas)))
        for by, role in (("first", "duty_officer"), ("second", "director")):
            for waiting in service.pending():
                service.sign(waiting.id, by, role, START)
        with registry.reading() as connection:
            return sum(intents.counts(connection).values())

    return issue


@pytest.fixture(scope="module")
def provider() -> Iterator[StandInProvider]:
    """A provider that takes everything."""
    with StandInProvider() as running:
        yield running


@pytest.fixture
def service(log: EventLog, registry: Registry, country: LoadedCountry, provider: StandInProvider) -> AlertService:
    """A service with a filled registry and a provider that has taken nothing yet."""
    provider.accepted.clear()
    fill(registry, country, households=HOUSEHOLDS)
    channel = TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", provider.base_url))
    return AlertService(log, registry, country, channel)
