"""`polyrisk status` says what people answered, by area, and never who."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from eventlog.log import EventLog, open_log
from feeds.clock import FileClock
from polyrisk.__main__ import main
from schemas.country_files import countries_root, load_country
from schemas.envelopes import input_record, output_record
from schemas.inputs import ConfigChange
from schemas.warning_records import Answer, AnswerCount

NOW = datetime(2025, 11, 28, 6, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An installation of Sri Lanka at a moment of the storm."""
    FileClock(tmp_path / "clock").set(NOW)
    return tmp_path


@pytest.fixture
def log(state: Path) -> Iterator[EventLog]:
    """Its log, configured."""
    with closing(open_log(f"sqlite:///{state / 'log.db'}")) as opened:
        configuration = load_country(countries_root() / "lka").configuration
        change = ConfigChange(
            at=NOW - timedelta(days=30), hash=configuration.hash, configuration=configuration.canonical(), author="test", reason="start"
        )
        opened.append([input_record("LKA", change)])
        yield opened


def answered(log: EventLog, area: str, answer: Answer, count: int, *, language: str = "si", hours: float = 1, revision: int = 1) -> None:
    """A count as the listener publishes it."""
    at = NOW - timedelta(hours=hours)
    said = AnswerCount(warning="w1", message="w1.1", shard="LKA", area=area, language=language, answer=answer, count=count, at=at)
    log.append([output_record(said, f"answer:w1.1:{area}:{language}:{answer}:{revision}", at)])


def shown(state: Path, *words: str) -> str:
    """What is printed."""
    return CliRunner().invoke(main, ["status", "--state", str(state), *words]).output


def test_the_newest_counts_of_each_area_are_shown_where_most_need_help_first(log: EventLog, state: Path) -> None:
    """Languages are added, a count replaces the one before it, and one that went back to nought is not counted."""
    answered(log, "LK21", Answer.SAFE, 3, hours=3)
    answered(log, "LK21", Answer.SAFE, 12, hours=2, revision=2)
    answered(log, "LK21", Answer.SAFE, 4, language="ta")
    answered(log, "LK92", Answer.NEED_HELP, 2)
    answered(log, "LK92", Answer.SAFE, 1, hours=2)
    answered(log, "LK92", Answer.SAFE, 0, revision=2)
    lines = [line.strip() for line in shown(state).splitlines() if "answers in" in line]
    assert [line.partition(";")[0] for line in lines] == [
        "answers in Kegalle (LK92): 0 safe, 2 NEED HELP",
        "answers in Kandy (LK21): 16 safe, 0 need help",
    ]
    told = json.loads(shown(state, "--json"))["answers"]
    assert [(one["area"], one["safe"], one["need_help"]) for one in told] == [("LK92", 0, 2), ("LK21", 16, 0)]


def test_what_is_older_than_a_week_is_not_what_stands_now(log: EventLog, state: Path) -> None:
    """Answers to last month's warning are the console's to show."""
    answered(log, "LK21", Answer.NEED_HELP, 5, hours=24 * 8)
    assert "answers in" not in shown(state)
    assert json.loads(shown(state, "--json"))["answers"] == []
