"""`polyrisk reading enter` and `polyrisk gauge`: what somebody learned by telephone is judged by the engine like anything else."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from test_why_not import LIVED
from written_country import written_country

from alerts import journal
from alerts.registry import open_registry
from eventlog.log import open_log
from feeds.clock import FileClock
from polyrisk.__main__ import main
from polyrisk.rule_test_records import TestRecords
from processors.loop import Processor
from schemas.country_files import load_country
from schemas.envelopes import read_output
from schemas.outputs import ThresholdBreach
from schemas.rule_test_files import read_tests

START = datetime.fromisoformat("2025-11-27T00:00+05:30")
GAUGE = "lk-nawalapitiya"
OFFICER = ("--by", "N. Perera", "--role", "duty_officer")
Run = Callable[..., Result]


class Place:
    """An installation that has lived through a day and a half of four gauges, with a clock of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        country = load_country(written_country(root / "countries/lka", LIVED))
        ((written,), _) = read_tests(country)
        with_log = open_log(f"sqlite:///{root / 'log.db'}")
        with_log.append(TestRecords(written, country).records())
        with_log.close()
        open_registry(root, create=True).close()
        self.hour(37)

    def hour(self, hours: float) -> None:
        """The installation's clock."""
        FileClock(self.root / "clock").set(START + timedelta(hours=hours))

    def run(self, *arguments: str) -> Result:
        """A command."""
        result = CliRunner().invoke(main, [*arguments, "--state", str(self.root)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def reads(self, hours: float, value: float, *more: str, later: float = 1 / 6) -> Result:
        """Somebody telephones what they read at the gauge, and it is entered ten minutes later."""
        self.hour(hours + later)
        at = (START + timedelta(hours=hours)).isoformat()
        what = ("--station", GAUGE, "--indicator", "river_level", "--value", str(value), "--unit", "m", "--at", at)
        return self.run("reading", "enter", *what, *OFFICER, *more)

    def breaches(self) -> list[tuple[str, str]]:
        """What the engine says of the gauge: change and level, in order."""
        log = open_log(f"sqlite:///{self.root / 'log.db'}")
        processor = Processor(log, "LKA")
        processor.run_until_idle()
        processor.close()
        said = [read_output(stored.record) for stored in log.read("breaches")]
        log.close()
        return [(b.change.value, b.level.word) for b in said if isinstance(b, ThresholdBreach) and b.area == GAUGE]

    def steps(self) -> list[tuple[str, str, str, str]]:
        """What stands in the journal."""
        registry = open_registry(self.root)
        with registry.reading() as connection:
            found = [(e.actor, e.role, e.step, e.content) for e in journal.entries(connection)]
        registry.close()
        return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The installation, after its history was judged."""
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(tmp_path / "countries"))
    made = Place(tmp_path)
    assert made.breaches() == []
    return made


def test_readings_taken_by_telephone_open_what_a_gauge_would(place: Place) -> None:
    """Dry, nothing is entered; entered, two of them are two readings of the gauge, and the journal says who vouches for each."""
    dry = place.reads(36, 6.5)
    assert "nothing was entered" in dry.stdout
    assert "river_station" in dry.stdout
    assert place.breaches() == []
    assert place.reads(36, 6.5, "--apply", "--why", "read by the gauge reader, 077 123 4567").exit_code == 0
    assert place.breaches() == []
    entered = json.loads(place.reads(36.5, 6.6, "--apply", "--json").stdout)
    assert (entered["quality"], entered["feed"]) == ("manual", "by_hand")
    assert place.breaches() == [("opened", "red")]
    who = [(actor, role) for actor, role, step, _ in place.steps() if step == "reading_entered"]
    assert who == [("N. Perera", "duty_officer")] * 2
    assert not any("1234567" in content.replace(" ", "") for *_, content in place.steps())


def test_a_second_reading_of_the_same_moment_corrects_the_first(place: Place) -> None:
    """A slip (6.5 for 2.5) is put right, and what it opened is taken back."""
    place.reads(36, 6.5, "--apply")
    place.reads(36.5, 6.6, "--apply")
    assert place.breaches() == [("opened", "red")]
    place.reads(36, 2.5, "--apply", later=1)
    place.reads(36.5, 2.6, "--apply", later=1)
    assert place.breaches() == [("opened", "red"), ("retracted", "red")]


def test_a_dead_gauge_is_unknown_whatever_it_says_until_it_is_back(place: Place) -> None:
    """Its breach ends as declared, not as calm; what it says meanwhile opens nothing; once back, its readings count again."""
    place.reads(36, 6.5, "--apply")
    place.reads(36.5, 6.6, "--apply")
    assert place.breaches() == [("opened", "red")]
    place.hour(37)
    dead = place.run("gauge", "dead", GAUGE, "--why", "washed away", *OFFICER)
    assert "never safe" in dead.stdout
    assert place.breaches()[-1][0] == "declared_dead"
    place.reads(37.5, 6.7, "--apply")
    place.reads(38, 6.7, "--apply")
    assert len(place.breaches()) == 2
    place.hour(38.5)
    assert place.run("gauge", "back", GAUGE, "--why", "a new staff was set", *OFFICER).exit_code == 0
    place.reads(39, 6.7, "--apply")
    place.reads(39.5, 6.7, "--apply")
    assert place.breaches()[-1] == ("opened", "red")
    assert [step for *_, step, _ in place.steps() if step == "gauge_declared"] == ["gauge_declared"] * 2


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (("--value", "99999"), "cannot be"),
        (("--unit", "ft"), "is in `m`"),
        (("--indicator", "river_lever"), "there is no indicator"),
        (("--station", "lk-nowhere"), "no station and no area"),
        (("--at", "2025-12-24T00:00+05:30"), "cannot have been read then"),
        (("--role", "planner"), "may not declare_gauge"),
        (("--by", " "), "nobody is named"),
    ],
)
def test_what_cannot_be_is_refused_dry_and_entered_and_the_refusal_is_a_step(place: Place, changed: tuple[str, str], why: str) -> None:
    """Named with what to do; nothing reaches the log."""
    for really in ((), ("--apply",)):
        refused = place.reads(36, 6.5, *really, *changed)
        assert (refused.exit_code, why in refused.stderr) == (2, True)
    assert [step for *_, step, _ in place.steps()] == ["refused"]
    assert place.breaches() == []
