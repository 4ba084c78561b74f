"""Contexts for parsers in tests: a manifest as shipped, and a few places made by hand."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from feeds.contract import ParseContext
from schemas.configuration import Area, Station
from schemas.manifests import FeedManifest
from schemas.places import Places

FEEDS = Path(__file__).resolve().parents[2] / "feeds"
DISTRICTS = {"LK11": "Colombo", "LK21": "Kandy", "LK44": "Mullaitivu", "LK82": "Monaragala"}
ALIASES = {"mullattivu": "LK44", "moneragala": "LK82", "kandy four gravets": "LK2118"}
SERIES = {"19926": "np-19926", "26117": "np-26117", "36640": "np-36640"}


def manifest(feed: str) -> FeedManifest:
    """The manifest that the feed ships."""
    return FeedManifest.model_validate(YAML(typ="safe").load((FEEDS / feed / "feed.yaml").read_text(encoding="utf-8")))


def sample(feed: str, name: str) -> bytes:
    """A native file of the feed's samples."""
    return (FEEDS / feed / "samples" / name).read_bytes()


def places() -> Places:
    """Four districts of Sri Lanka with a division, two of them also under a source's spelling, and three gauges of Nepal."""
    areas = {code: Area(code=code, level="adm2", names={"en": name}) for code, name in DISTRICTS.items()}
    areas["LK2118"] = Area(code="LK2118", level="adm3", parent="LK21", names={"en": "Kandy Four Gravets"})
    aliases = {name.lower(): code for code, name in DISTRICTS.items()} | ALIASES
    gauges = {code: Station(code=code, name=code, feed="npl_bipad_river", areas=("NP0329",)) for code in SERIES.values()}
    return Places(areas, gauges, aliases, {("npl_bipad_river", series): code for series, code in SERIES.items()})


def context(feed: str, received: datetime, shapes: Mapping[str, dict[str, Any]] | None = None) -> ParseContext:
    """What a parser of `feed` is told about a delivery fetched at `received`."""
    return ParseContext(manifest(feed), places(), received, "delivery", shapes or {})
