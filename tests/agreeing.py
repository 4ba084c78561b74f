"""An agreement about the rule of the tests' events, and a country that has it."""

from dataclasses import replace
from typing import Any

from schemas.agreements import Agreement
from schemas.country_files import LoadedCountry

VALLEYS = "valleys"
WRITTEN = {
    "rules": ["river_and_landslide"],
    "areas": ["LK2"],
    "at_least": "orange",
    "agreed_by": [{"name": "A. Fonseka", "role": "director"}, {"name": "N. Perera", "role": "district_unit"}],
    "document": {
        "title": "Agreement on valleys with minutes of lead time",
        "date": "2025-06-01",
        "owner": "Disaster Management Centre",
        "reference": "DMC/2025/14",
    },
    "from": "2025-06-01",
    "until": "2026-05-31",
    "people": 1000,
    "people_a_day": 3000,
}
"""As a country team writes it, by its fields."""


def agreement(**changed: Any) -> Agreement:
    """The agreement, with other words in some of its fields."""
    return Agreement.model_validate({**WRITTEN, **changed})


def with_agreements(country: LoadedCountry, **agreements: Agreement) -> LoadedCountry:
    """The country with these agreements and no others."""
    return replace(country, facts=country.facts.model_copy(update={"agreements": agreements}))
