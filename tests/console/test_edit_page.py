"""The form that changes what a message that waits leaves open: what it offers, whom it lets, and what it refuses with which reason."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from console_world import lanka
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, SECOND
from test_pages import Outline

from alerts.approvals import code
from alerts.officers.officer import ConsoleRole, Grant
from alerts.originating import Change, Draft
from schemas.country_facts import Shelter
from schemas.levels import Level
from schemas.outputs import EventChange

HALL = {"en": "Town hall", "si": "නගර ශාලාව", "ta": "நகர மண்டபம்"}
LONG = {tag: f"{words} {'a' * 150}" for tag, words in HALL.items()}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A red warning of Kandy waits for two signatures; the country knows two shelters there, one with a name that is far too long."""
    known = {name: Shelter(area="LK21", names=names, source="test") for name, names in (("hall", HALL), ("long", LONG))}
    country = lanka()
    made = Kandy(tmp_path, replace(country, facts=country.facts.model_copy(update={"shelters": known})))
    made.happens(EventChange.OPENED)
    yield made
    made.close()


def page_of(desk: Kandy) -> str:
    """Where the waiting message is read."""
    return f"/waiting/{desk.waiting().id}"


def test_it_is_changed_in_every_language_and_whoever_changed_it_does_not_sign(desk: Kandy) -> None:
    """The page shows the new words, who changed them, and no signature of before; the story of the warning says it too."""
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        one.presses(one.reads(page_of(desk)), "sign")
        status, page = two.presses(two.reads(page_of(desk)), "edit", action="stay", shelter="hall")
        told = Outline(page).text
        assert status == 200
        assert "Stay away from slopes and rivers. Shelter: Town hall." in told
        assert HALL["si"] in told
        assert HALL["ta"] in told
        assert "Edited by Silva. 0 of 2 signatures" in told
        assert "Sign this message" not in page
        assert "another person signs it" in told
        status, refused = two.sends(f"{page_of(desk)}/sign", page, seen=code(desk.waiting()))
        assert (status, "ho wrote a message does not sign it" in refused) == (409, True)
        one.presses(one.reads(page_of(desk)), "sign")
        assert len(desk.waiting().signatures) == 1
        story = Outline(one.reads(f"/warning/{desk.waiting().warning}?message={desk.waiting().id}")).text
        assert "edited by Silva: What people are told to do: stay instead of as the text says by itself." in story
        assert "The signature of Perera holds no more." in story


def test_what_is_chosen_now_is_selected_and_can_be_taken_back(desk: Kandy) -> None:
    """As the text says by itself stands first."""
    with desk.officer("perera", FIRST) as one:
        before = desk.waiting().texts
        page = one.reads(page_of(desk))
        assert '<option value="" lang="en" selected>as the text says by itself</option>' in page
        _, page = one.presses(page, "edit", action="prepare", shelter="")
        assert re.search(r'<option value="prepare" lang="en" selected>Keep off slopes', page)
        one.presses(page, "edit", action="", shelter="")
        assert [text.body for text in desk.waiting().texts] == [text.body for text in before]


def test_two_edit_at_once_and_the_second_reads_what_the_first_changed(desk: Kandy) -> None:
    """Above the message as it stands now; nothing of theirs is kept."""
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        form = two.reads(page_of(desk))
        one.presses(one.reads(page_of(desk)), "edit", action="stay", shelter="")
        status, page = two.presses(form, "edit", action="prepare", shelter="")
        told = Outline(page).text
        assert (status, "Perera edited it at" in told, "action: stay instead of as the text says" in told) == (409, True, True)
        assert desk.waiting().filled == {"action": "stay"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": "<script>alert(1)</script>", "shelter": ""}, "in every language of the message"),
        ({"action": "stay", "shelter": "long"}, "segments, and 1 is the most"),
        ({"action": "", "shelter": ""}, "says that already"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_nothing_changes(desk: Kandy, fields: dict[str, str], said: str) -> None:
    """What was chosen stays chosen, and the field says that it is not valid."""
    with desk.officer("perera", FIRST) as one:
        status, page = one.presses(one.reads(page_of(desk)), "edit", **fields)
        assert (status, said in Outline(page).text, "<script" in page) == (409, True, False)
        assert desk.waiting().filled == {}
        if fields["shelter"] == "long":
            assert re.search(r'name="shelter"[^>]*slot-shelter-why[^>]*aria-invalid="true"', page)
            assert re.search(r'<option value="long" lang="en" selected>', page)
            assert not re.search(r'name="action"[^>]*aria-invalid', page)


@pytest.mark.parametrize("field", ["level", "area", "place", "time", "body", "texts", "by", "author"])
def test_a_field_that_is_no_slot_changes_nothing(desk: Kandy, field: str) -> None:
    """A form made by hand: facts have no way in, and the editor is who is signed in."""
    with desk.officer("perera", FIRST) as one:
        before = desk.waiting()
        one.presses(one.reads(page_of(desk)), "edit", action="stay", shelter="", **{field: "yellow"})
        after = desk.waiting()
        assert (after.level, after.area, after.edited_by) == (before.level, before.area, ("Perera",))
        assert not any("yellow" in text.body for text in after.texts)


def test_an_operator_who_signs_nothing_may_edit_and_a_viewer_may_not(desk: Kandy) -> None:
    """Whoever may not sees no form, and one made by hand is refused."""
    with desk.officer("perera", DUTY) as one, desk.officer("viewer", Grant(ConsoleRole.VIEWER, "LKA")) as viewer:
        assert "Change the message" in one.reads(page_of(desk))
        own = viewer.client.get(page_of(desk)).text
        assert "Change the message" not in own
        token = viewer.client.get("/account").text
        status, page = viewer.sends(f"{page_of(desk)}/edit", token, action="stay", seen="x")
        assert (status, "may not edit a message" in page) == (403, True)
        assert desk.waiting().filled == {}
        one.presses(one.reads(page_of(desk)), "edit", action="stay", shelter="")
        assert desk.waiting().edited_by == ("Perera",)


def test_an_end_leaves_open_what_is_to_be_done_after_it(desk: Kandy) -> None:
    """A withdrawal: when to go home, or whom to ask, and no place to flee to; what stands there by itself is still the first choice."""
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        for officer in (one, two):
            officer.presses(officer.reads(page_of(desk)), "sign")
        desk.passes(hours=1)
        desk.happens(EventChange.RETRACTED)
        page = one.reads(page_of(desk))
        assert re.findall(r'<option value="([^"]*)"', page.partition('id="slot-action"')[2].partition("</select>")[0]) == [
            "",
            "return_when_told",
            "ask_officer",
        ]
        assert "slot-shelter" not in page
        status, changed = one.presses(page, "edit", action="return_when_told")
        assert (status, "Go home only when your local officer says it is safe." in Outline(changed).text) == (200, True)


def test_a_message_that_leaves_nothing_open_shows_no_form(desk: Kandy) -> None:
    """After dear food nothing is to be done, so its end has nothing to choose."""
    until = desk.now + timedelta(hours=8)
    desk.service.originate(Draft("price_shock", "LK31", Level.RED, until, "X", "duty_officer", "a market", "the mayor"), desk.now)
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        for officer in (one, two):
            for message in desk.service.pending():
                officer.presses(officer.reads(f"/waiting/{message.id}"), "sign")
        ((kept, _),) = desk.service.originated()
        end = desk.service.end_originated(kept.warning, Change("X", "director", "it is over"), "all_clear", desk.now)
        assert "Change the message" not in one.reads(f"/waiting/{end.id}")
