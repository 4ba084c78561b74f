"""The samples of all feeds, found by folder, and what must come out of each.

A sample is any file of `feeds/<feed>/samples/` beside `context.yaml` (when it was fetched, which country) and the answers themselves.
`python tests/feeds/golden_answers.py [feed]` writes the answers anew; read the difference before it is committed.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from feeds.contract import ParseContext
from feeds.ingest import Examined, examine
from feeds.manifest import ROOT, load_manifest
from schemas.country_files import CHECKOUT
from schemas.inputs import Observation
from schemas.moments import to_utc
from schemas.place_tables import read_places
from schemas.places import Places

ENDING = ".golden.json"
SHAPES = ("adm2", "adm3")


@dataclass(frozen=True)
class Sample:
    """A native file of a feed."""

    feed: str
    path: Path

    @property
    def answer_path(self) -> Path:
        """Where its golden answer stands."""
        return self.path.with_name(self.path.name + ENDING)

    def __str__(self) -> str:
        return f"{self.feed}/{self.path.name}"


def samples() -> list[Sample]:
    """Every sample of every feed that has a manifest."""
    return [
        Sample(manifest.parent.name, path)
        for manifest in sorted(ROOT.glob("*/feed.yaml"))
        for path in sorted((manifest.parent / "samples").glob("*"))
        if path.name != "context.yaml" and not path.name.endswith(ENDING)
    ]


def context_of(sample: Sample) -> ParseContext:
    """What the parser is told: the feed's manifest as shipped, and the places and shapes of its country."""
    said = YAML(typ="safe").load((sample.path.parent / "context.yaml").read_text(encoding="utf-8"))
    code, received = str(said["country"]), to_utc(said["received"])
    return ParseContext(load_manifest(sample.feed), _places(code), received, "delivery", _shapes(code))


@cache
def _places(country: str) -> Places:
    folder = CHECKOUT / "countries" / country
    feeds = tuple(manifest.parent.name for manifest in ROOT.glob(f"{country}_*/feed.yaml"))
    return read_places(folder, f"countries/{country}", feeds).places


@cache
def _shapes(country: str) -> Mapping[str, dict[str, Any]]:
    folder = CHECKOUT / "countries" / country
    paths = {level: folder / f"shapes_{level}.geojson" for level in SHAPES}
    return {level: json.loads(path.read_text(encoding="utf-8")) for level, path in paths.items() if path.exists()}


def answer(examined: Examined) -> dict[str, Any]:
    """What came out of a delivery, as it is written down: rows, readings that are fit, and all that was kept aside."""
    parsed = examined.parsed
    return {
        "rows": parsed.rows,
        "rows_used": parsed.rows_used,
        "ignored": dict(parsed.ignored),
        "quarantined": [{"row": kept.row, "reason": kept.reason} for kept in examined.kept_aside],
        "observations": [_written(observation) for observation in examined.fit],
    }


def _written(observation: Observation) -> dict[str, Any]:
    o = observation
    return {
        "area": o.area,
        "indicator": o.indicator,
        "start": o.start.isoformat(),
        "end": o.end.isoformat(),
        "issued": o.issued.isoformat() if o.issued else None,
        "value": o.value,
        "unit": o.unit,
        "quality": o.quality.value,
        "key": o.key,
    }


def text(found: Mapping[str, Any]) -> str:
    """One reading a line, so that a difference shows the readings that differ."""
    parts = []
    for name, value in found.items():
        rows = [json.dumps(row, ensure_ascii=False) for row in value] if isinstance(value, list) else None
        shown = json.dumps(value, ensure_ascii=False) if rows is None else "[\n  " + ",\n  ".join(rows) + "\n ]" if rows else "[]"
        parts.append(f' "{name}": {shown}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(feeds: list[str]) -> None:
    """Write the answers of the feeds named, or of all."""
    for sample in samples():
        if not feeds or sample.feed in feeds:
            found = answer(examine(sample.path.read_bytes(), context_of(sample)))
            sample.answer_path.write_text(text(found), encoding="utf-8")
            print(sample, {k: len(v) if isinstance(v, list) else v for k, v in found.items()})


if __name__ == "__main__":
    main(sys.argv[1:])
