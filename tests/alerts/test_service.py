"""The service between log and registry: nothing is lost or doubled, and what people on duty must know is told."""

from datetime import timedelta

import pytest
from alert_places import START
from event_makers import event, tell
from serving import sign_all, warnings

from alerts.registry import Registry
from alerts.rendering import names_of
from alerts.service import AlertService
from alerts.stand_in_provider import StandInProvider
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output, record_to_json
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Delivery, MessageState, WarningStatus


def test_quiet_events_are_recorded_and_not_sent(service: AlertService, log: EventLog) -> None:
    """What the engine marks as cooled or muted leaves a notice with its reason, and no proposal."""
    service.run_once(tell(log, event(EventChange.OPENED, quiet="muted by river_and_landslide", rule="river_flood")))
    assert service.pending() == []
    assert [(n.kind, "muted by river_and_landslide" in n.text) for n in service.notices()] == [("quiet", True)]


def test_what_concerns_operators_alone_reaches_them_at_once_and_no_household(
    service: AlertService, log: EventLog, provider: StandInProvider
) -> None:
    """People on duty need no signatures to be told, and households do not hear it."""
    happened = event(EventChange.OPENED, audience="operators", rule="river_flood")
    service.run_once(tell(log, happened))
    assert service.pending() == []
    assert [w.status for w in warnings(log)] == [WarningStatus.ISSUED]
    assert len(provider.accepted) == 2


def test_an_unknown_rule_is_told_loudly_and_stops_nothing(service: AlertService, log: EventLog) -> None:
    """An event that cannot be put into words does not hold up the others."""
    service.run_once(tell(log, event(EventChange.OPENED, rule="gone"), event(EventChange.OPENED, area="LK92")))
    assert [n.kind for n in service.notices()] == ["not_said"]
    assert [w.area for w in service.pending()] == ["LK92"]


def test_a_crash_between_registry_and_log_repeats_harmlessly(
    service: AlertService, log: EventLog, registry: Registry, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it dies between deciding, publishing and committing, the next start ends with each warning published once."""
    tell(log, event(EventChange.OPENED), event(EventChange.OPENED, area="LK92"))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    for place in ("alerts.ledger.mark_published", "alerts.ledger.unpublished"):
        with monkeypatch.context() as patched:
            patched.setattr(place, die)
            with pytest.raises(KeyboardInterrupt):
                AlertService(log, registry, country).run_once(START)
    again = AlertService(log, registry, country)
    again.run_once(START)
    assert sorted(w.area for w in warnings(log)) == ["LK21", "LK92"]
    assert len(again.pending()) == 2


def test_all_that_publish_append_alike(
    service: AlertService, log: EventLog, registry: Registry, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signer and the service may publish the same record at once; only what is appended by both is sure to be there once."""
    appended: list[str] = []
    append = log.append
    monkeypatch.setattr(log, "append", lambda records: append(appended.extend(r.id for r in records) or records))
    service.run_once(tell(log, event(EventChange.OPENED)))
    (waiting,) = AlertService(log, registry, country, member="signing").pending()
    service.sign(waiting.id, "first", "duty_officer", START)
    published = [stored.record.id for topic in ("warnings", "deliveries") for stored in log.read(topic)]
    assert published
    assert set(published) <= set(appended)
    assert log.lag("alerts") == {"events": 0}


def test_who_only_signs_holds_no_events_back(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """A signer that was there first, and was killed, does not keep the alert service from its events."""
    AlertService(log, registry, country, member="signing").pending()
    tell(log, event(EventChange.OPENED))
    assert AlertService(log, registry, country).run_once(START) == 1


def test_other_batches_give_the_same_warnings(
    log: EventLog, registry: Registry, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How the log was read changes no byte of what is published."""
    changes = [event(EventChange.OPENED, Level.ORANGE), event(EventChange.ESCALATED, hours=1), event(EventChange.CLOSED, hours=9)]
    tell(log, *changes)
    AlertService(log, registry, country, group="one").run_once(START)
    published = [s.record for s in log.read("warnings")]
    with registry.begin() as connection:
        for table in ("processed", "lives", "warnings", "bodies", "outbox", "notices"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    monkeypatch.setattr("alerts.service.BATCH", 1)
    AlertService(log, registry, country, group="two").run_once(START)
    with registry.reading() as connection:
        again = [row[0] for row in connection.exec_driver_sql("SELECT content FROM outbox WHERE record LIKE 'warning:%' ORDER BY place")]
    assert again == [record_to_json(record) for record in published]


def test_the_log_carries_deliveries_as_counts_and_no_number(service: AlertService, log: EventLog, provider: StandInProvider) -> None:
    """By message, area, language and state; neither a number nor a subscriber's id stands in any record."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    (issued,) = sign_all(service)
    service.run_once(START)
    counted = [d for s in log.read("deliveries") if isinstance(d := read_output(s.record), Delivery)]
    assert {(d.language, d.state): d.count for d in counted} == {
        (t.language, MessageState.ACCEPTED): t.recipients for t in issued.texts if t.recipients
    }
    everything = b"".join(s.record.payload for topic in ("warnings", "deliveries") for s in log.read(topic)).decode()
    assert not [m.to for m in provider.accepted if m.to[1:] in everything]
    assert "LKA-h0" not in everything


def test_silent_gauges_are_named_to_the_people_on_duty(country: LoadedCountry) -> None:
    """What the engine names as silent stands in the text under the gauges' own names."""
    sentences = (
        "lka_irrigation_river lk-peradeniya: no reading since 2025-11-27",
        "lka_irrigation_river lk-nawalapitiya: no reading since 2025-11-28",
    )
    named = names_of(event(EventChange.OPENED, silent=sentences), country, "en")
    assert set(named.stations) == {"Peradeniya", "Nawalapitiya"}


def test_there_is_work_exactly_when_taking_in_would_do_something(service: AlertService, log: EventLog) -> None:
    """A new event, a signature that is late, a reminder that is due; at no other time does taking in change anything."""
    assert not service.has_work(START)
    tell(log, event(EventChange.OPENED))
    moments = [timedelta(0), timedelta(minutes=10), timedelta(hours=1), timedelta(days=1), timedelta(days=8), timedelta(days=15)]
    seen = []
    for after in moments:
        expected = service.has_work(START + after)
        seen.append(expected)
        assert (service.take_in(START + after) > 0) is expected
        if after == moments[1]:
            sign_all(service)
    assert set(seen) == {True, False}


def test_what_waits_is_a_metric_until_it_is_signed(service: AlertService, log: EventLog) -> None:
    """The alarm for a warning that nobody signs rests on it, so it counts before anything is sent and goes back to zero."""

    def waiting() -> float | None:
        return service.metrics.registry.get_sample_value("polyrisk_warning_messages", {"stage": "pending"})

    assert waiting() == 0
    service.run_once(tell(log, event(EventChange.OPENED)))
    assert waiting() == 1
    sign_all(service)
    service.run_once(START)
    assert waiting() == 0
