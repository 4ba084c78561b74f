"""Where and when the tests of alerts take place."""

from datetime import UTC, datetime
from pathlib import Path

from schemas.configuration import Configuration, Rule
from schemas.country_facts import CountryFacts
from schemas.country_files import LoadedCountry
from schemas.place_tables import read_places
from schemas.yaml_files import YamlFile, plain

CHECKOUT = Path(__file__).resolve().parents[2]
START = datetime(2025, 11, 27, 12, tzinfo=UTC)


def country_without_feeds(code: str) -> LoadedCountry:
    """A country of the checkout with its places, facts and rules; alerts need none of its feeds or thresholds."""
    folder = CHECKOUT / "countries" / code
    facts = CountryFacts.model_validate(plain(YamlFile(folder / "country.yaml").data))
    tables = read_places(folder, f"countries/{code}", facts.feeds)
    rules = plain(YamlFile(folder / "rules.yaml").data)
    configuration = Configuration(
        shard=facts.shard,
        areas_version=facts.areas_version,
        areas=tuple(tables.areas.values()),
        stations=tuple(tables.stations.values()),
        feeds=(),
        thresholds=(),
        rules=tuple(Rule.model_validate({**body, "name": name}) for name, body in rules.items()),
    )
    return LoadedCountry(folder, facts, tables.places, configuration, {}, tables.languages)
