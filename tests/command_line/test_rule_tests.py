"""`polyrisk test`: what planners expect of their rules, run through the engine; each failure is a diff that names the line.

The country is Sri Lanka's places and texts with thresholds and rules of its own, so that what is shown here stays as it is.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML
from written_country import written_country

from polyrisk.__main__ import main
from polyrisk.rule_test_records import TestRecords
from schemas.country_files import load_country
from schemas.rule_test_files import read_tests
from schemas.rule_tests import following, parse_samples

RISING = """
the_river_rises:
  rules: river_flood
  shows: fires
  start: 2025-11-27T00:00+05:30
  step: 1 h
  own_levels:
    lk-peradeniya: {yellow: 5 m, orange: 7 m, red: 9 m}
  series:
    - {place: lk-peradeniya, indicator: river_level, values: 3.0x3 5.0+1.0x3 3.0x3}
  expect:
    - {at: 7 h, events: [{area: LK21, level: orange}]}
"""

QUIET = "{at: 5 h, truths: [{area: LK21, is: false}]}"
DIFFS = Path(__file__).parent / "rule_test_diffs"

Country = Callable[..., Path]
Told = tuple[int, str]


@pytest.fixture
def country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Country:
    """Makes the country with a file of tests, and has the commands read it."""

    def make(tests: str) -> Path:
        monkeypatch.setenv("POLYRISK_COUNTRIES", str(tmp_path / "countries"))
        return written_country(tmp_path / "countries/lka", tests)

    return make


def told(*arguments: str) -> Told:
    """Exit code and output of a command, without the seconds that it took."""
    result = CliRunner().invoke(main, arguments)
    lines = [line.rpartition(", ")[0] + "." if line.endswith(" s.") else line for line in result.output.splitlines()]
    return result.exit_code, "\n".join(lines)


def test_a_file_that_passes(country: Country) -> None:
    """Each test is a line, and the exit code is 0."""
    country(RISING)
    code, output = told("test", "lka")
    assert output == dedent("""\
        countries/lka/tests/rivers.yaml
          ok      the_river_rises  river_flood: fires

        1 test: 1 passed, 0 failed.""")
    assert code == 0


FAILURES = {
    "truth": "{at: 6 h, truths: [{area: LK21, is: true}]}",
    "truth-never-heard-of": "{at: 7 h, truths: [{area: LK22, is: false}]}",
    "level": "{at: 7 h, levels: [{threshold: river_station, place: LK21, level: red}]}",
    "level-unknown": "{at: 20 h, levels: [{threshold: river_station, place: lk-peradeniya, level: green}]}",
    "breach": "{at: 7 h, breaches: [{threshold: river_station, place: lk-peradeniya, change: opened}]}",
    "breach-not-said": "{at: 3 h, breaches: [{threshold: river_station, place: lk-peradeniya, level: yellow}]}",
    "breach-too-many": "{at: 7 h, breaches: []}",
    "event": "{at: 7 h, events: [{area: LK21, level: red, since: 6 h, quiet: true}]}",
    "event-not-said": "{at: 7 h, events: [{area: LK21}, {area: LK22, change: opened}]}",
    "event-too-many": "{at: 7 h, events: []}",
    "text-contains": "{at: 7 h, texts: [{area: LK21, language: en, contains: [FLOOD, ALL CLEAR]}]}",
    "text-lacks": "{at: 7 h, texts: [{area: LK21, language: en, lacks: Kandy}]}",
    "text-equals": "{at: 7 h, texts: [{area: LK21, language: en, equals: Flood in Kandy.}]}",
    "text-not-said": "{at: 5 h, texts: [{area: LK21, language: en, contains: FLOOD}]}",
}
"""What is expected beside what the test above expects, and is not so. What is then said stands in `rule_test_diffs/<name>.txt`."""


@pytest.mark.parametrize("name", list(FAILURES))
def test_each_failure_is_a_diff_with_its_evidence(country: Country, name: str) -> None:
    """File, line and column, what was expected, what was, and which condition stood how by which reading."""
    country(RISING + f"    - {FAILURES[name]}\n")
    code, output = told("test")
    assert output == (DIFFS / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")
    assert code == 1


def test_an_event_where_rules_must_stay_quiet_is_a_failure(country: Country) -> None:
    """A quiet test fails by any event of its rules, wherever and whenever, even if it expects nothing at that moment."""
    country(RISING.replace("shows: fires", "shows: quiet").replace("{at: 7 h, events: [{area: LK21, level: orange}]}", QUIET))
    code, output = told("test")
    assert output == (DIFFS / "quiet.txt").read_text(encoding="utf-8").rstrip("\n")
    assert code == 1


def test_programs_are_told_the_same(country: Country) -> None:
    """With --json each test has its file, its line and its failures."""
    country(RISING + f"    - {FAILURES['truth']}\n")
    code, output = told("test", "lka", "--json")
    (test,) = json.loads(output)["tests"]
    assert (test["test"], test["rules"], test["shows"], test["line"], test["passed"]) == (
        "the_river_rises",
        ["river_flood"],
        "fires",
        1,
        False,
    )
    (failure,) = test["failures"]
    assert (failure["line"], failure["expected"], failure["was"]) == (12, "true", "false")
    assert "it takes 2 readings in a row" in failure["because"][-1]
    assert code == 1


def test_only_some_are_run(country: Country) -> None:
    """--only takes a part of a test's name, of its file's name or of a rule's."""
    country(RISING + RISING.replace("the_river_rises", "again").replace("LK21", "LK22"))
    assert told("test", "--only", "river_rises")[0] == 0
    assert told("test", "--only", "again")[0] == 1
    assert "2 tests" in told("test", "--only", "rivers.yaml")[1]
    assert "2 tests" in told("test", "--only", "river_flood")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lkb",), "There is no country `lkb`. Nearest is `lka`."),
        (("lka", "--only", "cyclone"), "No test has `cyclone` in its name, its file's name or its rules."),
    ],
)
def test_wrong_use_is_told(country: Country, arguments: tuple[str, ...], words: str) -> None:
    """What does not exist is answered with exit code 2."""
    country(RISING)
    code, output = told("test", *arguments)
    assert words in output
    assert code == 2


BAD = {
    "unknown key": ("  step: 1 h", "  steps: 1 h", "unknown key `steps`. Nearest is `step`."),
    "unknown key inside": ("place: lk-peradeniya", "plase: lk-peradeniya", "unknown key `plase`. Nearest is `place`."),
    "moment without zone": (
        "2025-11-27T00:00+05:30",
        "2025-11-27T00:00",
        "`2025-11-27T00:00` has no zone; write it like",
    ),
    "stamp without zone": ("2025-11-27T00:00+05:30", "2025-11-27 00:00:00", "`2025-11-27 00:00:00` has no zone; write it like"),
    "day": ("2025-11-27T00:00+05:30", "2025-11-27", "`2025-11-27` is a day without hour and zone; write it like"),
    "neither span nor moment": ("at: 7 h", "at: 7", "`7` is neither a span, such as `8 h`, nor a moment, such as"),
    "no span": ("step: 1 h", "step: 1 hour", "`1 hour` is not a span of time; write a number and one of s, min, h, d, w"),
    "no step": ("step: 1 h", "step: 0 h", "must be longer than nothing."),
    "no value": ("3.0x3 5.0", "3.0x3 bla 5.0", "`bla` is no value; write `3.1`, `3.1x4`, `1+0.5x6`, `_`, `_x3` or `null`."),
    "step without count": ("5.0+1.0x3", "5.0+1.0", "`5.0+1.0` is no value; a step needs a number before it and says how often"),
    "too many values": ("5.0+1.0x3", "5.0+1.0x300000", "more than 20000 readings in one series."),
    "no values": ("3.0x3 5.0+1.0x3 3.0x3", "_x4", "no reading in it; a place without readings needs no series."),
    "impossible value": ("5.0+1.0x3", "5.0 70000", "70000 m of river_level is not possible. It lies from -20 to 6000."),
    "unknown rule": ("rules: river_flood", "rules: river_floods", "no rule `river_floods` in rules.yaml. Nearest is `river_flood`."),
    "unknown indicator": (
        "indicator: river_level",
        "indicator: river_leve",
        "no indicator `river_leve` in the catalogue.",
    ),
    "unknown place": ("place: lk-peradeniya", "place: lk-peradenya", "no area or station `lk-peradenya` in areas.csv and stations.csv."),
    "not read there": ("place: lk-peradeniya", "place: LK21", "`river_level` is read at station; LK21 is adm2. Name places of station."),
    "not read": ("indicator: river_level", "indicator: price_rice_white", "no threshold reads `price_rice_white`."),
    "unknown station": (
        "    lk-peradeniya: {yellow",
        "    lk-paradeniya: {yellow",
        "no station `lk-paradeniya` in stations.csv.",
    ),
    "level without unit": ("red: 9 m", "red: 9 ft", "`9 ft` is not a level of a gauge. Write a number and `m`, or null."),
    "unknown area": ("area: LK21", "area: LK211", "no area `LK211` in areas.csv."),
    "not judged there": ("area: LK21", "area: LK2103", "`river_flood` is not judged in LK2103. It is judged at adm2."),
    "shows what it does not expect": (
        "shows: fires",
        "shows: unknown",
        "river_flood cannot tell, but expects no truth `unknown` of it.",
    ),
    "nothing expected": ("events: [{area: LK21, level: orange}]", "", "expects nothing; write truths, levels, breaches, events or texts."),
    "shows without rules": ("  rules: river_flood\n", "", "`rules` and `shows` belong together"),
    "received too early": (
        "3.0x3}",
        "3.0x3, received: 2025-11-27T04:00+05:30}",
        "a reading is valid after it was received. Write a moment after 2025-11-27T05:00+05:30.",
    ),
    "two of one name": ("the_river_rises:", "the_river_rises: {}\nthe_river_rises:", "is not YAML: found duplicate key"),
    "tab": ("  step: 1 h", "\tstep: 1 h", "is not YAML: found character '\\t' that cannot start any token."),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_slip_is_a_finding_with_its_line(country: Country, name: str) -> None:
    """A wrong test is not a failed one: it is named by line with what to write, by `test` and by `check`, and never a traceback."""
    old, new, words = BAD[name]
    assert old in RISING
    country(RISING.replace(old, new))
    code, output = told("test")
    (finding,) = [line for line in output.splitlines() if words in line]
    path, line, column, _ = finding.split(":", 3)
    assert path == "countries/lka/tests/rivers.yaml"
    assert int(line) >= 1
    assert int(column) >= 1
    assert code == 2


def test_check_finds_the_same_slips(country: Country) -> None:
    """A wrong test does not wait until somebody runs it."""
    country(RISING.replace("place: lk-peradeniya", "place: lk-peradenya"))
    finding = next(line for line in told("test")[1].splitlines() if "lk-peradenya" in line)
    code, output = told("check")
    assert finding in output.splitlines()
    assert code == 1


def test_time_does_not_go_on_for_ever(country: Country) -> None:
    """A moment years away with ticks every second is refused before it is begun."""
    country(RISING.replace("at: 7 h", "at: 900 d").replace("  step: 1 h", "  step: 1 s"))
    code, output = told("test")
    assert "countries/lka/tests/rivers.yaml:5:3: time goes on more than 20000 times until the last expectation." in output
    assert code == 2


def test_check_asks_for_three_tests_of_each_rule(country: Country) -> None:
    """A rule is not for use before there is a test in which it fires, one in which it stays quiet and one in which it cannot tell."""
    country(RISING)
    code, output = told("check")
    assert (
        "countries/lka/rules.yaml:2:1: `river_flood` has no test in which it stays quiet, nor one in which it cannot tell. "
        "Nobody has seen what it does before people are warned by it. Write it in countries/lka/tests/; docs/planners.md says how."
    ) in output.splitlines()
    assert code == 1


SERIES = """
{name}:
  start: 2025-11-27T00:00+05:30
  step: {step}
  {rest}
  expect:
    - {expect}
"""


def test_a_revision_and_a_burst_come_when_they_are_said_to(country: Country) -> None:
    """`received` is a span after each reading, or the moment at which all came; the later of two of the same time wins."""
    series = """series:
    - {place: LK2103, indicator: landslide_warning, values: 3x2}
    - {place: LK2103, indicator: landslide_warning, start: 12 h, values: 1, received: 6 h}
    - {place: LK2106, indicator: landslide_warning, values: 2x1, received: 2025-11-27T14:00+05:30}"""
    expect = """{at: 12 h, levels: [{threshold: landslide_warning, place: LK2103, level: red}]}
    - {at: 12 h, levels: [{threshold: landslide_warning, place: LK2106, level: unknown}]}
    - {at: 14 h, levels: [{threshold: landslide_warning, place: LK2106, level: orange}]}
    - {at: 18 h, levels: [{threshold: landslide_warning, place: LK2103, level: yellow}]}"""
    country(SERIES.format(name="late", step="12 h", rest=series, expect=expect))
    assert told("test") == (0, "countries/lka/tests/rivers.yaml\n  ok      late\n\n1 test: 1 passed, 0 failed.")


def test_a_feed_that_falls_silent_brings_the_rest_when_it_answers_again(country: Country) -> None:
    """While it is silent nothing of it is known; afterwards what it had is."""
    series = """silent: [{feed: lka_nbro_landslide, from: 1 d, to: 5 d}]
  series:
    - {place: adm3 of LK21, indicator: landslide_warning, values: 0 3x6}
    - {place: LK2103, indicator: landslide_warning, values: 1x6}"""
    expect = """{at: 71 h, levels: [{threshold: landslide_warning, place: LK2106, level: unknown}]}
    - {at: 1 d, levels: [{threshold: landslide_warning, place: LK21, level: yellow}]}
    - {at: 5 d, levels: [{threshold: landslide_warning, place: LK2106, level: red}]}
    - {at: 5 d, levels: [{threshold: landslide_warning, place: LK2103, level: yellow}]}"""
    country(SERIES.format(name="silent", step="1 d", rest=series, expect=expect))
    assert told("test")[0] == 0


def test_a_baseline_and_a_dead_gauge_may_be_given(country: Country) -> None:
    """Bounds that history would have given, and a person's word that a gauge is dead."""
    rest = """baselines:
    - {threshold: dengue_channel, place: LK21, bounds: {orange: 40, red: 60}, to: 14 d}
    - {threshold: dengue_channel, place: LK21, bounds: {orange: 10, red: 20}, from: 14 d}
  own_levels: {lk-peradeniya: {yellow: 5 m, orange: 7 m, red: null}}
  declared: [{station: lk-peradeniya, at: 20 d, state: dead}]
  series:
    - {place: LK21, indicator: dengue_cases, period: 1 w, values: 30x3}
    - {place: lk-peradeniya, indicator: river_level, step: 6 h, values: 7.5x100}"""
    expect = """{at: 20 d, levels: [{threshold: dengue_channel, place: LK21, level: green}]}
    - {at: 19 d, breaches: [{threshold: river_station, place: lk-peradeniya, level: orange}]}
    - {at: 28 d, breaches: [{threshold: river_station, place: lk-peradeniya, change: declared_dead}]}
    - {at: 28 d, breaches: [{threshold: dengue_channel, place: LK21, level: red}]}"""
    country(SERIES.format(name="given", step="1 w", rest=rest, expect=expect))
    assert told("test") == (0, "countries/lka/tests/rivers.yaml\n  ok      given\n\n1 test: 1 passed, 0 failed.")


def test_a_forecast_is_issued_at_its_moment_for_a_time_ahead(country: Country) -> None:
    """Each member says the same at each lead; the period ends that long after the issue."""
    rest = """series:
    - {place: LK21, indicator: dengue_cases, values: 80, period: 1 d, lead: [2 d, 3 d], member: [0, 1], received: 2 h}"""
    folder = country(SERIES.format(name="ahead", step="1 d", rest=rest, expect="{at: 1 d, events: []}"))
    lka = load_country(folder)
    ((written,), _) = read_tests(lka)
    issued = datetime(2025, 11, 26, 18, 30, tzinfo=UTC)
    day, hours = timedelta(days=1), timedelta(hours=2)
    found = [(r.start, r.end, r.issued, r.lead, r.member, r.received, r.value) for r in TestRecords(written, lka).readings]
    assert found == [
        (issued + (ahead - 1) * day, issued + ahead * day, issued, ahead * day, member, issued + hours, 80.0)
        for ahead in (2, 3)
        for member in (0, 1)
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("3.1x4", [3.1] * 5),
        ("1+0.1x3", [1.0, 1.1, 1.2, 1.3]),
        ("-2+4x3", [-2.0, 2.0, 6.0, 10.0]),
        ("1-2x4", [1.0, -1.0, -3.0, -5.0, -7.0]),
        ("0x3", [0.0] * 4),
        ("7", [7.0]),
        ('"null"', [None]),
        ("1 nullx1 2", [1.0, None, None, 2.0]),
    ],
)
def test_values_are_written_as_for_promtool(written: str, meant: list[float | None]) -> None:
    """A value and n more, steps as decimals; also `0x3`, which YAML alone takes for a hexadecimal number."""
    read: Any = YAML(typ="rt").load(f"values: {written}")["values"]
    assert parse_samples(read) == tuple(enumerate(meant))


def test_gaps_are_left_out() -> None:
    """`_` is one moment without a reading and `_x3` three, as promtool has it."""
    assert parse_samples("1 _ 2 _x3 4") == ((0, 1.0), (2, 2.0), (6, 4.0))


def test_months_are_those_of_the_calendar() -> None:
    """Midnight stays midnight in the country's zone, and the last of a month the last of the next."""
    zone = ZoneInfo("Asia/Colombo")
    january = datetime(2024, 1, 31, tzinfo=zone).astimezone(UTC)
    assert [following(january, "1 month", n, zone).astimezone(zone).isoformat()[:16] for n in (1, 2, 12)] == [
        "2024-02-29T00:00",
        "2024-03-31T00:00",
        "2025-01-31T00:00",
    ]
    assert following(january, timedelta(hours=3), 2, zone) == january + timedelta(hours=6)
