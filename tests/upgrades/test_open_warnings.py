"""A version is changed while warnings are open: what stands gets its end, what waits can be signed, what was being sent goes on once."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alert_places import START, country_without_feeds
from event_makers import event, tell
from make_open_warnings import DIED, DIED_AT, KEYS, PEOPLE, STANDS, WAITS, Telephones, number

from alerts import ledger
from alerts.channels.contract import Accepted, Outgoing
from alerts.registry import Registry
from alerts.service import AlertService
from eventlog.log import EventLog, open_log
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Warning, WarningStatus

HERE = Path(__file__).parent / "open_warnings"
VERSIONS = sorted(path.name for path in HERE.iterdir())
HANDED_OVER = number(DIED, 0)
"""Whose message the older version handed over before it ended."""


class Provider(Telephones):
    """Telephones of today's provider: it also shows what it took from the older version without an answer, once."""

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:
        """What was taken then."""
        assert since == DIED_AT
        return (Accepted("without-answer"),) if message.to == HANDED_OVER else ()


@dataclass
class Upgraded:
    """The installation, opened by this version."""

    log: EventLog
    registry: Registry
    service: AlertService
    telephones: Provider

    def districts(self) -> Counter[str]:
        """How many messages were read in which district since this was last asked, by the numbers they went to."""
        found = Counter(f"LK{to[7:9]}" for to, _ in self.telephones.read)
        self.telephones.read.clear()
        return found

    def sign(self, at: datetime) -> list[Warning]:
        """Two people read and sign all that waits; who signed under the older version, too, if their signature holds no more."""
        issued = []
        for by, role in (("first", "duty_officer"), ("second", "director")):
            for waiting in self.service.pending():
                if by not in {s.by for s in waiting.signatures}:
                    signed = self.service.sign(waiting.id, by, role, at)
                    issued += [signed] if signed.issued is not None else []
        return issued


@pytest.fixture(params=VERSIONS)
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Upgraded]:
    """A copy of what a version left in the middle of its work, opened by this one."""
    left = shutil.copytree(HERE / request.param, tmp_path / "installation")
    telephones = Provider("after")
    with (
        closing(open_log(f"sqlite:///{left / 'log.db'}")) as log,
        closing(Registry(f"sqlite:///{left / 'registry.db'}", KEYS)) as registry,
        closing(AlertService(log, registry, country_without_feeds("lka"), telephones)) as service,
    ):
        yield Upgraded(log, registry, service, telephones)


def test_there_is_a_version_to_open() -> None:
    """The test is worth nothing without one."""
    assert "0007" in VERSIONS


def test_what_was_being_sent_goes_on_and_nobody_gets_two(upgraded: Upgraded) -> None:
    """Of three people one message was handed over without an answer: it is found at the provider, and the two others get theirs."""
    upgraded.service.run_once(START)
    read = [to for to, _ in upgraded.telephones.read]
    assert sorted(read) == [number(DIED, 1), number(DIED, 2)]
    upgraded.telephones.read.clear()
    upgraded.service.run_once(START + timedelta(minutes=5))
    assert upgraded.telephones.read == []


def test_what_stands_gets_its_all_clear_to_exactly_those_who_were_warned(upgraded: Upgraded) -> None:
    """Also to the one who has moved away since, and to nobody else."""
    upgraded.service.run_once(START)
    upgraded.telephones.read.clear()
    assert upgraded.registry.move(number(STANDS, 0), WAITS, START + timedelta(hours=1))
    upgraded.service.run_once(tell(upgraded.log, event(EventChange.CLOSED, area=STANDS, hours=2)))
    over = [w for w in upgraded.service.pending() if w.area == STANDS]
    assert len(over) == 1
    at = START + timedelta(hours=2)
    for by, role in (("first", "duty_officer"), ("second", "director")):
        if any(w.id == over[0].id for w in upgraded.service.pending()):
            upgraded.service.sign(over[0].id, by, role, at)
    upgraded.service.run_once(at)
    assert sorted(to for to, _ in upgraded.telephones.read) == [number(STANDS, n) for n in range(PEOPLE)]


def test_what_waits_half_signed_can_be_signed_and_goes_out_once(upgraded: Upgraded) -> None:
    """The event that proposed it is not proposed anew, and after the signatures that it needs its people get it once."""
    upgraded.service.run_once(START)
    upgraded.telephones.read.clear()
    (waiting,) = upgraded.service.pending()
    assert waiting.area == WAITS
    assert waiting.signatures == ()  # the older one said nothing of what was read, so it holds no more: both sign
    (issued,) = upgraded.sign(START + timedelta(minutes=10))
    assert issued.status is WarningStatus.ISSUED
    upgraded.service.run_once(START + timedelta(minutes=10))
    upgraded.service.run_once(START + timedelta(minutes=11))
    assert upgraded.districts() == {WAITS: PEOPLE}


def test_events_of_before_the_upgrade_are_not_acted_on_again(upgraded: Upgraded) -> None:
    """All of them read from the beginning, as after a loss of the places of groups: no warning is proposed a second time."""
    country = country_without_feeds("lka")
    with closing(AlertService(upgraded.log, upgraded.registry, country, group="from the beginning")) as again:
        again.run_once(START)
    with upgraded.registry.reading() as connection:
        assert ledger.statuses(connection) == {ledger.ISSUED: 2, ledger.PENDING: 1}


def test_what_opens_after_the_upgrade_is_warned_of(upgraded: Upgraded) -> None:
    """A district that had no warning gets one, beside those that were open."""
    upgraded.service.run_once(START)
    upgraded.telephones.read.clear()
    change = event(EventChange.OPENED, Level.RED, area=WAITS, hours=1, rule="landslide")
    upgraded.service.run_once(tell(upgraded.log, change))
    assert {w.rule for w in upgraded.service.pending()} == {"river_and_landslide", "landslide"}
