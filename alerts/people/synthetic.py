"""Made-up subscribers for demonstrations and drills: the same for the same seed, with numbers that no operator has."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from alerts.people.numbers import SYNTHETIC_PREFIX
from alerts.registry import Consent, Enrolment, Registry
from schemas.country_files import LoadedCountry

OPERATORS_A_DISTRICT = 2
_CONSENT = Consent(at=datetime(2025, 1, 1, tzinfo=UTC), text="synthetic", by="made up by seed")


def fill(registry: Registry, country: LoadedCountry, *, households: int = 20_000, seed: int = 1) -> int:
    """Enrol households spread over districts by population, each in one of its languages by share, and two people on duty a district.

    Answers how many are new; calling it again with the same seed adds nobody.
    """
    return registry.enrol_synthetic(list(people(country, households, seed)))


def people(country: LoadedCountry, households: int, seed: int) -> Iterator[tuple[str, Enrolment]]:
    """Ids and enrolments, the same for the same country and seed. District shares are exact to one person (largest remainder)."""
    chance = random.Random(f"{country.code}:{seed}")  # noqa: S311 - reproducible on purpose; nobody's secret
    numbers = (f"{SYNTHETIC_PREFIX}{n:09d}" for n in chance.sample(range(10**9), households + OPERATORS_A_DISTRICT * 1_000))
    serial = 0
    for district, share in _shares(country, households).items():
        languages = country.languages_of(district)
        for language in chance.choices(list(languages), list(languages.values()), k=share):
            serial += 1
            yield f"{country.code}-h{serial:06d}", Enrolment(next(numbers), district, language, "household", _CONSENT)
    for district in _districts(country):
        for place in range(OPERATORS_A_DISTRICT):
            language = country.languages[0] if place == 0 else "en"
            yield f"{country.code}-d{district}-{place}", Enrolment(next(numbers), district, language, "operator", _CONSENT)


def _districts(country: LoadedCountry) -> dict[str, int]:
    """Code to population; districts without a figure count as one person, so that none is left out."""
    return {a.code: a.population or 1 for a in country.places.areas.values() if a.level == "adm2"}


def _shares(country: LoadedCountry, households: int) -> dict[str, int]:
    population = _districts(country)
    total = sum(population.values())
    exact = {code: households * number / total for code, number in population.items()}
    shares = {code: int(value) for code, value in exact.items()}
    rest = households - sum(shares.values())
    for code in sorted(exact, key=lambda c: (shares[c] - exact[c], c))[:rest]:
        shares[code] += 1
    return shares
