"""Small configurations and logs for the property tests: built from small integers, so that a failure shrinks to a few readings.

Three districts' worth of places, feeds of some hours, and every fault a real feed has: duplicates, revisions, nulls, late
readings, bursts, gaps, silence.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schemas.configuration import Configuration
from schemas.envelopes import input_record, observations_record
from schemas.indicators import CATALOGUE
from schemas.observations import to_batch
from schemas.records import Baseline, BaselineRow, ConfigChange, GaugeDeclaration, Heartbeat, Observation, Record, Tick

SHARD = "XYA"
START = datetime(2025, 6, 1, tzinfo=UTC)
GRID = timedelta(minutes=10)
AREAS = [("A", "adm1", None), ("B", "adm2", "A"), ("C", "adm2", "A"), ("B1", "adm3", "B"), ("B2", "adm3", "B"), ("C1", "adm3", "C")]
STATIONS = {"s1": ["B1"], "s2": ["B2"], "s3": ["B"], "s4": ["C1"]}
FEEDS = {
    "gauges": ("1 h", "0 min", ["river_level", "river_level.yellow", "river_level.orange", "river_level.red"]),
    "slopes": ("6 h", "0 min", ["landslide_warning"]),
    "clinics": ("6 h", "1 h", ["dengue_cases"]),
    "markets": ("12 h", "2 h", ["price_rice_white"]),
}
PLACES = {"gauges": list(STATIONS), "slopes": ["B1", "B2", "C1", "B1"], "clinics": ["B", "C", "B", "C"], "markets": ["B", "C", "C", "B"]}
DOCUMENT = {"title": "for tests", "date": date(2025, 1, 1), "owner": "tests"}
SPANS = ["3 h", "6 h", "12 h"]


@dataclass(frozen=True, repr=False)
class World:
    """A configuration and the log that is judged by it, its first record the configuration."""

    configuration: Configuration
    records: tuple[Record, ...]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def __str__(self) -> str:
        """What a person needs to see of a failing example."""
        thresholds = [t.model_dump(mode="json", by_alias=True, exclude={"document"}) for t in self.configuration.thresholds]
        rules = [(r.name, r.area, r.when, r.until, [x.if_ for x in r.raise_], r.ends) for r in self.configuration.rules]
        return "\n".join(["World:", *map(str, thresholds), *map(str, rules), *map(said, self.records[1:])])


def said(record: Record) -> str:
    """A record in a line or two."""
    from schemas.envelopes import read_input
    from schemas.observations import from_batch

    content = read_input(record)
    if record.kind != "observations":
        return f"{record.received:%d %H:%M} {content}"
    rows = [f"{r.area} {r.indicator} {r.start:%d %H:%M}..{r.end:%d %H:%M} = {r.value} issued {r.issued}" for r in from_batch(content)]
    return f"{record.received:%d %H:%M} " + "; ".join(rows)


# Configurations -------------------------------------------------------------------------------------------------------

spans = st.sampled_from(SPANS)
persistence = st.sampled_from(["1 readings", "2 readings", "3 readings", "1 h", "90 min"])
some_levels = st.sampled_from([["yellow", "orange", "red"], ["orange", "red"], ["orange"]])


@st.composite
def thresholds(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A threshold of one kind with every setting that the meaning of a series depends on."""
    body: dict[str, Any] = {"name": kind, "document": DOCUMENT, "for": draw(persistence), "stale_after": draw(spans)}
    body |= {"hold_for": draw(spans), "horizon": draw(st.sampled_from(["12 h", "3 d", "14 d"]))}
    body |= {key: draw(spans) for key in ("bridge", "quiet", "settle") if draw(st.integers(0, 3)) == 0}
    words = draw(some_levels)
    match kind:
        case "river":
            body |= {"indicator": "river_level", "at": "station", "kind": "fixed", "direction": draw(st.sampled_from(["above", "below"]))}
            numbers = {"yellow": 2, "orange": 4, "red": 6} if body["direction"] == "above" else {"yellow": 6, "orange": 4, "red": 2}
            body["levels"] = {word: f"{numbers[word]} m" for word in words}
        case "gauge":
            body |= {"indicator": "river_level", "at": "station", "kind": "station_levels", "levels": dict.fromkeys(words, "own")}
        case "slope":
            body |= {"indicator": "landslide_warning", "at": "adm3", "kind": "fixed"}
            body["levels"] = {word: f"{ {'yellow': 1, 'orange': 2, 'red': 3}[word] } level" for word in words}
        case "dengue":
            body |= {"indicator": "dengue_cases", "at": "adm2", "kind": "endemic_channel", "levels": dict.fromkeys(words, "mean + 2 sd")}
            body |= {"floor": "3 cases"} if draw(st.booleans()) else {}
        case "price":
            body |= {"indicator": "price_rice_white", "at": "adm2", "kind": "alps", "levels": dict.fromkeys(words, "1 sd")}
    unit = CATALOGUE[body["indicator"]].unit
    body |= {"leave_below": f"{draw(st.sampled_from(['0.5', '1', '2']))} {unit}"} if draw(st.booleans()) else {}
    if body["at"] != "adm2" and draw(st.booleans()):
        body["roll_up"] = {"to": "adm2", "by": "worst", "needs": draw(st.sampled_from(["half", "all", "one"]))}
    return body


def conditions(names: list[tuple[str, list[str]]], *, silent: bool) -> st.SearchStrategy[Any]:
    """A random tree of conditions over thresholds and the levels they have."""
    leaf = st.sampled_from([{"threshold": name, "level": word} for name, words in names for word in words])
    windows = st.one_of(st.just({}), st.fixed_dictionaries({"within": spans}))
    counted = st.builds(lambda n, w: {"dimensions": n, "level": w}, st.integers(1, 2), st.sampled_from(["yellow", "orange"]))
    leaves = [leaf, st.builds(lambda c, w: {**c, **w}, counted, windows)]
    if silent:
        stations = next(name for name, _ in names if name in ("river", "gauge"))
        leaves.append(
            st.builds(
                lambda n, w, a, s: {"silent": {"count": n, "of": stations, "within": w, **a, **s}},
                st.integers(2, 3),
                st.sampled_from(["1 h", "3 h"]),
                st.sampled_from([{}, {"areas": ["B", "C"]}]),
                st.sampled_from([{}, {"stale_after": "2 h"}]),
            )
        )

    def compound(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        many = st.lists(part, min_size=2, max_size=3)
        lags = st.one_of(st.just({}), st.fixed_dictionaries({"least_lag": st.sampled_from(["1 h", "3 h"])}))
        return st.one_of(
            st.builds(lambda parts, w: {"all": parts, **w}, many, windows),
            st.builds(lambda parts, w: {"any": parts, **w}, many, windows),
            st.builds(lambda one: {"not": one}, part),
            st.builds(lambda parts, n, w: {"at_least": min(n, len(parts)), "of": parts, **w}, many, st.integers(1, 2), windows),
            st.builds(lambda one, w: {"condition": one, "within": w}, part, spans),
            st.builds(lambda parts, w, lag: {"sequence": parts, "within": w, **lag}, many, spans, lags),
        )

    return st.recursive(st.one_of(*leaves), compound, max_leaves=4)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """One to three thresholds of mixed kinds and one or two rules with random trees."""
    kinds = draw(st.lists(st.sampled_from(["river", "gauge", "slope", "dengue", "price"]), min_size=1, max_size=3, unique=True))
    bodies = [draw(thresholds(kind)) for kind in kinds]
    names = [(b["name"], list(b["levels"])) for b in bodies]
    tree = conditions(names, silent=bool({"river", "gauge"} & set(kinds)))
    rules = [_rule(draw, f"rule{i}", tree) for i in range(draw(st.integers(1, 2)))]
    return Configuration.model_validate(
        {
            "shard": SHARD,
            "areas_version": "tests",
            "areas": [{"code": c, "level": level, "parent": p, "names": {"en": c}} for c, level, p in AREAS],
            "stations": [{"code": c, "name": c, "feed": "gauges", "areas": a} for c, a in STATIONS.items()],
            "feeds": [{"feed": f, "every": e, "delay": d, "indicators": i} for f, (e, d, i) in FEEDS.items()],
            "thresholds": bodies,
            "rules": rules,
        }
    )


def _rule(draw: st.DrawFn, name: str, tree: st.SearchStrategy[Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "area": draw(st.sampled_from(["adm2", "adm2", "adm1", "adm3"])), "dimensions": ["health"]}
    body |= {"when": draw(tree), "level": "orange", "text": "t", "document": DOCUMENT}
    body |= {"ends": {"otherwise_after": draw(st.sampled_from(["12 h", "2 d", "30 d"]))}}
    body |= {"until": draw(tree)} if draw(st.integers(0, 3)) == 0 else {}
    body |= {"raise": [{"to": "red", "if": draw(tree)}]} if draw(st.booleans()) else {}
    return body


# Logs -----------------------------------------------------------------------------------------------------------------

_STEPS = [0, 0, 1, 2, 6, 6, 12, 36]
_AGES = [0, 0, 0, 1, 3, 6, 12, 30, 90]
_VALUES = [None, 0.0, 1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0]
_SIZES = {"river_level": 0, "landslide_warning": 0, "dengue_cases": 36, "price_rice_white": 72}


@st.composite
def worlds(draw: st.DrawFn, *, records: int = 25) -> World:
    """A configuration and up to `records` records after it."""
    configuration = draw(configurations())
    said_at = [ConfigChange(at=START, hash=configuration.hash, configuration=configuration.canonical(), author="tests", reason="tests")]
    log = [input_record(SHARD, said_at[0])]
    entry = st.tuples(st.integers(0, 99), st.sampled_from(_STEPS), st.lists(_rows(configuration), min_size=1, max_size=3))
    now = START
    for index, (what, step, rows) in enumerate(draw(st.lists(entry, min_size=1, max_size=records))):
        now += step * GRID
        log.append(_record(configuration, index, what, now, rows))
    return World(configuration, tuple(log))


def _rows(configuration: Configuration) -> st.SearchStrategy[tuple[str, int, int, int, int]]:
    """Indicator, place, age, value and issue of a reading, as small numbers."""
    indicators = sorted({t.indicator for t in configuration.thresholds})
    if any(t.kind == "station_levels" for t in configuration.thresholds):
        indicators += ["river_level.yellow", "river_level.orange", "river_level.red"]
    numbers = (st.integers(0, 3), st.sampled_from(_AGES), st.integers(0, len(_VALUES) - 1), st.integers(0, 4))
    return st.tuples(st.sampled_from(indicators), *numbers)


def _record(configuration: Configuration, index: int, what: int, now: datetime, rows: list[tuple[str, int, int, int, int]]) -> Record:
    kinds = [t for t in configuration.thresholds if t.kind in ("endemic_channel", "alps")]
    if what < 12:
        return input_record(SHARD, Tick(at=now))
    if what < 22:
        feed = list(FEEDS)[index % 2]
        return input_record(SHARD, Heartbeat(feed=feed, received=now, delivery=f"h{index}", new=False, rows=0, quarantined=0))
    if what < 26:
        place = ["s1", "s2", "B1"][rows[0][1] % 3]
        state = "dead" if what < 24 else "back"
        return input_record(SHARD, GaugeDeclaration(at=now, area=place, state=state, by="a named person", reason=f"tests {index}"))
    if what < 40 and kinds:
        return input_record(SHARD, _baseline(kinds[index % len(kinds)].name, index, now, rows[0]))
    observations = [_observation(index, number, now, row) for number, row in enumerate(rows)]
    batch = to_batch([o for o in observations if o.feed == observations[0].feed])
    return observations_record(SHARD, observations[0].feed, f"{index:016d}", now, batch)


def _observation(index: int, number: int, now: datetime, row: tuple[str, int, int, int, int]) -> Observation:
    indicator, place, age, value, issue = row
    feed = next(f for f, (_, _, given) in FEEDS.items() if indicator in given)
    size = _SIZES.get(indicator, 0)
    end = now - age * GRID
    if size:
        end = START + ((end - START) // (size * GRID)) * size * GRID
    worth = _VALUES[value]
    if indicator.count(".") and worth is not None:
        worth = {"yellow": 2.0, "orange": 4.0, "red": 6.0}[indicator.split(".")[1]] + (value % 3) * 0.25
    return Observation(
        area=PLACES[feed][place],
        indicator=indicator,
        start=end - size * GRID,
        end=end,
        issued=None if issue < 3 else now - issue * GRID,
        received=now,
        value=worth if indicator != "landslide_warning" or worth is None else worth // 2,
        unit=CATALOGUE[indicator].unit,
        feed=feed,
        key=f"{index}/{number}",
        delivery=f"{index:016d}",
    )


def _baseline(threshold: str, index: int, now: datetime, row: tuple[str, int, int, int, int]) -> Baseline:
    """Rows that join one another, each admitted or not."""
    edges = [START - timedelta(days=9), START + timedelta(days=1), START + timedelta(days=20)]
    rows = []
    for number, area in enumerate(["B", "C"]):
        for period in (0, 1):
            lift = (row[3] + period + number) % 3 * 0.5
            fits = (row[4] + period + number) % 4 != 0
            bounds = {"yellow": 2 + lift, "orange": 4 + lift, "red": 6 + lift} if fits else {}
            reason = "enough" if fits else "too little history"
            rows.append(BaselineRow(area=area, start=edges[period], end=edges[period + 1], bounds=bounds, admitted=fits, reason=reason))
    return Baseline(at=now, threshold=threshold, inputs_hash=f"{index:016d}", rows=tuple(rows))
