"""`polyrisk texts preview duty`: what wakes who is on duty, as a telephone shows it or says it, in each language of the console."""

from collections.abc import Iterator
from datetime import UTC, datetime

from alerts.duty_words import DUTY, Duty
from alerts.rendering import budget_of, place_name
from alerts.roster.ladder import Way
from alerts.roster.wakings import Waking
from alerts.roster.wording import About, Wording
from alerts.segments import measure
from alerts.texts import Catalogue
from console.interface.catalogues import catalogues
from polyrisk.texts_preview import Asked, Shown, longest_place
from schemas.country_files import LoadedCountry

_MOMENT = datetime(2026, 12, 28, 20, 58, tzinfo=UTC)
_WAKING = Waking("", "", "", "", "", "0000", "", _MOMENT, 0, _MOMENT, None, "", "")
_SAID_IN_A_CALL = (Duty.CALL_PRESS, Duty.CALL_UNPRESSED, Duty.CALL_ELSEWHERE, Duty.CALL_NOTED, Duty.CALL_NOT_TAKEN)
_AROUND = (Duty.SMS, Duty.CALL, Duty.TELEPHONE_CODE, *_SAID_IN_A_CALL)


def of_duty(country: LoadedCountry, asked: Asked) -> list[Shown]:
    """Each cause as an SMS and as a call, and what is said in a call beside.

    Raises:
        ConfigurationError: a file of texts cannot be read.
    """
    return list(_of_duty(country, asked))


def _of_duty(country: LoadedCountry, asked: Asked) -> Iterator[Shown]:
    wording, catalogue = Wording(country, exercise=asked.exercise), Catalogue.load(country.folder)
    spoken = [language for language in catalogues() if wording.has(language)]
    rule = country.configuration.rules[0]
    for kind in (kind for kind in Duty if kind not in _AROUND):
        for way in Way:
            for language in spoken:
                area = asked.area or longest_place(country, language, ())
                about = About(kind, rule.name, rule.text, asked.level.word, area, next(iter(country.manifests), "feed"), _MOMENT)
                said = wording.said(about, _WAKING, way, 0, language)
                yield _shown(country, catalogue, kind, said.body, said.language, area, way)
    for language in spoken:
        yield _shown(country, catalogue, Duty.TELEPHONE_CODE, wording.telephone_code("012345", 15, language), language, "", Way.SMS)
    for kind in _SAID_IN_A_CALL:
        for language in spoken:
            yield _shown(country, catalogue, kind, wording.beside_the_call(kind, language), language, "", Way.CALL)


def _shown(country: LoadedCountry, catalogue: Catalogue, kind: Duty, body: str, language: str, area: str, way: Way) -> Shown:
    size, pattern = measure(body), catalogue.get(language, DUTY, kind)
    return Shown(
        what=f"{DUTY}, {kind.value}, {way.value}",
        language=language,
        body=body,
        encoding=size.encoding,
        units=size.units,
        segments=size.segments,
        budget=budget_of(country, language) if way is Way.SMS else None,
        reviewed=pattern is not None and pattern.reviewed,
        place=place_name(country, area, language) if area else "",
    )
