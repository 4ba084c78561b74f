"""A source's own files, as it gave them over the years, turned into a history by the feed's own parser."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.history_files import write_history
from feeds.contract import ParseContext
from feeds.ingest import examine
from feeds.manifest import load_manifest
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.inputs import Observation


@dataclass(frozen=True)
class Converted:
    """What became of the files: readings written, and rows kept aside because they could not be used."""

    files: int
    readings: int
    kept_aside: int


def convert(country: LoadedCountry, feed: str, paths: Sequence[Path], out: Path, read: datetime) -> Converted:
    """Write the readings of a feed's native files into `out/<feed>.csv`.

    A reading was received at the end of its period and the feed's declared delay: such files do not say when each became known. Of two
    files that say something of the same reading the later named has the last word.

    Args:
        paths: files, or folders of files. read: a moment after all of them, before which the parser wants every period to end.

    Raises:
        ConfigurationError: the country has no such feed, or there are no files.
        SourceChanged: a file is not what the source used to give; its name is told.
    """
    if feed not in country.manifests:
        known = ", ".join(sorted(country.manifests))
        raise ConfigurationError(f"{country.name} has no feed `{feed}`.", remedy=f"Its feeds are {known}.")
    files = [file for path in paths for file in (sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path])]
    if not files:
        raise ConfigurationError("There are no files to convert.", where=", ".join(map(str, paths)), remedy="Name files or folders.")
    manifest = load_manifest(feed)
    said: dict[tuple[str, str, datetime, datetime], Observation] = {}
    aside = 0
    for file in files:
        raw = file.read_bytes()
        context = ParseContext(manifest, country.places, read, hashlib.sha256(raw).hexdigest())
        examined = examine(raw, context)
        aside += len(examined.kept_aside)
        said |= {(o.area, o.indicator, o.start, o.end): o for o in examined.fit}
    rows = [_row(said[key], said[key].end + manifest.delay) for key in sorted(said)]
    write_history(out / f"{feed}.csv", sorted(rows, key=lambda row: (row[4], row[0], row[1], row[2])))
    return Converted(len(files), len(rows), aside)


def _row(observation: Observation, received: datetime) -> tuple[str, ...]:
    o = observation
    end = "" if o.end == o.start else _utc(o.end)
    value = "" if o.value is None else f"{o.value:.6f}".rstrip("0").rstrip(".")
    return o.area, o.indicator, _utc(o.start), end, _utc(received), value, o.unit


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
