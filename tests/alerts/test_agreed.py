"""What was agreed on beforehand goes out at once, bound as a signature is, and is loud until a person has reviewed it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from agreeing import VALLEYS, agreement, with_agreements
from alert_places import START
from event_makers import event, tell
from small_world import World
from sqlalchemy import delete, select, update
from test_in_whose_name import warning_country

from alerts import afterwards, approvals, journal, stops
from alerts.people.keys import Keys
from alerts.registry import Registry
from alerts.roster import causes
from alerts.service import AlertService
from alerts.silences import Silence
from alerts.tables import bodies, by_agreement
from alerts.texts import Kind
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Hold, Judgement, Warning, WarningReview, WarningStatus

HALF = timedelta(minutes=30)
Made = Any


@pytest.fixture
def made(log: EventLog, homed: Registry, country: LoadedCountry) -> Made:
    """Makes a world of six households in Kandy and two in Matale, with an agreement that some fields of are others."""

    def make(**changed: Any) -> World:
        world = World(log, homed, with_agreements(country, **{VALLEYS: agreement(**changed)}))
        for number in range(6):
            world.person(f"person {number}", language=("en", "si", "ta")[number % 3])
        for number in (6, 7):
            world.person(f"person {number}", area="LK22")
        return world

    return make


def steps(world: World) -> list[tuple[str, dict[str, Any]]]:
    """What stands in the journal, in order."""
    with world.registry.reading() as connection:
        return [(entry.step, json.loads(entry.content)) for entry in journal.entries(connection)]


def waits(world: World) -> Warning:
    """The one message that waits."""
    (found,) = world.service.pending()
    return found


def why_not(world: World) -> str:
    """Why a message waits that an agreement covers, as people on duty were told."""
    return " ".join(world.notices("not_by_agreement"))


def review(world: World, judgement: Judgement = Judgement.RIGHT, **changed: str) -> WarningReview:
    """Somebody reviews what nobody has."""
    ((sent, _),) = world.service.sent_by_agreement(unreviewed=True)
    said = {"by": "B. Silva", "role": "director", "comment": "the slope came down", **changed}
    return world.service.review(sent.message, said["by"], said["role"], judgement, said["comment"], world.now)


def test_it_goes_out_at_once_to_each_and_nobody_signed_it(made: Made) -> None:
    """In the same look of the service at which the event is taken in; once, and never again for the same change."""
    world = made()
    world.happens(EventChange.OPENED, 0)
    assert world.service.pending() == []
    assert len(world.readers()) == 6
    issued = world.published()[-1]
    assert (issued.status, issued.signatures, issued.issued) == (WarningStatus.ISSUED, (), START)
    again = AlertService(world.log, world.registry, world.country, world.telephones, group="anew")
    again.run_once(START)
    world.at(0.1)
    assert world.readers() == []


def test_it_is_bound_as_a_signature_is_and_says_by_whom_it_was_agreed(made: Made) -> None:
    """Digest, people and cost, the agreement as it stood, who agreed and the paper: published, and a step of the journal."""
    world = made()
    world.happens(EventChange.OPENED, 0)
    issued = world.published()[-1]
    agreed = issued.agreed
    assert agreed is not None
    assert issued.bound is not None
    assert agreed.digest == issued.bound.digest == approvals.digest(issued, Kind.WARNING, issued.bound, approvals.texts(issued.texts))
    assert (agreed.name, agreed.recipients, agreed.cost) == (VALLEYS, 6, issued.cost)
    assert agreed.identity == agreement().identity() != agreement(people=999).identity()
    assert agreed.agreed_by == ("A. Fonseka (director)", "N. Perera (district_unit)")
    assert "DMC/2025/14" in agreed.document
    said = dict(steps(world))
    assert [step for step, _ in steps(world)] == ["proposed", "by_agreement", "issued"]
    assert (said["by_agreement"]["digest"], said["by_agreement"]["recipients"]) == (agreed.digest, 6)
    (notice,) = world.notices("by_agreement")
    assert "signed by nobody" in notice


@pytest.mark.parametrize("what", ["a letter", "no agreement", "another digest", "nothing"])
def test_what_lies_ready_is_held_against_it_before_it_goes(made: Made, what: str) -> None:
    """One letter of one language, or an agreement that is not there, and nobody gets it; people on duty are told."""
    world = made()
    sending = world.service
    world.service = AlertService(world.log, world.registry, world.country, None, member="quiet")
    world.happens(EventChange.OPENED, 0)
    with world.registry.begin() as connection:
        if what == "a letter":
            connection.execute(update(bodies).where(bodies.c.language == "ta").values(body=bodies.c.body + "!"))
        if what == "no agreement":
            connection.execute(delete(by_agreement))
        if what == "another digest":
            connection.execute(update(by_agreement).values(digest="0" * 64))
    sending.run_once(START)
    assert len(world.readers()) == (6 if what == "nothing" else 0)
    assert bool(world.notices("not_as_signed")) is (what != "nothing")


@pytest.mark.parametrize("changed", [{"rules": ["river_flood"]}, {"areas": ["LK1"]}, {"at_least": "red"}], ids=["rule", "area", "level"])
def test_what_it_does_not_name_waits_for_signatures(made: Made, changed: dict[str, Any]) -> None:
    """Another rule, another province, a lesser level: as without an agreement, and nothing is said of one."""
    world = made(**changed)
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    assert waits(world).agreed is None
    assert why_not(world) == ""


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"until": "2025-11-26"}, "it holds from 2025-06-01 until 2025-11-26"),
        ({"from": "2025-11-28"}, "it holds from 2025-11-28"),
        ({"people": 5}, "it is for 6 people, and 5 were agreed on"),
    ],
)
def test_beyond_its_time_and_its_people_it_waits_for_signatures_and_that_is_said(made: Made, changed: dict[str, Any], why: str) -> None:
    """The rule is as any other then: two people sign; why it did not go out is a notice and a step."""
    world = made(**changed)
    world.happens(EventChange.OPENED, 0)
    assert world.readers() == []
    assert why in why_not(world)
    assert ("not_by_agreement", {"why": f"{VALLEYS}: {why_not(world).partition(VALLEYS + ': ')[2].rstrip('.')}"}) in steps(world)
    assert world.sign()[-1].signatures != ()
    assert len(world.readers()) == 6


def test_its_last_day_ends_at_midnight_of_the_place(made: Made) -> None:
    """In Colombo it is the 28th from 18:30 UTC on."""
    world = made(until="2025-11-27")
    world.happens(EventChange.OPENED, 6.4)
    assert world.service.pending() == []
    world.happens(EventChange.OPENED, 6.6, area="LK22")
    assert waits(world).area == "LK22"


def test_people_of_a_day_are_counted_together(made: Made) -> None:
    """Six in Kandy and two in Matale are eight, of seven that were agreed on; a day later Matale alone is two."""
    world = made(people=6, people_a_day=7)
    world.happens(EventChange.OPENED, 0)
    world.happens(EventChange.OPENED, 1, area="LK22")
    assert "8 people within a day, and 7 were agreed on" in why_not(world)
    assert waits(world).area == "LK22"
    world.happens(EventChange.CLOSED, 2, area="LK22")
    world.happens(EventChange.OPENED, 25, area="LK22", id="LKA:river_and_landslide:LK22:2")
    assert [w.area for w in world.service.pending()] == []


def test_what_nobody_can_confirm_waits_for_a_person(made: Made) -> None:
    """The agreement is about what is known."""
    world = made()
    world.happens(EventChange.OPENED, 0, unconfirmed=True)
    assert "cannot be confirmed" in why_not(world)
    assert waits(world).level is Level.RED


def test_what_is_known_for_long_waits_for_a_person(made: Made) -> None:
    """After an outage the minutes are lost that the agreement was to win, and there is time to read."""
    world = made()
    world.service, late = AlertService(world.log, world.registry, world.country), world.service
    tell(world.log, event(EventChange.OPENED, Level.RED))
    late.run_once(START + timedelta(hours=1))
    world.service = late
    assert "there is time to sign" in why_not(world)
    assert waits(world).level is Level.RED


def test_while_a_person_halts_sending_nothing_goes_out_by_agreement(made: Made) -> None:
    """Nor is anything intended for later: it waits for a signature."""
    world = made()
    with world.registry.acting() as connection:
        stops.stop(connection, stops.ALL, "B. Silva", "wrong texts", START)
    world.happens(EventChange.OPENED, 0)
    assert "halted" in why_not(world)
    assert waits(world).level is Level.RED


def test_a_silence_holds_it_back_and_at_its_end_a_person_signs(made: Made) -> None:
    """Whoever silenced a gauge that lies is not overruled; what still stands afterwards is no news of minutes."""
    world = made()
    world.service.silence(Silence("", "A", "duty_officer", "gauge", Level.RED, START, START + HALF, rule="river_and_landslide"))
    world.happens(EventChange.OPENED, 0.1)
    assert (world.service.pending(), world.readers()) == ([], [])
    world.at(0.6)
    assert waits(world).level is Level.RED
    assert world.readers() == []


def test_a_graver_level_goes_out_by_it_and_what_is_no_graver_waits(made: Made) -> None:
    """Orange, then red at once; eased to orange, and the all-clear, are signed by people as ever."""
    world = made()
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    world.happens(EventChange.ESCALATED, 1, Level.RED)
    assert len(world.readers()) == 12
    assert [w.level for w in world.published() if w.issued] == [Level.ORANGE, Level.RED]
    world.happens(EventChange.EASED, 2, Level.ORANGE)
    assert (waits(world).message_type, waits(world).agreed) == ("Update", None)
    world.happens(EventChange.CLOSED, 3)
    assert waits(world).message_type == "Cancel"
    assert world.sign()[-1].status is WarningStatus.CANCELLED


def test_while_somebody_asks_a_question_a_graver_level_waits_too(made: Made) -> None:
    """The question was whether the gauge is right: a worse reading of it is no answer. Once let go, it is none."""
    world = made(at_least="red")
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    until = START + timedelta(minutes=40)
    world.service.hold(Hold(by="B. Silva", role="director", why="Is the gauge right?", at=START, until=until), waits(world).id)
    world.happens(EventChange.ESCALATED, 0.2, Level.RED)
    assert "question" in why_not(world)
    assert waits(world).level is Level.RED


def test_official_needs_the_word_of_the_authority_in_the_agreement(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """Without it the message waits, as one of the authority must sign; with it it goes out as official."""
    official = warning_country(country, standing="official")
    authority = [{"name": "C. Dias", "role": "director_general"}, {"name": "N. Perera", "role": "district_unit"}]
    for agreed, goes in ((agreement(), False), (agreement(agreed_by=authority), True)):
        world = World(log, registry, with_agreements(official, **{VALLEYS: agreed}))
        world.person("Amara")
        world.happens(EventChange.OPENED, float(goes), id=f"LKA:river_and_landslide:LK21:{goes}")
        assert bool(world.readers()) is goes
    assert "nobody of the authority agreed" in why_not(world)
    assert world.published()[-1].standing == "official"


def test_a_person_says_afterwards_that_it_was_right(made: Made) -> None:
    """In a role that may sign, with a comment, once; it is published, journalled and told, and what was published stays."""
    world = made()
    world.happens(EventChange.OPENED, 0)
    for wrong, why in (({"role": "planner"}, "may not sign"), ({"by": " "}, "says who"), ({"comment": ""}, "what was seen")):
        with pytest.raises(RefusedError, match=why):
            review(world, **wrong)
    said = review(world, comment="slope came down, call 077 123 4567")
    assert "1234567" not in said.model_dump_json().replace(" ", "")
    assert world.service.sent_by_agreement(unreviewed=True) == []
    published = [read_output(stored.record) for stored in world.log.read("warnings")]
    assert [one for one in published if isinstance(one, WarningReview)] == [said]
    assert len([one for one in world.published() if one.issued]) == 1
    assert dict(steps(world))["reviewed"]["judgement"] == "right"
    ((sent, _),) = world.service.sent_by_agreement()
    with pytest.raises(RefusedError, match="Silva has reviewed it already"):
        world.service.review(sent.message, "A. Perera", "duty_officer", Judgement.WRONG, "no", START)
    with pytest.raises(RefusedError, match="did not go out by agreement"):
        world.service.review("w0.1", "A. Perera", "duty_officer", Judgement.RIGHT, "yes", START)


def test_judged_wrong_it_is_to_be_corrected_and_nothing_more_of_it_goes_out_by_agreement(made: Made) -> None:
    """The notice says so; a graver level of the same event waits for signatures from then on; the correction goes to who was warned."""
    world = made()
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    world.readers()
    review(world, Judgement.WRONG, comment="the gauge is stuck")
    (notice,) = world.notices("judged_wrong")
    assert "CORRECT IT" in notice
    world.happens(EventChange.ESCALATED, 1, Level.RED)
    assert "judged an earlier message of it wrong" in why_not(world)
    assert (waits(world).level, world.readers()) == (Level.RED, [])
    world.sign()
    world.readers()
    proposed = world.service.correct(waiting_warning(world), "B. Silva", "director", "stuck", world.now, level=Level.GREEN)
    world.sign()
    assert (proposed.message_type, len(world.readers())) == ("Update", 6)


def waiting_warning(world: World) -> str:
    """The one warning that there is."""
    return world.published()[-1].warning


def test_what_nobody_reviews_is_counted_and_passed_on_along_the_ladder(made: Made) -> None:
    """Since when, for Prometheus; after half an hour to the director, then, later each time, to the district unit; never in silence."""
    world = made()
    world.at(0)
    metric = world.service.metrics.registry.get_sample_value
    assert metric("polyrisk_unreviewed_messages") == 0
    world.happens(EventChange.OPENED, 0)
    assert metric("polyrisk_unreviewed_messages") == 1
    assert metric("polyrisk_unreviewed_oldest_timestamp_seconds") == START.timestamp()
    assert not world.service.has_work(START + timedelta(minutes=29))
    assert world.service.has_work(START + HALF)
    for hours in (0.5, 1.0, 1.5, 4.0):
        world.at(hours)
    told = world.notices("unreviewed")
    assert [text.rpartition(" ")[2] for text in told] == ["director.", "district_unit.", "district_unit."]
    assert [step for step, _ in steps(world)].count("review_passed_on") == 3
    review(world)
    world.at(48)
    assert metric("polyrisk_unreviewed_messages") == 0
    assert len(world.notices("unreviewed")) == 3


def test_who_is_on_duty_is_woken_for_it_until_it_is_reviewed(made: Made) -> None:
    """Before what waits for signatures; passed on it wakes anew, that role first; reviewed it wakes nobody."""
    world = made()
    world.happens(EventChange.OPENED, 0)

    def wakes() -> list[tuple[str, str]]:
        with world.registry.reading() as connection:
            return [(c.kind, c.to_role) for c in causes.standing(connection, world.country, world.now)]

    assert wakes() == [("by_agreement", "")]
    world.at(0.5)
    assert wakes() == [("by_agreement", "director")]
    review(world)
    assert wakes() == []


def test_in_a_drill_people_sign(log: EventLog, keys: Keys, tmp_path: Path, country: LoadedCountry) -> None:
    """A drill tries who is woken and signs; what goes out by itself would try nobody."""
    drill = Registry(f"sqlite:///{tmp_path}/drill.sqlite", keys, for_exercise=True)
    world = World(log, drill, with_agreements(country, **{VALLEYS: agreement()}))
    world.person("Amara")
    world.happens(EventChange.OPENED, 0)
    assert (waits(world).agreed, world.readers(), why_not(world)) == (None, [], "")
    drill.close()


def test_everything_of_it_is_kept_in_the_registry(made: Made) -> None:
    """Who reviewed, as what, when and what they said."""
    world = made()
    world.happens(EventChange.OPENED, 0)
    review(world)
    with world.registry.reading() as connection:
        (sent,) = afterwards.everything(connection)
        assert connection.execute(select(by_agreement.c.review_by)).scalar_one() is None
    assert (sent.judgement, sent.reviewed_by, sent.reviewed_as, sent.comment) == (
        Judgement.RIGHT,
        "B. Silva",
        "director",
        "the slope came down",
    )
