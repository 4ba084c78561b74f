"""What each kind of threshold holds a reading against: section 3 of the specification, and what the kinds say of themselves.

Where nobody knows it there is no bound. Forecasts are held against the number of the level that their issue reaches (`oracle_forecasts`).
"""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from oracle_known import Known, Reading, dead_at, series, winners

from schemas.configuration import Threshold
from schemas.levels import Level

OF_HISTORY = ("endemic_channel", "ears", "percentile", "return_level", "alps")
"""Kinds whose bounds are rows of a baseline."""
MILLION = 1_000_000


def bound(known: Known, threshold: Threshold, place: str, level: Level, reading: Reading) -> Decimal | None:
    """What the reading is held against; none if nobody knows."""
    for override in threshold.overrides or ():
        if override.place == place and level.word in override.levels:
            return Decimal(override.levels[level.word].split()[0])
    station = known.station(place)
    if threshold.datum is not None and (station is None or station.datum != threshold.datum):
        return None  # levels above one zero say nothing of readings above another
    match threshold.kind:
        case "fixed":
            return Decimal(threshold.levels[level.word].split()[0])
        case "one_case":
            return Decimal(1)
        case "station_levels":
            return _own_level(known, threshold, place, level, reading)
        case "rate_of_change":
            return _changed(known, threshold, place, level, reading)
        case "exceedance" | "impact_matrix":
            return Decimal(int(level))
    assert threshold.kind in OF_HISTORY
    return _of_history(known, threshold, place, level, reading)


def _own_level(known: Known, threshold: Threshold, place: str, level: Level, reading: Reading) -> Decimal | None:
    """The station's own level, as last said at the reading's start; a null leaves it unknown."""
    indicator = f"{threshold.indicator}.{level.word}"
    before = [r for r in winners(known, threshold, indicator, place) if r.start <= reading.start]
    return Decimal(str(before[-1].value)) if before and before[-1].value is not None else None


def _of_history(known: Known, threshold: Threshold, place: str, level: Level, reading: Reading) -> Decimal | None:
    """The newest row of the baseline in whose period the middle of the reading's lies."""
    middle = reading.start + (reading.end - reading.start) / 2
    rows = known.baselines.get(threshold.name, [])
    serving = [r for r, now in rows if r.area == place and r.start <= middle < r.end and in_reach(known, threshold, reading, now)]
    if not serving or not serving[-1].admitted or level.word not in serving[-1].bounds:
        return None
    return Decimal(str(serving[-1].bounds[level.word]))


def in_reach(known: Known, threshold: Threshold, reading: Reading, now: datetime) -> bool:
    """Whether what becomes known at `now` can still alter how a reading is judged: a bound reaches no further back than a reading (3.4)."""
    return reading.end + known.feed(reading.feed).delay >= now - threshold.horizon


def _changed(known: Known, threshold: Threshold, place: str, level: Level, reading: Reading) -> Decimal | None:
    """The value a span ago, more by the size of the change or by a share of it; less if it is a fall. Whole millionths, as values are."""
    ago = _a_span_ago(known, threshold, place, reading)
    if ago is None:
        return None
    text = threshold.levels[level.word]
    size = Fraction(text.split()[0])
    change = ago * size / 100 if "%" in text else size * MILLION
    return Decimal(round(ago + change if threshold.direction == "above" else ago - change)) / MILLION


def _a_span_ago(known: Known, threshold: Threshold, place: str, reading: Reading) -> int | None:
    """In millionths: the reading that ended then, or the straight line between those on either side, if they lie near enough.

    A gauge that a person declared dead since then starts afresh (3.3): of what it said before, and of what was read while it was dead,
    nothing is known.
    """
    assert threshold.span is not None
    moment = reading.end - threshold.span
    told = [r for r in series(known, threshold, threshold.indicator, place) if not dead_at(known, place, r.start)]
    before = [r for r in told if r.end <= moment]
    after = [r for r in told if r.end > moment]
    if not before:
        return None
    one = before[-1]
    if any(state == "dead" and one.start < at <= reading.start for at, state in known.declared.get(place, [])):
        return None
    if one.end == moment:
        return round(Fraction(one.value) * MILLION)
    if not after or after[0].end - one.end > threshold.stale_after:
        return None
    share = Fraction((moment - one.end).total_seconds()) / Fraction((after[0].end - one.end).total_seconds())
    return round(Fraction(one.value) * MILLION) + round(share * Fraction(after[0].value - one.value) * MILLION)
