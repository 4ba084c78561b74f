"""The work in the product's own words: `thresholds.yaml` and `rules.yaml` beside this file, read as a country's are, for four shards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from schemas.configuration import Area, Configuration, FeedFacts
from schemas.envelopes import input_record
from schemas.indicators import CATALOGUE
from schemas.inputs import ConfigChange
from schemas.moments import format_span, parse_span
from schemas.records import Record
from schemas.yaml_files import YamlFile, plain

SHARDS = ("BN0", "BN1", "BN2", "BN3")
"""One for each partition of the peers' topic; an area belongs to the one of its number's rest by four."""
FEED = "hourly"
INDICATORS = ("river_level", "dengue_cases", "price_rice_white")
"""The catalogue's for those of the peers, in their order: the same numbers under the unit that the catalogue has."""
UNITS = tuple(CATALOGUE[name].unit for name in INDICATORS)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(hours=1)
_FOLDER = Path(__file__).resolve().parent


def area_name(number: int) -> str:
    """An area as it stands in readings and events."""
    return f"A{number:04d}"


def configuration(shard: int, areas: int, horizon: timedelta | None = None) -> Configuration:
    """What one shard is judged by, of `areas` in all; with another horizon than the files have, if asked.

    Raises:
        ConfigurationError, pydantic.ValidationError: a file beside this one does not read well.
    """
    numbers = range(shard, areas, len(SHARDS))
    return Configuration.model_validate(
        {
            "shard": SHARDS[shard],
            "areas_version": "benchmark",
            "areas": [Area(code=area_name(n), level="adm2", names={"en": area_name(n)}) for n in numbers],
            "stations": (),
            "feeds": [FeedFacts(feed=FEED, every=parse_span("1 h"), indicators=INDICATORS)],
            "thresholds": [body | ({"horizon": format_span(horizon)} if horizon else {}) for body in _named("thresholds.yaml")],
            "rules": _named("rules.yaml"),
        }
    )


def _named(file: str) -> list[dict[str, Any]]:
    return [{**plain(body), "name": name} for name, body in YamlFile(_FOLDER / file).data.items()]


def configuration_record(shard: int, areas: int, horizon: timedelta | None = None) -> Record:
    """The shard's first record: by what it is judged."""
    decided = configuration(shard, areas, horizon)
    change = ConfigChange(
        at=BEGIN, hash=decided.hash, configuration=decided.canonical(), author="benchmarks", reason="the work of the benchmark"
    )
    return input_record(SHARDS[shard], change)
