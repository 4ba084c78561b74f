"""Which feeds there are, found by folder, and the parts of each: manifest, parser, stand-in."""

import importlib
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import ValidationError

from feeds.cases import Case
from feeds.contract import Answer, ParseContext, Parsed, Request
from schemas.errors import ConfigurationError
from schemas.findings import Finding
from schemas.indicators import CATALOGUE
from schemas.manifests import FeedManifest
from schemas.yaml_files import YamlFile, plain

ROOT = Path(__file__).resolve().parent
PARTS = ("parse.py", "stand_in.py", "NOTES.md", "samples")
Parse = Callable[[bytes, ParseContext], Parsed]
Respond = Callable[[Case, Request, datetime], Answer]


def load_manifests(root: Path | None = None) -> list[FeedManifest]:
    """The manifests of all feeds, in order of name.

    Raises:
        ConfigurationError: one of them cannot be used; says all that was found.
    """
    read = [_read_one(path) for path in sorted((root or ROOT).glob("*/feed.yaml"))]
    broken = [finding for manifest, found in read if manifest is None for finding in found]
    if broken:
        raise ConfigurationError("\n".join(str(finding) for finding in broken))
    return [manifest for manifest, _ in read if manifest is not None]


def load_manifest(feed: str, root: Path | None = None) -> FeedManifest:
    """The manifest of one feed, whatever is wrong with others.

    Raises:
        ConfigurationError: there is no such feed, or its manifest cannot be used.
    """
    path = (root or ROOT) / feed / "feed.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.parent.name for p in (root or ROOT).glob("*/feed.yaml")))
        raise ConfigurationError(f"There is no feed `{feed}`.", remedy=f"Known are {known}.")
    manifest, found = _read_one(path)
    if manifest is None:
        raise ConfigurationError("\n".join(str(finding) for finding in found))
    return manifest


def load_parser(feed: str) -> Parse:
    """The feed's pure parser, bytes to observations."""
    return cast(Parse, importlib.import_module(f"feeds.{feed}.parse").parse)


def load_stand_in(feed: str) -> Respond:
    """The feed's stand-in, which answers in the source's native format."""
    return cast(Respond, importlib.import_module(f"feeds.{feed}.stand_in").respond)


def findings(root: Path | None = None) -> list[Finding]:
    """What a person should change in the manifests and folders of the feeds."""
    return [finding for path in sorted((root or ROOT).glob("*/feed.yaml")) for finding in _read_one(path)[1]]


def _read_one(path: Path) -> tuple[FeedManifest | None, list[Finding]]:
    try:
        file = YamlFile(path, path.parent.parent.parent)
        manifest = FeedManifest.model_validate(plain(file.data))
    except ConfigurationError as error:
        name = str(path.relative_to(path.parent.parent.parent))
        return None, [Finding(check="not-yaml", file=name, line=0, column=0, what=str(error))]
    except ValidationError as error:
        return None, file.findings_of(error, model=FeedManifest)
    return manifest, _wrong_with(file, manifest, path.parent)


def _wrong_with(file: YamlFile, manifest: FeedManifest, folder: Path) -> list[Finding]:
    found = []
    if manifest.feed != folder.name:
        remedy = f"Write `feed: {folder.name}`."
        found.append(
            file.finding("feed-name", ["feed"], f"the feed is called `{manifest.feed}`, its folder `{folder.name}`.", remedy=remedy)
        )
    for part in PARTS:
        if not (folder / part).exists():
            found.append(file.finding("feed-part", ["feed"], f"the folder has no `{part}`.", "Every feed has the same parts.", "Add it."))
    for index, gives in enumerate(manifest.gives):
        indicator = CATALOGUE.get(gives.indicator)
        place: list[str | int] = ["gives", index]
        if indicator is None:
            found.append(file.finding("unknown-indicator", place, f"no indicator `{gives.indicator}` in the catalogue."))
        elif indicator.unit != gives.unit:
            what = f"{gives.indicator} is kept in {indicator.unit}, not in {gives.unit}."
            found.append(file.finding("wrong-unit", place, what, "The parser converts.", f"Write `unit: {indicator.unit}`."))
    found += _wrong_facts(file, manifest)
    return found


def _wrong_facts(file: YamlFile, manifest: FeedManifest) -> list[Finding]:
    """What each of its facts allows, and the facts together do not."""
    found = []
    if not _fetchable(manifest.url):
        found.append(
            file.finding("feed-url", ["url"], f"`{manifest.url:.80}` is no address that can be fetched.", remedy="Write https://…")
        )
    if manifest.timezone not in available_timezones():
        near = ", ".join(get_close_matches(manifest.timezone, available_timezones(), 1)) or "Asia/Colombo"
        found.append(file.finding("feed-zone", ["timezone"], f"no time zone `{manifest.timezone}`.", remedy=f"Write it as `{near}`."))
    if (manifest.lists == "active") != bool(manifest.scope):
        what = "`lists: active` and `scope` belong together."
        why = "Without a scope nobody knows whom a list that names nobody speaks for."
        found.append(file.finding("feed-scope", ["lists" if manifest.lists == "active" else "scope"], what, why, "Write both or none."))
    if manifest.calm_every is not None and manifest.calm_every < manifest.every:
        found.append(file.finding("calm-pace", ["calm_every"], "the calm pace is faster than the full one.", remedy="Exchange the two."))
    return found


def _fetchable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
