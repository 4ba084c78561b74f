"""Where a configuration is taken from: a country's folder, that folder at a git revision, or an installation's log."""

import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.texts import Catalogue
from polyrisk.config_log import SHORT, Entry, change_named, configuration_of, entries_of, in_force, opened_log, still_ahead
from schemas.configuration import Configuration
from schemas.country_files import LoadedCountry, countries_root, feeds_root, load_country
from schemas.errors import ConfigurationError, RefusedError

IN_FORCE, AHEAD = "in-force", "ahead"
_LIKE = "Write a revision and a folder, such as HEAD~1:countries/lka."
_HASH = re.compile(r"^[0-9a-f]{6,64}$")
_UNJUDGED = {"areas_version", "called", "code", "console_language", "shard", "to_check"}


@dataclass(frozen=True)
class Source:
    """A configuration and what stands beside it.

    Attributes:
        title: where it was taken from. texts: `name, kind, language` to the pattern; none if it is from a log, which holds no texts.
        facts: of country.yaml; none if it is from a log.
    """

    title: str
    configuration: Configuration
    texts: Mapping[str, Mapping[str, Any]] | None = None
    facts: Mapping[str, Any] | None = None
    areas: Mapping[str, str] = field(default_factory=dict)


def source_of(name: str, state: Path) -> Source:
    """What a person named.

    Args:
        name: `in-force`, `ahead` (what comes into force at a moment to come), or the beginning of a hash, all in the log of `state`;
            `REVISION:countries/lka`; a folder; or a country's code.

    Raises:
        RefusedError: there is no such thing. ConfigurationError: its files have findings.
    """
    if name in (IN_FORCE, AHEAD) or (_HASH.match(name) and not Path(name).exists()):
        with opened_log(state) as (log, shard):
            return _of_log(name, entries_of(log, shard), state)
    if ":" in name:
        return at_revision(name)
    return from_country(load_country(folder_of(name)), name)


def _of_log(name: str, entries: list[Entry], state: Path) -> Source:
    change = {IN_FORCE: in_force, AHEAD: still_ahead}[name](entries) if name in (IN_FORCE, AHEAD) else change_named(entries, name)
    if change is None:
        what = "Nothing is in force here." if name == IN_FORCE else "Nothing comes into force at a moment to come."
        raise RefusedError(what, where=str(state), remedy="`polyrisk config log` lists what there is, and what was refused and why.")
    configuration, ahead = configuration_of(change), still_ahead(entries)
    title = f"{'in force' if name == IN_FORCE else 'the log'} of {state}, {change.hash[:SHORT]}"
    if ahead is not None and ahead.hash == change.hash and change.holds_from is not None:
        title += f", from {change.holds_from.isoformat(timespec='minutes')} on"
    return Source(title, configuration, areas=_areas(configuration))


def folder_of(name: str) -> Path:
    """A country's folder, by its path or its code.

    Raises:
        RefusedError: there is none.
    """
    for folder in (Path(name), countries_root() / name.lower()):
        if (folder / "country.yaml").exists():
            return folder
    raise RefusedError(
        f"`{name}` is no country's folder.", remedy=f"Write a folder, REVISION:countries/lka, a hash of the log, or `{IN_FORCE}`."
    )


def from_country(country: LoadedCountry, title: str) -> Source:
    """A country that was read."""
    texts = {f"{p.name}, {p.kind}, {p.language}": {"text": p.text, "reviewed": p.reviewed} for p in Catalogue.load(country.folder).patterns}
    facts = country.facts.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_UNJUDGED)
    return Source(f"{title}, {country.configuration.hash[:SHORT]}", country.configuration, texts, facts, _areas(country.configuration))


def _areas(configuration: Configuration) -> dict[str, str]:
    return {area.code: area.names.get("en", area.code) for area in configuration.areas}


def at_revision(name: str) -> Source:
    """A folder of the checkout as it was; the feeds' manifests are those of the same revision, if it has them.

    Args:
        name: `REVISION:countries/lka`; the folder is counted from the top of the checkout.

    Raises:
        RefusedError: there is no such revision, or no country in it there. ConfigurationError: its files have findings.
    """
    revision, _, folder = name.partition(":")
    if not revision or revision.startswith("-") or Path(folder).is_absolute():
        raise RefusedError(f"`{name}` is no revision and a folder from the top of the checkout.", remedy=_LIKE)
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        _unpack(revision, folder, root)
        has_feeds = bool(_git("ls-tree", revision, "feeds/").strip())
        if has_feeds:
            _unpack(revision, "feeds", root)
        if not (root / folder / "country.yaml").exists():
            raise RefusedError(f"{revision} has no country in `{folder}`.", remedy=_LIKE)
        try:
            country = load_country(root / folder, root / "feeds" if has_feeds else feeds_root())
        except ConfigurationError as error:
            raise ConfigurationError(f"at {revision}: {error.what}", where=error.where, remedy=error.remedy) from error
        return from_country(country, f"{folder} at {revision}")


def _unpack(revision: str, folder: str, into: Path) -> None:
    packed = _git("archive", "--format=zip", revision, "--", folder)  # unpacked safely by every Python that we run on
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as files:
            files.extractall(into)
    except zipfile.BadZipFile as error:
        raise RefusedError(f"{revision}:{folder} cannot be unpacked: {error}.", remedy=_LIKE) from error


def _git(*words: str) -> bytes:
    """What git answers in the checkout that holds the countries' folders.

    Raises:
        RefusedError: it is not there, or refuses; with its own words.
    """
    git = shutil.which("git")
    if git is None:
        raise RefusedError("A revision needs git, which is not installed.", remedy="Name a folder instead.")
    try:
        top = subprocess.run([git, "-C", str(countries_root()), "rev-parse", "--show-toplevel"], check=True, capture_output=True)  # noqa: S603 - the person's own words, no shell
        return subprocess.run([git, "-C", top.stdout.decode().strip(), *words], check=True, capture_output=True).stdout  # noqa: S603
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.decode(errors="replace").split())
        raise RefusedError(f"git: {said}.", remedy=_LIKE) from error
