"""What people did not get is counted with its reason, each reason by itself, and operators see the same numbers."""

from datetime import time, timedelta

import pytest
from small_world import World, with_messaging

from alerts import intents
from alerts.channels.contract import Refusal
from alerts.intents import Unsent
from alerts.registry import Registry
from eventlog.log import EventLog
from schemas.country_facts import Damping, QuietHours
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange

GREATER, LESSER = "river_and_landslide", "landslide"


@pytest.fixture
def world(log: EventLog, homed: Registry, country: LoadedCountry) -> World:
    """Two households of Kandy, where orange waits for the morning and one update in two hours is enough."""
    night, damping = QuietHours(since=time(21), until=time(6)), Damping(at_most=1, within=timedelta(hours=2))
    made = World(log, homed, with_messaging(country, quiet_hours=night, damping=damping))
    made.person("Amara")
    made.person("Bimal")
    return made


def unsent(world: World) -> dict[str, int]:
    """Why messages were not sent, to how many people, by the registry; what operators see says the same, and nought of the others."""
    with world.registry.reading() as connection:
        found = intents.unsent(connection)
    every = {reason.value for reason in (*Unsent, *Refusal)}
    shown = {r: world.service.metrics.registry.get_sample_value("polyrisk_messages_unsent", {"reason": r}) for r in every}
    assert {reason: int(number or 0) for reason, number in shown.items() if number} == found
    assert None not in shown.values()
    return found


def test_each_reason_is_counted_by_itself(world: World) -> None:
    """Held for the night and overtaken by its end; left before it went; spared an update; grouped with a greater one; out of time."""
    world.happens(EventChange.OPENED, 5, Level.ORANGE, area="LK21", rule=LESSER)
    world.sign(5.1)
    world.happens(EventChange.CLOSED, 8, Level.ORANGE, area="LK21", rule=LESSER)
    world.sign(8)
    assert unsent(world) == {"overtaken": 2}

    world.person("Chitra")
    world.happens(EventChange.OPENED, 24, Level.RED, area="LK21", rule=GREATER)
    dispatcher, world.service._dispatcher = world.service._dispatcher, None
    world.sign(24)
    world.leaves("Chitra")
    world.service._dispatcher = dispatcher
    world.at(24)
    assert world.readers() == ["Amara", "Bimal"]
    assert unsent(world) == {"overtaken": 2, "stopped": 1}

    world.happens(EventChange.EASED, 25, Level.ORANGE, area="LK21", rule=GREATER)
    world.sign(25)
    world.person("Devi", joined=25.2)
    world.at(25.2)
    world.happens(EventChange.ESCALATED, 25.5, Level.RED, area="LK21", rule=GREATER)
    world.sign(25.5)
    world.happens(EventChange.EASED, 26, Level.ORANGE, area="LK21", rule=GREATER)
    world.sign(26)
    assert unsent(world) == {"overtaken": 2, "stopped": 1, "damped": 3}

    world.service._dispatcher = None
    world.happens(EventChange.CLOSED, 26.5, Level.ORANGE, area="LK21", rule=GREATER)
    world.sign(26.5)
    world.service._dispatcher = dispatcher
    world.at(26.5 + 24)
    assert unsent(world) == {"overtaken": 2, "stopped": 1, "damped": 3, "out_of_time": 3}


def test_whom_a_greater_warning_reaches_is_counted_as_grouped(world: World) -> None:
    """Only those who get the greater one are; who gets none of it keeps the lesser."""
    world.person("Chitra", "LK21")
    dispatcher, world.service._dispatcher = world.service._dispatcher, None
    world.happens(EventChange.OPENED, 0, Level.RED, rule=LESSER)
    world.sign(0)
    world.person("Chitra", "LK11", joined=0.5)
    world.happens(EventChange.OPENED, 1, Level.RED, rule=GREATER)
    world.sign(1)
    world.service._dispatcher = dispatcher
    world.at(1)
    assert world.readers() == ["Amara", "Bimal", "Chitra"]
    assert unsent(world) == {"grouped": 2}


def test_what_was_refused_is_counted_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """People behind a country that does not send are no fewer people who got nothing; operators see them by that reason."""
    monkeypatch.setattr(type(world.telephones), "reaches_people", True)
    world.happens(EventChange.OPENED, 12)
    world.sign(12)
    assert world.readers() == []
    assert unsent(world) == {"not_agreed": 2}
