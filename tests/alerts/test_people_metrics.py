"""What can be measured of what people are woken for, wrote themselves and agreed on beforehand."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from agreeing import VALLEYS, agreement, with_agreements
from alert_places import START
from small_world import World

from alerts import agreement_dates
from alerts.metrics import Metrics
from alerts.originating import Change, Draft
from alerts.registry import Registry
from alerts.roster import wakings
from alerts.roster.causes import Cause
from alerts.service import AlertService
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level


class Measured:
    """A service, and what its metrics say."""

    def __init__(self, log: EventLog, registry: Registry, country: LoadedCountry) -> None:
        self.world = World(log, registry, country)
        self.world.person("Amara", area="LK31")
        self.metrics = Metrics()
        self.world.service = AlertService(log, registry, country, self.world.telephones, metrics=self.metrics)
        self.world.at(0)

    def said(self, name: str) -> float | None:
        """What a gauge says; none if it is not a number."""
        value = self.metrics.registry.get_sample_value(name)
        assert value is not None
        return None if math.isnan(value) else value


@pytest.fixture
def measured(log: EventLog, homed: Registry, country: LoadedCountry) -> Measured:
    """One household in Galle, in each kind of database."""
    return Measured(log, homed, country)


def test_what_somebody_is_woken_for_is_measured_until_it_is_acknowledged(measured: Measured) -> None:
    """How much, and since when the oldest; nothing is no age of zero."""
    assert (measured.said("polyrisk_wakings"), measured.said("polyrisk_wakings_oldest_timestamp_seconds")) == (0, None)
    with measured.world.registry.acting() as connection:
        for number, kind in enumerate(("proposal", "feed")):
            cause = Cause(f"c{number}", kind, f"w{number}", "A flood waits for signatures.")
            wakings.begin(connection, "LKA", cause, START + timedelta(minutes=number))
    measured.world.at(1)
    assert measured.said("polyrisk_wakings") == 2
    assert measured.said("polyrisk_wakings_oldest_timestamp_seconds") == START.timestamp()
    with measured.world.registry.acting() as connection:
        wakings.settle(connection, wakings.open_ones(connection, "LKA")[0], START)
    measured.world.at(1)
    assert measured.said("polyrisk_wakings") == 1
    assert measured.said("polyrisk_wakings_oldest_timestamp_seconds") == (START + timedelta(minutes=1)).timestamp()


def test_what_people_wrote_is_measured_until_it_has_ended(measured: Measured) -> None:
    """While it waits and while it stands, with the end that its author named."""
    until = START + timedelta(hours=8)
    draft = Draft("flood", "LK31", Level.ORANGE, until, "W. Bandara", "duty_officer", "a wall broke", "the mayor")
    waits = measured.world.service.originate(draft, START)
    measured.world.at(0.1)
    assert measured.said("polyrisk_originated_warnings") == 1
    assert measured.said("polyrisk_originated_end_timestamp_seconds") == until.timestamp()
    taken_back = Change("W. Bandara", "duty_officer", "it was another wall")
    measured.world.service.end_originated(waits.warning, taken_back, "mistaken", START + timedelta(hours=1))
    measured.world.at(1)
    assert (measured.said("polyrisk_originated_warnings"), measured.said("polyrisk_originated_end_timestamp_seconds")) == (0, None)


def test_the_end_of_the_first_agreement_is_measured(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """The end of its last day by the country's clock, though it is over; without one nobody says a day."""
    name = "polyrisk_agreement_end_timestamp_seconds"
    assert Measured(log, registry, country).said(name) is None
    last = date(2025, 12, 31)
    agreed = with_agreements(country, **{VALLEYS: agreement(until=last), "later": agreement(until=date(2026, 6, 30))})
    end = datetime(2025, 12, 31, 18, 30, tzinfo=UTC)
    assert min(agreement_dates.ends(agreed)) == end
    assert Measured(log, registry, agreed).said(name) == end.timestamp()
