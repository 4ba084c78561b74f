"""Rules in shadow beside a live one, through weeks of recorded gauges: what is recorded, who is warned, and what the comparison says.

The readings are those of the Irrigation Department's gauges around Cyclone Ditwah (23 November to 1 December 2025); after them the gauges
are silent, and two weeks later nobody can tell any more.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from written_country import written_country

from alerts.people.keys import Keys
from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.service import AlertService
from eventlog.log import EventLog, open_log
from polyrisk.__main__ import main
from polyrisk.story import events_said, waiting_messages
from processors.loop import Processor
from schemas.configuration import Configuration
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import input_record, observations_record
from schemas.inputs import ConfigChange, Observation, Tick
from schemas.observations import to_batch

FEED = "lka_irrigation_river"
BEGIN = datetime(2025, 11, 23, tzinfo=UTC)
TRIED = datetime(2025, 11, 27, tzinfo=UTC)
"""From when on the rules of `SHADOW` are tried: the flood rises."""
END = datetime(2025, 12, 20, tzinfo=UTC)
BODY = """
  area: adm2
  dimensions: [environmental]
  level: orange
  text: river_flood
  ends: {otherwise_after: 14 d}
  document: {title: t, date: 2025-01-01, owner: o}
"""
SHADOW = f"""
river_early:
  when: river_station >= yellow
  shadow: {{instead_of: river_flood}}{BODY}
river_grave:
  when: river_station >= red
  shadow: {{instead_of: river_flood}}{BODY}
"""


def rows() -> Iterator[tuple[datetime, list[Observation]]]:
    """The readings that came in each hour, each gauge's own levels before the first."""
    folder = countries_root() / "lka/cases/ditwah-2025"
    with (folder / "gauges.csv").open(encoding="utf-8") as file:
        levels = [(g["code"], word, g[word]) for g in csv.DictReader(file) for word in ("yellow", "orange", "red") if g[word]]
    yield BEGIN, [_reading(code, f"river_level.{word}", BEGIN, float(value)) for code, word, value in levels]
    by_hour: dict[datetime, list[Observation]] = {}
    with (folder / "rivers.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["known"])
            hour = at.replace(minute=0, second=0) + timedelta(hours=1)
            by_hour.setdefault(hour, []).append(_reading(row["area"], "river_level", at, float(row["value"])))
    yield from sorted(by_hour.items())


def _reading(area: str, indicator: str, at: datetime, value: float) -> Observation:
    key = f"{area} {indicator} {at:%d%H%M%S}"
    return Observation(
        area=area, indicator=indicator, start=at, end=at, received=at, value=value, unit="m", feed=FEED, key=key, delivery=key
    )


@contextmanager
def installed(state: Path) -> Iterator[EventLog]:
    """The installation's log."""
    with closing(open_log(f"sqlite:///{state / 'log.db'}")) as log:
        yield log


def configure(log: EventLog, configured: Configuration, at: datetime) -> None:
    """From then on the shard is judged by it."""
    change = ConfigChange(at=at, hash=configured.hash, configuration=configured.canonical(), author="a planner", reason="to try it")
    log.append([input_record(configured.shard, change)])


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> LoadedCountry:
    """Sri Lanka with one live rule on rivers and two that are tried instead of it."""
    folder = written_country(tmp_path_factory.mktemp("shadow") / "countries/lka", "")
    rules = folder / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + SHADOW, encoding="utf-8")
    return load_country(folder)


@pytest.fixture(scope="module")
def state(country: LoadedCountry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that lived through the weeks; from `TRIED` on two rules ran in shadow."""
    state = tmp_path_factory.mktemp("state")
    live = tuple(rule for rule in country.configuration.rules if rule.shadow is None)
    alone = country.configuration.model_copy(update={"rules": live})
    with installed(state) as log, closing(Processor(log, "LKA")) as processor:
        configure(log, alone, BEGIN)
        tried = False
        for hour, readings in rows():
            if hour >= TRIED and not tried:
                configure(log, country.configuration, TRIED)
                tried = True
            log.append([observations_record("LKA", FEED, f"{hour:%Y%m%d%H}", hour, to_batch(readings))])
        log.append([input_record("LKA", Tick(at=at)) for at in (END - timedelta(days=n) for n in range(18, -1, -1))])
        processor.run_until_idle()
    return state


def printed(state: Path, *options: str) -> str:
    """What `polyrisk config shadow` prints."""
    done = CliRunner().invoke(main, ["config", "shadow", "--state", str(state), *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_what_was_fired_is_compared_event_by_event(state: Path) -> None:
    """The lower rule fires wherever the live one does, and more often; the graver one seldomer. No event is left out, or is of no side."""
    early, grave = (json.loads(line) for line in printed(state, "--json").splitlines())
    assert (early["rule"], grave["rule"]) == ("river_early", "river_grave")
    assert {one["instead_of"] for one in (early, grave)} == {"river_flood"}
    assert [one["spans"] for one in (early, grave)] == [[[TRIED.isoformat(), None]]] * 2
    with installed(state) as log:
        said = events_said(log)
    last = {event.id: event for event in said if event.rule == "river_flood"}
    live = {event.id for event in last.values() if event.until is None or event.until > TRIED}
    for one in (early, grave):
        assert {e["live"]["id"] for e in one["events"] if e["live"]} == live
        tried = {event.id: event for event in said if event.rule == one["rule"]}
        found = {e["shadow"]["id"] for e in one["events"] if e["shadow"]}
        assert found == {event.id for event in tried.values() if event.until is None or event.until > TRIED}
        assert one["both"] + one["only_live"] + one["only_shadow"] == len(one["events"])
        assert all(e["live"]["area"] == e["shadow"]["area"] for e in one["events"] if e["live"] and e["shadow"])
    assert early["only_live"] == grave["only_shadow"] == 0
    assert early["both"] >= 8
    assert early["only_shadow"] >= 1
    assert grave["both"] >= 5
    assert grave["only_live"] >= 1


def test_a_flood_that_stood_before_the_rule_was_tried_is_fired_by_both(state: Path) -> None:
    """When the rules are put in shadow the live one has events already: they stand beside those that are then found."""
    early, _ = (json.loads(line) for line in printed(state, "--json").splitlines())
    before = [e for e in early["events"] if e["live"] and datetime.fromisoformat(e["live"]["known"]) < TRIED]
    assert before
    assert all(e["shadow"] and datetime.fromisoformat(e["shadow"]["known"]) >= TRIED for e in before)


THREE_DISTRICTS = [
    "  2025-11-23 12:06  Matara (LK32)  both: in shadow 7 h earlier; orange",
    "  2025-11-23 12:06  Matara (LK32)  both: in shadow 15 h earlier; orange",
    "  2025-11-26 17:07  Vavuniya (LK43)  both: in shadow 2 h earlier; red, in shadow orange",
    "  2025-11-26 23:11  Kandy (LK21)  both: the live one stood before this one was tried; red, in shadow orange",
    "  2025-11-27 02:03  Kandy (LK21)  both: the live one stood before this one was tried; red, in shadow orange",
    "  2025-11-27 07:00  Vavuniya (LK43)  both: in shadow 3 h later; red, in shadow orange",
    "  2025-11-27 12:00  Matara (LK32)  only live: orange, until 2025-11-27 15:13",
    "  2025-11-27 20:01  Matara (LK32)  only live: orange, until 2025-11-28 08:09",
]
"""Of the rule that is tried at yellow, then of the one at red."""


def test_the_comparison_is_read_by_people(state: Path) -> None:
    """Places by name, times of the country, levels in words; each event a line that says who fired it."""
    told = printed(state).splitlines()
    heads = [line for line in told if not line.startswith(" ")]
    assert heads == [f"{rule} in shadow of river_flood, 2025-11-27 05:30 to now" for rule in ("river_early", "river_grave")]
    counts = Counter(who for line in told for who in ("both:", "only in shadow:", "only live:") if f"  {who}" in line)
    both, live, shadow = (sum(one[key] for one in map(json.loads, printed(state, "--json").splitlines())) for key in
                          ("both", "only_live", "only_shadow"))  # fmt: skip
    assert counts == {"both:": both, "only live:": live, "only in shadow:": shadow}
    assert [line for line in told if "(LK43)" in line or "(LK32)" in line or "(LK21)" in line] == THREE_DISTRICTS


def test_nobody_is_warned_by_a_rule_in_shadow(state: Path, country: LoadedCountry, tmp_path: Path) -> None:
    """The alert service proposes messages of the live rule alone, though the rules in shadow fired in more districts."""
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}", Keys.load(tmp_path / "keys", create=True))
    fill(registry, country, households=200, seed=7)
    with installed(state) as log, closing(AlertService(log, registry, country)) as service:
        assert service.take_in(END) > 0
        events = events_said(log)
        assert {event.rule for event in events} == {"river_flood", "river_early", "river_grave"}
        assert {event.in_shadow for event in events if event.rule != "river_flood"} == {True}
        assert not any(event.in_shadow for event in events if event.rule == "river_flood")
        proposed = waiting_messages(log)
        assert {warning.rule for warning in proposed} <= {"river_flood"}
        assert {w["rule"] for s in log.read("warnings") if (w := json.loads(s.record.payload))["kind"] == "warning"} == {"river_flood"}
