"""Which feeds are to be scheduled, and how often; all that a schedule needs, read from the manifests alone.

A manifest that cannot be read takes no other feed with it: it is planned too, so that its runs fail where people look, and say why.
"""

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import ConfigurationError
from schemas.manifests import FeedManifest
from schemas.yaml_files import YamlFile, plain

ENVIRONMENT_VARIABLE = "POLYRISK_FEEDS"
"""Feeds to be scheduled, separated by commas; without it, all."""
SPEED = "POLYRISK_SPEED"
"""How much faster than ours the clock of a played case goes; schedules keep its time. Without it, as fast as ours."""
QUICKEST = timedelta(minutes=1)
"""No schedule is quicker: a scheduler needs some seconds for each run."""
FEEDS_ROOT = Path(__file__).resolve().parent
BROKEN_EVERY = timedelta(hours=1)
"""How often a feed whose manifest cannot be read fails, in place of the interval that nobody can read."""


@dataclass(frozen=True)
class PlannedFeed:
    """One feed as a schedule sees it.

    Attributes:
        feed: the name of its folder. country: ISO 3166-1 alpha-3; empty if the manifest cannot be read.
        every: the span between two runs. notes: the feed's notes, Markdown, with what is wrong with the manifest above them.
        indicators: what it gives.
        broken: what is wrong with the manifest; empty if nothing is.
    """

    feed: str
    title: str
    country: str
    every: timedelta
    notes: str
    indicators: tuple[str, ...] = ()
    broken: str = ""


def planned_feeds(root: Path | None = None) -> tuple[PlannedFeed, ...]:
    """The feeds with a manifest below `root` (by default this folder), in order of name; only those of `POLYRISK_FEEDS`, if it is set."""
    only = {name.strip() for name in os.environ.get(ENVIRONMENT_VARIABLE, "").split(",") if name.strip()}
    paths = sorted((root or FEEDS_ROOT).glob("*/feed.yaml"))
    planned = (_planned(path, path.stat().st_mtime_ns) for path in paths if not only or path.parent.name in only)
    speed = float(os.environ.get(SPEED) or 1)
    return tuple(replace(feed, every=max(QUICKEST, feed.every / speed)) for feed in planned)


@lru_cache(maxsize=1024)
def _planned(path: Path, _modified: int) -> PlannedFeed:
    """The plan of one manifest, read again only when the file has changed: a scheduler asks often."""
    feed = path.parent.name
    notes_file = path.parent / "NOTES.md"
    notes = notes_file.read_text(encoding="utf-8") if notes_file.exists() else ""
    try:
        file = YamlFile(path, path.parent.parent.parent)
        manifest = _model_of(file)
        if manifest.feed != feed:
            raise ConfigurationError(f"the feed is called `{manifest.feed}`, its folder `{feed}`.", where=file.name)
    except ConfigurationError as error:
        broken = f"The manifest cannot be used, so this feed is not fetched. {error}"
        return PlannedFeed(feed, "The manifest cannot be used", "", BROKEN_EVERY, f"**{broken}**\n\n{notes}", broken=broken)
    indicators = tuple(gives.indicator for gives in manifest.gives)
    return PlannedFeed(feed, manifest.title, manifest.country, manifest.every, notes, indicators)


def _model_of(file: YamlFile) -> FeedManifest:
    try:
        return FeedManifest.model_validate(plain(file.data))
    except ValidationError as error:
        found = " ".join(str(finding) for finding in file.findings_of(error, model=FeedManifest))
        raise ConfigurationError(found) from error
