"""The life of a warning as people live it: what each of them reads, and that each thing not said is counted with its reason."""

from datetime import time, timedelta

import pytest
from alert_places import START
from event_makers import event
from small_world import World, with_messaging

from alerts import intents
from alerts.registry import Registry
from alerts.silences import Silence
from eventlog.log import EventLog
from schemas.country_facts import Damping, QuietHours
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import WarningStatus

GREATER, LESSER = "river_and_landslide", "landslide"


@pytest.fixture
def world(log: EventLog, registry: Registry, country: LoadedCountry) -> World:
    """Two households of Kandy."""
    made = World(log, registry, country)
    made.person("Amara")
    made.person("Bimal")
    return made


def unsent(world: World) -> dict[str, int]:
    """Why messages were not sent, to how many people."""
    with world.registry.reading() as connection:
        return intents.unsent(connection)


def test_what_was_published_is_never_edited_and_references_resolve(world: World) -> None:
    """Whatever follows, each message that went out stands in the log once, as it went out, and refers to all before it."""
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    world.sign()
    world.happens(EventChange.ESCALATED, 1)
    world.sign(1)
    world.at(24 * 15)
    world.sign(24 * 15)
    world.happens(EventChange.CLOSED, 24 * 16)
    world.sign(24 * 16)
    out = [w for w in world.published() if w.issued is not None]
    assert [(w.message_type, w.status.value) for w in out] == [
        ("Alert", "issued"),
        ("Update", "updated"),
        ("Update", "expired"),
        ("Alert", "issued"),
        ("Cancel", "cancelled"),
    ]
    assert [w.references for w in out] == [tuple(w.id for w in out[:n]) for n in range(len(out))]
    assert len({w.id for w in out}) == len(out)


def test_a_warning_that_nobody_renews_ends_with_the_word_that_it_ran_out(world: World) -> None:
    """Those who were warned hear that its time is over and that this is no all-clear; a new warning of the same event waits loudly."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    world.read()
    world.person("Chitra")
    world.at(24 * 14)
    assert [(name, "NOT an all-clear" in body and "RUN OUT" in body) for name, body in world.read()] == [("Amara", True), ("Bimal", True)]
    (expired,) = [w for w in world.published() if w.status is WarningStatus.EXPIRED]
    assert {s.role for s in expired.signatures} == {"duty_officer", "director"}
    assert [(w.message_type, w.reason) for w in world.service.pending()] == [("Alert", "renewed")]
    assert "sign a new warning" in world.notices("expired")[0]
    world.happens(EventChange.CLOSED, 24 * 14 + 1)
    assert world.service.pending() == []
    world.at(24 * 15)
    assert world.read() == []


def test_an_all_clear_that_nobody_signs_gives_way_to_the_word_that_the_time_ran_out(world: World) -> None:
    """People are not left under a warning for ever because an office sleeps, and hear one end, not two."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    world.happens(EventChange.CLOSED, 5)
    world.read()
    world.at(24 * 14)
    assert world.readers() == ["Amara", "Bimal"]
    assert world.service.pending() == []
    assert "nobody signed the end" in world.notices("expired")[0]


def test_whoever_comes_gets_the_standing_warning_once(world: World) -> None:
    """Enrolled or moved there while it stands: the newest signed message, which says that it is late; and then the end."""
    world.person("Devi", "LK11")
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    world.sign()
    world.happens(EventChange.ESCALATED, 1)
    world.sign(1)
    world.read()
    world.person("Chitra", joined=2)
    world.person("Devi", "LK21", joined=3)
    for hours in (3, 4, 5):
        world.at(hours)
    heard = world.read()
    assert [name for name, _ in heard] == ["Chitra", "Devi"]
    assert all(body.startswith("SENT LATE. ") and "GRAVE" in body for _, body in heard)
    assert not world.service.has_work(world.now)
    assert world.notices("joined") == ["river_and_landslide in LK21: 2 people came there while it stands, and are told."]
    world.happens(EventChange.CLOSED, 6)
    world.sign(6)
    assert world.readers() == ["Amara", "Bimal", "Chitra", "Devi"]


def test_whoever_comes_back_after_stop_gets_it_too(world: World) -> None:
    """What was dropped because they had left is sent when they return while it stands; who had read it before they left, and nobody else,
    hears it twice."""
    world.happens(EventChange.OPENED, 0)
    sent, world.service._dispatcher = world.service._dispatcher, None
    world.sign()
    world.leaves("Bimal")
    world.service._dispatcher = sent
    world.at(0.1)
    assert (world.readers(), unsent(world)) == (["Amara"], {"stopped": 1})
    world.leaves("Amara")
    world.at(1)
    world.returns("Amara", 2)
    world.returns("Bimal", 2)
    for hours in (2, 3):
        world.at(hours)
    assert (world.readers(), unsent(world)) == (["Bimal"], {})
    world.happens(EventChange.CLOSED, 5)
    world.sign(5)
    assert world.readers() == ["Amara", "Bimal"]


def test_who_left_before_it_was_signed_hears_it_when_they_return_and_not_before(world: World) -> None:
    """No message was made for them; a later enrolment by an office does not bring them back, their own START
    does, and from then on an office may bring what is held of them up to date."""
    world.happens(EventChange.OPENED, 0)
    world.leaves("Bimal")
    world.sign()
    with pytest.raises(RefusedError):
        world.person("Bimal", joined=1)
    world.at(1)
    assert world.readers() == ["Amara"]
    world.returns("Bimal", 2)
    world.at(2)
    assert world.readers() == ["Bimal"]
    world.person("Bimal", joined=1)
    world.at(3)
    assert world.readers() == []


def test_the_end_follows_who_was_warned_wherever_they_are_and_however_they_read(world: World) -> None:
    """Moved away or reading another language by now: exactly those who were warned hear the end, in the language they read now."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    world.read()
    world.person("Amara", "LK11", joined=1)
    world.person("Bimal", "LK21", "ta")
    world.happens(EventChange.CLOSED, 5)
    world.person("Chitra", joined=4.9)
    (issued,) = world.sign(5)
    read = world.read()
    assert [name for name, _ in read] == ["Amara", "Bimal"]
    assert "ALL CLEAR" in read[0][1]
    assert "கண்டி" in read[1][1]
    assert {t.language: t.recipients for t in issued.texts if t.recipients} == {"en": 1, "ta": 1}


def test_an_end_is_not_told_again_to_those_who_heard_an_earlier_one(world: World) -> None:
    """What stands again warns anew whoever lives there now; who moved away after the first end has nothing more to hear."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    world.happens(EventChange.CLOSED, 5)
    world.sign(5)
    world.person("Amara", "LK11", joined=6)
    world.read()
    world.happens(EventChange.ESCALATED, 7)
    world.sign(7)
    world.happens(EventChange.CLOSED, 9)
    world.sign(9)
    assert world.readers() == ["Bimal", "Bimal"]


def test_who_heard_only_the_lesser_warning_hears_the_greater_ones_end(world: World) -> None:
    """A person who moved away between the two is owed an end; that of the greater warning, to which it was left, is told to them too."""
    world.happens(EventChange.OPENED, 0, rule=LESSER)
    world.sign()
    world.person("Amara", "LK11", joined=0.5)
    world.happens(EventChange.OPENED, 1, rule=GREATER)
    world.sign(1)
    world.read()
    world.happens(EventChange.CLOSED, 5, rule=LESSER, quiet=f"muted by {GREATER}")
    assert world.service.pending() == []
    world.happens(EventChange.CLOSED, 6, rule=GREATER)
    world.sign(6)
    assert world.readers() == ["Amara", "Bimal"]
    world.at(24 * 30)
    assert world.read() == []


def test_two_warnings_of_one_danger_are_one_message(world: World) -> None:
    """The lesser one that waits to be sent is dropped for who gets the greater; if the greater ends first, it is told after all."""
    world.happens(EventChange.OPENED, 0, rule=LESSER)
    sent, world.service._dispatcher = world.service._dispatcher, None
    world.sign()
    world.happens(EventChange.OPENED, 1, rule=GREATER)
    world.sign(1)
    world.service._dispatcher = sent
    world.at(1)
    assert [(name, "LANDSLIDE" in body) for name, body in world.read()] == [("Amara", True), ("Bimal", True)]
    assert unsent(world) == {"grouped": 2}
    world.happens(EventChange.CLOSED, 5, rule=GREATER)
    world.sign(5)
    ends_then_lesser = world.read()
    assert [name for name, _ in ends_then_lesser] == ["Amara", "Amara", "Bimal", "Bimal"]
    world.happens(EventChange.CLOSED, 6, rule=LESSER)
    world.sign(6)
    assert world.readers() == ["Amara", "Bimal"]


@pytest.mark.parametrize(("level", "hours", "read"), [(Level.RED, 10.1, 2), (Level.ORANGE, 10.1, 0), (Level.ORANGE, 25, 2)])
def test_at_night_only_the_gravest_goes_out(
    log: EventLog, registry: Registry, country: LoadedCountry, level: Level, hours: float, read: int
) -> None:
    """From nine in the evening to six, by the clock of the place (START is 17:30 there), what is not red waits for the morning."""
    quiet = with_messaging(country, quiet_hours=QuietHours(since=time(21), until=time(6)))
    world = World(log, registry, quiet)
    world.person("Amara")
    world.person("Bimal")
    world.happens(EventChange.OPENED, 10, level)
    world.sign(10.1)
    world.at(hours)
    heard = world.read()
    assert len(heard) == read
    assert all(body.startswith("SENT LATE. ") == (level is Level.ORANGE) for _, body in heard)


def test_what_the_night_held_is_not_sent_once_it_is_over(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """Neither the warning nor its end is told to people who never heard of it."""
    world = World(log, registry, with_messaging(country, quiet_hours=QuietHours(since=time(21), until=time(6))))
    world.person("Amara")
    world.happens(EventChange.OPENED, 5, Level.ORANGE)
    world.sign(5.1)
    world.happens(EventChange.CLOSED, 8, Level.ORANGE)
    world.sign(8)
    world.at(14)
    assert world.read() == []
    assert unsent(world) == {"overtaken": 1}


def test_late_says_so(world: World) -> None:
    """What reaches the provider half an hour or more after it was signed begins with the words, in its own language."""
    world.person("Chitra", language="ta")
    sent, world.service._dispatcher = world.service._dispatcher, None
    world.happens(EventChange.OPENED, 0)
    world.sign()
    world.service._dispatcher = sent
    world.at(0.51)
    read = dict(world.read())
    assert read["Amara"].startswith("SENT LATE. ")
    assert read["Chitra"].startswith("தாமதமான செய்தி. ")
    world.happens(EventChange.CLOSED, 5)
    world.sign(5)
    assert not any(body.startswith("SENT LATE") for _, body in world.read())


def test_what_nobody_could_send_in_time_is_not_sent_and_is_counted(world: World) -> None:
    """An all-clear of yesterday is worth nothing today."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    world.read()
    sent, world.service._dispatcher = world.service._dispatcher, None
    world.happens(EventChange.CLOSED, 5)
    world.sign(5)
    world.service._dispatcher = sent
    world.at(5 + 24)
    assert world.read() == []
    assert unsent(world) == {"out_of_time": 2}


def test_updates_are_damped_for_each_person_and_a_graver_one_is_not(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """One update in two hours: the next that is no graver is spared and counted, a graver one and the end are told."""
    world = World(log, registry, with_messaging(country, damping=Damping(at_most=1, within=timedelta(hours=2))))
    world.person("Amara")
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    world.sign()
    for hours, change, level in (
        (0.5, EventChange.ESCALATED, Level.RED),
        (1, EventChange.EASED, Level.ORANGE),
        (1.5, EventChange.ESCALATED, Level.RED),
    ):
        world.happens(change, hours, level)
        world.sign(hours)
    assert len(world.read()) == 3
    assert unsent(world) == {"damped": 1}
    world.happens(EventChange.EASED, 4, Level.ORANGE)
    world.sign(4)
    world.happens(EventChange.CLOSED, 4.1, Level.ORANGE)
    world.sign(4.1)
    assert len(world.read()) == 2


def silence(**more: object) -> Silence:
    """A silence of an hour by somebody who may."""
    named = {"by": "Perera", "role": "duty_officer", "comment": "gauge under repair"}
    values = {**named, "up_to": Level.ORANGE, "since": START, "until": START + timedelta(hours=1)}
    return Silence(id="", **{**values, **more})  # type: ignore[arg-type]  # a test's own words


@pytest.mark.parametrize(
    ("reach", "held"),
    [
        ({}, True),
        ({"area": "LK21"}, True),
        ({"area": "LK2"}, True),
        ({"area": "LK11"}, False),
        ({"rule": GREATER}, True),
        ({"rule": LESSER}, False),
        ({"hazard": "river_and_landslide"}, True),
        ({"hazard": "landslide"}, False),
    ],
)
def test_what_a_silence_reaches(world: World, reach: dict[str, str], held: bool) -> None:
    """By country, area and all inside it, rule, or the hazard that several rules share."""
    world.service.silence(silence(**reach))
    world.happens(EventChange.OPENED, 0.1, Level.ORANGE)
    assert len(world.service.pending()) == (not held)
    assert [number for _, number in world.service.silences()] == [int(held)]
    assert len(world.notices("silenced")) == int(held)


def test_what_a_silence_held_is_judged_again_at_its_end(world: World) -> None:
    """What waited was taken back; what still stands is proposed, what is over is not, and all of it is noted with names."""
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    world.happens(EventChange.OPENED, 0, Level.ORANGE, rule="river_flood", area="LK31")
    world.service.silence(silence())
    assert world.service.pending() == []
    world.happens(EventChange.CLOSED, 0.5, Level.ORANGE, rule="river_flood", area="LK31")
    assert not world.service.has_work(START + timedelta(minutes=59))
    assert world.service.has_work(START + timedelta(hours=1))
    world.at(1)
    assert [(w.rule, w.reason) for w in world.service.pending()] == [(GREATER, "opened")]
    assert world.notices("silence") == [
        "Perera (duty_officer) silences everything in the whole country, up to orange, until 2025-11-27T13:00:00+00:00: gauge under repair",
        "The silence of everything in the whole country, up to orange ended; it held back 2, what still stands is judged again.",
    ]


def test_a_silence_never_holds_an_end_or_what_is_graver(world: World) -> None:
    """Up to orange means that red is proposed; and who was warned hears the end whatever is silenced."""
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    world.sign()
    world.service.silence(silence(until=START + timedelta(days=20)))
    world.happens(EventChange.ESCALATED, 1, Level.RED)
    assert [w.level for w in world.service.pending()] == [Level.RED]
    world.sign(1)
    world.happens(EventChange.CLOSED, 2, Level.ORANGE)
    assert [w.message_type for w in world.service.pending()] == ["Cancel"]


def test_a_silence_can_be_ended_early_by_name(world: World) -> None:
    """What it held is judged again at once, and the list says who ended it; also at the very moment it began, if it was a slip."""
    kept = world.service.silence(silence())
    world.happens(EventChange.OPENED, 0.1, Level.ORANGE)
    slip = world.service.silence(silence(rule=LESSER))
    assert world.service.end_silence(slip.id, "Perera", "duty_officer", START).until == START
    ended = world.service.end_silence(kept.id, "Silva", "duty_officer", START + timedelta(minutes=10))
    assert len(world.service.pending()) == 1
    assert ended.ended_by == "Silva (duty_officer)"
    with pytest.raises(RefusedError, match="no silence"):
        world.service.end_silence(kept.id, "Silva", "duty_officer", START + timedelta(minutes=11))


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "planner"},
        {"comment": " "},
        {"by": ""},
        {"until": START},
        {"up_to": Level.GREEN},
        {"area": "LK99"},
        {"rule": "x"},
        {"hazard": "x"},
    ],
)
def test_a_silence_needs_a_name_a_reason_an_end_and_something_to_reach(world: World, wrong: dict[str, object]) -> None:
    """Nobody can silence by accident, for ever, or what does not exist."""
    with pytest.raises(RefusedError):
        world.service.silence(silence(**wrong))
    assert world.service.silences() == []


def test_a_correction_goes_to_exactly_those_who_were_warned(world: World) -> None:
    """The place was wrong: an Update with references says the right one, to those who read the wrong one and to nobody else."""
    world.happens(EventChange.OPENED, 0)
    (alert,) = world.sign()
    world.read()
    world.person("Amara", "LK11", joined=1)
    world.person("Chitra")
    proposed = world.service.correct(alert.warning, "Perera", "duty_officer", "it is Matale", START + timedelta(hours=1), area="LK22")
    assert world.service.pending() == [proposed]
    (issued,) = world.sign(1)
    assert (issued.message_type, issued.references, issued.reason) == ("Update", (alert.id,), "corrected")
    assert [(name, "CORRECTION" in body and "Matale" in body) for name, body in world.read()] == [("Amara", True), ("Bimal", True)]
    world.happens(EventChange.CLOSED, 5)
    world.sign(5)
    assert world.readers() == ["Amara", "Bimal"]


@pytest.mark.parametrize("wrong", [{}, {"area": "LK99"}, {"role": "planner", "area": "LK22"}, {"comment": "", "area": "LK22"}])
def test_a_correction_says_who_why_and_what(world: World, wrong: dict[str, str]) -> None:
    """Nothing is proposed if any of it is missing, or nobody stands under the warning."""
    world.happens(EventChange.OPENED, 0)
    (alert,) = world.sign()
    asked = {"by": "Perera", "role": "duty_officer", "comment": "wrong place", **wrong}
    with pytest.raises(RefusedError):
        world.service.correct(alert.warning, now=START, **asked)  # type: ignore[arg-type]  # a test's own words
    with pytest.raises(RefusedError, match="nobody stands"):
        world.service.correct("w0", "Perera", "duty_officer", "wrong place", START, area="LK22")
    assert world.service.pending() == []


def test_an_event_of_many_areas_is_one_message_a_person(world: World) -> None:
    """However many of the areas a person belongs to, a message of a warning is there once for them."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    assert world.readers() == ["Amara", "Bimal"]
    assert event(EventChange.OPENED).area == "LK21"
