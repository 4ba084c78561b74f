"""What time it is: clocks stand where they are set, and never guess."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from feeds.clock import CaseClock, FileClock, WallClock, clock_from_environment
from schemas.errors import ConfigurationError

NOON = datetime(2025, 11, 27, 12, tzinfo=UTC)


def test_a_case_clock_stands_still_until_it_is_set() -> None:
    """Time in a case moves only when someone moves it, and is told in UTC whatever zone it was set in."""
    clock = CaseClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.set(datetime(2025, 11, 27, 20, 3, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    assert clock.now().isoformat() == "2025-11-27T14:33:00+00:00"


def test_a_clock_refuses_a_moment_without_a_zone() -> None:
    """A naive moment is an error, not a guess."""
    with pytest.raises(ValueError, match="no time zone"):
        CaseClock(datetime(2025, 11, 27, 12))  # noqa: DTZ001 - the naive moment is what is refused


def test_a_file_clock_tells_what_another_process_wrote(tmp_path: Path) -> None:
    """A moment set through one FileClock is read through another of the same file, and no draft is left behind."""
    FileClock(tmp_path / "clock").set(NOON)
    assert FileClock(tmp_path / "clock").now() == NOON
    assert [p.name for p in tmp_path.iterdir()] == ["clock"]


@pytest.mark.parametrize("text", ["", "soon", "2025-11-27T12:00:00", "\N{SNOWMAN}"])
def test_a_file_clock_says_which_file_tells_no_time(tmp_path: Path, text: str) -> None:
    """Nonsense and a moment without a zone are named with their file and the remedy."""
    (tmp_path / "clock").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"clock: .*tells no time.*offset"):
        FileClock(tmp_path / "clock").now()


def test_a_missing_clock_file_is_an_error(tmp_path: Path) -> None:
    """A case's process never falls back to the wall's time in silence."""
    with pytest.raises(ConfigurationError, match="tells no time"):
        FileClock(tmp_path / "none").now()


def test_the_environment_chooses_the_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """POLYRISK_CLOCK names the file; without it the wall's clock is used."""
    monkeypatch.delenv("POLYRISK_CLOCK", raising=False)
    assert isinstance(clock_from_environment(), WallClock)
    assert abs(clock_from_environment().now() - datetime.now(UTC)) < timedelta(minutes=1)
    FileClock(tmp_path / "clock").set(NOON)
    monkeypatch.setenv("POLYRISK_CLOCK", str(tmp_path / "clock"))
    assert clock_from_environment().now() == NOON
