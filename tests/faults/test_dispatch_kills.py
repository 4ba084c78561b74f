"""A short seeded share of the kills of the dispatcher, on each kind of database; `make faults-dispatch KILLS=300` does many."""

from collections import Counter
from pathlib import Path

import pytest
from dispatch_laboratory import HOMES, Outcome, Round, run_round

HOUSEHOLDS, SEED = 1_600, 7
KILLS = {"sqlite": 9, "postgresql": 6}


@pytest.mark.parametrize("home", HOMES)
def test_each_gets_exactly_one_whenever_it_is_killed(home: str, tmp_path: Path) -> None:
    """While the provider's lists are late by less than the time of grace: nobody two, nobody none, none after STOP or after its time, and a
    graver warning goes first."""
    outcome = run_round(home, "late", KILLS[home], SEED, tmp_path / "round", HOUSEHOLDS)
    assert outcome.differences == [], outcome
    assert (outcome.kills, outcome.counts["warnings"]) == (KILLS[home], 4)
    assert min(outcome.messages, outcome.doubtful, outcome.counts["accepted"], outcome.counts["expired"], outcome.counts["refused"]) > 0


def test_what_the_provider_never_shows_is_treated_and_counted_as_the_rule_says(tmp_path: Path) -> None:
    """Past the time of grace the gravest are sent again and marked, the lesser are unknown, and both are counted."""
    outcome = run_round("sqlite", "never", 4, SEED, tmp_path / "round", HOUSEHOLDS)
    assert outcome.differences == [], outcome
    assert outcome.counts["possibly doubled"] > 0


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"places": [1, 2]}, "got 2 and is not marked"),
        ({"places": []}, "the provider has none"),
        ({"state": "expired"}, "held to be not sent"),
        ({"state": "unknown", "priority": 3}, "is held to be unknown"),
        ({"state": "sending"}, "did not come to rest"),
        ({"subscriber": "left"}, "after they had left"),
        ({"area": "LK13", "places": [9]}, "after its time"),
    ],
)
def test_the_check_is_not_blind(change: dict[str, object], difference: str) -> None:
    """Each thing that must not be is seen by it."""
    told = Round.__new__(Round)
    told.outcome, told.left, told.over = Outcome("sqlite", "late"), {"left"}, 5
    row = {"subscriber": "one", "area": "LK11", "state": "accepted", "possibly_doubled": False, "priority": 2, "attempts": 1}
    wrong = {**row, **{key: value for key, value in change.items() if key != "places"}}
    places = change.get("places", [1])
    assert isinstance(places, list)
    assert told.wrong(_Row(row), [1]) == ""
    assert difference in told.wrong(_Row(wrong), places)
    assert Counter(told.outcome.differences) == Counter()


class _Row:
    """A row of messages, by its columns."""

    def __init__(self, columns: dict[str, object]) -> None:
        self.__dict__.update(columns)
