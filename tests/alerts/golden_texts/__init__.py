"""Every text that all countries share, as a telephone shows it, by language.

`python -m golden_texts` in `tests/alerts` writes the files anew; read the difference, or have it read, before it is committed.
"""

from collections.abc import Iterator
from pathlib import Path

from event_makers import event
from texts_places import NINE, ROMANISED, country_of_nine_languages

from alerts.rendering import Rendered, Renderer
from alerts.texts import NAME, Catalogue, Kind, Need, Service, regional
from schemas.levels import Level
from schemas.outputs import EventChange

FOLDER = Path(__file__).resolve().parent
LANGUAGES = (*NINE, *ROMANISED)
_GRADED = (Kind.WARNING, Kind.UPDATE, Kind.STILL, Kind.CORRECTION)
_WORDED = ("flood", "heat")
_REPORTS = {"report": "WATER 2", "example": "WATER 2"}


def path_of(language: str) -> Path:
    """Where a language's texts stand."""
    return FOLDER / f"{language}.txt"


def golden(language: str) -> str:
    """All shared texts in a language, each with what it takes and whether it is a draft."""
    return "".join(
        f"{title} [{r.size.segments} {r.size.encoding} {r.size.units}{'' if r.reviewed else ' draft'}]\n{r.body}\n\n"
        for title, r in _all(language)
    )


def _all(language: str) -> Iterator[tuple[str, Rendered]]:
    renderer = Renderer(country_of_nine_languages(), Catalogue((), beneath=regional()))
    hazards = [p.name for p in regional().patterns if p.language == "en" and p.kind == NAME]
    warned = {level: event(EventChange.OPENED, level, area="LK21") for level in (Level.RED, Level.ORANGE)}
    for hazard in hazards:
        for kind in Kind:
            for level in (Level.RED, Level.ORANGE) if kind in _GRADED else (Level.RED,):
                yield f"{hazard}.{kind} {level.word}", renderer.render(hazard, kind, warned[level], language)
        for need in Need if hazard in _WORDED else ():
            yield f"{hazard}.warning for {need}", renderer.render(hazard, Kind.WARNING, warned[Level.RED], language, need=need)
    silent = warned[Level.RED].model_copy(update={"unconfirmed": True})
    yield "flood.still while nothing is heard", renderer.render("flood", Kind.STILL, silent, language)
    flood = renderer.render("flood", Kind.WARNING, warned[Level.RED], language, exercise=True)
    yield "flood.warning in an exercise", flood
    yield "flood.warning late", renderer.render("flood", Kind.WARNING, warned[Level.RED], language, late=True)
    for service in Service:
        yield f"service.{service}", renderer.service(service, language, area="LK21", **_REPORTS)
