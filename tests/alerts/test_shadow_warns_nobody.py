"""An event of a rule in shadow never becomes a message, nor a word to the people on duty."""

from alert_places import START
from event_makers import event, tell
from sqlalchemy import select

from alerts.registry import Registry
from alerts.service import AlertService
from alerts.tables import notices
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange


def test_no_change_of_an_event_in_shadow_proposes_anything(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """Neither of a rule that the country's files know, nor of one that they do not know yet."""
    service = AlertService(log, registry, country)
    for rule in ("river_flood", "not_in_the_files_yet"):
        for hours, change in enumerate((EventChange.OPENED, EventChange.ESCALATED, EventChange.UNCONFIRMED, EventChange.CLOSED)):
            tell(log, event(change, Level.RED, hours=hours, rule=rule, quiet="shadow of river_flood"))
    assert service.take_in(START) == 8
    assert service.pending() == []
    assert log.read("warnings") == []
    with registry.reading() as connection:
        assert connection.execute(select(notices)).all() == []


def test_once_it_is_live_a_standing_event_is_proposed(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """What opened in shadow is spoken of when the mark goes."""
    service = AlertService(log, registry, country)
    tell(log, event(EventChange.OPENED, rule="river_flood", quiet="shadow of river_flood_old"))
    tell(log, event(EventChange.UPDATED, rule="river_flood", hours=1))
    service.take_in(START)
    assert [warning.rule for warning in service.pending()] == ["river_flood"]
