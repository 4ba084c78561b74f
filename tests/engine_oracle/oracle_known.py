"""What a prefix of the log says, in plain lists: the first page of the slow oracle (specification sections 1, 2 and 3.1).

Nothing is computed here but who is admitted and which of two readings with one identity wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from schemas.configuration import Configuration, FeedFacts, Station, Threshold
from schemas.envelopes import read_input
from schemas.inputs import Baseline, BaselineRow, ConfigChange, GaugeDeclaration, Heartbeat, Observation, Tick
from schemas.levels import Level
from schemas.observations import from_batch
from schemas.records import Record

NO_TIME = timedelta(0)


@dataclass(frozen=True)
class Reading:
    """A reading that won its identity and has a value."""

    start: datetime
    end: datetime
    value: Decimal
    feed: str


@dataclass
class Known:
    """All that was said up to some record.

    Attributes:
        now: the greatest `received` so far (section 1). rows, baselines: each with `now` at its receipt.
        alive: feed to the moments it was heard. declared: place to (moment, state) in order of moments.
    """

    configuration: Configuration
    now: datetime
    rows: list[tuple[Observation, datetime]] = field(default_factory=list)
    alive: dict[str, list[datetime]] = field(default_factory=dict)
    baselines: dict[str, list[tuple[BaselineRow, datetime]]] = field(default_factory=dict)
    declared: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)

    def threshold(self, name: str) -> Threshold:
        return next(t for t in self.configuration.thresholds if t.name == name)

    def feed(self, name: str) -> FeedFacts:
        return next(f for f in self.configuration.feeds if f.feed == name)

    def station(self, code: str) -> Station | None:
        return next((s for s in self.configuration.stations if s.code == code), None)


def known_from(records: Sequence[Record]) -> Known:
    """Read records in the order of the log. The first must be a configuration."""
    known: Known | None = None
    for record in records:
        content = read_input(record)
        if known is None:
            assert isinstance(content, ConfigChange)
            known = Known(Configuration.model_validate(content.configuration), record.received)
        known.now = max(known.now, record.received)
        match content:
            case ConfigChange():
                known.configuration = Configuration.model_validate(content.configuration)
            case Heartbeat():
                known.alive.setdefault(content.feed, []).append(content.received)
            case Baseline():
                known.baselines.setdefault(content.threshold, []).extend((row, known.now) for row in content.rows)
            case GaugeDeclaration():
                known.declared.setdefault(content.area, []).append((content.at, content.state))
            case Tick():
                pass
            case batch:
                rows = from_batch(batch)
                known.rows += [(row, known.now) for row in rows]
                for feed in {row.feed for row in rows}:
                    known.alive.setdefault(feed, []).append(record.received)
    assert known is not None
    for moments in known.declared.values():
        moments.sort()
    return known


def admitted(known: Known, threshold: Threshold, indicator: str, place: str) -> list[tuple[Observation, datetime]]:
    """The readings of a series that count (3.4, 6.5), nulls among them: valid within the horizon at their receipt, with `now` then.

    A threshold has no series at places of another level, nor, if it asks for a feed, at a station of another. Of forecasts it is the base
    time that counts, and no threshold reads both them and what was measured.
    """
    found: list[tuple[Observation, datetime]] = []
    station = known.station(place)
    level = next((a.level for a in known.configuration.areas if a.code == place), "station")
    if level != threshold.at or (threshold.feed is not None and (station is None or station.feed != threshold.feed)):
        return found
    for row, now in known.rows:
        delay = known.feed(row.feed).delay
        if row.indicator != indicator or row.area != place or (row.lead is not None) != (threshold.forecast is not None):
            continue
        if row.end - (row.lead or NO_TIME) + delay >= now - threshold.horizon:
            found.append((row, now))
    return found


def series(known: Known, threshold: Threshold, indicator: str, place: str) -> list[Reading]:
    """The readings of a series in order of valid time, one for each identity, without nulls (3.1)."""
    won = winners(known, threshold, indicator, place)
    return [Reading(r.start, r.end, Decimal(str(r.value)), r.feed) for r in won if r.value is not None]


def winners(known: Known, threshold: Threshold, indicator: str, place: str) -> list[Observation]:
    """One row for each identity, in order of valid time, nulls among them (3.1)."""
    won: dict[tuple[datetime, datetime], Observation] = {}
    for row, _ in admitted(known, threshold, indicator, place):
        rival = won.get((row.start, row.end))
        if rival is None or rank(row) > rank(rival):
            won[(row.start, row.end)] = row
    return sorted(won.values(), key=lambda r: (r.end, r.start))


def rank(row: Observation) -> tuple[bool, datetime, datetime, str, str, bool, float]:
    """The greatest `issued` wins, else the later fetch, else the greater content hash, whatever their place in the log (3.1)."""
    issued = row.issued or row.end  # the end is one for all of an identity, so without `issued` it decides nothing
    return (row.issued is not None, issued, row.received, row.delivery, row.key, row.value is not None, row.value or 0.0)


def defined_levels(threshold: Threshold) -> list[Level]:
    """The levels a threshold has, lowest first."""
    return sorted(Level.named(word) for word in threshold.levels)


def dead_at(known: Known, place: str, moment: datetime) -> bool:
    """Whether a person's last word up to `moment` is that the gauge is dead (3.3)."""
    said = [state for at, state in known.declared.get(place, []) if at <= moment]
    return bool(said) and said[-1] == "dead"
