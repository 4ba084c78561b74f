"""The service: from event to people, with signatures between, and nothing lost or doubled between log and registry."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from alert_places import START
from event_makers import event, tell

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.people.synthetic import fill
from alerts.proposals import waiting as count_waiting
from alerts.registry import Registry
from alerts.rendering import names_of
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output, record_to_json
from schemas.errors import RefusedError
from schemas.levels import Level, Truth
from schemas.records import CompoundEvent, Delivery, EventChange, MessageState, Warning, WarningStatus

HOUSEHOLDS = 600


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


def sign_all(service: AlertService, hours: float = 0) -> list[Warning]:
    """Two people in two roles sign whatever waits."""
    now = START + timedelta(hours=hours)
    for waiting in service.pending():
        service.sign(waiting.id, "first person", "duty_officer", now)
    return [service.sign(waiting.id, "second person", "director", now) for waiting in service.pending()]


def english(warning: Warning) -> str:
    """A message as it is read in English."""
    return next(t.body for t in warning.texts if t.language == "en")


def warnings(log: EventLog) -> list[Warning]:
    """All that was published of warnings, in order."""
    return [w for s in log.read("warnings") if isinstance(w := read_output(s.record), Warning)]


def test_nothing_goes_out_before_two_people_in_two_roles_have_signed(
    service: AlertService, log: EventLog, provider: StandInProvider
) -> None:
    """The default is to propose and to wait; one person, one role, or a role that may not sign is not enough."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    (waiting,) = service.pending()
    assert (waiting.status, waiting.recipients > 0, waiting.cost > 0) == (WarningStatus.PROPOSED, True, True)
    service.sign(waiting.id, "first person", "duty_officer", START)
    for by, role in (("first person", "director"), ("second person", "duty_officer"), ("second person", "planner"), ("x", "nobody")):
        with pytest.raises(RefusedError):
            service.sign(waiting.id, by, role, START)
    service.run_once(START)
    assert provider.accepted == []
    issued = service.sign(waiting.id, "second person", "director", START)
    service.run_once(START)
    assert issued.status is WarningStatus.ISSUED
    assert [s.role for s in issued.signatures] == ["duty_officer", "director"]
    assert len(provider.accepted) == issued.recipients == waiting.recipients
    with pytest.raises(RefusedError):
        service.sign(waiting.id, "third person", "district_unit", START)


def test_each_household_reads_its_own_language_and_place(service: AlertService, log: EventLog, provider: StandInProvider) -> None:
    """The texts that arrive are those that were signed, as many of each language as were counted."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    (issued,) = sign_all(service)
    service.run_once(START)
    bodies = [m.body for m in provider.accepted]
    assert {t.language for t in issued.texts} == {"si", "ta", "en"}
    assert {t.body: bodies.count(t.body) for t in issued.texts} == {t.body: t.recipients for t in issued.texts}
    assert {"si": "මහනුවර", "ta": "கண்டி", "en": "Kandy"}.items() <= {
        t.language: next(n for n in ("මහනුවර", "கண்டி", "Kandy") if n in t.body) for t in issued.texts
    }.items()
    assert issued.segments == sum(t.segments * t.recipients for t in issued.texts)


def test_the_all_clear_goes_to_exactly_those_who_were_warned(
    service: AlertService, log: EventLog, registry: Registry, country: LoadedCountry, provider: StandInProvider
) -> None:
    """Neither somebody who came later, nor somebody who left, nor one fewer."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(START)
    warned = {m.to for m in provider.accepted}
    fill(registry, country, households=HOUSEHOLDS + 200, seed=2)
    left = min(warned)
    registry.stop(left, START)
    provider.accepted.clear()
    service.run_once(tell(log, event(EventChange.CLOSED, hours=5)))
    (issued,) = sign_all(service, 5)
    service.run_once(START + timedelta(hours=5))
    assert sorted(m.to for m in provider.accepted) == sorted(warned - {left})
    assert (issued.status, issued.message_type, issued.references) == (WarningStatus.CANCELLED, "Cancel", (f"{issued.warning}.1",))


def test_a_warning_nobody_signs_is_passed_on_and_never_lapses(service: AlertService, log: EventLog) -> None:
    """After the time to sign, it is published as escalated and told to the next on the ladder, again and again, and still waits."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    for hours in (0.4, 0.6, 2, 5):
        service.run_once(START + timedelta(hours=hours))
    assert [w.status for w in warnings(log)] == [WarningStatus.PROPOSED] + [WarningStatus.ESCALATED] * 3
    assert [n.kind for n in service.notices()] == ["unsigned"] * 3
    assert "director" in service.notices()[0].text
    assert "district_unit" in service.notices()[1].text
    assert len(service.pending()) == count_waiting(log) == 1
    sign_all(service, 6)
    assert count_waiting(log) == 0


def test_a_standing_warning_is_said_again_and_renewed_before_it_runs_out(service: AlertService, log: EventLog) -> None:
    """A reminder when the rule says so; and if nobody signs anything new, the end of the last message is recorded, not passed over."""
    opened = event(EventChange.OPENED)
    (remind,) = (r.remind for r in service.country.configuration.rules if r.name == opened.rule)
    assert remind is not None
    service.run_once(tell(log, opened))
    sign_all(service)
    service.run_once(START + remind.every - timedelta(hours=1))
    assert service.pending() == []
    service.run_once(START + remind.every)
    (reminder,) = service.pending()
    assert (reminder.reason, reminder.message_type) == ("reminder", "Update")
    assert "STILL IN FORCE" in english(reminder)
    assert "GRAVE" not in english(reminder)
    service.run_once(START + timedelta(days=15))
    expired = [w for w in warnings(log) if w.status is WarningStatus.EXPIRED]
    assert [(w.message_type, w.issued is not None, w.references) for w in expired] == [("Update", True, (f"{reminder.warning}.1",))]
    assert "expired" in [n.kind for n in service.notices()]


def test_a_reminder_says_when_nothing_is_heard_from_the_gauges(service: AlertService, log: EventLog) -> None:
    """Who hears that a warning stands may rely on it being watched; so silence is said, and only silence."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(START + timedelta(days=7))
    assert "NO readings" not in english(service.pending()[0])
    sign_all(service, 7 * 24)
    service.run_once(tell(log, event(EventChange.UNCONFIRMED, hours=8 * 24, unconfirmed=True)))
    service.run_once(START + timedelta(days=14))
    assert "NO readings" in english(service.pending()[0])


def test_the_end_goes_to_those_too_who_heard_only_that_the_warning_still_stands(
    service: AlertService, log: EventLog, registry: Registry, country: LoadedCountry, provider: StandInProvider
) -> None:
    """Who came after the first message and had the reminder has been warned."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(START)
    fill(registry, country, households=HOUSEHOLDS + 200, seed=2)
    provider.accepted.clear()
    service.run_once(START + timedelta(days=7))
    sign_all(service, 7 * 24)
    service.run_once(START + timedelta(days=7))
    reminded = sorted(m.to for m in provider.accepted)
    provider.accepted.clear()
    service.run_once(tell(log, event(EventChange.CLOSED, hours=8 * 24)))
    sign_all(service, 8 * 24)
    service.run_once(START + timedelta(days=8))
    assert sorted(m.to for m in provider.accepted) == reminded


def test_what_overtakes_a_proposal_withdraws_it(service: AlertService, log: EventLog, provider: StandInProvider) -> None:
    """Signatures stand for what was signed: a graver level needs new ones, and an end before signing sends nothing."""
    service.run_once(tell(log, event(EventChange.OPENED, Level.ORANGE)))
    service.sign(service.pending()[0].id, "first person", "duty_officer", START)
    service.run_once(tell(log, event(EventChange.ESCALATED, Level.RED, hours=1)))
    (waiting,) = service.pending()
    assert (waiting.level, waiting.signatures) == (Level.RED, ())
    service.run_once(tell(log, event(EventChange.CLOSED, hours=2)))
    assert service.pending() == []
    assert provider.accepted == []
    assert [w.status.value for w in warnings(log)] == ["proposed", "withdrawn", "proposed", "withdrawn"]


def test_quiet_events_are_recorded_and_not_sent(service: AlertService, log: EventLog) -> None:
    """What the engine marks as cooled or muted leaves a notice with its reason, and no proposal."""
    service.run_once(tell(log, event(EventChange.OPENED, quiet="muted by river_and_landslide", rule="river_flood")))
    assert service.pending() == []
    assert [(n.kind, "muted by river_and_landslide" in n.text) for n in service.notices()] == [("quiet", True)]


def test_a_dead_gauge_ends_in_we_can_no_longer_tell(service: AlertService, log: EventLog) -> None:
    """Unconfirmed leaves the warning standing, told to people on duty; the end without knowledge is no all-clear."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(
        tell(log, event(EventChange.UNCONFIRMED, hours=72, silent=("lka_irrigation_river lk-peradeniya: no reading since 2025-11-27",)))
    )
    assert [w for w in service.pending() if w.message_type != "Update"] == []
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, hours=300)))
    issued = sign_all(service, 300)[-1]
    assert (issued.status, issued.message_type) == (WarningStatus.CANNOT_TELL, "Update")
    assert "NO LONGER TELL" in next(t.body for t in issued.texts if t.language == "en")
    assert "lk-peradeniya" in next(n.text for n in service.notices() if n.kind == "unconfirmed")


GREATER, LESSER = "river_and_landslide", "landslide"


def both_stand(service: AlertService, log: EventLog) -> None:
    """Households stand under a landslide warning, and under that of river and landslide which mutes it."""
    service.run_once(tell(log, event(EventChange.OPENED, rule=LESSER)))
    sign_all(service)
    service.run_once(tell(log, event(EventChange.OPENED, rule=GREATER, hours=1)))
    sign_all(service, 1)


@pytest.mark.parametrize("change", [EventChange.CANNOT_TELL, EventChange.CLOSED])
@pytest.mark.parametrize("order", [(GREATER, LESSER), (LESSER, GREATER)])
def test_two_warnings_that_end_together_end_in_one_message(
    service: AlertService, log: EventLog, order: tuple[str, str], change: EventChange
) -> None:
    """Whichever is handled first, the greater one's end speaks for both, and the people on duty know it."""
    both_stand(service, log)
    service.run_once(tell(log, *(event(change, rule=rule, hours=300, quiet=_muted(rule)) for rule in order)))
    assert [(w.rule, w.reason) for w in service.pending()] == [(GREATER, change.value)]
    (notice,) = [n for n in service.notices() if n.kind == "ended_in_greater"]
    assert notice.text.startswith(f"{LESSER} in LK21 ended ({change.value.replace('_', ' ')})")


def _muted(rule: str) -> str:
    return f"muted by {GREATER}" if rule == LESSER else ""


def test_an_end_that_was_left_to_a_greater_warning_is_not_taken_back_by_its_end_being_signed(service: AlertService, log: EventLog) -> None:
    """One message for both, whenever it is signed; after it, nobody is owed a word."""
    both_stand(service, log)
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, rule=GREATER, hours=300)))
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, rule=LESSER, hours=301, quiet=_muted(LESSER))))
    assert [w.rule for w in sign_all(service, 302)] == [GREATER]
    service.run_once(START + timedelta(hours=302))
    assert service.run_once(START + timedelta(hours=500)) == 0


def test_the_end_of_a_small_warning_is_told_once_the_greater_ones_end_went_out(service: AlertService, log: EventLog) -> None:
    """What ended long before speaks for nobody: the small one's own end is owed to those who were warned."""
    both_stand(service, log)
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, rule=GREATER, hours=300)))
    sign_all(service, 300)
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, rule=LESSER, hours=310)))
    assert [(w.rule, w.reason) for w in service.pending()] == [(LESSER, "cannot_tell")]


def test_a_late_reading_that_moves_an_end_already_told_says_nothing_to_households(service: AlertService, log: EventLog) -> None:
    """Neither a new warning nor a second all-clear; the people on duty see that it moved. What stands again warns anew."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(tell(log, event(EventChange.CLOSED, hours=5, until=START + timedelta(hours=5))))
    sign_all(service, 5)
    for hours in (6, 7):
        moved = event(EventChange.UPDATED, hours=hours, truth=Truth.FALSE, until=START + timedelta(hours=hours - 2))
        service.run_once(tell(log, moved))
    assert service.pending() == []
    assert [(n.kind, "after its end (updated" in n.text) for n in service.notices()] == [("revised", True)] * 2
    service.run_once(tell(log, event(EventChange.OPENED, hours=8)))
    assert [(w.reason, w.message_type) for w in service.pending()] == [("reopened", "Alert")]


def test_a_late_reading_that_moves_an_end_not_yet_signed_leaves_it_waiting(service: AlertService, log: EventLog) -> None:
    """Households are still owed the end; taking it back would leave them under a warning for ever."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(tell(log, event(EventChange.CLOSED, hours=5, until=START + timedelta(hours=5))))
    service.run_once(tell(log, event(EventChange.UPDATED, hours=6, truth=Truth.FALSE, until=START + timedelta(hours=4))))
    assert [w.reason for w in service.pending()] == ["closed"]
    service.run_once(tell(log, event(EventChange.UPDATED, hours=7, truth=Truth.UNKNOWN, until=START + timedelta(hours=6))))
    assert [w.reason for w in service.pending()] == ["closed_unknown"]


OLDER, YOUNGER = {"id": "LKA:river_and_landslide:LK21:1"}, {"id": "LKA:river_and_landslide:LK21:2"}


def younger_stands(service: AlertService, log: EventLog, provider: StandInProvider) -> list[str]:
    """An event has come and gone with its all-clear, and another of the same rule stands; answers whom it warned."""
    service.run_once(tell(log, event(EventChange.OPENED, **OLDER)))
    sign_all(service)
    service.run_once(tell(log, event(EventChange.CLOSED, hours=5, until=START + timedelta(hours=5), **OLDER)))
    sign_all(service, 5)
    service.run_once(START + timedelta(hours=5))
    provider.accepted.clear()
    service.run_once(tell(log, event(EventChange.OPENED, hours=9, **YOUNGER)))
    sign_all(service, 9)
    service.run_once(START + timedelta(hours=9))
    warned = sorted(m.to for m in provider.accepted)
    provider.accepted.clear()
    return warned


def merged(hours: float) -> CompoundEvent:
    """The younger event became part of the older one."""
    return event(EventChange.CLOSED, hours=hours, truth=Truth.TRUE, quiet=f"merged into {OLDER['id']}", **YOUNGER)


@pytest.mark.parametrize("more", [{}, {"quiet": "cooled until 2025-11-28T00:00+00:00"}])
def test_who_was_warned_of_what_became_part_of_an_older_event_hears_one_end(
    service: AlertService, log: EventLog, provider: StandInProvider, more: dict[str, str]
) -> None:
    """A late reading closes the gap between two: no all-clear and no second warning then, and one end when it is over."""
    warned = younger_stands(service, log, provider)
    service.run_once(tell(log, event(EventChange.OPENED, hours=10, **OLDER, **more), merged(10)))
    assert service.pending() == []
    assert "merged" in [n.kind for n in service.notices()]
    service.run_once(tell(log, event(EventChange.CLOSED, hours=20, until=START + timedelta(hours=20), **OLDER, **more)))
    (issued,) = sign_all(service, 20)
    service.run_once(START + timedelta(hours=20))
    assert (issued.reason, issued.message_type) == ("closed", "Cancel")
    assert sorted(m.to for m in provider.accepted) == warned
    assert service.run_once(START + timedelta(days=30)) == 0


def test_what_became_part_of_an_older_event_that_is_over_ends_with_it(
    service: AlertService, log: EventLog, provider: StandInProvider
) -> None:
    """The late reading shows at once that it was one event and that it is over: its end was told before the second warning."""
    warned = younger_stands(service, log, provider)
    over = event(EventChange.UPDATED, hours=10, truth=Truth.FALSE, until=START + timedelta(hours=9.5), **OLDER)
    service.run_once(tell(log, merged(10), over))
    (issued,) = sign_all(service, 10)
    service.run_once(START + timedelta(hours=10))
    assert issued.message_type == "Cancel"
    assert sorted(m.to for m in provider.accepted) == warned


def test_what_became_part_of_a_graver_event_is_updated(service: AlertService, log: EventLog, provider: StandInProvider) -> None:
    """The warning goes on as that of the older event, so it says what that one is."""
    younger_stands(service, log, provider)
    service.run_once(tell(log, event(EventChange.OPENED, Level.ORANGE, hours=10, **OLDER), merged(10)))
    assert [(w.reason, w.message_type, w.level) for w in service.pending()] == [("eased", "Update", Level.ORANGE)]


def test_what_became_part_of_an_event_nobody_could_put_into_words_goes_on_standing(service: AlertService, log: EventLog) -> None:
    """Nothing is said rather than a wrong end; it runs out loudly, and the people on duty know why."""
    service.run_once(tell(log, event(EventChange.OPENED, **YOUNGER)))
    sign_all(service)
    service.run_once(tell(log, merged(10)))
    assert service.pending() == []
    service.run_once(START + timedelta(days=15))
    assert [n.kind for n in service.notices()] == ["merged", "expired"]


def test_a_retraction_is_said_though_a_greater_warning_stands(service: AlertService, log: EventLog) -> None:
    """That a warning rested on a wrong reading is news whatever else stands."""
    both_stand(service, log)
    service.run_once(tell(log, event(EventChange.RETRACTED, rule=LESSER, hours=5, quiet=_muted(LESSER))))
    assert [(w.rule, w.reason) for w in service.pending()] == [(LESSER, "retracted")]


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
        again = [row[0] for row in connection.exec_driver_sql("SELECT content FROM outbox ORDER BY place")]
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


def test_a_revision_withdraws_what_it_disproves(service: AlertService, log: EventLog) -> None:
    """If the truth never was, those who were warned hear that the first message rested on a wrong reading."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(START)
    service.run_once(tell(log, event(EventChange.RETRACTED, hours=1, truth=Truth.FALSE)))
    (issued,) = sign_all(service, 1)
    assert issued.message_type == "Cancel"
    assert "wrong reading" in next(t.body for t in issued.texts if t.language == "en")


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
