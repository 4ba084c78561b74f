"""Silences, the button that halts sending, and corrections: on pages, by whom may, with a name and a reason."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, SECOND
from sqlalchemy import select, update
from test_pages import Outline

from alerts import stops
from alerts.officers.officer import ConsoleRole, Grant
from alerts.tables import journal, messages
from schemas.outputs import EventChange

THIRD = Grant(ConsoleRole.APPROVER, "LKA", "district_unit")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A red warning of Kandy waits for two signatures."""
    made = Kandy(tmp_path)
    made.happens(EventChange.OPENED)
    yield made
    made.close()


def signed(desk: Kandy) -> str:
    """The warning goes out; its life's id."""
    (message,) = desk.service.pending()
    desk.service.sign(message.id, "X", "duty_officer", desk.now)
    return desk.service.sign(message.id, "Y", "director", desk.now).warning


def test_a_silence_begins_with_its_reason_and_ends_on_the_page(desk: Kandy) -> None:
    """What it reaches, who set it, why, until when, and what it held; what waited of it is taken back and proposed again at its end."""
    with desk.officer("perera", DUTY) as one:
        page = one.reads("/silences")
        status, shown = one.presses(page, "begin", rule="", area="LK21", up_to="red", span="2 h", comment="gauge under repair")
        told = Outline(shown).text
        assert status == 200
        for said in ("everything in Kandy, up to red", "Perera (duty officer): gauge under repair", "held back 1 change"):
            assert said in told
        assert desk.service.pending() == []
        status, shown = one.presses(shown, "end")
        assert (status, "ended by Perera" in Outline(shown).text) == (200, True)
        desk.passes(minutes=1)
        assert len(desk.service.pending()) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"comment": " "}, "without a name or a reason"),
        ({"up_to": "purple"}, "level cannot be read"),
        ({"span": "for ever"}, "cannot be read"),
        ({"rule": "no_such_rule"}, "no rule"),
        ({"span": "-6 h"}, ""),
    ],
)
def test_a_silence_that_cannot_be_is_explained_and_what_was_typed_stays(desk: Kandy, fields: dict[str, str], said: str) -> None:
    """Nothing is held back by it."""
    with desk.officer("perera", DUTY) as one:
        good = {"rule": "", "area": "LK21", "up_to": "red", "span": "6 h", "comment": "gauge under repair"}
        status, shown = one.presses(one.reads("/silences"), "begin", **(good | fields))
        assert status == 409
        assert said in shown
        assert desk.service.silences() == []
        if "comment" not in fields:
            assert "gauge under repair" in shown


def test_who_may_not_silence_is_told_so(desk: Kandy) -> None:
    """An approver signs and holds; a silence is the operator's. A form made by hand changes nothing."""
    with desk.officer("perera", DUTY) as one, desk.officer("silva", SECOND) as two:
        page = one.reads("/silences")
        assert "Your account may not silence" in two.reads("/silences")
        status, refused = two.presses(page, "begin", rule="", area="", up_to="red", span="2 h", comment="x")
        assert status == 403
        assert desk.service.silences() == []
        assert "Nothing was changed" in refused


def test_sending_is_halted_and_goes_on_with_a_reason(desk: Kandy) -> None:
    """Who has it and who waits stands there; the journal has both steps with the officer's name."""
    warning = signed(desk)
    with desk.officer("perera", FIRST) as one:
        page = one.reads("/sending")
        assert "12 wait" in Outline(page).text
        status, halted = one.sends("/sending/halt", page, warning=warning, why="the number of the shelter is wrong")
        assert status == 200
        assert "the number of the shelter is wrong" in halted
        with desk.registry.reading() as connection:
            assert [s.warning for s in stops.standing_stops(connection)] == [warning]
        status, on = one.presses(halted, "go-on", why="corrected by telephone")
        assert (status, "Halted" in on) == (200, False)
        with desk.registry.reading() as connection:
            steps = connection.execute(select(journal.c.step, journal.c.actor).where(journal.c.step.in_(["halted", "resumed"]))).all()
        assert [tuple(step) for step in steps] == [("halted", "Perera"), ("resumed", "Perera")]


def test_a_halt_without_a_reason_or_of_nothing_is_refused(desk: Kandy) -> None:
    """And of a warning whose place is not granted, or of everything by who has one district."""
    warning = signed(desk)
    galle = Grant(ConsoleRole.APPROVER, "LKA", "duty_officer", "LK31")
    with desk.officer("perera", FIRST) as one, desk.officer("galle", galle) as other:
        for who, fields, status in (
            (one, {"warning": warning, "why": " "}, 409),
            (one, {"warning": "w0", "why": "x"}, 409),
            (other, {"warning": warning, "why": "x"}, 403),
            (other, {"warning": "", "why": "x"}, 403),
        ):
            assert who.sends("/sending/halt", who.reads("/sending"), **fields)[0] == status
        with desk.registry.reading() as connection:
            assert stops.standing_stops(connection) == ()


def test_a_correction_is_proposed_and_signed_by_others(desk: Kandy) -> None:
    """Who writes it does not sign it; it goes to exactly those who were warned."""
    warning = signed(desk)
    with desk.registry.begin() as connection:
        connection.execute(update(messages).values(state="delivered", provider_id=None))
    desk.passes(minutes=5)
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two, desk.officer("unit", THIRD) as three:
        page = one.reads(f"/correct/{warning}")
        status, waits = one.presses(page, warning, area="LK31", level="", comment="it is Galle")
        assert status == 200
        assert "written by Perera" in waits
        assert "the 12 people who were warned" in Outline(waits).text
        (message,) = desk.service.pending()
        assert f'action="/waiting/{message.id}/sign"' not in waits
        seen = re.search(r"--seen (\w+)", waits)
        assert seen is not None
        status, refused = one.sends(f"/waiting/{message.id}/sign", waits, seen=seen[1])
        assert (status, "wrote a message does not sign it" in refused) == (409, True)
        two.presses(two.reads(f"/waiting/{message.id}"), "sign")
        three.presses(three.reads(f"/waiting/{message.id}"), "sign")
        assert desk.service.pending() == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"area": "", "level": "", "comment": "x"}, "what is right"),
        ({"area": "XX99", "level": "", "comment": "x"}, "no area"),
        ({"area": "", "level": "mauve", "comment": "x"}, "level cannot be read"),
        ({"area": "LK31", "level": "", "comment": ""}, "who, why"),
    ],
)
def test_a_correction_that_corrects_nothing_is_explained(desk: Kandy, fields: dict[str, str], said: str) -> None:
    """And nothing waits for it."""
    warning = signed(desk)
    with desk.officer("perera", FIRST) as one:
        status, shown = one.presses(one.reads(f"/correct/{warning}"), warning, **fields)
        assert (status, said in shown) == (409, True)
        assert desk.service.pending() == []


def test_what_nobody_stands_under_cannot_be_corrected(desk: Kandy) -> None:
    """Before it went out there is nothing to correct."""
    with desk.officer("perera", FIRST) as one:
        (message,) = desk.service.pending()
        for path in (f"/correct/{message.warning}", "/correct/w0", "/correct/<script>"):
            answer = one.client.get(path)
            assert answer.status_code == 404
            assert "<script>" not in answer.text
