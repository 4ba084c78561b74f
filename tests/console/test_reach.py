"""Whom a message does not reach, or hardly: what stands on the page to sign beside the number of people."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hand_made import NOON, warning
from kandy_desk import Kandy
from signing_desk import FIRST
from sqlalchemy import insert
from test_pages import Outline

from alerts.reach import LastTold, Reach
from alerts.signing import ToSign
from alerts.tables import delivery_counts
from console.local_time import LocalTime
from console.names import Names
from console.waiting_views import signing_view
from schemas.levels import Level
from schemas.outputs import EventChange


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """Twelve households in Kandy."""
    made = Kandy(tmp_path)
    yield made
    made.close()


def told(names: Names, clock: LocalTime, reach: Reach) -> str:
    """What the page says of a reach."""
    return " ".join(signing_view(ToSign(warning(), 2, reach, (), ()), names, clock, NOON).reached)


def test_it_is_said_of_how_many_who_live_there(names: Names, clock: LocalTime) -> None:
    """A share of a hundred, and that of the others nobody has the number; without a figure nothing is made up."""
    assert "It goes to 250 people in Kandy and all inside it, 25 of 100 who live there." in told(names, clock, Reach(250, 250, 0, 1000))
    assert "750 of the 1,000 who live there are not enrolled" in told(names, clock, Reach(250, 250, 0, 1000))
    assert "Nobody has the number of who is not enrolled." in told(names, clock, Reach(250, 250, 0, 1000))
    assert "fewer than 1 of 100 who live there" in told(names, clock, Reach(1, 1, 0, 1000))
    unknown = told(names, clock, Reach(250, 250, 0, None))
    assert "Nobody knows how many live there" in unknown
    assert "of 100" not in unknown


def test_whose_language_has_no_text_and_whom_the_last_message_did_not_reach(names: Names, clock: LocalTime) -> None:
    """By language, and with the day of the last message."""
    last = LastTold(NOON, told=40, lost=3, doubtful=2)
    said = told(names, clock, Reach(50, 50, 0, None, not_written={"ta": 7}, last=last))
    assert "7 of them read Tamil, in which this text is not written: they get it in another language." in said
    assert "of 27 Nov 2025 17:30, did not arrive at 3 of 40. Of 2 more nobody knows whether that one arrived." in said
    assert "last message" not in told(names, clock, Reach(50, 50, 0, None, last=LastTold(NOON, 40, 0, 0)))


def test_where_nobody_at_all_is_enrolled_is_named(names: Names, clock: LocalTime) -> None:
    """A few by name, the rest counted, and how many live there if that is known of all of them."""
    some = Reach(50, 50, 0, None, empty=("LK2103", "LK2106"), within=20, empty_population=1234)
    assert "In 2 of 20 areas inside it, where 1,234 live, nobody is enrolled: Poojapitiya, Tumpane." in told(names, clock, some)
    many = names.country.places.within("LK21", "adm3")
    assert f"and {len(many) - 6} more." in told(names, clock, Reach(50, 50, 0, None, empty=many, within=len(many)))


def test_the_areas_where_nobody_is_enrolled_are_those_of_the_registry(desk: Kandy) -> None:
    """Who enrolled for a whole district may live anywhere in it, so that none of it is empty; the message's own place counts."""
    inside = desk.country.places.within("LK31", "adm3")
    desk.enrol(90, inside[0])
    desk.happens(EventChange.OPENED, id="e1", area="LK31")
    reach = desk.service.to_read(desk.waiting().id).reach
    assert (reach.people, reach.within, set(reach.empty)) == (1, len(inside), set(inside[1:]))
    desk.enrol(91, "LK31")
    assert desk.service.to_read(desk.waiting().id).reach.empty == ()


def test_every_language_of_the_country_is_written(desk: Kandy) -> None:
    """The texts of Sri Lanka are there in all three; a person who reads one that is not is counted."""
    desk.happens(EventChange.OPENED)
    assert desk.service.to_read(desk.waiting().id).reach.not_written == {}


def test_the_last_message_is_the_last_that_went_out_there(desk: Kandy) -> None:
    """Of its counts those of the place, whatever became of them."""
    desk.happens(EventChange.OPENED, level=Level.ORANGE)
    first = desk.waiting().id
    assert desk.service.to_read(first).reach.last is None
    for by, role in (("X", "duty_officer"), ("Y", "director")):
        desk.service.sign(first, by, role, desk.now)
    with desk.registry.begin() as connection:
        for area, state, count in (("LK21", "undelivered", 2), ("LK21", "unknown", 1), ("LK21", "delivered", 9), ("LK31", "failed", 50)):
            values = {"message": first, "area": area, "language": "si", "state": state, "count": count, "revision": 1}
            connection.execute(insert(delivery_counts).values(**values))
    desk.now += timedelta(hours=1)
    desk.happens(EventChange.ESCALATED)
    reach = desk.service.to_read(desk.waiting().id).reach
    assert reach.last == LastTold(NOON, told=12, lost=2, doubtful=1)
    with desk.officer("perera", FIRST) as one:
        assert "did not arrive at 2 of 12" in Outline(one.reads(f"/waiting/{desk.waiting().id}")).text


def test_that_nobody_gets_it_and_who_is_enrolled_around_it_are_said_first(desk: Kandy) -> None:
    """People enrolled for a district may live in each of its divisions: a message to one division goes to none of them."""
    division = desk.country.places.within("LK21", "adm3")[0]
    desk.happens(EventChange.OPENED, id="e1", area=division)
    reach = desk.service.to_read(desk.waiting().id).reach
    assert (reach.people, dict(reach.around)) == (0, {"LK21": 12})
    with desk.officer("perera", FIRST) as one:
        shown = Outline(one.reads(f"/waiting/{desk.waiting().id}")).text
    place = Names(desk.country).place(division)
    assert f"NOBODY gets this message: nobody in {place} or inside it is enrolled for it." in shown
    assert f"12 people are enrolled for the whole of Kandy. Some may live in {place}: this message goes to none of them." in shown


def test_what_goes_to_a_whole_district_leaves_nobody_of_it_out(desk: Kandy) -> None:
    """Nobody is enrolled for an area around it."""
    desk.happens(EventChange.OPENED)
    assert desk.service.to_read(desk.waiting().id).reach.around == {}
