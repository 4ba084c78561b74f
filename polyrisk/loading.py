"""Finds a case, and the country it happened in."""

from feeds.cases import Case
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError


def load(name: str) -> tuple[Case, LoadedCountry]:
    """A case by `country/name`, and its country.

    Raises:
        ConfigurationError: there is no such case.
    """
    country, _, case = name.partition("/")
    folder = countries_root() / country / "cases" / case
    if not (folder / "case.yaml").exists():
        known = ", ".join(f"{p.parts[-4]}/{p.parts[-2]}" for p in sorted(countries_root().glob("*/cases/*/case.yaml")))
        raise ConfigurationError(f"There is no case `{name}`.", remedy=f"Known are {known}.")
    return Case.load(folder), load_country(countries_root() / country)
