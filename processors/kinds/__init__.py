"""The kinds of threshold: what readings are held against. One file a kind, with its source, and one line here.

How a kind is written stands in `schemas.threshold_kinds`.
"""

from collections.abc import Mapping

from processors.bounds import Bound
from processors.kinds import (
    alps,
    ears,
    endemic_channel,
    exceedance,
    fixed,
    impact_matrix,
    one_case,
    percentile,
    rate_of_change,
    return_level,
    station_levels,
)
from processors.kinds.kind import Kind
from processors.timelines import micros
from schemas.errors import ConfigurationError
from schemas.levels import Level
from schemas.thresholds import Threshold, level_example, level_number

KINDS: Mapping[str, Kind] = {
    "fixed": fixed.KIND,
    "one_case": one_case.KIND,
    "station_levels": station_levels.KIND,
    "rate_of_change": rate_of_change.KIND,
    "exceedance": exceedance.KIND,
    "impact_matrix": impact_matrix.KIND,
    "endemic_channel": endemic_channel.KIND,
    "ears": ears.KIND,
    "percentile": percentile.KIND,
    "return_level": return_level.KIND,
    "alps": alps.KIND,
}
BASELINE_KINDS = frozenset(word for word, kind in KINDS.items() if kind.baseline is not None)
"""The kinds that are held against a baseline."""


def bounds_of(threshold: Threshold) -> tuple[Bound, ...]:
    """The bounds of a threshold's levels, lowest level first.

    Raises:
        ConfigurationError: a bound is not one of the threshold's kind; names threshold and level.
    """
    found = [_bound(threshold, Level.named(word), text) for word, text in threshold.levels.items()]
    return tuple(sorted(found, key=lambda b: b.level))


def looks_back(threshold: Threshold) -> int:
    """How far before a reading its bounds look in its own series, in microseconds."""
    return micros(threshold.span) if threshold.span is not None else 0


def _bound(threshold: Threshold, level: Level, text: str) -> Bound:
    try:
        number = level_number(threshold, text)
    except ValueError as error:
        where = f"threshold {threshold.name}, {level.word}"
        raise ConfigurationError(f"{error}", where=where, remedy=f"Write it like `{level_example(threshold)}`.") from error
    return KINDS[threshold.kind].bound(threshold, level, number)
