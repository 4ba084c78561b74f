"""One fetch of one feed as a schedule calls it: everything else it needs is in the environment.

`POLYRISK_SOURCES` is the address of stand-ins for all sources (without it the sources themselves are asked), `POLYRISK_CLOCK` a file
that says what time it is; where log and archive are is in `eventlog.state`, where countries are in `schemas.country_files`.
"""

import logging
import os
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from eventlog.log import EventLog
from eventlog.state import archive, opened_log, state_folder
from feeds.clock import clock_from_environment
from feeds.fetch import ATTEMPTS
from feeds.ingest import Ingest, IngestResult
from feeds.manifest import ROOT, load_manifest
from feeds.memory import FeedState
from feeds.pace import Pace
from schemas.configuration import Configuration
from schemas.country_facts import CountryFacts
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError
from schemas.manifests import FeedManifest
from schemas.moments import to_utc
from schemas.place_tables import read_places
from schemas.yaml_files import YamlFile, plain

SOURCES = "POLYRISK_SOURCES"
_LOG = logging.getLogger(__name__)


def run_feed(feed: str, *, asked: datetime | None = None, scheduled: bool = False) -> IngestResult | None:
    """Fetch a feed once and publish what is new.

    Args:
        asked: the moment that a run was asked for. It counts only where stand-ins play the sources: what a source says today was
            not known last week, whatever interval a run is for.
        scheduled: true for a run that nobody asked for; it is left out while the feed goes at its calm pace.

    Returns:
        What was published; none if it was left out.

    Raises:
        FetchError: the source gave no delivery.
        ConfigurationError: the manifest, or the country's places, cannot be used.
        LogError: the log cannot be written.
    """
    manifest = _manifest_of(feed, _modified(ROOT / feed / "feed.yaml"))
    base_url = os.environ.get(SOURCES) or None
    played = asked is not None and base_url is not None and not scheduled
    now = _plain(asked) if asked is not None and played else clock_from_environment().now()
    # A case's clock stands still while we wait, so that a source asked again would say the same.
    attempts = 1 if played else ATTEMPTS
    folder = countries_root() / manifest.country.lower()
    with opened_log() as log:
        if scheduled and not _due(manifest, folder, log, now):
            _LOG.info("%s goes at its calm pace and was fetched lately", feed)
            return None
        result = Ingest(_places_of(folder), log, archive(), state_folder(), base_url, attempts).run(manifest, now)
    _LOG.info("%s: %s rows, %s readings published, %s kept aside", feed, result.rows, result.readings, result.quarantined)
    return result


@lru_cache(maxsize=1024)
def _manifest_of(feed: str, _at: int) -> FeedManifest:
    """The manifest, read and checked again only when its file has changed: a case runs a feed many hundred times in one process."""
    return load_manifest(feed)


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _plain(moment: datetime) -> datetime:
    """The moment as Python's own datetime: a schedule's pendulum loses its time zone in sums once the zone is Python's UTC."""
    return to_utc(datetime.fromisoformat(moment.isoformat()))


def _due(manifest: FeedManifest, folder: Path, log: EventLog, now: datetime) -> bool:
    """Whether a run of the schedule is to fetch. With rules that cannot be read nobody knows what is near, so it does."""
    if manifest.calm_every is None:
        return True
    try:
        pace = Pace(log, load_country(folder).configuration)
    except ConfigurationError as error:
        _LOG.warning("%s is fetched at its full pace, because the rules cannot be read: %s", manifest.feed, error)
        return True
    # Runs start some seconds early or late, which must not make a feed miss its turn.
    return pace.due(manifest, FeedState(state_folder() / "feeds").load(manifest.feed).fetched, now + manifest.every / 2)


@lru_cache(maxsize=16)
def _places_of(folder: Path) -> LoadedCountry:
    """The country with its places but without thresholds, rules and manifests: a mistake in those must not stop the fetching.

    Raises:
        ConfigurationError: country.yaml or a table of places cannot be used.
    """
    file = YamlFile(folder / "country.yaml", folder.parent.parent)
    try:
        facts = CountryFacts.model_validate(plain(file.data))
    except ValidationError as error:
        found = file.findings_of(error, model=CountryFacts)
        raise ConfigurationError("\n".join(str(finding) for finding in found)) from error
    tables = read_places(folder, f"countries/{folder.name}", facts.feeds)
    if tables.findings:
        raise ConfigurationError("\n".join(str(finding) for finding in tables.findings))
    configuration = Configuration(
        shard=facts.shard,
        areas_version=facts.areas_version,
        areas=tuple(tables.areas.values()),
        stations=tuple(tables.stations.values()),
        feeds=(),
        thresholds=(),
        rules=(),
    )
    return LoadedCountry(folder, facts, tables.places, configuration, {}, tables.languages)
