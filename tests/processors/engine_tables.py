"""Text tables for the engine: left what comes in, right what goes out, an empty right side meaning nothing.

A row is `time place what | out`. Time is `HH:MM` of the case's first day, or `dN HH:MM`. What is a value, `null`, `tick`, `alive FEED`,
`dead`, `back`; a value may be followed by `valid TIME` or `valid TIME..TIME` if the reading came later than its time, by
`issued TIME`, and by `indicator NAME`. Out is what was said, separated by `; `: `place word level` for a breach, `rule place word level`
for an event.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from processors.engine import State, initial, step
from schemas.configuration import Configuration
from schemas.envelopes import input_record, observations_record
from schemas.indicators import CATALOGUE
from schemas.inputs import ConfigChange, GaugeDeclaration, Heartbeat, Observation, Tick
from schemas.observations import to_batch
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.records import Record

DAY = datetime(2025, 11, 20, tzinfo=UTC)
DOCUMENT = {"title": "t", "date": "2025-01-01", "owner": "planner"}
_ROW = re.compile(r"^\s*(?P<time>(?:d\d+ )?\d\d:\d\d)\s+(?P<place>\S+)\s+(?P<what>[^|#]*?)\s*(?:\|(?P<out>[^#]*))?(?:#.*)?$")
_VALUE = re.compile(r"^(?P<value>-?[\d.]+|null)(?:\s+valid\s+(?P<start>(?:d\d+ )?\d\d:\d\d)(?:\.\.(?P<end>(?:d\d+ )?\d\d:\d\d))?)?"
                    r"(?:\s+issued\s+(?P<issued>(?:d\d+ )?\d\d:\d\d))?(?:\s+indicator\s+(?P<indicator>\S+))?$")  # fmt: skip


def at(text: str) -> datetime:
    """`HH:MM` or `dN HH:MM` as a moment."""
    day, _, clock = text.rpartition(" ")
    hours, minutes = clock.split(":")
    return DAY + timedelta(days=int(day[1:]) if day else 0, hours=int(hours), minutes=int(minutes))


def configuration(
    thresholds: Sequence[dict[str, Any]],
    rules: Sequence[dict[str, Any]] = (),
    *,
    areas: Sequence[dict[str, Any]] = ({"code": "A", "level": "adm2", "names": {"en": "A"}},),
    stations: Sequence[dict[str, Any]] = (),
    feeds: Sequence[dict[str, Any]] = (),
) -> Configuration:
    """A configuration of one or two areas, with what every threshold and rule must say filled in."""
    base_threshold = {"indicator": "river_level", "at": "adm2", "kind": "fixed", "stale_after": "3 h", "document": DOCUMENT}
    base_rule = {"area": "adm2", "dimensions": ["environmental"], "level": "orange", "text": "t", "ends": {"otherwise_after": "14 d"}}
    return Configuration.model_validate({
        "shard": "TST",
        "areas_version": "1",
        "areas": list(areas),
        "stations": list(stations),
        "feeds": list(feeds) or [{"feed": "river", "every": "1 h", "indicators": ["river_level"]}],
        "thresholds": [base_threshold | t for t in thresholds],
        "rules": [base_rule | {"document": DOCUMENT} | r for r in rules],
    })  # fmt: skip


def begun(configured: Configuration) -> State:
    """A shard that is judged by a configuration."""
    state, _ = step(initial("TST"), configured_record(configured))
    return state


def configured_record(configured: Configuration, when: datetime = DAY - timedelta(days=400)) -> Record:
    """The configuration as a record."""
    change = ConfigChange(at=when, hash=configured.hash, configuration=configured.canonical(), author="planner", reason="test")
    return input_record("TST", change)


def reading(place: str, value: float | None, start: datetime, received: datetime, **more: Any) -> Observation:
    """One reading of a moment, unless `end` is given."""
    indicator = more.pop("indicator", "river_level")
    end = more.pop("end", start)
    feed = more.pop("feed", "river")
    return Observation(
        area=place, indicator=indicator, start=start, end=end, received=received, value=value, unit=CATALOGUE[indicator].unit,
        feed=feed, key=place, delivery=more.pop("delivery", f"{received:%d%H%M%S}{place}{value}"), **more,
    )  # fmt: skip


def readings_record(readings: Sequence[Observation]) -> Record:
    """Readings as one delivery."""
    first = readings[0]
    said = "".join(f"{r.area}{r.indicator}{r.start}{r.end}{r.value}{r.issued}{r.key}{r.delivery}" for r in readings)
    delivery = hashlib.sha256(said.encode()).hexdigest()
    return observations_record("TST", first.feed, delivery, max(r.received for r in readings), to_batch(readings))


def record_of(time: str, place: str, what: str) -> Record:
    """A row's left side as an input record."""
    now = at(time)
    if what == "tick":
        return input_record("TST", Tick(at=now))
    if what.startswith("alive"):
        return input_record("TST", Heartbeat(feed=what.split()[1], received=now, delivery="x", new=False, rows=0, quarantined=0))
    if what in ("dead", "back"):
        return input_record("TST", GaugeDeclaration(at=now, area=place, state=what, by="B. Perera", reason="washed away"))
    match = _VALUE.match(what)
    assert match, f"`{what}` is no reading"
    start = at(match["start"]) if match["start"] else now
    more: dict[str, Any] = {"indicator": match["indicator"]} if match["indicator"] else {}
    if match["issued"]:
        more["issued"] = at(match["issued"])
    value = None if match["value"] == "null" else float(match["value"])
    return readings_record([reading(place, value, start, now, end=at(match["end"]) if match["end"] else start, **more)])


def rows_of(table: str) -> Iterable[tuple[str, Record, list[str]]]:
    """Each row with its record and what must be said because of it."""
    for row in table.strip().splitlines():
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        match = _ROW.match(row)
        assert match, f"`{row}` is no row of a table"
        out = [part.strip() for part in (match["out"] or "").split(";") if part.strip()]
        yield row, record_of(match["time"], match["place"], match["what"]), out


def said(output: ThresholdBreach | CompoundEvent) -> str:
    """What was said, as it stands in tables."""
    if isinstance(output, ThresholdBreach):
        return f"{output.area} {output.change.value} {output.level.word}"
    return f"{output.rule} {output.area} {output.change.value} {output.level.word}"


def play(configured: Configuration, table: str, *, only: str = "") -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
    """Run a table and hold each row's right side against what was said.

    Args:
        only: `breaches` or `events` to look at one of them alone.
    """
    state, everything = begun(configured), []
    for row, record, expected in rows_of(table):
        state, outputs = step(state, record)
        shown = [o for o in outputs if not only or isinstance(o, ThresholdBreach) == (only == "breaches")]
        assert [said(o) for o in shown] == expected, f"at `{row.strip()}`"
        everything.extend(outputs)
    return state, everything
