"""Somebody asks before a message is signed. It is held with a name, a reason and an end, and never lapses for it."""

from datetime import timedelta

import pytest
from alert_places import START
from small_world import World

from alerts.registry import Registry
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.outputs import EventChange
from schemas.warning_records import Hold, Warning, WarningStatus

QUARTER = timedelta(minutes=15)


@pytest.fixture
def world(log: EventLog, homed: Registry, country: LoadedCountry) -> World:
    """A red warning that waits."""
    made = World(log, homed, country)
    made.person("Amara")
    made.happens(EventChange.OPENED, 0)
    return made


def waiting(world: World) -> Warning:
    """The one that waits."""
    (found,) = world.service.pending()
    return found


def question(minutes: float = 0, *, role: str = "duty_officer", why: str = "Is the gauge right?", span: timedelta = QUARTER) -> Hold:
    """Somebody asks, so many minutes after START."""
    at = START + timedelta(minutes=minutes)
    return Hold(by="A. Perera", role=role, why=why, at=at, until=at + span)


def sign_both(world: World, minutes: float) -> Warning:
    """Both sign at one moment."""
    at = START + timedelta(minutes=minutes)
    world.service.sign(waiting(world).id, "C. Fernando", "district_unit", at)
    return world.service.sign(waiting(world).id, "B. Silva", "director", at)


def test_while_it_is_held_nobody_signs_it(world: World) -> None:
    """Who tries reads who asked what; once it is let go it can be signed."""
    world.service.hold(question(), waiting(world).id)
    with pytest.raises(RefusedError, match=r"A\. Perera holds it: Is the gauge right\?"):
        sign_both(world, 5)
    free = world.service.let_go(waiting(world).id, "B. Silva", "director", START + timedelta(minutes=6))
    assert free.hold is None
    assert sign_both(world, 7).status is WarningStatus.ISSUED
    assert ["holds" in world.notices("held")[0], "lets" in world.notices("let_go")[0]] == [True, True]


def test_at_its_end_it_can_be_signed_again_and_is_passed_on_if_nobody_does(world: World) -> None:
    """A question that nobody answers is no silence: the next on the ladder hears of it at the end of the hold."""
    world.service.hold(question(5), waiting(world).id)
    world.at(19 / 60)
    assert world.notices("unsigned") == []
    world.at(20 / 60)
    assert len(world.notices("unsigned")) == 1
    assert sign_both(world, 21).status is WarningStatus.ISSUED


def test_a_signature_given_before_the_question_stands(world: World) -> None:
    """A question changes nothing of what was read."""
    world.service.sign(waiting(world).id, "C. Fernando", "district_unit", START)
    world.service.hold(question(1), waiting(world).id)
    world.service.let_go(waiting(world).id, "A. Perera", "duty_officer", START + QUARTER)
    assert world.service.sign(waiting(world).id, "B. Silva", "director", START + QUARTER).issued is not None


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        (question(role="district_unit"), "may not hold"),
        (question(role="nobody"), "may not hold"),
        (question(why="  "), "what they ask"),
        (question(span=timedelta(hours=2)), "an hour at most"),
        (question(span=-QUARTER), "an hour at most"),
    ],
)
def test_a_hold_has_a_name_a_reason_an_end_and_somebody_who_may(world: World, asked: Hold, match: str) -> None:
    """Otherwise it is refused, and the message can be signed."""
    with pytest.raises(RefusedError, match=match):
        world.service.hold(asked, waiting(world).id)
    assert sign_both(world, 1).status is WarningStatus.ISSUED


def test_only_what_waits_is_held_and_once(world: World) -> None:
    """A second question waits for the end of the first; what went out is corrected, not held."""
    world.service.hold(question(), waiting(world).id)
    with pytest.raises(RefusedError, match="held already"):
        world.service.hold(question(1), waiting(world).id)
    issued = sign_both(world, 16)
    for act in (lambda: world.service.hold(question(17), issued.id), lambda: world.service.let_go(issued.id, "x", "director", START)):
        with pytest.raises(RefusedError, match="nothing waits"):
            act()


def test_a_graver_level_is_another_message_and_not_held(world: World) -> None:
    """What overtakes a held proposal withdraws it; nobody waits for the answer to a question about the past."""
    world.service.hold(question(), waiting(world).id)
    world.happens(EventChange.CLOSED, 0.1)
    assert world.service.pending() == []
