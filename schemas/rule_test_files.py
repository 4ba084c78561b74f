"""A country's rule tests read from its folder, with every finding named by file, line and column: a slip must not look like a failure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from schemas.country_files import LoadedCountry, load_country
from schemas.errors import ConfigurationError
from schemas.findings import Finding
from schemas.indicators import CATALOGUE
from schemas.place_tables import nearest
from schemas.rule_tests import SHOWN, OfRule, OfThreshold, RuleTest, Shown, WrittenSeries, periods
from schemas.yaml_files import YamlFile, plain

Location = tuple[str | int, ...]
_ALL_OF = re.compile(r"^(adm[1-3]|stations) of (\S+)$")
_SAYS: Mapping[Shown, str] = {"fires": "in which it fires", "quiet": "in which it stays quiet", "unknown": "in which it cannot tell"}
_QUANTITY = re.compile(r"^\s*[+-]?\d+(?:\.\d+)?\s+(\S+)\s*$")


@dataclass(frozen=True)
class WrittenTest:
    """A test and the file it stands in."""

    file: YamlFile
    test: RuleTest

    def place(self, location: Location = ()) -> tuple[int, int]:
        """Line and column of a part of the test."""
        return self.file.place((self.test.name, *location))


def read_tests(country: LoadedCountry) -> tuple[list[WrittenTest], list[Finding]]:
    """The tests of a country that read well and name only what exists, in order of file and line, and what is wrong with the others."""
    tests: list[WrittenTest] = []
    found: list[Finding] = []
    root = country.root
    for path in sorted((country.folder / "tests").glob("*.yaml")):
        try:
            file = YamlFile(path, root)
        except ConfigurationError as error:
            name, line, column = (*error.where.split(":"), "0", "0")[:3]
            found.append(Finding(check="unreadable-file", file=name, line=int(line), column=int(column), what=error.what))
            continue
        read, wrong = _of_file(file, country)
        tests += read
        found += wrong
    return tests, found


def findings_of_tests(folder: Path, feeds: Path | None = None) -> list[Finding]:
    """What is wrong with the rule tests of a country: slips in them, and rules that lack one of their three.

    A country whose other files have findings is left to those.
    """
    try:
        country = load_country(folder, feeds)
    except ConfigurationError:
        return []
    tests, found = read_tests(country)
    return [*found, *_untested(country, tests)]


def places_of(written: str, country: LoadedCountry) -> tuple[str, ...]:
    """The codes that a series' or baseline's `place` stands for: itself, or all areas of a level or all stations in an area."""
    match = _ALL_OF.match(written)
    if match is None:
        return (written,)
    if match[1] != "stations":
        return country.places.within(match[2], match[1])
    inside = {area.code for area in country.places.areas.values() if match[2] in country.places.line(area.code)}
    return tuple(code for code, station in country.places.stations.items() if inside & set(station.areas))


def is_group(written: str) -> bool:
    """Whether a `place` stands for all places in an area."""
    return _ALL_OF.match(written) is not None


def _of_file(file: YamlFile, country: LoadedCountry) -> tuple[list[WrittenTest], list[Finding]]:
    if not isinstance(file.data, Mapping):
        return [], [file.finding("not-a-mapping", (), "must be names of tests with what they stand for.")]
    tests: list[WrittenTest] = []
    found: list[Finding] = []
    for name, body in file.data.items():
        if not isinstance(body, Mapping):
            found.append(file.finding("not-a-mapping", (name,), f"`{name}` must be a mapping."))
            continue
        try:
            test = RuleTest.model_validate(plain({**body, "name": str(name)}))
        except ValidationError as error:
            found += file.findings_of(error, (name,), RuleTest)
            continue
        wrong = list(_Names(file, test, country).findings())
        found += wrong
        if not wrong:
            tests.append(WrittenTest(file, test))
    return tests, found


class _Names:
    """Looks for names in one test that mean nothing in its country."""

    def __init__(self, file: YamlFile, test: RuleTest, country: LoadedCountry) -> None:
        self.file, self.test, self.country = file, test, country
        configuration = country.configuration
        self.rules = {rule.name: rule for rule in configuration.rules}
        self.thresholds = {threshold.name: threshold for threshold in configuration.thresholds}
        self.feeds = {feed.feed: feed for feed in configuration.feeds}

    def findings(self) -> Iterator[Finding]:
        """All of them, in the order of the keys."""
        for number, name in enumerate(self.test.rules):
            yield from self._unless(name, self.rules, "rule", "rules.yaml", ("rules", number))
        yield from self._own_levels()
        for number, series in enumerate(self.test.series):
            yield from self._series(series, ("series", number))
        for number, baseline in enumerate(self.test.baselines):
            at: Location = ("baselines", number)
            yield from self._unless(baseline.threshold, self.thresholds, "threshold", "thresholds.yaml", (*at, "threshold"))
            for written in baseline.place:
                yield from self._place(written, (*at, "place"))
        for number, silence in enumerate(self.test.silent):
            yield from self._unless(silence.feed, self.feeds, "feed", "country.yaml", ("silent", number, "feed"))
        for number, declaration in enumerate(self.test.declared):
            stations = self.country.places.stations
            yield from self._unless(declaration.station, stations, "station", "stations.csv", ("declared", number, "station"))
        yield from self._expected()

    def _own_levels(self) -> Iterator[Finding]:
        units = {CATALOGUE[t.indicator].unit for t in self.thresholds.values() if t.kind == "station_levels"}
        for station, levels in self.test.own_levels.items():
            yield from self._unless(station, self.country.places.stations, "station", "stations.csv", ("own_levels", station))
            for word, quantity in levels.items():
                match = _QUANTITY.match(quantity) if quantity is not None else None
                if quantity is not None and (match is None or match[1] not in units):
                    what = f"`{quantity}` is not a level of a gauge."
                    remedy = f"Write a number and `{'`, `'.join(sorted(units)) or 'its unit'}`, or null."
                    yield self._finding("quantity", ("own_levels", station, word), what, remedy)

    def _series(self, series: WrittenSeries, at: Location) -> Iterator[Finding]:
        if series.indicator not in CATALOGUE:
            yield from self._unless(series.indicator, CATALOGUE, "indicator", "the catalogue", (*at, "indicator"))
            return
        giving = [feed for feed in self.feeds.values() if series.indicator in feed.indicators]
        if not giving:
            given = sorted({indicator for feed in self.feeds.values() for indicator in feed.indicators})
            what = f"no feed of this country gives `{series.indicator}`."
            yield self._finding("no-feed", (*at, "indicator"), what, nearest(series.indicator, given))
        for written in series.place:
            yield from self._place(written, (*at, "place"))
        yield from self._read_there(series, at)
        if isinstance(series.received, datetime):
            early = next((begin for begin, _, _ in periods(series, self.test, self.country.timezone) if begin > series.received), None)
            if early is not None:
                what = "a reading is valid after it was received."
                remedy = f"Write a moment after {early.astimezone(self.country.timezone).isoformat(timespec='minutes')}."
                yield self._finding("received-too-early", (*at, "received"), what, remedy)
        indicator = CATALOGUE[series.indicator]
        for _, value in series.values:
            if value is not None and not indicator.least <= value <= indicator.most:
                what = f"{value:g} {indicator.unit} of {series.indicator} is not possible."
                yield self._finding("impossible-value", (*at, "values"), what, f"It lies from {indicator.least:g} to {indicator.most:g}.")
                return

    def _read_there(self, series: WrittenSeries, at: Location) -> Iterator[Finding]:
        """Readings that no threshold takes in would be passed over without a word."""
        name = series.indicator
        levels = sorted({t.at for t in self.thresholds.values() if name == t.indicator or name.startswith(f"{t.indicator}.")})
        if not levels:
            yield self._finding("not-read", (*at, "indicator"), f"no threshold reads `{name}`.", "Leave the series out.")
            return
        places = self.country.places
        for code in (code for written in series.place for code in places_of(written, self.country)):
            level = "station" if code in places.stations else places.areas[code].level if code in places.areas else ""
            if level and level not in levels:
                what = f"`{name}` is read at {' and '.join(levels)}; {code} is {'a station' if level == 'station' else level}."
                yield self._finding("not-read-there", (*at, "place"), what, f"Name places of {levels[0]}.")
                return

    def _expected(self) -> Iterator[Finding]:
        for number, one in enumerate(self.test.expect):
            at: Location = ("expect", number)
            of_rules: dict[str, Sequence[OfRule]] = {"truths": one.truths, "events": one.events or (), "texts": one.texts}
            for key, asked in of_rules.items():
                for index, part in enumerate(asked):
                    where = (*at, key, index)
                    rule = self.test.rule_of(part)
                    if part.rule:
                        yield from self._unless(rule, self.rules, "rule", "rules.yaml", (*where, "rule"))
                    yield from self._unless(part.area, self.country.places.areas, "area", "areas.csv", (*where, "area"))
                    if rule in self.rules and part.area in self.country.places.areas:
                        yield from self._judged(rule, part.area, (*where, "area"))
            for index, text in enumerate(one.texts):
                languages = self.country.languages
                yield from self._unless(text.language, languages, "language", "country.yaml", (*at, "texts", index, "language"))
            of_thresholds: dict[str, Sequence[OfThreshold]] = {"levels": one.levels, "breaches": one.breaches or ()}
            for key, placed in of_thresholds.items():
                for index, expected in enumerate(placed):
                    where = (*at, key, index)
                    yield from self._unless(expected.threshold, self.thresholds, "threshold", "thresholds.yaml", (*where, "threshold"))
                    yield from self._one_place(expected.place, (*where, "place"))

    def _judged(self, name: str, area: str, at: Location) -> Iterator[Finding]:
        """An area at which its rule is judged at all."""
        rule = self.rules[name]
        if self.country.places.areas[area].level != rule.area or (rule.only and area not in rule.only):
            where = f"in {', '.join(rule.only)}" if rule.only else f"at {rule.area}"
            yield self._finding("not-judged-there", at, f"`{name}` is not judged in {area}.", f"It is judged {where}.")

    def _place(self, written: str, at: Location) -> Iterator[Finding]:
        match = _ALL_OF.match(written)
        if match is None:
            yield from self._one_place(written, at)
            return
        yield from self._unless(match[2], self.country.places.areas, "area", "areas.csv", at)
        if match[2] in self.country.places.areas and not places_of(written, self.country):
            yield self._finding("no-such-places", at, f"there are no {written}.", "Name places one by one.")

    def _one_place(self, code: str, at: Location) -> Iterator[Finding]:
        places = self.country.places
        if code not in places.areas and code not in places.stations:
            remedy = nearest(code, (*places.areas, *places.stations))
            yield self._finding("unknown-place", at, f"no area or station `{code}` in areas.csv and stations.csv.", remedy)

    def _unless(self, name: str, known: Mapping[str, object] | Sequence[str], kind: str, where: str, at: Location) -> Iterator[Finding]:
        if name not in known:
            yield self._finding(f"unknown-{kind}", at, f"no {kind} `{name}` in {where}.", nearest(name, tuple(known)))

    def _finding(self, check: str, at: Location, what: str, remedy: str) -> Finding:
        return self.file.finding(check, (self.test.name, *at), what, remedy=remedy)


def _untested(country: LoadedCountry, tests: Sequence[WrittenTest]) -> Iterator[Finding]:
    """Rules that lack a test in which they fire, one in which they stay quiet, or one in which they cannot tell."""
    file = YamlFile(country.folder / "rules.yaml", country.root)
    shown = {(rule, written.test.shows) for written in tests for rule in written.test.rules}
    for rule in country.configuration.rules:
        missing = [_SAYS[how] for how in SHOWN if (rule.name, how) not in shown]
        if missing:
            folder = f"{country.folder.relative_to(country.root).as_posix()}/tests/"
            what = f"`{rule.name}` has no test {', nor one '.join(missing)}."
            why = "Nobody has seen what it does before people are warned by it."
            yield file.finding("rule-untested", (rule.name,), what, why, f"Write it in {folder}; docs/planners.md says how.")
