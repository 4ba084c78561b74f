"""A warning that no rule saw: a person writes it in the country's own texts, others sign it, a person ends it, and its end is told."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from alert_places import START
from small_world import World
from sqlalchemy import func, select

from alerts import journal, originated
from alerts.originating import Change, Draft, Originating
from alerts.proposals import Proposals
from alerts.registry import Registry
from alerts.rendering import Renderer
from alerts.roster import causes
from alerts.silences import Silence
from alerts.tables import warnings
from alerts.texts import Catalogue, Kind
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Warning, WarningStatus

HOUR = timedelta(hours=1)
DRAFT = Draft(
    hazard="river_flood",
    area="LK21",
    level=Level.RED,
    until=START + 6 * HOUR,
    by="N. Perera",
    role="duty_officer",
    reason="water over the bridge at Getambe",
    source="police post at the bridge",
)


@pytest.fixture
def world(log: EventLog, homed: Registry, country: LoadedCountry) -> World:
    """Six households in Kandy, two in Matale."""
    made = World(log, homed, country)
    for number in range(6):
        made.person(f"person {number}", language=("en", "si", "ta")[number % 3])
    for number in (6, 7):
        made.person(f"person {number}", area="LK22")
    return made


def writes(world: World, **changed: Any) -> Warning:
    """Somebody writes a warning now."""
    return world.service.originate(replace(DRAFT, **changed), world.now)


def changes(world: World, **changed: Any) -> Warning:
    """Somebody else says that the one warning is another."""
    return world.service.update_originated(the_one(world), Change("B. Silva", "director", "the water rises", **changed), world.now)


def ends(world: World, how: Any = "all_clear") -> Warning:
    """Somebody else says that it is over."""
    return world.service.end_originated(the_one(world), Change("B. Silva", "director", "the water has gone"), how, world.now)


def the_one(world: World) -> str:
    """What a person wrote, and has not ended."""
    ((kept, _),) = world.service.originated()
    return kept.warning


def signed(world: World) -> Warning:
    """By a colleague of the author and the director: the first two who may."""
    (waiting,) = world.service.pending()
    world.service.sign(waiting.id, "C. Fernando", "duty_officer", world.now)
    if world.service.pending():
        world.service.sign(waiting.id, "D. Dias", "district_unit", world.now)
    world.service.run_once(world.now)
    return world.published()[-1]


def steps(world: World) -> list[tuple[str, str, Mapping[str, Any]]]:
    """What stands in the journal: who, what, with what content."""
    with world.registry.reading() as connection:
        return [(entry.actor, entry.step, json.loads(entry.content)) for entry in journal.entries(connection)]


def woken_for(world: World) -> list[str]:
    """Kinds of what people on duty are woken for."""
    with world.registry.reading() as connection:
        return [cause.kind for cause in causes.standing(connection, world.country, world.now)]


def test_it_waits_as_any_message_and_goes_out_with_the_signatures_its_level_needs(world: World) -> None:
    """Written, passed on if nobody signs, signed by two who did not write it, read by each in their language."""
    waits = writes(world)
    assert (waits.status, waits.recipients, waits.author) == (WarningStatus.PROPOSED, 6, "N. Perera")
    assert woken_for(world) == ["proposal"]
    world.at(0.6)
    assert len(world.notices("unsigned")) == 1
    with pytest.raises(RefusedError, match="wrote"):
        world.service.sign(waits.id, "N. Perera", "duty_officer", world.now)
    issued = signed(world)
    assert (issued.status, issued.expires, len(issued.signatures)) == (WarningStatus.ISSUED, DRAFT.until, 2)
    bodies = {text.language: text.body for text in issued.texts}
    read = dict(world.read())
    assert (read["person 0"], read["person 1"], read["person 2"]) == (bodies["en"], bodies["si"], bodies["ta"])


def test_yellow_needs_one_signature_as_the_countrys_table_says(world: World) -> None:
    """Of somebody else."""
    writes(world, level=Level.YELLOW)
    (waits,) = world.service.pending()
    assert world.service.sign(waits.id, "C. Fernando", "duty_officer", world.now).status is WarningStatus.ISSUED


def test_the_persons_reason_and_source_stand_beside_it_and_in_the_journal_without_a_number(world: World) -> None:
    """Where readings would stand; households read none of it."""
    waits = writes(world, reason="water over the bridge, ask 077 123 4567", source="police post 0771234567")
    assert waits.originated is not None
    assert (waits.originated.by, waits.originated.at) == ("N. Perera", START)
    assert "water over the bridge" in waits.originated.reason
    (said,) = [content for who, step, content in steps(world) if step == "originated" and who == "N. Perera"]
    assert (said["hazard"], said["level"]) == ("river_flood", "red")
    issued = signed(world)
    everywhere = issued.model_dump_json() + json.dumps([content for *_, content in steps(world)]) + " ".join(world.notices("originated"))
    assert "1234567" not in everywhere.replace(" ", "")
    assert not any("bridge" in text.body for text in issued.texts)


@pytest.mark.parametrize("once", ["", "of this page"])
def test_what_is_sent_twice_is_one_warning(world: World, once: str) -> None:
    """A form that is posted again, a command that is repeated, also after it was signed and after it has ended."""
    first = writes(world, once=once)
    assert writes(world, once=once).id == first.id
    signed(world)
    world.readers()
    world.now += HOUR
    assert writes(world, once=once).id == first.id
    ends(world)
    signed(world)
    assert writes(world, once=once).warning == first.warning
    with world.registry.reading() as connection:
        assert connection.execute(select(func.count(func.distinct(warnings.c.warning)))).scalar_one() == 1
    assert [step for _, step, _ in steps(world)].count("originated") == 1


def test_sent_by_several_at_once_it_is_written_once(world: World) -> None:
    """As when a page is sent again while the first is still on its way, to another process of the console."""
    start, found = Barrier(4), []

    def send() -> None:
        service = Originating(Proposals(world.country, Renderer(world.country)))
        start.wait()
        with world.registry.acting() as connection:
            found.append(service.originate(connection, DRAFT, START).id)

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(found) == {waits.id for waits in world.service.pending()}
    assert [step for _, step, _ in steps(world)].count("originated") == 1


def test_two_people_who_write_of_one_danger_are_told_of_each_other(world: World) -> None:
    """One warning of a hazard and an area stands at a time; once it has ended another may be written."""
    first = writes(world)
    with pytest.raises(RefusedError, match=first.warning):
        writes(world, by="B. Silva", role="director")
    writes(world, area="LK22")
    writes(world, hazard="landslide")
    assert len(world.service.pending()) == 3


def test_said_dry_nothing_is_kept_and_nobody_is_told(world: World) -> None:
    """What it would be is answered whole: each text, people and cost."""
    dry = world.service.originate(DRAFT, START, dry=True)
    assert (dry.recipients, len(dry.texts) >= 3, dry.cost > 0) == (6, True, True)
    with pytest.raises(RefusedError):
        world.service.originate(replace(DRAFT, area="nowhere"), START, dry=True)
    assert (world.service.pending(), steps(world), world.service.notices(), world.published()) == ([], [], [], [])
    assert [t.body for t in writes(world).texts] == [t.body for t in dry.texts]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"role": "planner"}, "may not originate"),
        ({"role": "district_unit"}, "may not originate"),
        ({"by": " "}, "who they are"),
        ({"reason": ""}, "what was seen"),
        ({"source": " "}, "who told them"),
        ({"hazard": "meteorite"}, "no text `meteorite`"),
        ({"hazard": "service"}, "no text `service`"),
        ({"area": "XX"}, "no area `XX`"),
        ({"level": Level.GREEN}, "green"),
        ({"until": START}, "cannot end then"),
        ({"until": START + timedelta(days=15)}, "cannot end then"),
        ({"since": START - HOUR}, "cannot begin then"),
        ({"since": START + 7 * HOUR}, "cannot begin then"),
    ],
)
def test_what_cannot_be_is_refused_and_the_refusal_is_a_step(world: World, changed: dict[str, Any], why: str) -> None:
    """With what to do; nothing waits."""
    with pytest.raises(RefusedError, match=why):
        writes(world, **changed)
    assert [step for _, step, _ in steps(world)] == ["refused"]
    assert world.service.pending() == []


def test_only_what_the_country_can_say_in_each_of_its_languages_can_be_written(world: World) -> None:
    """Whatever is to be said later, too: update, end, that its time has run out. No warning goes out half translated."""
    catalogue = Catalogue.load(world.country.folder)
    found = world.service.hazards()
    assert {"river_flood", "landslide", "flood", "cyclone"} <= set(found)
    assert not {"service", "word", "any"} & set(found)
    for hazard in found:
        for language in world.country.languages:
            assert all(catalogue.get(language, hazard, kind) is not None for kind in Kind)
    assert originated.lacking(catalogue, "river_flood", ("en", "fil")) == ["fil"]


@pytest.mark.parametrize("name", ["npl", "bgd"])
def test_what_is_said_to_people_on_duty_alone_is_no_warning_that_a_person_can_write(name: str) -> None:
    """Also the texts of a framework that is not switched on: a household must not be told to call the partners."""
    country = load_country(countries_root() / name)
    written = originated.hazards(country, Catalogue.load(country.folder))
    assert "flood" in written
    assert not {"anticipatory_action", "joint_silence"} & set(written)


def test_what_is_foreseen_says_from_when_in_a_text_that_can(world: World) -> None:
    """The day and hour stand in the shared text of a cyclone; CAP is told that it is likely, not seen."""
    waits = writes(world, hazard="cyclone", since=START + 5 * HOUR)
    assert waits.certainty == "likely"
    english = next(text.body for text in waits.texts if text.language == "en")
    there = next(t.body for t in writes(world, hazard="cyclone", area="LK22").texts if t.language == "en")
    assert "27/11 22:30" in english
    assert "27/11 22:30" not in there


def test_another_level_is_an_update_and_another_end_says_that_it_still_stands(world: World) -> None:
    """Each waits for signatures of others than its author, who may be another than of the first; the warning stands until the new end."""
    writes(world)
    signed(world)
    world.readers()
    world.now = START + HOUR
    eased = changes(world, level=Level.ORANGE, until=START + 12 * HOUR)
    assert (eased.message_type, eased.author, eased.level) == ("Update", "B. Silva", Level.ORANGE)
    with pytest.raises(RefusedError, match="wrote"):
        world.service.sign(eased.id, "B. Silva", "director", world.now)
    assert signed(world).expires == START + 12 * HOUR
    assert len(world.readers()) == 6
    world.now = START + 2 * HOUR
    longer = changes(world, until=START + 20 * HOUR)
    assert (longer.reason, longer.level) == ("renewed", Level.ORANGE)
    assert signed(world).expires == START + 20 * HOUR
    with pytest.raises(RefusedError, match="nothing changes"):
        changes(world)


def test_an_update_of_what_nobody_signed_yet_takes_its_place(world: World) -> None:
    """One message of a warning waits at a time, and people read the newest."""
    first = writes(world)
    second = changes(world, level=Level.ORANGE)
    assert [one.id for one in world.service.pending()] == [second.id] != [first.id]
    assert (signed(world).message_type, len(world.readers())) == ("Alert", 6)


@pytest.mark.parametrize(
    ("how", "status"),
    [("all_clear", WarningStatus.CANCELLED), ("mistaken", WarningStatus.CANCELLED), ("cannot_tell", WarningStatus.CANNOT_TELL)],
)
def test_its_end_goes_to_exactly_those_who_were_warned(world: World, how: str, status: WarningStatus) -> None:
    """In words of its kind, once it is signed; nothing is left that stands."""
    writes(world)
    signed(world)
    world.readers()
    world.person("newcomer", joined=0.5)
    world.now = START + HOUR
    waits = ends(world, how)
    assert waits.author == "B. Silva"
    assert signed(world).status is status
    assert sorted(world.readers()) == [f"person {number}" for number in range(6)]
    assert (world.service.originated(), world.service.pending()) == ([], [])
    with pytest.raises(RefusedError, match="has ended"):
        world.service.update_originated(waits.warning, Change("B", "director", "x", level=Level.RED), world.now)


def test_what_nobody_was_told_is_taken_back_without_a_word_to_households(world: World) -> None:
    """By its author or by anybody who may write one."""
    writes(world)
    taken = ends(world, "mistaken")
    assert taken.status is WarningStatus.WITHDRAWN
    assert (world.service.pending(), world.service.originated(), world.readers()) == ([], [], [])


def test_it_runs_out_with_the_word_that_this_is_no_all_clear_and_people_on_duty_are_told_before(world: World) -> None:
    """An hour before its end, once, and woken; at its end everybody who was warned reads that its time has run out, unsigned."""
    writes(world)
    signed(world)
    world.readers()
    world.at(4.9)
    assert world.notices("originated_ends") == []
    world.at(5)
    world.at(5.5)
    (soon,) = world.notices("originated_ends")
    assert "update it or end it" in soon
    assert "originated_ends" in woken_for(world)
    assert world.service.pending() == []
    world.at(6)
    assert len(world.readers()) == 6
    assert world.published()[-1].status is WarningStatus.EXPIRED
    world.at(7)
    assert (world.service.pending(), world.service.originated()) == ([], [])


def test_what_is_signed_by_nobody_before_its_end_is_taken_back_loudly(world: World) -> None:
    """A warning whose time is over is not signed any more; people on duty are woken for it."""
    writes(world, until=START + 2 * HOUR)
    world.at(2)
    assert world.service.pending() == []
    assert "signed by NOBODY" in world.notices("originated_ran_out")[0]
    assert "originated_ran_out" in woken_for(world)
    assert (world.service.originated(), world.readers()) == ([], [])


def test_an_update_that_nobody_signed_is_asked_for_again_when_the_old_end_comes(world: World) -> None:
    """People are told that the time has run out; as somebody had said that it stands for longer, a new warning waits."""
    writes(world)
    signed(world)
    world.readers()
    world.now = START + HOUR
    changes(world, until=START + 12 * HOUR)
    world.at(6)
    assert world.published()[-1].status is WarningStatus.PROPOSED
    (waits,) = world.service.pending()
    assert (waits.message_type, waits.author, waits.expires) == ("Alert", "B. Silva", START + 12 * HOUR)
    assert len(world.readers()) == 6


def test_what_the_texts_leave_open_is_filled_in_every_language_and_kept_by_an_update(world: World) -> None:
    """What to do is chosen by its name; what the country has not in each language is refused, and then nothing is written."""
    with pytest.raises(RefusedError, match="there is no `swim`"):
        writes(world, hazard="flood", filled={"action": "swim"})
    assert (world.service.originated(), world.service.pending()) == ([], [])
    first, *_, action = world.service.hazards()["flood"]
    plain = world.service.originate(replace(DRAFT, hazard="flood"), world.now, dry=True)
    waits = writes(world, hazard="flood", filled={"action": action})
    said = {text.language: text.body for text in waits.texts}
    assert all(said[text.language] != text.body for text in plain.texts)
    assert (waits.filled, waits.author) == ({"action": action}, "N. Perera")
    of_itself = writes(world, hazard="flood", area="LK22", filled={"action": first})
    assert of_itself.status is WarningStatus.PROPOSED
    ends_of = Change("B. Silva", "director", "no")
    world.service.end_originated(of_itself.warning, ends_of, "mistaken", world.now)
    with pytest.raises(RefusedError, match="wrote"):
        world.service.sign(waits.id, "N. Perera", "duty_officer", world.now)
    signed(world)
    world.now = START + HOUR
    assert changes(world, level=Level.ORANGE).filled == {"action": action}


def test_a_silence_does_not_take_back_what_a_person_wrote(world: World) -> None:
    """It is about what rules propose; a person takes back what a person wrote."""
    writes(world)
    world.service.silence(Silence("", "A", "duty_officer", "a drill", Level.RED, START, START + HOUR, area="LK21"))
    assert len(world.service.pending()) == 1


def test_it_speaks_for_a_lesser_warning_of_the_same_danger(world: World) -> None:
    """Who has the red flood that a person wrote does not get the rule's orange one beside it."""
    writes(world)
    signed(world)
    assert len(world.readers()) == 6
    world.happens(EventChange.OPENED, 1, Level.ORANGE, rule="river_flood")
    assert [w.recipients for w in world.service.pending()] == [0]


def test_somebody_who_comes_there_while_it_stands_reads_it(world: World) -> None:
    """Once, in the words that were signed."""
    writes(world)
    signed(world)
    world.readers()
    world.person("newcomer", joined=0.5)
    world.at(1)
    assert world.readers() == ["newcomer"]
