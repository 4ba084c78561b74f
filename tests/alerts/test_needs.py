"""What people told us they need changes who is sent to first and what they read, where the text has words for it and room for them."""

from collections import Counter

import pytest
from event_makers import event
from small_world import World, with_messaging
from sqlalchemy import select

from alerts import ledger
from alerts.approvals import texts
from alerts.people.person import Need as Told
from alerts.registry import Registry
from alerts.rendering import Renderer
from alerts.tables import messages
from alerts.texts import Kind, Need
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange

ASK = "Hard to walk? Ask for help now."
UNTIE = "Untie your animals."
NEEDED: tuple[tuple[Told, ...], ...] = (
    (),
    ("mobility",),
    ("hearing",),
    ("pregnancy",),
    ("livestock",),
    ("hearing", "pregnancy"),
    ("livestock", "mobility"),
)


@pytest.fixture
def world(log: EventLog, homed: Registry, country: LoadedCountry) -> World:
    """Four households of Kandy: one without a need, one that moves slowly, one with animals, one with both."""
    made = World(log, homed, country)
    made.person("Amara")
    made.person("Bimal", needs=("mobility",))
    made.person("Chitra", needs=("livestock",))
    made.person("Dayan", needs=("livestock", "mobility"))
    return made


def test_each_person_reads_the_sentence_for_their_need(world: World) -> None:
    """Who told us of a need reads a sentence more; who told us of two reads the one that is more urgent; nobody else does."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    said = [(name, ASK in body, UNTIE in body) for name, body in world.read()]
    assert said == [("Amara", False, False), ("Bimal", True, False), ("Chitra", False, True), ("Dayan", True, False)]


def test_who_moves_slowly_is_sent_to_first(world: World) -> None:
    """Under one level, those who move slowly go first, then those with another need, then the others."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    bodies = [body for _, body in world.telephones.read]
    assert [ASK in body for body in bodies] == [True, True, False, False]
    assert [UNTIE in body for body in bodies] == [False, False, True, False]


def test_who_signs_sees_every_way_it_is_said_and_what_is_published_counts_no_need(world: World) -> None:
    """Each text for a need stands in the message that is signed, whether or not anybody has it, and without a number of people."""
    world.happens(EventChange.OPENED, 0)
    (waiting,) = world.service.pending()
    english = next(text for text in waiting.texts if text.language == "en")
    assert [said.need for said in english.for_needs] == ["mobility", "hearing", "pregnancy", "livestock"]
    assert english.recipients == 4
    assert set(english.for_needs[0].model_dump()) == {"need", "body", "segments"}


@pytest.mark.parametrize("language", ["en", "si", "ta"])
def test_what_is_shown_before_it_is_signed_is_to_the_letter_what_each_person_gets(world: World, language: str) -> None:
    """Each text for a need, with how many it goes to, is what the dispatcher hands over: no other word, and nobody more or less."""
    for number, needs in enumerate(NEEDED):
        world.person(f"Person {number}", language=language, needs=needs)
    world.happens(EventChange.OPENED, 0)
    (waiting,) = world.service.pending()
    shown = world.service.to_read(waiting.id).variants
    assert {(one.language, one.need): one.body for one in shown} == {(tag, need): body for tag, need, body in texts(waiting.texts)}
    world.sign()
    got = Counter(body for _, body in world.read())
    assert got == Counter({one.body: one.people for one in shown if one.people})
    assert sum(got.values()) == waiting.recipients


def test_a_few_with_one_need_are_not_counted_out(world: World) -> None:
    """Fewer than five are a few, for in a small place people would know who; of those who read what all read, the number is said."""
    for number in range(4):
        world.person(f"Person {number}", needs=("hearing",))
    world.happens(EventChange.OPENED, 0)
    (waiting,) = world.service.pending()
    few = {(one.language, one.need): (one.people, one.few) for one in world.service.to_read(waiting.id).variants}
    assert few["en", "hearing"] == (4, True)
    assert few["en", ""] == (1, False)
    assert few["en", "pregnancy"] == (0, False)
    world.person("Person 5", needs=("hearing",))
    few = {(one.language, one.need): (one.people, one.few) for one in world.service.to_read(waiting.id).variants}
    assert few["en", "hearing"] == (5, False)


def test_what_is_paid_counts_what_each_person_reads(world: World, country: LoadedCountry) -> None:
    """A sentence that needs a segment more is paid for those alone who read it."""
    world = World(world.log, world.registry, with_messaging(country, segments={"en": 2, "si": 2, "ta": 2}))
    world.happens(EventChange.OPENED, 0)
    (issued,) = world.sign()
    english = next(text for text in issued.texts if text.language == "en")
    of_need = {said.need: said.segments for said in english.for_needs}
    assert issued.segments == english.segments + 2 * of_need["mobility"] + of_need["livestock"]
    assert of_need["mobility"] > english.segments


def test_without_room_the_sentence_is_left_out(country: LoadedCountry) -> None:
    """A text keeps the country's limit of segments; where the sentence does not fit, people with a need read what all read."""
    happened = event(EventChange.OPENED, Level.RED)
    tight = Renderer(with_messaging(country, speaks_as={"en": "The district disaster management unit of Kandy"}))
    roomy = Renderer(country)
    plain = tight.render("river_flood", Kind.WARNING, happened, "en")
    assert plain.size.segments == 1
    assert tight.render("river_flood", Kind.WARNING, happened, "en", need=Need.MOBILITY) == plain
    assert Need.MOBILITY not in tight.for_needs("river_flood", Kind.WARNING, happened, "en")
    assert ASK in roomy.for_needs("river_flood", Kind.WARNING, happened, "en")[Need.MOBILITY].body


def test_who_joins_later_reads_the_sentence_too(world: World) -> None:
    """Somebody who comes under a standing warning is told it as their need asks, and the registry keeps which text they got."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    world.read()
    world.person("Esha", joined=1, needs=("hearing",))
    world.at(2)
    assert [(name, "Ask a neighbour to wake you." in body) for name, body in world.read()] == [("Esha", True)]
    with world.registry.reading() as connection:
        kept = connection.execute(select(messages.c.need).order_by(messages.c.need)).scalars().all()
        assert kept == ["", "hearing", "livestock", "mobility", "mobility"]
        assert ledger.statuses(connection) == {"issued": 1}
