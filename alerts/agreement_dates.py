"""What a person must do about agreements in time: renew one that ends, and have read what goes out by it before anybody signs.

These depend on the day, so they stop neither a country from being read nor a configuration from being applied: they are said.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from alerts.texts import Catalogue, Kind
from schemas.agreements import Agreement
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry, load_country
from schemas.errors import ConfigurationError
from schemas.findings import Finding
from schemas.yaml_files import YamlFile

AHEAD = timedelta(weeks=6)
"""How long before its last day an agreement is named: whoever agreed must meet, and a paper must be signed."""
_KINDS = (Kind.WARNING, Kind.UPDATE)
"""What goes out by agreement."""


def findings(folder: Path, today: date) -> list[Finding]:
    """What is to be done about a country's agreements; nothing if its folder cannot be read, for its own findings say so."""
    try:
        country = load_country(folder)
        return list(findings_of(country, today)) if country.facts.agreements else []
    except ConfigurationError:
        return []


def findings_of(country: LoadedCountry, today: date) -> Iterator[Finding]:
    """The same of a country already read.

    Raises:
        ConfigurationError: a text cannot be read.
    """
    catalogue = Catalogue.load(country.folder)
    file = YamlFile(country.folder / "country.yaml", country.root)
    for name, agreement in country.facts.agreements.items():
        if agreement.until < today:
            what = f"agreement `{name}` is over since {agreement.until}: {_rules(agreement)} for signatures."
            yield file.finding(
                "agreement-over", ("agreements", name, "until"), what, remedy="Agree anew and write the day, or take it out."
            )
        elif agreement.until - today <= AHEAD:
            left = (agreement.until - today).days
            what = f"agreement `{name}` ends on {agreement.until}, in {left} days; after it {_rules(agreement)} for signatures."
            yield file.finding("agreement-ends", ("agreements", name, "until"), what, remedy="Agree anew in time and write the new day.")
        for index, rule in enumerate(rule for rule in country.configuration.rules if rule.name in agreement.rules):
            drafts = _drafts(country, catalogue, rule)
            if drafts and agreement.until >= today:
                what = f"what `{rule.name}` says is a draft in {', '.join(drafts)}."
                why = "By agreement it goes out, and nobody reads it before."
                where = ("agreements", name, "rules", index)
                yield file.finding("agreement-draft", where, what, why, "Have it reviewed: docs/translators.md says how.")


def ends(country: LoadedCountry) -> list[datetime]:
    """When each of a country's agreements ends, or has ended: the end of its last day, by the country's clock."""
    days = (agreement.until + timedelta(days=1) for agreement in country.facts.agreements.values())
    return [datetime.combine(day, time(), country.timezone) for day in days]


def _rules(agreement: Agreement) -> str:
    return f"{', '.join(agreement.rules)} {'waits' if len(agreement.rules) == 1 else 'wait'}"


def _drafts(country: LoadedCountry, catalogue: Catalogue, rule: Rule) -> list[str]:
    """The country's languages in which a text of a rule that goes out by agreement was reviewed by nobody."""
    found = []
    for language in country.languages:
        patterns = [catalogue.get(language, rule.text, kind) for kind in _KINDS]
        if any(pattern is not None and not pattern.reviewed for pattern in patterns):
            found.append(language)
    return found
