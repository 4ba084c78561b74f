"""`polyrisk explain --why-not` and `--if-silent`: why nobody was warned, and what a gauge's silence would do."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner
from written_country import written_country

from eventlog.log import open_log
from polyrisk.__main__ import main
from polyrisk.rule_test_records import TestRecords
from processors.loop import Processor
from schemas.country_files import load_country
from schemas.rule_test_files import read_tests

LIVED = """
lived:
  start: 2025-11-27T00:00+05:30
  step: 1 h
  own_levels:
    lk-peradeniya: {yellow: 5 m, orange: 7 m, red: 9 m}
    lk-nawalapitiya: {yellow: 3.5 m, orange: 5 m, red: 6 m}
    lk-panadugama: {yellow: 5 m, orange: 6 m, red: 7.5 m}
    lk-baddegama: {yellow: 3.5 m, orange: 4 m, red: 5 m}
  series:
    - {place: lk-peradeniya, indicator: river_level, values: 3.0x3 6.2x5 4.0x1}
    - {place: lk-nawalapitiya, indicator: river_level, values: 2.0x11}
    - {place: lk-panadugama, indicator: river_level, values: 4.0x2 6.4x4 4.0x27}
    - {place: lk-baddegama, indicator: river_level, values: 3.0x2 _x6 3.0x2}
    - {place: lk-baddegama, indicator: river_level, start: 3 h, values: 4.5x4, received: 2025-11-28T02:00+05:30}
  expect:
    - {at: 36 h, breaches: []}
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation that lived through a day and a half of four gauges."""
    root = tmp_path_factory.mktemp("why_not")
    country = load_country(written_country(root / "countries/lka", LIVED))
    ((written,), _) = read_tests(country)
    log = open_log(f"sqlite:///{root / 'log.db'}")
    log.append(TestRecords(written, country).records())
    processor = Processor(log, country.shard)
    processor.run_until_idle()
    processor.close()
    log.close()
    return root


Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(state: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks `polyrisk explain`, and gives exit code and output."""
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(state / "countries"))

    def asked(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["explain", *arguments, "--state", str(state)])
        return result.exit_code, result.output

    return asked


def test_a_false_condition_says_by_how_much_it_was_missed(ask: Ask) -> None:
    """The nearest gauge comes first, with its reading, its bound and since when it has been lower."""
    assert ask("--why-not", "river_flood", "Kandy", "2025-11-27T08:00+05:30") == (
        0,
        dedent("""\
        river_flood in Kandy (LK21), 2025-11-27 08:00 (times: Asia/Colombo)
        No event stood.
        From 2025-11-27 00:00 on the rule was known to be false.
        This was missing:
          river_station >= orange in Kandy (LK21): false since 2025-11-27 00:00
            river_station >= orange in Peradeniya (lk-peradeniya): false since 2025-11-27 00:00
              river_level 6.2 m is 0.8 m short of 7, valid 2025-11-27 08:00, received 2025-11-27 08:00
            river_station >= orange in Nawalapitiya (lk-nawalapitiya): false since 2025-11-27 00:00
              river_level 2 m is 3 m short of 5, valid 2025-11-27 08:00, received 2025-11-27 08:00
        """),
    )


def test_what_nobody_could_tell_says_since_when(ask: Ask) -> None:
    """Of a day it is told how the rule stood through it; silent gauges are named with their last readings."""
    assert ask("--why-not", "river_flood", "LK21", "2025-11-27") == (
        0,
        dedent("""\
        river_flood in Kandy (LK21), 2025-11-27 (times: Asia/Colombo)
        No event stood.
        From 2025-11-27 00:00 on the rule was known to be false.
        From 2025-11-27 19:00 on nobody could tell.
        At the end of it this was missing:
          river_station >= orange in Kandy (LK21): cannot tell since 2025-11-27 19:00; 2 of 2 places silent
            river_station >= orange in Nawalapitiya (lk-nawalapitiya): cannot tell since 2025-11-27 19:00; no reading since 2025-11-27 11:00
              river_level 2 m is 3 m short of 5, valid 2025-11-27 11:00, received 2025-11-27 11:00
            river_station >= orange in Peradeniya (lk-peradeniya): cannot tell since 2025-11-27 19:00; no reading since 2025-11-27 11:00
              river_level 4 m is 3 m short of 7, valid 2025-11-27 11:00, received 2025-11-27 11:00
        """),
    )


def test_an_event_that_stood_is_not_denied(ask: Ask) -> None:
    """There was one; then it says what became of its message."""
    assert ask("--why-not", "river_flood", "Matara", "2025-11-27T06:00+05:30") == (
        0,
        dedent("""\
        river_flood in Matara (LK32), 2025-11-27 06:00 (times: Asia/Colombo)
        There was an event:
          opened, orange, since 2025-11-27 04:00 (known 2025-11-27 04:00)
          nobody was asked to warn of it by then
        From 2025-11-27 04:00 on the rule was true.
        """),
    )


def test_what_became_known_later_is_told_apart(ask: Ask) -> None:
    """Readings that came a day late changed nothing then, and are named as what they are."""
    assert ask("--why-not", "river_flood", "Galle", "2025-11-27T08:30+05:30") == (
        0,
        dedent("""\
        river_flood in Galle (LK31), 2025-11-27 08:30 (times: Asia/Colombo)
        No event stood.
        From 2025-11-27 00:00 on the rule was known to be false.
        This was missing:
          river_station >= orange in Galle (LK31): false since 2025-11-27 00:00
            river_station >= orange in Baddegama (lk-baddegama): false since 2025-11-27 00:00
              river_level 3 m is 1 m short of 4, valid 2025-11-27 02:00, received 2025-11-27 02:00
        Only afterwards it became known: found_afterwards, orange, since 2025-11-27 04:00 until 2025-11-27 09:00 (known 2025-11-28 02:00)
        """),
    )


def test_where_nothing_was_ever_heard(ask: Ask) -> None:
    """No gauge is not a calm one."""
    _, output = ask("--why-not", "river_flood", "Matale", "2025-11-27")
    assert "Nobody could tell: nothing that the rule reads was ever heard of here." in output
    assert "river_station >= orange in Matale (LK22): cannot tell; no series here" in output


def test_a_gauge_whose_silence_blinds_a_rule(ask: Ask) -> None:
    """A flood at its only gauge is held for a time, then nobody can tell."""
    assert ask("--if-silent", "Panadugama", "--at", "2025-11-27T07:00+05:30") == (
        0,
        dedent("""\
        Panadugama (lk-panadugama) spoke last at 2025-11-27 07:00.
        If it says nothing more, it tells nothing from 2025-11-27 15:00 on.
          river_flood in Matara (LK32), now true:
            from 2025-11-27 15:00, 8.0 hours after its last reading: true, held
            from 2025-11-30 15:00, 3.3 days after its last reading: cannot tell
        Looked until 2025-12-04 07:00; all other places that report now go on with their last value.
        """),
    )


def test_a_gauge_that_others_stand_in_for(ask: Ask) -> None:
    """Half of the gauges of Kandy are enough to know."""
    assert ask("--if-silent", "lk-peradeniya", "--at", "2025-11-27T08:00+05:30") == (
        0,
        dedent("""\
        Peradeniya (lk-peradeniya) spoke last at 2025-11-27 08:00.
        If it says nothing more, it tells nothing from 2025-11-27 16:00 on.
          river_flood in Kandy (LK21), now false:
            not blind: the other places still decide it
        Looked until 2025-12-04 08:00; all other places that report now go on with their last value.
        """),
    )


def test_a_gauge_that_is_silent_already(ask: Ask) -> None:
    """It says since when, and how its rules stand."""
    assert ask("--if-silent", "Peradeniya") == (
        0,
        dedent("""\
        Peradeniya (lk-peradeniya) spoke last at 2025-11-27 11:00.
        It is silent already: since 2025-11-27 19:00 it tells nothing to the rules that read it.
          river_flood in Kandy (LK21), now cannot tell
        """),
    )


def test_programs_are_told_the_same(ask: Ask) -> None:
    """With --json both answers are one object each, with moments in UTC."""
    why = json.loads(ask("--why-not", "river_flood", "Kandy", "2025-11-27", "--json")[1])
    assert [step["truth"] for step in why["truths"]] == ["false", "unknown"]
    assert [evidence["condition"] for evidence in why["blocking"]] == ["river_station >= orange"]
    silent = json.loads(ask("--if-silent", "Panadugama", "--at", "2025-11-27T07:00+05:30", "--json")[1])
    assert silent["effects"][0]["blind_from"] == "2025-11-30T09:30:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--why-not", "river_floods", "Kandy", "2025-11-27"), "There is no rule `river_floods`. Nearest is `river_flood`."),
        (("--why-not", "river_flood", "Kandi", "2025-11-27"), "There is no area `Kandi`. Nearest is `kandy`."),
        (("--why-not", "river_flood", "LK2103", "2025-11-27"), "`river_flood` is not judged in LK2103. It is judged at adm2."),
        (("--why-not", "river_flood", "Kandy", "27 November"), "`27 November` is no moment. Write a day, or a moment such as"),
        (("--why-not", "river_flood", "Kandy", "2025-11-27T06:00"), "`2025-11-27T06:00` is no moment."),
        (("--why-not", "river_flood", "Kandy", "2019-11-27"), "Nothing was configured at that time."),
        (("--if-silent", "Norwod"), "There is no station `Norwod`. Nearest is `lk-norwood`."),
        (("--if-silent", "Norwood"), "`lk-norwood` never gave a reading, so every rule is blind to it already. Ask its feed."),
        (("--if-silent", "Norwood", "--at", "noon"), "`noon`: write a moment with its zone"),
        ((), "Name a WARNING, or write --why-not RULE AREA MOMENT, or --if-silent STATION."),
    ],
)
def test_wrong_use_is_told(ask: Ask, arguments: tuple[str, ...], words: str) -> None:
    """What does not exist is named, with exit code 2."""
    code, output = ask(*arguments)
    assert words in output
    assert code == 2
