"""What the tests of alerts share: a country, a registry, a log, a loopback provider, and events built by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.keys import Keys
from alerts.registry import Registry
from eventlog.log import EventLog, open_log
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


@pytest.fixture(scope="session")
def country() -> LoadedCountry:
    """Sri Lanka."""
    return country_without_feeds("lka")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Fresh keys in a folder of their own."""
    return Keys.load(tmp_path / "keys", create=True)


@pytest.fixture
def registry(tmp_path: Path, keys: Keys) -> Iterator[Registry]:
    """An empty registry."""
    opened = Registry(f"sqlite:///{tmp_path}/registry.sqlite", keys)
    yield opened
    opened.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(f"sqlite:///{tmp_path}/log.sqlite")
    yield opened
    opened.close()
