"""In whose name a message speaks: it stands in the text, and `official` is refused without the authority's signature."""

import pytest
from alert_places import START
from event_makers import event, tell
from pydantic import ValidationError

from alerts.marks import EXERCISE, LATE, STANDING
from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.service import AlertService
from eventlog.log import EventLog
from schemas.country_facts import CountryFacts, Role
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import WarningStatus


def warning_country(country: LoadedCountry, **messaging: object) -> LoadedCountry:
    """The country once its messages may go out, with a role of the authority."""
    facts = country.facts
    authority = Role(title="Director General", may=("view", "sign"), authority=True)
    changed = facts.model_copy(
        update={
            "standing": "warning",
            "messaging": facts.messaging.model_copy(update={"speaks_as": {"en": "DMC"}, **messaging}),
            "roles": {**facts.roles, "director_general": authority},
        }
    )
    return LoadedCountry(country.folder, changed, country.places, country.configuration, {}, country.area_languages)


@pytest.mark.parametrize(("standing", "says"), [("advisory", "DMC (advice)"), ("official", "DMC (official)")])
def test_the_text_says_in_whose_name_it_speaks(log: EventLog, registry: Registry, country: LoadedCountry, standing: str, says: str) -> None:
    """Beside the name, in the language of the text; while a country only watches, its own name says that it is a test."""
    fill(registry, country, households=50)
    service = AlertService(log, registry, warning_country(country, standing=standing))
    service.take_in(tell(log, event(EventChange.OPENED, Level.ORANGE)))
    (waiting,) = service.pending()
    assert waiting.standing == standing
    assert next(t.body for t in waiting.texts if t.language == "en").startswith(says)


def test_official_waits_for_the_authority(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """As many signatures as the table asks for are not enough while none is the authority's; with it the message goes out."""
    fill(registry, country, households=50)
    service = AlertService(log, registry, warning_country(country, standing="official"))
    service.take_in(tell(log, event(EventChange.OPENED, Level.ORANGE)))
    (waiting,) = service.pending()
    for role in ("duty_officer", "director", "district_unit"):
        assert service.sign(waiting.id, role, role, START).status is WarningStatus.PROPOSED
    assert service.sign(waiting.id, "the authority", "director_general", START).status is WarningStatus.ISSUED


def test_official_without_an_authority_is_no_configuration(country: LoadedCountry) -> None:
    """A country's file that promises it must name who signs it."""
    written = country.facts.model_dump(mode="json", by_alias=True)
    written["messaging"]["standing"] = "official"
    with pytest.raises(ValidationError, match="authority"):
        CountryFacts.model_validate(written)


def test_each_language_has_words_of_its_own_for_each_standing() -> None:
    """Where EXERCISE and SENT LATE have words, the standing has them."""
    assert all(words.keys() == EXERCISE.keys() == LATE.keys() for words in STANDING.values())
