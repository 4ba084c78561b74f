"""The processes of the fault laboratory, each the product's own classes put together as `polyrisk run` does.

What they need is in the environment, as for the product: where state, log, countries and sources are, and the clock's file.
"""

import json
import logging
import os
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.dispatch import Dispatcher
from alerts.people.keys import Keys
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, AcceptedMessage, Mode, StandInProvider
from eventlog.log import open_log
from eventlog.state import log_url, state_folder
from feeds.cases import Case
from feeds.clock import FileClock, clock_from_environment
from feeds.run import run_feed
from feeds.stand_ins import StandInServer
from processors.loop import HOLD_S, Processor
from processors.ticker import Ticker
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import FetchError, RefusedError
from schemas.warning_records import Warning

WALL_SKEW = "FAULTS_WALL_SKEW"
"""Names the file that says by how many seconds this host's wall clock is wrong."""
PAUSE_S = 0.01
BETWEEN_FETCHES_S = 0.12
LOST_ANSWERS = {Mode.ACCEPT_THEN_500: 0.01, Mode.ACCEPT_THEN_DROP: 0.01, Mode.SLOW_DOWN: 0.01}
"""Share of the requests to send that the provider answers so."""
CHUNK, AT_ONCE = 16, 4
"""Of a dispatcher that is killed: how many messages it has in its hands at most, and how many calls at once."""
SIGNERS = ("duty_officer", "director")


def source(case: str, clock: str, address: str) -> None:
    """Play the feed's source; its address is written into a file."""
    with StandInServer(Case.load(Path(case)), FileClock(Path(clock))) as server:
        _tell(address, server.base_url)
        server.wait()


class DurableAccepted(list[AcceptedMessage]):
    """What the provider has accepted, a line each in a file, written before it answers."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, message: AcceptedMessage) -> None:
        """Write it down, and keep it."""
        line = {"sid": message.sid, "to": message.to, "body": message.body, "at": message.at.isoformat()}
        os.write(self._file, json.dumps(line).encode() + b"\n")
        super().append(message)


def provider(accepted: str, address: str, seed: str) -> None:
    """Accept messages and write them down; now and then the answer is lost."""
    chance = Random(f"provider {seed}")
    modes = [Mode.OK, *LOST_ANSWERS]
    weights = [1 - sum(LOST_ANSWERS.values()), *LOST_ANSWERS.values()]
    with StandInProvider(lambda _: chance.choices(modes, weights)[0], retry_after_s=0.02) as served:
        served.book.accepted = DurableAccepted(Path(accepted))
        _tell(address, served.base_url)
        while True:
            time.sleep(3600)


def ingest(feed: str) -> None:
    """Fetch the feed again and again, as a schedule does."""
    _live_on_host_clock()
    while True:
        try:
            run_feed(feed)
        except FetchError as error:
            print(f"no delivery: {error}", flush=True)
        time.sleep(BETWEEN_FETCHES_S)


def ticker() -> None:
    """Tick."""
    _live_on_host_clock()
    country = _country()
    clock = clock_from_environment()
    with closing(open_log(log_url())) as log:
        beating = Ticker(log, country.shard)
        _turn(lambda: beating.tick(clock.now()))


def processor(member: str, session_s: float, snapshot_every: int) -> None:
    """Judge the shard."""
    _live_on_host_clock()
    country = _country()
    with closing(open_log(log_url())) as log:
        judging = Processor(log, country.shard, member=member, snapshot_every=snapshot_every, session_s=session_s, hold_s=HOLD_S)
        holds = False
        while True:
            judging.run_for(PAUSE_S)
            if not holds and judging.consumer.shards():
                holds = True
                print("holds", flush=True)


def alerts(provider_url: str) -> None:
    """Propose, let time pass, send."""
    _live_on_host_clock()
    country = _country()
    clock = clock_from_environment()
    account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, country.facts.messaging.sender, provider_url)
    with closing(open_log(log_url())) as log:
        service = AlertService(log, _registry(), country, TwilioSms(account, timeout_s=3.0), wall_clock=_wall)
        _turn(lambda: service.run_once(clock.now()))


def signer(seed: str) -> None:
    """Sign most of what waits, some of it late, as people do from the command line; a part is never signed."""
    _live_on_host_clock()
    country = _country()
    clock = clock_from_environment()
    with closing(open_log(log_url())) as log:
        service = AlertService(log, _registry(), country, member="signing")
        _turn(lambda: _sign(service, clock.now(), seed))


def dispatch(database: str, keys: str, provider_url: str, control: str) -> None:
    """Send what waits, again and again, at the times that a file says: by how much the wall's clock is ahead of ours, and the country's."""
    account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", provider_url)

    def told() -> dict[str, Any]:
        content: dict[str, Any] = json.loads(Path(control).read_text(encoding="ascii"))
        return content

    def wall() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=told()["ahead_min"])

    channel = TwilioSms(account, connections=AT_ONCE, timeout_s=1.0)
    registry = Registry(database, Keys.load(Path(keys)))
    sending = Dispatcher(registry, channel, wall_clock=wall, chunk=CHUNK, concurrency=AT_ONCE)
    _turn(lambda: sending.run(datetime.fromisoformat(told()["now"])))


ROLES: dict[str, Callable[..., None]] = {
    "source": source,
    "provider": provider,
    "ingest": ingest,
    "ticker": ticker,
    "processor": processor,
    "alerts": alerts,
    "signer": signer,
    "dispatch": dispatch,
}


def _turn(once: Callable[[], object]) -> None:
    """What a part of the product does each second, here without the second."""
    print("running", flush=True)
    while True:
        once()
        time.sleep(PAUSE_S)


def _sign(service: AlertService, now: datetime, seed: str) -> None:
    for warning in service.pending():
        fate = Random(f"{seed} {warning.id}")
        if fate.random() < 0.1 or now < warning.proposed + timedelta(minutes=fate.randrange(90)):
            continue
        for role in SIGNERS:
            _sign_as(service, warning, role, now)


def _sign_as(service: AlertService, warning: Warning, role: str, now: datetime) -> None:
    try:
        service.sign(warning.id, f"{role} of the laboratory", role, now)
    except RefusedError as error:  # one signature was enough, it is there already, or what waited was withdrawn meanwhile
        print(f"not signed: {error}", flush=True)


def _live_on_host_clock() -> None:
    """From here on, `time.time` is as wrong as the host's clock."""
    logging.basicConfig(level=logging.INFO)
    true = time.time
    skew_file = Path(os.environ[WALL_SKEW])
    time.time = lambda: true() + float(skew_file.read_text(encoding="ascii") or 0)


def _wall() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _country() -> LoadedCountry:
    return load_country(countries_root() / "lka")


def _registry() -> Registry:
    state = state_folder()
    return Registry(f"sqlite:///{state / 'registry.db'}", Keys.load(state / "keys"))


def _tell(path: str, line: str) -> None:
    draft = Path(f"{path}.draft")
    draft.write_text(line, encoding="ascii")
    draft.replace(path)
