"""What no reading may be, whatever its feed."""

from datetime import UTC, datetime, timedelta

import pytest

from feeds.check import split, unfit
from schemas.inputs import Observation

RECEIVED = datetime(2025, 11, 27, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def reading(start: datetime = RECEIVED, **changes: object) -> Observation:
    """A fit reading with some of it changed."""
    usual = {
        "area": "lk-hanwella",
        "indicator": "river_level",
        "start": start,
        "end": start,
        "received": RECEIVED,
        "value": 2.0,
        "unit": "m",
        "feed": "lka_irrigation_river",
        "key": "Hanwella",
        "delivery": "d",
    }
    return Observation.model_validate(usual | changes)


@pytest.mark.parametrize(
    "fit",
    [
        reading(),
        reading(value=None),
        reading(RECEIVED + 10 * MINUTE),
        reading(datetime(1990, 1, 1, tzinfo=UTC)),
        reading(value=-20.0),
        reading(value=6000.0),
        reading(RECEIVED + timedelta(days=5), lead=timedelta(days=5)),
    ],
)
def test_fit_readings_pass(fit: Observation) -> None:
    """A null, a limit, the ten minutes that clocks may differ, and a forecast of days to come."""
    assert unfit(fit) is None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (reading(RECEIVED + 10 * MINUTE + timedelta(microseconds=1)), "after it was received"),
        (reading(datetime(2099, 1, 1, tzinfo=UTC)), "after it was received"),
        (reading(datetime(2027, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 8, tzinfo=UTC)), "after it was received"),
        (reading(datetime(1970, 1, 1, tzinfo=UTC)), "before 1990"),
        (reading(datetime(1970, 1, 1, tzinfo=UTC), lead=timedelta(days=5)), "before 1990"),
        (reading(value=6000.1), "outside -20 to 6000 m"),
        (reading(unit="ft"), "in ft, not in m"),
        (reading(indicator="river_hight"), "no indicator"),
    ],
)
def test_unfit_readings_say_why_and_what_to_do(wrong: Observation, reason: str) -> None:
    """The reason names the limit, and there is a remedy."""
    found = unfit(wrong)
    assert found is not None
    assert reason in found[0]
    assert found[1]


def test_the_fit_go_on_without_the_unfit() -> None:
    """One bad reading takes no other with it, and none is lost."""
    good, bad = reading(), reading(value=9999.0)
    fit, kept_aside = split([good, bad, good])
    assert (fit, [observation for observation, _, _ in kept_aside]) == ([good, good], [bad])
