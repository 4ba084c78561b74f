"""A message that waits is edited within what its text leaves open, in every language at once, by who does not sign it; facts never."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from alert_places import START
from small_world import World
from sqlalchemy import select

from alerts import approvals, journal, originated
from alerts.approvals import code
from alerts.chain import verify
from alerts.editing import EditRefusedError
from alerts.originating import Draft
from alerts.patterns import arguments
from alerts.registry import Registry
from alerts.rendering import Renderer
from alerts.service import AlertService
from alerts.slots import open_slots
from alerts.tables import bodies
from alerts.texts import CHOICES, SLOTS, Catalogue, Kind, regional
from eventlog.log import EventLog
from schemas.country_facts import Shelter
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Hold, Warning

EDITOR, ROLE = "N. Rajan", "duty_officer"
HALL = {"en": "Test hall", "si": "පරීක්ෂණ ශාලාව", "ta": "சோதனை மண்டபம்"}


def with_shelters(country: LoadedCountry, **names: Any) -> LoadedCountry:
    """The country with these shelters, by name: area and names, or names alone for Kandy."""
    known = {
        name: Shelter(area=one.get("area", "LK21"), names={t: w for t, w in one.items() if t != "area"}, source="test")
        for name, one in names.items()
    }
    return replace(country, facts=country.facts.model_copy(update={"shelters": known}))


@pytest.fixture
def country() -> LoadedCountry:
    """Sri Lanka with three shelters: of the district, of a division in it, and of another district; and one without a name in Tamil."""
    return with_shelters(
        load_country(countries_root() / "lka"),
        hall=HALL,
        division={**HALL, "en": "School", "area": "LK2157"},
        galle={**HALL, "area": "LK31"},
        nameless={"en": "Temple", "si": "පන්සල"},
        long={tag: f"{words} {'a' * 120}" for tag, words in HALL.items()},
        invisible={**HALL, "si": "ශාලාව\u202e"},
        decomposed={**HALL, "en": "Cafe\u0301"},
    )


@pytest.fixture
def world(log: EventLog, homed: Registry, country: LoadedCountry) -> World:
    """Nine households of Kandy in three languages, and a red flood that waits for two signatures; in each kind of database."""
    made = World(log, homed, country)
    for number in range(9):
        made.person(f"person {number}", language=("en", "si", "ta")[number % 3], needs=("hearing",) if number == 0 else ())
    made.happens(EventChange.OPENED, 0)
    return made


def waiting(world: World) -> Warning:
    """The one message that waits."""
    (found,) = world.service.pending()
    return found


def edit(world: World, seen: str | None = None, by: str = EDITOR, role: str = ROLE, **filled: str) -> Warning:
    """Somebody edits the one that waits, as it was last shown or as they saw it."""
    shown = waiting(world)
    return world.service.edit(shown.id, by, role, filled, code(shown) if seen is None else seen, world.now)


def body(warning: Warning, language: str = "en") -> str:
    """What is read in a language."""
    return next(text.body for text in warning.texts if text.language == language)


def steps(world: World, step: str) -> list[dict[str, Any]]:
    """What the journal says of a step, with who did it."""
    with world.registry.reading() as connection:
        return [{"by": e.actor, **json.loads(e.content)} for e in journal.entries(connection) if e.step == step]


def test_the_message_says_in_each_language_what_can_be_chosen(world: World) -> None:
    """The text's own actions, and the shelters near it that have a name in every language; nothing else is open."""
    action, shelter = world.service.slots(waiting(world).id)
    assert (action.name, action.chosen, [choice.name for choice in action.choices]) == ("action", "", ["leave", "prepare", "stay"])
    assert action.choices[2].said["en"] == "Stay away from slopes and rivers"
    assert set(action.choices[2].said) == {text.language for text in waiting(world).texts}
    assert {choice.name for choice in shelter.choices} == {"hall", "division", "long", "invisible", "decomposed"}


def test_an_edit_changes_that_and_nothing_else_in_every_language(world: World) -> None:
    """Place, time, danger, level, people and way are what they were; the action and the shelter are the chosen ones."""
    before = waiting(world)
    after = edit(world, action="stay", shelter="hall")
    choices = {slot.name: {choice.name: choice.said for choice in slot.choices} for slot in world.service.slots(before.id)}
    for text in after.texts:
        tag = text.language
        assert choices["action"]["stay"][tag] in text.body
        assert HALL[tag] in text.body
        assert choices["action"]["leave"][tag] not in text.body
        assert text.body.startswith(body(before, tag).partition(choices["action"]["leave"][tag])[0].split(" (")[0])
    same = {"id", "level", "area", "rule", "since", "known", "proposed", "expires", "recipients", "event", "standing"}
    assert all(getattr(after, name) == getattr(before, name) for name in same)
    assert (after.filled, after.edited_by) == ({"action": "stay", "shelter": "hall"}, (EDITOR,))
    assert waiting(world) == after


def test_what_was_edited_goes_out_as_it_was_signed_then(world: World) -> None:
    """To the letter, to each in their language, with what is said for a need; the dispatcher finds it as signed."""
    edited = edit(world, action="stay")
    world.sign(0.1)
    assert len(world.telephones.read) == 9
    texts = approvals.texts(edited.texts)
    assert {said for _, said in world.telephones.read} <= {words for _, _, words in texts}
    assert any("Stay away from slopes and rivers. Ask a neighbour" in said for _, said in world.telephones.read)
    assert world.notices("not_as_signed") == []


def test_signatures_given_before_are_void_and_it_needs_all_of_them_anew(world: World) -> None:
    """Whoever signed is told, and may sign what it says now; what was shown with the old code is not signed."""
    shown = waiting(world)
    world.service.sign(shown.id, "A. Perera", "director", world.now, code(shown))
    after = edit(world, action="prepare")
    assert after.signatures == ()
    assert "what it says" in world.notices("void")[0]
    with pytest.raises(RefusedError, match="not what was read"):
        world.service.sign(shown.id, "B. Silva", "district_unit", world.now, code(shown))
    world.service.sign(shown.id, "A. Perera", "director", world.now, code(after))
    assert world.service.sign(shown.id, "B. Silva", "district_unit", world.now, code(after)).issued is not None


def test_who_edited_does_not_sign_whoever_edits_after_them(world: World) -> None:
    """As who wrote a correction; neither the first editor nor the last."""
    edit(world, action="stay")
    edit(world, by="C. Dias", action="prepare")
    for by in (EDITOR, "C. Dias"):
        with pytest.raises(RefusedError, match="who wrote a message does not sign it"):
            world.service.sign(waiting(world).id, by, "director", world.now)
    edit(world, action="stay")
    assert waiting(world).edited_by == ("C. Dias", EDITOR)


@pytest.mark.parametrize(
    "slot", ["level", "hazard", "place", "time", "source", "rivers", "divisions", "when", "confirmed", "promise", "text"]
)
def test_facts_are_not_open(world: World, slot: str) -> None:
    """Whatever is asked for: what the rule found is not a slot, and the reason says what is."""
    before = waiting(world)
    with pytest.raises(EditRefusedError, match="does not leave it open; it leaves open action, shelter") as refused:
        edit(world, **{slot: "yellow", "action": "stay"})
    assert set(refused.value.reasons) == {slot}
    assert waiting(world) == before


def test_the_facts_of_the_rule_stay_when_readings_come_that_nobody_is_told_of(world: World) -> None:
    """The event goes on an hour later without another message; an edit then still says the time of which the message told."""
    before = waiting(world)
    world.happens(EventChange.UPDATED, 0.4)
    assert waiting(world).id == before.id
    after = edit(world, action="stay")
    assert body(after).partition("Stay away")[0] == body(before).partition("LEAVE")[0]
    assert after.known == before.known


@pytest.mark.parametrize(
    ("filled", "slot", "said"),
    [
        ({"action": "swim"}, "action", "no `swim` in every language"),
        ({"action": "Go to the beach."}, "action", "in every language"),
        ({"shelter": "nameless"}, "shelter", "no `nameless` in every language"),
        ({"shelter": "galle"}, "shelter", "no `galle`"),
        ({"shelter": "long"}, "shelter", "segments"),
        ({"shelter": "invisible"}, "shelter", "invisible character U+202E"),
    ],
)
def test_what_breaks_the_rules_for_texts_is_refused_by_slot(world: World, filled: dict[str, str], slot: str, said: str) -> None:
    """No free text; nothing that one language lacks, that takes more segments than the budget, or that nobody can see. Nothing changes."""
    before = waiting(world)
    with pytest.raises(EditRefusedError) as refused:
        edit(world, **{"action": "stay", **filled})
    assert set(refused.value.reasons) == {slot}
    assert said in " ".join(refused.value.reasons[slot])
    assert waiting(world) == before
    with world.registry.reading() as connection:
        kept = {(row.language, row.need, row.body) for row in connection.execute(select(bodies))}
    assert kept == set(approvals.texts(before.texts))
    assert steps(world, "refused")[-1]["asked"] == "edit"


def test_a_name_that_is_not_composed_goes_out_composed(world: World) -> None:
    """Texts are rendered in NFC whatever the files hold."""
    assert "Caf\u00e9" in body(edit(world, shelter="decomposed"))


def test_two_people_edit_at_once_and_the_second_is_told_what_the_first_changed(world: World) -> None:
    """By the code of what they read; nothing of the second's is kept."""
    seen = code(waiting(world))
    edit(world, seen, shelter="hall")
    edit(world, by="C. Dias", action="prepare")
    with pytest.raises(RefusedError) as refused:
        edit(world, seen, by="D. Fernando", action="stay")
    said = str(refused.value)
    assert f"{EDITOR} edited it at" in said
    assert "shelter: hall instead of as the text says." in said
    assert "C. Dias edited it at" in said
    assert "action: prepare instead of as the text says." in said
    assert waiting(world).filled == {"action": "prepare", "shelter": "hall"}
    with pytest.raises(RefusedError, match="people, cost or what it rests on have moved"):
        edit(world, "of another message", action="stay")


def test_of_two_that_press_at_the_same_moment_one_is_taken(world: World) -> None:
    """Each with a service of their own, as two processes have."""
    shown = waiting(world)
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def press(by: str, action: str) -> None:
        own = AlertService(world.log, world.registry, world.country, None, member=by)
        ready.wait()
        try:
            own.edit(shown.id, by, ROLE, {"action": action}, code(shown), world.now)
            outcomes.append("taken")
        except RefusedError as refused:
            outcomes.append(refused.what)

    both = [threading.Thread(target=press, args=given) for given in (("one", "stay"), ("two", "prepare"))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(outcome == "taken" for outcome in outcomes) == [False, True]
    assert any("not what was read any more" in outcome for outcome in outcomes)
    assert len(waiting(world).edited_by) == 1


def test_what_it_said_before_stays_in_the_journal(world: World) -> None:
    """Who, in which role, what instead of what, and each text to the letter; the chain holds."""
    before = waiting(world)
    edit(world, action="stay")
    (step,) = steps(world, "edited")
    assert (step["by"], step["before"], step["after"]) == (EDITOR, {}, {"action": "stay"})
    assert sorted(map(tuple, step["texts_before"])) == sorted(approvals.texts(before.texts))
    assert "edited" in world.notices("edited")[0]
    with world.registry.reading() as connection:
        assert verify(journal.entries(connection), ()).findings == ()
    assert [w.filled for w in world.published() if w.id == before.id] == [{}, {"action": "stay"}]


@pytest.mark.parametrize(
    ("by", "role", "said"), [(EDITOR, "planner", "may not edit"), (EDITOR, "nobody", "may not edit"), (" ", ROLE, "who they are")]
)
def test_who_may_not_is_refused(world: World, by: str, role: str, said: str) -> None:
    """A role that neither signs nor holds, and whoever gives no name."""
    with pytest.raises(RefusedError, match=said):
        edit(world, by=by, role=role, action="stay")
    assert waiting(world).filled == {}


def test_an_edit_that_changes_no_word_is_refused_and_no_signature_is_lost(world: World) -> None:
    """Choosing what the text says by itself; whoever signed has still signed it."""
    shown = waiting(world)
    world.service.sign(shown.id, "A. Perera", "director", world.now)
    with pytest.raises(RefusedError, match="says that already"):
        edit(world, action="leave")
    with pytest.raises(RefusedError, match="says that already"):
        edit(world)
    assert len(waiting(world).signatures) == 1


def test_a_choice_is_taken_back(world: World) -> None:
    """Then it says what it said, and nobody has signed it."""
    before = waiting(world)
    edit(world, action="stay", shelter="hall")
    after = edit(world, action="", shelter="")
    assert (approvals.texts(after.texts), after.filled) == (approvals.texts(before.texts), {})


def test_what_went_out_is_never_edited(world: World) -> None:
    """Nor what was taken back."""
    shown = waiting(world)
    world.sign(0.1)
    with pytest.raises(RefusedError, match="nothing waits"):
        world.service.edit(shown.id, EDITOR, ROLE, {"action": "stay"}, code(shown), world.now)


def test_a_message_that_is_held_may_be_edited_and_one_that_was_passed_on_too(world: World) -> None:
    """An edit may be the answer to the question; it stays held until its end, and passed on."""
    world.at(0.6)
    assert waiting(world).status.value == "escalated"
    hold = Hold(by="A. Perera", role="director", why="Is the road open?", at=world.now, until=world.now + timedelta(minutes=15))
    world.service.hold(hold, waiting(world).id)
    after = edit(world, action="stay")
    assert (after.status.value, after.hold) == ("escalated", hold)
    with pytest.raises(RefusedError, match="Perera holds it"):
        world.service.sign(after.id, "B. Silva", "district_unit", world.now)


def test_who_reads_another_language_later_reads_the_edited_message_too(world: World) -> None:
    """A language that nobody read when it was edited is rendered with the same choices."""
    edit(world, action="stay", shelter="hall")
    world.person("newcomer", language="dv")
    world.service.look_again(world.now)
    assert HALL["si"] in body(waiting(world), "si")
    assert body(waiting(world), "dv") == body(waiting(world), "si")


def test_the_next_message_of_the_warning_is_not_filled_by_the_last_edit(world: World) -> None:
    """Each message is read and edited for itself."""
    edit(world, action="prepare", shelter="hall")
    world.sign(0.1)
    world.happens(EventChange.RETRACTED, 1)
    assert waiting(world).filled == {}
    (action,) = world.service.slots(waiting(world).id)
    assert [choice.name for choice in action.choices] == ["return_when_told", "ask_officer"]


@pytest.mark.parametrize(
    ("change", "choice", "open_ones", "gone"),
    [
        (EventChange.UPDATED, "leave", {"action", "shelter"}, ""),
        (EventChange.CLOSED, "boil_water", {"action"}, "Go home only when"),
        (EventChange.CANNOT_TELL, "stay", {"action", "shelter"}, "Ask your local officer"),
        (EventChange.RETRACTED, "return_when_told", {"action"}, "rested on a wrong reading"),
        (None, "stay", {"action", "shelter"}, "Heed your officer"),
    ],
)
def test_each_later_message_of_a_warning_leaves_open_what_makes_sense_in_it(
    world: World, change: EventChange | None, choice: str, open_ones: set[str], gone: str
) -> None:
    """Updates and corrections, the all-clear, that nobody can tell and the withdrawal: in every language at once, bound as any text is, and
    what is chosen goes out."""
    world.sign(0.1)
    if change is None:
        told = world.published()[-1].warning
        world.service.correct(told, "W. Bandara", ROLE, "the level was wrong", world.now, level=Level.ORANGE)
    else:
        world.happens(change, 1, Level.ORANGE if change is EventChange.UPDATED else Level.RED)
    before = waiting(world)
    slots = {slot.name: {one.name: one.said for one in slot.choices} for slot in world.service.slots(before.id)}
    assert set(slots) == open_ones
    after = edit(world, action=choice)
    assert after.bound is not None
    assert before.bound is not None
    assert after.bound.digest != before.bound.digest
    for text in after.texts:
        assert slots["action"][choice][text.language] in text.body
        assert text.segments <= 2
    assert not gone or gone not in body(after)
    world.telephones.read.clear()
    world.sign(1.1)
    assert {said for _, said in world.read()} <= {said for _, _, said in approvals.texts(after.texts)}


def test_a_warning_that_a_person_wrote_leaves_open_what_its_text_does(world: World) -> None:
    """Whoever wrote it may edit it; then still neither they nor another editor sign it."""
    world.sign(0.1)
    draft = Draft("flood", "LK31", Level.ORANGE, START + timedelta(hours=8), "W. Bandara", "duty_officer", "a wall broke", "the mayor")
    written = world.service.originate(draft, world.now)
    action, shelter = world.service.slots(written.id)
    assert {choice.name for choice in action.choices} == {"leave", "prepare", "stay"}
    assert [choice.name for choice in shelter.choices] == ["galle"]
    edited = edit(world, by="W. Bandara", action="stay", shelter="galle")
    assert "Stay on high ground. Shelter: Test hall." in body(edited)
    assert edited.originated == written.originated
    other = edit(world, action="leave")
    for by in ("W. Bandara", EDITOR):
        with pytest.raises(RefusedError, match="who wrote a message does not sign it"):
            world.service.sign(other.id, by, "director", world.now)
    assert [w.id for w in world.sign(0.2)] == [written.id]


@pytest.mark.parametrize("code_of_country", ["lka", "npl"])
def test_what_an_unfilled_text_says_follows_from_the_level_alone(code_of_country: str) -> None:
    """A text of a danger whose slots nobody fills tells what to do by its level, in every language; filled, it says what was chosen."""
    country = load_country(countries_root() / code_of_country)
    catalogue = Catalogue.load(country.folder)
    asked = [p for p in catalogue.patterns if not p.is_part and set(SLOTS) & arguments(p.text)]
    assert asked
    for pattern in asked:
        given = {**dict.fromkeys(pattern.known, "none"), "confirmed": "yes", "promise": "no"}
        red, orange = (pattern.render({**given, "level": level.word}) for level in (Level.RED, Level.ORANGE))
        one_danger = pattern.name in FLED - {"compound", "three_at_once"}
        assert red != orange or not (one_danger and pattern.kind in (Kind.WARNING, Kind.UPDATE, Kind.STILL))
        filled = pattern.render({**given, "level": Level.RED.word, "action": "ACT", "shelter": "HALL"})
        said = "ACT." in filled.replace("।", ".").replace("۔", "."), "HALL" in filled
        assert said == ("action" in arguments(pattern.text), "shelter" in arguments(pattern.text))


NOTHING_TO_DO = {("price_shock", Kind.ALL_CLEAR), ("compound", Kind.ALL_CLEAR), ("three_at_once", Kind.ALL_CLEAR)}
"""Ends after which there is nothing that people must be told to do."""
FLED = {"flood", "landslide", "cyclone", "heat", "compound", "river_flood", "river_and_landslide", "three_at_once"}
"""Dangers before which people go somewhere."""


@pytest.mark.parametrize("code_of_country", ["lka", "npl", "bgd"])
def test_each_message_that_waits_for_signatures_leaves_open_what_makes_sense_in_it(code_of_country: str) -> None:
    """Each kind of each danger that households are told of, shared or the country's own, in each language: what to do, with something to
    choose from, and where people go if they flee from it."""
    country = load_country(countries_root() / code_of_country)
    renderer = Renderer(country)
    for hazard, kind in product(originated.hazards(country, renderer.catalogue), CHOICES):
        slots = open_slots(renderer, hazard, kind, next(iter(country.places.areas)), country.languages, {})
        found = {slot.name for slot in slots}
        there = {slot.name: [choice.name for choice in slot.choices] for slot in slots}
        assert ("action" in found) == ((hazard, kind) not in NOTHING_TO_DO), (hazard, kind)
        flees = hazard in FLED and kind not in (Kind.ALL_CLEAR, Kind.RETRACTION)
        assert ("shelter" in found) == flees, (hazard, kind)
        assert there.get("action") or (hazard, kind) in NOTHING_TO_DO or hazard == "price_shock", (hazard, kind)


def test_each_action_exists_in_every_language_that_its_text_is_written_in() -> None:
    """So that nobody is offered a choice that some would read otherwise."""
    for catalogue in (regional(), *(Catalogue.load(countries_root() / name) for name in ("lka", "npl"))):
        named: dict[tuple[str, str], set[str]] = {}
        for pattern in catalogue.patterns:
            if pattern.is_choice:
                named.setdefault((pattern.name, pattern.kind), set()).add(pattern.language)
        for (name, _), tags in named.items():
            written = {p.language for p in catalogue.patterns if p.name == name and p.kind in set(Kind)}
            assert tags == written


def test_a_shelter_that_is_taken_out_of_the_file_later_stays_in_what_was_read(world: World, country: LoadedCountry) -> None:
    """What waits says what was read; the next edit no longer offers it."""
    edit(world, shelter="hall")
    shown = waiting(world)
    world.service = AlertService(world.log, world.registry, with_shelters(country), world.telephones)
    world.service.look_again(world.now + timedelta(minutes=2))
    assert body(waiting(world)) == body(shown)
    assert world.service.slots(shown.id)[1].choices == ()
