"""The roster and wakings on pages: as the commands do it, with the same checks, by whom they would be done."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, Officer
from sqlalchemy import select
from test_pages import Outline

from alerts import journal
from alerts.officers.officer import ConsoleRole, Grant
from alerts.roster import keeping, telephones, wakings
from alerts.roster.causes import Cause
from alerts.roster.ladder import Rung, Way
from alerts.tables import duty_shifts, officers
from console.local_time import LocalTime

VIEWER = Grant(ConsoleRole.VIEWER, "LKA")
NUMBER = "+999700000001"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A desk at noon."""
    made = Kandy(tmp_path)
    yield made
    made.close()


def at(desk: Kandy, hours: float) -> str:
    """A moment some hours from now, as a browser sends it: on the local clock, without a zone."""
    return LocalTime(desk.country.timezone).field(desk.now + timedelta(hours=hours))


def put(desk: Kandy, one: Officer, name: str, since: float, until: float, place: str = "first") -> tuple[int, str]:
    """Put somebody on duty by the form."""
    fields = {"name": name, "since": at(desk, since), "until": at(desk, until), "place": place}
    return one.presses(one.reads("/duty"), "add", **fields)


def steps(desk: Kandy) -> list[tuple[str, str]]:
    """Who did what, of the roster and wakings."""
    with desk.registry.reading() as connection:
        return [(e.actor, e.step) for e in journal.entries(connection) if e.role in ("roster", "on duty")]


def shifts(desk: Kandy) -> list[Any]:
    """The shifts that stand."""
    with desk.registry.reading() as connection:
        return list(connection.execute(select(duty_shifts)).all())


def test_somebody_is_put_on_duty_seen_there_and_taken_out(desk: Kandy) -> None:
    """Who is on duty now, until when, who cannot be woken, and the gap behind; each change is a step of the journal."""
    with desk.officer("perera", DUTY) as one:
        assert "NOBODY is on duty" in one.reads("/duty")
        status, page = put(desk, one, "perera", -1, 11)
        told = Outline(page).text
        assert status == 200
        for said in ("Perera (perera), first, until", "perera has given no telephone", "nobody is on duty first", "NONE: cannot be woken"):
            assert said in told
        with desk.registry.acting() as connection:
            telephones.give(connection, desk.registry.keys, keeping.on_the_roster(connection, "LKA", "perera"), NUMBER, desk.now)
        page = one.reads("/duty")
        assert "has given no telephone" not in page
        assert NUMBER[-4:] not in page
        status, page = one.presses(page, "remove")
        assert (status, "NOBODY is on duty" in page, shifts(desk)) == (200, True, [])
        assert steps(desk)[-3:] == [("perera", "shift_added"), ("perera", "shift_removed")][-3:]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"until": "2020-01-01T00:00"}, "ends before it begins"),
        ({"name": "nobody"}, "no account"),
        ({"name": "silva"}, "neither operator, approver nor administrator"),
        ({"since": "tomorrow"}, "moment cannot be read"),
        ({"place": "fourth"}, "no such place"),
    ],
)
def test_a_shift_that_cannot_be_is_explained_and_nothing_is_kept(desk: Kandy, fields: dict[str, str], said: str) -> None:
    """As the command refuses it; what was typed stays, and that it was refused is in the journal."""
    with desk.officer("perera", DUTY) as one, desk.officer("silva", VIEWER):
        good = {"name": "perera", "since": at(desk, 0), "until": at(desk, 12), "place": "second"}
        status, page = one.presses(one.reads("/duty"), "add", **(good | fields))
        assert status == 409
        assert said in page
        assert shifts(desk) == []
        assert steps(desk)[-1] == ("perera", "refused")


def test_two_shifts_of_one_person_at_one_place_are_refused(desk: Kandy) -> None:
    """They have this place already for some of the time."""
    with desk.officer("perera", DUTY) as one:
        put(desk, one, "perera", 0, 8)
        status, page = put(desk, one, "perera", 4, 12)
        assert (status, "is on duty first for some of this time already" in page, len(shifts(desk))) == (409, True, 1)


def test_a_viewer_reads_the_roster_and_changes_nothing(desk: Kandy) -> None:
    """No form is shown; one made by hand is refused, and stands in the journal as refused."""
    with desk.officer("perera", DUTY) as one, desk.officer("silva", VIEWER) as two:
        put(desk, one, "perera", -1, 11)
        (shift,) = shifts(desk)
        page = two.reads("/duty")
        assert "Your account may not change the roster" in page
        assert "/remove" not in page
        other = two.reads("/account")
        for path, fields in ((f"/duty/{shift.id}/remove", {}), ("/duty/hand-over", {"text": "hello"}), ("/wakings/x/awake", {})):
            assert two.sends(path, other, **fields)[0] == 409
        assert len(shifts(desk)) == 1
        assert steps(desk)[-3:] == [("silva", "refused")] * 3


def test_nothing_is_changed_by_an_address_alone(desk: Kandy) -> None:
    """Whatever changes something wants a form with this session's token."""
    with desk.officer("perera", DUTY) as one:
        for path in ("/duty/add", "/duty/hand-over", "/duty/x/remove", "/wakings/x/awake"):
            assert one.client.get(path).status_code == 405
            assert one.client.post(path, data={"text": "x"}, headers={"origin": desk.address.rstrip("/")}).status_code == 403


def test_a_hand_over_note_is_left_and_read_with_numbers_masked(desk: Kandy) -> None:
    """The newest first; an empty one is refused."""
    with desk.officer("perera", DUTY) as one:
        status, page = one.presses(one.reads("/duty"), "hand-over", text="Watch Peradeniya.\nI asked the office, 077 000 0099 88.")
        assert (status, "Watch Peradeniya." in page, "...88" in page, "077 000" in page) == (200, True, True, False)
        assert one.presses(page, "hand-over", text=" ")[0] == 409


def woken(desk: Kandy) -> str:
    """The first person on duty is being woken; the waking's id."""
    with desk.registry.acting() as connection:
        wakings.begin(connection, "LKA", Cause("proposal:w1:0", "proposal", "w1", "A flood waits for signatures."), desk.now)
        (waking,) = wakings.open_ones(connection, "LKA")
        id = connection.execute(select(officers.c.id)).scalars().first()
        wakings.intend(connection, waking, Rung(str(id), Way.SMS), "words", "en", desk.now, desk.now + timedelta(minutes=5))
        return waking.id


def test_who_is_woken_for_what_is_shown_and_acknowledged_on_the_page(desk: Kandy) -> None:
    """Who was tried, how and when; after the button nobody else is, and it says who answered and how."""
    with desk.officer("perera", FIRST) as one:
        assert "Nobody is being woken" in one.reads("/wakings")
        woken(desk)
        page = one.reads("/wakings")
        for said in ("A flood waits for signatures.", "about to be tried", "Tried 1 time."):
            assert said in Outline(page).text
        status, page = one.presses(page, "awake")
        assert status == 200
        assert "perera answered at the console" in page
        assert "Nobody is being woken" in page
        with desk.registry.reading() as connection:
            assert wakings.open_ones(connection, "LKA") == []
        assert steps(desk)[-1] == ("perera", "acknowledged")


def test_what_was_acknowledged_meanwhile_is_said_and_nothing_is_done_twice(desk: Kandy) -> None:
    """A second press of an old page."""
    with desk.officer("perera", FIRST) as one:
        woken(desk)
        page = one.reads("/wakings")
        one.presses(page, "awake")
        status, again = one.presses(page, "awake")
        assert (status, "nobody is being woken with this code" in again) == (409, True)
        assert steps(desk).count(("perera", "acknowledged")) == 1
