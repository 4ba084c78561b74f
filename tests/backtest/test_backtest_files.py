"""History and event files: what is read, and what of a slip is told, by its line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.history_files import read_events, read_history
from polyrisk.backtest_convert import convert
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError
from schemas.microseconds import from_microseconds

HEADER = "area,indicator,start,end,received,value,unit\n"
WEEK = "LK11,dengue_cases,2025-11-21T18:30:00Z,2025-11-28T18:30:00Z,,120,cases\n"


@pytest.fixture(scope="module")
def country() -> LoadedCountry:
    """Sri Lanka."""
    return load_country(countries_root() / "lka")


def written(folder: Path, text: str, name: str = "history.csv") -> Path:
    """A file in a folder."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_history_is_read_in_order_of_receipt(tmp_path: Path, country: LoadedCountry) -> None:
    """Without `received` a reading came at the end of its period and the feed's delay; an empty end is a moment, an empty value a null."""
    late = "LK12,dengue_cases,2025-11-14T18:30:00Z,2025-11-21T18:30:00Z,2026-01-02T00:00:00+05:30,7,cases\n"
    moment = "LK1103,landslide_warning,2025-11-27T10:30:00Z,,,,level\n"
    history = read_history(written(tmp_path, HEADER + late + WEEK + moment), country)
    assert [(d.feed, from_microseconds(d.received)) for d in history.deliveries] == [
        ("lka_nbro_landslide", datetime(2025, 11, 27, 10, 30, tzinfo=UTC)),
        ("lka_dengue_weekly", datetime(2025, 12, 5, 18, 30, tzinfo=UTC)),
        ("lka_dengue_weekly", datetime(2026, 1, 1, 18, 30, tzinfo=UTC)),
    ]
    first = history.batch(0, 1).to_pylist()[0]
    assert (first["value"], first["start"], first["unit"]) == (None, first["end"], "level")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEADER + WEEK + WEEK.replace("LK11", "11"), r"history.csv:3: nothing is called `11`.*leading zeros"),
        (HEADER + WEEK.replace("dengue_cases", "dengue"), r":2: nothing is called `dengue`.*Nearest is `dengue_cases`"),
        (HEADER + WEEK.replace(",cases", ",persons"), r":2: is in `persons`, dengue_cases is kept in `cases`"),
        (HEADER + WEEK.replace("2025-11-28", "2025-11-20"), r":2: ends before it starts"),
        (HEADER + WEEK.replace(",,120", ",2025-11-25T00:00:00Z,120"), r":2: was received before its period ended"),
        (HEADER + WEEK.replace("18:30:00Z", "18:30:00"), r"cannot be read.*written 2025-11-27T00:00:00Z"),
        (HEADER + WEEK.replace("120", "1.200,5"), r"cannot be read"),
        (HEADER.replace("unit", "units") + WEEK, r":1: has no column unit"),
        (HEADER.replace("\n", ",colour\n") + WEEK.replace("\n", ",red\n"), r":1: has a column `colour`"),
    ],
)
def test_a_slip_is_told_by_its_line(tmp_path: Path, country: LoadedCountry, text: str, told: str) -> None:
    """Each with what is wrong and what to write instead."""
    with pytest.raises(ConfigurationError, match=told):
        read_history(written(tmp_path, text), country)


def test_events_with_their_own_window(tmp_path: Path, country: LoadedCountry) -> None:
    """A line may say its window and its rule; the names of areas.csv are understood; a moment needs its zone."""
    header = "area,start,end,what,source,before,after,rule\n"
    line = "Kandy,2025-11-27T00:00:00+05:30,2025-12-13T00:00:00+05:30,landslides,situation report,,3 d,landslide\n"
    file = written(tmp_path, header + line, "events.csv") / "events.csv"
    (found,) = read_events(file, country, timedelta(days=28), timedelta(0))
    assert (found.area, found.rule, found.before, found.after) == ("LK21", "landslide", timedelta(days=28), timedelta(days=3))
    for before, after, told in (
        ("Kandy", "Candy", "events.csv:2: no area"),
        ("+05:30", "", ":2: .*no moment"),
        ("landslide\n", "slide\n", "no rule"),
    ):
        file.write_text(header + line.replace(before, after), encoding="utf-8")
        with pytest.raises(ConfigurationError, match=told):
            read_events(file, country, timedelta(0), timedelta(0))


def test_a_sources_own_files_become_a_history(tmp_path: Path, country: LoadedCountry) -> None:
    """By the feed's parser; of two files that say something of one reading the later has the last word."""
    table = "start.date,end.date,district,cases\n11/22/2025,11/28/2025,Colombo,{}\n"
    files = []
    for number, cases in enumerate((100, 120)):
        files.append(tmp_path / f"{number}.csv")
        files[-1].write_text(table.format(cases), encoding="utf-8")
    made = convert(country, "lka_dengue_weekly", files, tmp_path / "out", datetime(2026, 1, 1, tzinfo=UTC))
    assert (made.files, made.readings, made.kept_aside) == (2, 1, 0)
    assert (tmp_path / "out" / "lka_dengue_weekly.csv").read_text("utf-8") == HEADER + WEEK.replace(",,120", ",2025-12-05T18:30:00Z,120")
    with pytest.raises(ConfigurationError, match="no feed `dengue`"):
        convert(country, "dengue", files, tmp_path / "out", datetime(2026, 1, 1, tzinfo=UTC))
