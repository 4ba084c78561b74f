"""`polyrisk backtest` on two months of landslide warnings in two districts: what is printed, compared, swept and written."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from polyrisk.__main__ import main
from processors.backtest_sweep import at_most, values_of
from schemas.country_files import countries_root
from schemas.errors import ConfigurationError

BEGIN = datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
DIVISIONS = {"LK21": ("LK2103", "LK2106"), "LK91": ("LK9103", "LK9106")}
RED = {"LK21": range(10, 14), "LK91": range(40, 43)}
"""District to the days on which its first division is told to evacuate; on the day before it is told to be alert."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history and a file of events: a landslide in Kandy on the twelfth day, one in Badulla, of which nothing was ever heard."""
    folder = tmp_path_factory.mktemp("backtest")
    rows = []
    for day in range(60):
        at = (BEGIN + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for district, divisions in DIVISIONS.items():
            for division in divisions:
                first = division == divisions[0]
                level = 3 if first and day in RED[district] else 2 if first and day + 1 in RED[district] else 0
                rows.append(f"{division},landslide_warning,{at},,,{level},level\n")
    (folder / "history").mkdir()
    (folder / "history" / "warnings.csv").write_text("area,indicator,start,end,received,value,unit\n" + "".join(rows), encoding="utf-8")
    events = (
        "area,start,end,what,source,rule\n"
        "LK21,2024-05-12T10:30:00Z,2024-05-13T00:00:00Z,landslide,made up,landslide\n"
        "LK81,2024-06-20T00:00:00Z,2024-06-21T00:00:00Z,landslide,made up,landslide\n"
    )
    (folder / "events.csv").write_text(events, encoding="utf-8")
    return folder


def called(folder: Path, *options: str) -> str:
    """What the command prints."""
    command = ["backtest", "lka", "--history", str(folder / "history"), "--events", str(folder / "events.csv"), "--before", "5 d", *options]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_what_is_counted(folder: Path) -> None:
    """One hit with a day's lead, one event of which nobody could tell, one false alarm; the 23 districts not heard of are not calm ones."""
    found = json.loads(called(folder, "--json"))
    (rule,) = [r for r in found["rules"] if r["rule"] == "landslide"]
    assert rule["counts"] == {"hits": 1.0, "misses": 0.0, "met": 1.0, "false_alarms": 1.0, "cannot_tell": 1.0}
    assert [(a["area"], a["known"]) for a in rule["activations"]] == [
        ("LK21", "2024-05-11T10:30:00+00:00"),
        ("LK91", "2024-06-10T10:30:00+00:00"),
    ]
    assert rule["scores"]["lead (h)"]["value"] == 24.0
    yes, no, cannot_tell = rule["conditions"]["landslide_warning >= red"]
    assert (yes, no, cannot_tell) == (2, 2, 46)


def test_the_first_line_says_what_a_rule_is_worth(folder: Path) -> None:
    """Before anything else."""
    assert "persistence" in called(folder).splitlines()[0].lower()


def test_what_one_year_cannot_tell(folder: Path) -> None:
    """Two months give no interval, and rules that nothing was heard of no score: neither 0 nor 100 %."""
    (rule,) = [r for r in json.loads(called(folder, "--json"))["rules"] if r["rule"] == "landslide"]
    assert (rule["scores"]["POD"]["value"], rule["scores"]["POD"]["low"]) == (1.0, None)
    assert rule["skill"]["over_climatology"]["value"] is None
    assert rule["returns"]["a_year"]["low"] is None


def test_a_page_and_pictures(folder: Path) -> None:
    """One page that stands by itself, and each picture twice."""
    out = folder / "out"
    called(folder, "--out", str(out), "--sweep", "thresholds.landslide_warning.levels.red=2..3/2")
    written = {path.name for path in out.iterdir()}
    assert {"backtest.html", "activations.png", "activations.svg", "scores.png", "trade-off-landslide.svg"} <= written
    page = (out / "backtest.html").read_text("utf-8")
    assert "<svg" in page
    assert "src=" not in page
    assert "<script" not in page


def test_a_sweep_finds_the_value_that_is_rare_enough(folder: Path) -> None:
    """At level 2 the rule speaks a day earlier; of the values that speak no more often than asked, the one that speaks most."""
    found = json.loads(called(folder, "--json", "--sweep", "thresholds.landslide_warning.levels.red=2..4/3"))
    steps = found["sweep"]["landslide"]
    assert [(s["value"], s["activations"]) for s in steps] == [(2.0, 2), (3.0, 2), (4.0, 0)]
    told = called(folder, "--sweep", "thresholds.landslide_warning.levels.red=2..4/3", "--at-most", "once in 1 years")
    assert "landslide at most once in 1 years in one area: thresholds.landslide_warning.levels.red = 3 (" in told


def test_against_another_configuration(folder: Path, tmp_path: Path) -> None:
    """A level that is never reached there: what fires now is gained, event by event."""
    other = tmp_path / "countries" / "lka"
    shutil.copytree(countries_root() / "lka", other)
    path = other / "thresholds.yaml"
    path.write_text(path.read_text("utf-8").replace("orange: 2 level, red: 3 level", "orange: 2 level, red: 3.5 level"), encoding="utf-8")
    found = json.loads(called(folder, "--json", "--against", str(other)))
    changes = [(c["kind"], c["after"]["area"]) for c in found["changes"] if c["after"]["rule"] == "landslide"]
    assert changes == [("gained", "LK21"), ("gained", "LK91")]


@pytest.mark.parametrize("text", ["thresholds.x=1", "thresholds.x=1..1/3", "thresholds.x=1..2/1", "=1..2"])
def test_a_sweep_that_is_none(text: str) -> None:
    """Is told how to be written."""
    with pytest.raises(ConfigurationError, match=r"Write thresholds\.dengue_channel"):
        values_of(text)


def test_how_rare() -> None:
    """`once in 5 years`, and nothing else."""
    assert at_most("once in 5 years") == 5.0
    with pytest.raises(ConfigurationError, match="once in 5 years"):
        at_most("rarely")
