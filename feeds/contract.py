"""What every feed's folder must offer, and what a parser gives back.

A folder `feeds/<feed>/` holds `feed.yaml` (the manifest), `parse.py` with `parse(raw, context) -> Parsed` (pure: bytes to
observations), `stand_in.py` with `respond(case, request, at) -> Answer` (the same readings in the source's own format, as the
source stood at a moment), `NOTES.md` (what the source does wrong), and `samples/` with native files and their golden answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.inputs import Observation
from schemas.manifests import FeedManifest
from schemas.places import Places


@dataclass(frozen=True)
class ParseContext:
    """What a parser may know beside the bytes.

    Attributes:
        received: when the bytes were fetched, UTC. delivery: their SHA-256.
        places: the country's areas and stations, to join the source's names.
        shapes: area level (`adm2`, `adm3`) to the GeoJSON FeatureCollection of the country's areas; a grid is reduced to them.
        cache: a folder for what a parser can always compute again, such as zonal weights; none keeps nothing on disk.
    """

    manifest: FeedManifest
    places: Places
    received: datetime
    delivery: str
    shapes: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    cache: Path | None = None


@dataclass(frozen=True)
class Quarantined:
    """A row kept aside.

    Attributes:
        row: the row's number in the delivery, from 1, as the source counts (header lines excluded).
        reason: what is wrong with it. remedy: what a person can do. excerpt: the row's own text, at most 300 characters.
    """

    row: int
    reason: str
    remedy: str
    excerpt: str


@dataclass(frozen=True)
class Parsed:
    """What was in a delivery. No row is lost: rows == rows_used + len(quarantined).

    Attributes:
        rows: rows of the source, each a record, feature or line of it.
        rows_used: rows that gave observations, or that the source marks as nothing to read (listed in `ignored`).
        observations: one row may give several (a level and the station's thresholds).
        ignored: why used rows gave no observation, to a count: a forecast price, a gauge without any reading.
    """

    rows: int
    rows_used: int
    observations: Sequence[Observation]
    quarantined: Sequence[Quarantined] = ()
    ignored: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows != self.rows_used + len(self.quarantined):
            raise AssertionError(f"{self.rows} rows in, {self.rows_used} used and {len(self.quarantined)} quarantined")


@dataclass(frozen=True)
class Request:
    """What a stand-in is asked: path and query of the source's own address."""

    path: str
    query: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What a stand-in answers: the native bytes, as the source would have given them."""

    body: bytes
    content_type: str
    status: int = 200
