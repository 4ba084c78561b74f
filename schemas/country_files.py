"""A country's folder read as a whole: facts, places, feeds, thresholds and rules, with every finding named by file, line and column."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from schemas import community_reports
from schemas.agreement_checks import check_agreements
from schemas.configuration import Configuration, FeedFacts, Rule, Threshold, written_at
from schemas.configuration_checks import check_threshold, check_written
from schemas.counting import counted
from schemas.country_facts import CountryFacts
from schemas.errors import ConfigurationError
from schemas.figure_tables import read_figures
from schemas.findings import Finding
from schemas.frameworks import FILE as FRAMEWORK_FILE
from schemas.frameworks import Framework, home_of, is_framework
from schemas.indicators import CATALOGUE
from schemas.manifests import FeedManifest
from schemas.place_tables import PlaceTables, nearest, read_places
from schemas.places import Places
from schemas.rule_checks import check_rule
from schemas.surroundings import Surroundings
from schemas.threshold_places import check_places
from schemas.yaml_files import Written, YamlFile, plain

CHECKOUT = Path(__file__).resolve().parent.parent
Model = TypeVar("Model", bound=BaseModel)
Before = Callable[[YamlFile, str, Mapping[str, Any]], list[Finding]]


def countries_root() -> Path:
    """The folder of the countries: POLYRISK_COUNTRIES, else `countries` in the checkout."""
    return Path(os.environ.get("POLYRISK_COUNTRIES") or CHECKOUT / "countries")


def feeds_root() -> Path:
    """The folder of the feeds' manifests in the checkout."""
    return CHECKOUT / "feeds"


@dataclass(frozen=True)
class LoadedCountry:
    """A country as its files describe it, all findings cleared.

    Attributes:
        folder: where it was read from. facts: country.yaml.
        places: areas and stations with the names that sources use for them.
        configuration: what the engine is judged by.
        manifests: of the country's feeds, by feed.
        area_languages: area code to language tag to the share of people who read it; an area without own row has its parent's.
        framework: what is said of it, if the folder holds one of the country's frameworks.
    """

    folder: Path
    facts: CountryFacts
    places: Places
    configuration: Configuration
    manifests: Mapping[str, FeedManifest]
    area_languages: Mapping[str, Mapping[str, float]]
    framework: Framework | None = None

    @property
    def root(self) -> Path:
        """The folder that names of files in findings begin at."""
        return home_of(self.folder).parent.parent

    @property
    def within_countries(self) -> str:
        """The folder below that of all countries, such as `lka` or `npl/frameworks/ocha_2024`."""
        return self.folder.relative_to(home_of(self.folder).parent).as_posix()

    @property
    def code(self) -> str:
        """ISO 3166-1 alpha-3."""
        return self.facts.code

    @property
    def name(self) -> str:
        """The country's name in English."""
        return self.facts.name

    @property
    def shard(self) -> str:
        """The area set that is judged together."""
        return self.facts.shard

    @property
    def languages(self) -> tuple[str, ...]:
        """BCP 47 tags in the order of fallback."""
        return self.facts.languages

    @cached_property
    def timezone(self) -> ZoneInfo:
        """The zone in which people are told times."""
        return ZoneInfo(self.facts.timezone)

    def zone_of(self, area: str) -> ZoneInfo:
        """The zone of an area's clocks: its own, else that of the area around it, else the country's."""
        own = next((self.facts.timezones[code] for code in self.places.line(area) if code in self.facts.timezones), None)
        return ZoneInfo(own) if own is not None else self.timezone

    def languages_of(self, area: str) -> Mapping[str, float]:
        """Language tag to share of the people of an area: its own, else that of the area around it, else the country's first."""
        for code in self.places.line(area):
            if self.area_languages.get(code):
                return self.area_languages[code]
        return {self.languages[0]: 1.0}

    def shapes(self, level: str) -> dict[str, Any]:
        """The polygons of a level (`adm2`, `adm3`) as GeoJSON; each feature's `properties.code` is the area's.

        Raises:
            ConfigurationError: the country has no such file.
        """
        path = self.folder / f"shapes_{level}.geojson"
        try:
            shapes: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(f"no shapes of {level}: {error.strerror}.", where=path.name, remedy="Add the file.") from error
        return shapes


def load_country(folder: Path, feeds: Path | None = None) -> LoadedCountry:
    """Read a country's folder, or that of one of its frameworks.

    Args:
        feeds: the folder of the manifests, if not that of the checkout.

    Raises:
        ConfigurationError: there is no such folder, or there are findings; it holds all of them.
    """
    if not folder.is_dir():
        known = ", ".join(sorted(path.parent.name for path in countries_root().glob("*/country.yaml")))
        raise ConfigurationError(f"there is no country's folder `{folder.name}`.", where=str(folder.parent), remedy=f"Known are {known}.")
    reading = _Reading(folder, feeds or feeds_root())
    country = reading.country()
    if country is None:
        lines = "\n".join(f"  {finding}" for finding in reading.findings)
        what = f"{counted(len(reading.findings), 'finding')} in the configuration:\n{lines}"
        raise ConfigurationError(what, where=reading.name, remedy="Change them and check again with `polyrisk check`.")
    return country


def findings(folder: Path, feeds: Path | None = None) -> list[Finding]:
    """All that is wrong in a country's folder, or in that of a framework; empty if nothing is."""
    reading = _Reading(folder, feeds or feeds_root())
    reading.country()
    return reading.findings


class _Reading:
    """One pass over a folder; goes on after each finding as far as it can."""

    def __init__(self, folder: Path, feeds: Path) -> None:
        self.folder = folder.resolve()
        self.feeds = feeds.resolve()
        self.home = home_of(self.folder)
        self.root = self.home.parent.parent
        self.name = str(self.folder.relative_to(self.root))
        self.findings: list[Finding] = []

    def country(self) -> LoadedCountry | None:
        file = self._file(self.home / "country.yaml", self.root)
        facts = self._model(file, CountryFacts, file.data, ()) if file is not None else None
        framework = None
        if is_framework(self.folder):
            file = self._file(self.folder / FRAMEWORK_FILE, self.root)
            framework = self._model(file, Framework, file.data, ()) if file is not None else None
        if file is None or facts is None or (framework is None and self.home != self.folder):
            return None
        if framework is not None:
            facts = facts.model_copy(update={"feeds": framework.feeds, "agreements": {}})  # those are about the country's own rules
            self._awaited(file, framework)
        awaited = [one.facts for one in framework.awaits] if framework is not None else []
        names = [*facts.feeds, *(feed.feed for feed in awaited)]
        tables = read_places(self.home, str(self.home.relative_to(self.root)), names, self.folder)
        tables.stations |= community_reports.voices_of(facts.reports, tables.areas)
        self.findings += [*tables.findings, *self._reports(facts, tables), *self._shelters(facts, tables)]
        manifests = self._manifests(file, facts)
        reported = [community_reports.FACTS] if facts.reports is not None else []
        around = self._configured(facts, tables, [*(_facts_of(m, tables.places) for m in manifests.values()), *awaited, *reported])
        if framework is None:
            self.findings += _called(file, facts, {*around.rules, *around.thresholds, *manifests, *facts.roles})
        self.findings += check_agreements(file, around)
        if self.findings:
            return None
        configuration = Configuration(
            shard=facts.shard,
            areas_version=facts.areas_version,
            areas=tuple(tables.areas.values()),
            stations=tuple(tables.stations.values()),
            feeds=tuple(around.feeds),
            thresholds=tuple(around.thresholds.values()),
            rules=tuple(around.rules.values()),
            figures=around.figures or None,
        )
        return LoadedCountry(self.folder, facts, tables.places, configuration, manifests, tables.languages, framework)

    def _awaited(self, file: YamlFile, framework: Framework) -> None:
        """What is awaited has its own name, and indicators that are known."""
        for index, awaited in enumerate(framework.awaits):
            if awaited.feed in framework.feeds:
                what = f"feed `{awaited.feed}` is read and awaited."
                self.findings.append(file.finding("awaited-twice", ("awaits", index, "feed"), what, remedy="Write one of the two."))
            for number, name in enumerate(awaited.indicators):
                if name not in CATALOGUE:
                    what = f"no indicator `{name}` in the catalogue."
                    where = ("awaits", index, "indicators", number)
                    self.findings.append(file.finding("unknown-indicator", where, what, remedy=nearest(name, tuple(CATALOGUE))))

    def _reports(self, facts: CountryFacts, tables: PlaceTables) -> Iterator[Finding]:
        """Voices stand in areas that are known, at coordinates that are known."""
        file = self._file(self.home / "country.yaml", self.root)
        for index, code in enumerate(facts.reports.areas if facts.reports is not None and file is not None else ()):
            area = tables.areas.get(code)
            if file is not None and (area is None or area.latitude is None):
                what = f"`{code}` has no coordinates in areas.csv." if area is not None else f"no area `{code}` in areas.csv."
                remedy = "Fill `latitude` and `longitude`." if area is not None else nearest(code, tuple(tables.areas))
                why = "No rule could tell what is near to what is reported there."
                yield file.finding("voice-nowhere", ("reports", "areas", index), what, why, remedy)

    def _shelters(self, facts: CountryFacts, tables: PlaceTables) -> Iterator[Finding]:
        """Shelters stand in areas that are known."""
        file = self._file(self.home / "country.yaml", self.root) if facts.shelters else None
        for name, shelter in facts.shelters.items():
            if file is not None and shelter.area not in tables.areas:
                what = f"no area `{shelter.area}` in areas.csv."
                why = "Nobody could tell in which messages it may be named."
                yield file.finding("shelter-nowhere", ("shelters", name, "area"), what, why, nearest(shelter.area, tuple(tables.areas)))

    def _configured(self, facts: CountryFacts, tables: PlaceTables, feeds: list[FeedFacts]) -> Surroundings:
        thresholds_file = self._file(self.folder / "thresholds.yaml", self.root)
        rules_file = self._file(self.folder / "rules.yaml", self.root)
        thresholds = self._named(thresholds_file, Threshold, check_written)
        rules = self._named(rules_file, Rule)
        written = frozenset(str(name) for name in thresholds_file.data) if thresholds_file is not None else frozenset()
        figures, wrong = read_figures(self.home, str(self.home.relative_to(self.root)), tables.areas)
        self.findings += wrong
        around = Surroundings(facts, tables.areas, feeds, thresholds, rules, written, figures)
        if thresholds_file is not None and feeds:
            for threshold in thresholds.values():
                self.findings += check_threshold(thresholds_file, threshold, around)
                by_id = {facts_of.feed: facts_of for facts_of in feeds}
                self.findings += check_places(thresholds_file, threshold, tables.areas, tables.stations, by_id)
        if rules_file is not None:
            for rule in rules.values():
                self.findings += check_rule(rules_file, rule, around)
        return around

    def _manifests(self, file: YamlFile, facts: CountryFacts) -> dict[str, FeedManifest]:
        known = [path.parent.name for path in self.feeds.glob("*/feed.yaml")]
        manifests = {}
        for index, feed in enumerate(facts.feeds):
            if feed not in known:
                what = f"feed `{feed}` has no manifest feeds/{feed}/feed.yaml."
                self.findings.append(file.finding("unknown-feed", ("feeds", index), what, remedy=nearest(feed, known)))
                continue
            manifest_file = self._file(self.feeds / feed / "feed.yaml", self.feeds.parent)
            manifest = self._model(manifest_file, FeedManifest, manifest_file.data, ()) if manifest_file is not None else None
            if manifest is None or manifest_file is None:
                continue
            if manifest.country != facts.code or manifest.feed != feed:
                what = f"the manifest says feed `{manifest.feed}` of {manifest.country}, not `{feed}` of {facts.code}."
                self.findings.append(manifest_file.finding("other-feed", ("feed",), what, remedy="Folder, feed and country must agree."))
            manifests[feed] = manifest
        return manifests

    def _file(self, path: Path, root: Path) -> YamlFile | None:
        try:
            file = YamlFile(path, root)
        except ConfigurationError as error:
            name, line, column = (*error.where.split(":"), "0", "0")[:3]
            self.findings.append(Finding(check="unreadable-file", file=name, line=int(line), column=int(column), what=error.what))
            return None
        if not isinstance(file.data, Mapping):
            self.findings.append(file.finding("not-a-mapping", (), "must be names with what they stand for."))
            return None
        return file

    def _named(self, file: YamlFile | None, model: type[Model], before: Before | None = None) -> dict[str, Model]:
        """The entries of a file of `name: {...}`, those that read well."""
        read: dict[str, Model] = {}
        for name, body in file.data.items() if file is not None else ():
            if file is None or not isinstance(body, Mapping):
                self.findings += [file.finding("not-a-mapping", (name,), f"`{name}` must be a mapping.")] if file is not None else []
                continue
            earlier = before(file, str(name), body) if before else []
            self.findings += earlier
            if earlier:
                continue
            written = partial(written_at, body) if model is Rule else None
            entry = self._model(file, model, {**body, "name": str(name)}, (str(name),), written)
            if entry is not None:
                read[str(name)] = entry
        return read

    def _model(
        self, file: YamlFile | None, model: type[Model], data: Any, prefix: tuple[str, ...], written: Written | None = None
    ) -> Model | None:
        try:
            return model.model_validate(plain(data))
        except ValidationError as error:
            if file is not None:
                self.findings += file.findings_of(error, prefix, model, written)
            return None


def _called(file: YamlFile, facts: CountryFacts, known: set[str]) -> Iterator[Finding]:
    """What is called something is there."""
    for language, names in facts.called.items():
        for name in names:
            if name not in known:
                what = f"no rule, threshold, feed or role is named `{name}`."
                yield file.finding("unknown-name", ("called", language, name), what, remedy=nearest(name, sorted(known)))


def _facts_of(manifest: FeedManifest, places: Places) -> FeedFacts:
    """The feed's facts, its scope spelled out as the codes of the areas it gives readings at."""
    facts = manifest.facts
    levels = {str(gives.at) for gives in manifest.gives} - {"station"}
    scope = [code for entry in facts.scope for code in _scope(entry, levels, places)]
    return facts.model_copy(update={"scope": tuple(dict.fromkeys(scope))})


def _scope(entry: str, levels: set[str], places: Places) -> list[str]:
    if entry in levels:
        return [area.code for area in places.areas.values() if area.level == entry]
    return [code for level in sorted(levels) for code in places.within(entry, level)]
