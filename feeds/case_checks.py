"""What can be wrong in a country's cases, and whether they suffice for warning people: found before anybody is warned."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from feeds.cases import CaseFile, Must, MustNot
from schemas.country_files import LoadedCountry, load_country
from schemas.errors import ConfigurationError
from schemas.findings import Finding
from schemas.place_tables import nearest
from schemas.yaml_files import YamlFile, plain

QUIET_YEAR = timedelta(days=365)
_ON = "warning"
"""The standing of a country whose messages may go out."""


def findings(folder: Path, feeds: Path | None = None) -> list[Finding]:
    """Cases that cannot be read or name what does not exist, and a country that warns without having been tried on its own past.

    A country whose other files have findings is left to those.
    """
    try:
        country = load_country(folder, feeds)
    except ConfigurationError:
        return []
    read: list[CaseFile] = []
    found: list[Finding] = []
    for path in sorted(folder.glob("cases/*/case.yaml")):
        try:
            file = YamlFile(path, folder.parent.parent)
            case = CaseFile.model_validate(plain(file.data))
        except ConfigurationError as error:
            name, line, column = (*error.where.split(":"), "0", "0")[:3]
            found.append(Finding(check="unreadable-file", file=name, line=int(line), column=int(column), what=error.what))
            continue
        except ValidationError as error:
            found += file.findings_of(error, model=CaseFile)
            continue
        read.append(case)
        found += _names(file, case, country)
    return [*found, *_not_tried(country, read)]


def _names(file: YamlFile, case: CaseFile, country: LoadedCountry) -> Iterator[Finding]:
    """Feeds, files, rules and areas that a case names and that are not there."""
    rules = [rule.name for rule in country.configuration.rules]
    for feed, held in case.feeds.items():
        if feed not in country.manifests:
            remedy = nearest(feed, tuple(country.manifests))
            yield file.finding("unknown-feed", ("feeds", feed), f"no feed `{feed}` in country.yaml.", remedy=remedy)
        for number, series in enumerate(held.series):
            if not (file.path.parent / series.file).is_file():
                yield file.finding(
                    "no-file", ("feeds", feed, "series", number, "file"), f"there is no file `{series.file}` in this folder."
                )
    expected: dict[str, Sequence[Must | MustNot]] = {"must": case.expectations.must, "must_not": case.expectations.must_not}
    for key, entries in expected.items():
        for number, entry in enumerate(entries):
            entry_at = ("expectations", key, number)
            if entry.rule not in rules:
                remedy = nearest(entry.rule, rules)
                yield file.finding("unknown-rule", (*entry_at, "rule"), f"no rule `{entry.rule}` in rules.yaml.", remedy=remedy)
            if entry.area is not None and entry.area not in country.places.areas:
                remedy = nearest(entry.area, tuple(country.places.areas))
                yield file.finding("unknown-area", (*entry_at, "area"), f"no area `{entry.area}` in areas.csv.", remedy=remedy)


def _not_tried(country: LoadedCountry, cases: Sequence[CaseFile]) -> Iterator[Finding]:
    """A country may warn people when its rules have fired in a past disaster and kept still in a year without one."""
    if country.facts.standing != _ON:
        return
    file = YamlFile(country.folder / "country.yaml", country.folder.parent.parent)
    wanted = {
        "no case of a past disaster that must be warned of": (
            any(case.expectations.must for case in cases),
            "Nobody knows whether its rules would have fired.",
            "Write one below cases/ with `must`, or set `standing: monitoring`.",
        ),
        "no case of a quiet year in which nothing must be warned of": (
            any(not c.expectations.must and c.expectations.must_not and c.end - c.start >= QUIET_YEAR for c in cases),
            "Nobody knows how often its rules would have cried wolf.",
            "Write one of a whole year below cases/ with `must_not` alone, or set `standing: monitoring`.",
        ),
    }
    for missing, (there, why, remedy) in wanted.items():
        if not there:
            yield file.finding("not-tried", ("standing",), f"`{country.code}` is to warn people, and has {missing}.", why, remedy)
