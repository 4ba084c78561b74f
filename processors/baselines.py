"""Baselines: what is usual, computed outside the step from the archive, and handed to it as a record."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pyarrow as pa

from eventlog.archive import Archive
from eventlog.log import EventLog
from processors.bounds import LONGEST_PERIOD
from processors.kinds import BASELINE_KINDS, KINDS, bounds_of
from processors.kinds.kind import Baselined
from schemas.configuration import BaselineSettings, Configuration, Threshold
from schemas.envelopes import input_record, read_input
from schemas.errors import ConfigurationError
from schemas.inputs import Baseline, BaselineRow
from schemas.moments import to_utc
from schemas.observations import SCHEMA
from schemas.places import Places
from schemas.topics import INPUT

_MONTHS_AHEAD = 2
"""Rows are made up to the end of the month after the present one; each month makes a new season."""


class Country(Protocol):
    """What of a loaded country a baseline needs."""

    @property
    def shard(self) -> str:
        """The shard its readings go to."""
        ...

    @property
    def places(self) -> Places:
        """Its areas and stations."""
        ...

    @property
    def configuration(self) -> Configuration:
        """What it is judged by."""
        ...


def compute(threshold: Threshold, places: Places, table: pa.Table, at: datetime, delay: timedelta = timedelta(0)) -> Baseline:
    """The baseline of a threshold as it can be known at a moment.

    Args:
        table: observations of the archive; only those of the threshold's indicator received until `at` are looked at.
        at: aware. delay: the feed's declared delay, as far back as a reading may still be judged beside the horizon.

    Raises:
        ConfigurationError: the threshold has no baseline, or its settings are not those of its kind.
    """
    settings = threshold.baseline if threshold.baseline is not None else BaselineSettings()
    first, last = season(threshold, at, delay)
    kind = KINDS[threshold.kind].baseline
    if kind is None:
        raise ConfigurationError(f"A threshold of kind {threshold.kind} has no baseline.", where=f"threshold {threshold.name}")
    histories = _histories(threshold, kind, settings, table, at)
    rows: list[BaselineRow] = []
    own = places.stations if threshold.at == "station" else {a.code for a in places.areas.values() if a.level == threshold.at}
    for area in sorted(own):
        if area in histories:
            rows.extend(kind.rows(area, histories[area], settings, bounds_of(threshold), first, last))
    return Baseline(at=to_utc(at), threshold=threshold.name, inputs_hash=_hash(threshold, rows, first, last), rows=tuple(rows))


def season(threshold: Threshold, at: datetime, delay: timedelta = timedelta(0)) -> tuple[datetime, datetime]:
    """The span that a baseline made at a moment serves: whole months, from what may still be judged to the end of the next month."""
    moment = to_utc(at)
    oldest = moment - threshold.horizon - delay - LONGEST_PERIOD
    month = moment.year * 12 + moment.month - 1 + _MONTHS_AHEAD
    return datetime(oldest.year, oldest.month, 1, tzinfo=UTC), datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def publish_baselines(log: EventLog, archive: Archive, country: Country, at: datetime) -> int:
    """Append the baseline of each threshold that has one, unless the last one says the same; answer how many were appended.

    Args:
        at: aware; readings received later are not looked at.
    """
    wanted = [t for t in country.configuration.thresholds if t.kind in BASELINE_KINDS]
    if not wanted:
        return 0
    last = _last_hashes(log, country.shard)
    made = []
    for threshold in wanted:
        feeds = [f for f in country.configuration.feeds if threshold.indicator in f.indicators]
        delay = max((f.delay for f in feeds), default=timedelta(0))
        # Asked feed by feed: the archive lies by feed, and one with hourly gauges has many files that say nothing of a price.
        read = [archive.observations(f.feed, threshold.indicator) for f in feeds]
        baseline = compute(threshold, country.places, pa.concat_tables(read) if read else SCHEMA.empty_table(), at, delay)
        if baseline.rows and last.get(threshold.name) != baseline.inputs_hash:
            made.append(input_record(country.shard, baseline))
    if made:
        log.append(made)
    return len(made)


def _last_hashes(log: EventLog, shard: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for stored in log.read(INPUT.name, shard=shard):
        if stored.record.kind == "baseline":
            baseline = read_input(stored.record)
            if isinstance(baseline, Baseline):
                found[baseline.threshold] = baseline.inputs_hash
    return found


def _histories(
    threshold: Threshold, kind: Baselined, settings: BaselineSettings, table: pa.Table, at: datetime
) -> dict[str, dict[int, float]]:
    """Area to its values by the kind's period: of each identity the one that wins, and no nulls."""
    frame = table.select(["area", "indicator", "start", "end", "issued", "received", "lead", "value", "delivery"]).to_pandas()
    frame = frame.astype({"area": str, "indicator": str, "delivery": str})
    frame = frame[(frame["indicator"] == threshold.indicator) & frame["lead"].isna() & (frame["received"] <= to_utc(at))]
    frame = frame.sort_values(["area", "start", "end", "issued", "received", "delivery"], na_position="first")
    frame = frame.drop_duplicates(["area", "start", "end"], keep="last").dropna(subset=["value"])
    period = kind.period(settings)
    frame["step"] = [period.key(start, end) for start, end in zip(frame["start"], frame["end"], strict=True)]
    if kind.greatest:
        frame = frame.sort_values(["area", "step", "value"])
    frame = frame.drop_duplicates(["area", "step"], keep="last")
    return {str(area): dict(zip(group["step"].tolist(), group["value"].tolist(), strict=True)) for area, group in frame.groupby("area")}


def _hash(threshold: Threshold, rows: list[BaselineRow], first: datetime, last: datetime) -> str:
    """What the baseline was made of: the threshold's own settings, the season, and all that was computed from the readings."""
    own = threshold.model_dump_json(include={"name", "indicator", "kind", "levels", "baseline"}, exclude_none=True)
    text = [own, first.isoformat(), last.isoformat()]
    text.extend(row.model_dump_json() for row in rows)
    return hashlib.sha256("\n".join(text).encode()).hexdigest()
