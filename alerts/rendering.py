"""From an event to the words that people read: once for each language, within the country's budget of segments.

What is least needed goes first when room is short: names of rivers and divisions are left out one by one, the action never.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.segments import Size, measure
from alerts.texts import Catalogue, Kind, Pattern
from schemas.country_files import LoadedCountry
from schemas.levels import Level, Truth
from schemas.records import CompoundEvent, Evidence, Reading

NONE = "none"
"""What a list of names says when it is empty; patterns ask for it."""
MOST_NAMES = 4


@dataclass(frozen=True)
class Rendered:
    """One text in one language.

    Attributes:
        language: the one it is really written in; another than asked for if the country has no such text.
    """

    language: str
    body: str
    size: Size
    reviewed: bool


@dataclass(frozen=True)
class Names:
    """What can be named in a text if there is room, the most concerned first."""

    rivers: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()

    def shorter(self) -> Iterator[dict[str, str]]:
        """The lists as arguments, from the longest to none at all."""
        for most in range(MOST_NAMES, -1, -1):
            yield {
                "rivers": ", ".join(self.rivers[:most]) or NONE,
                "divisions": ", ".join(self.divisions[:most]) or NONE,
                "stations": ", ".join(self.stations[:most]) or NONE,
            }


class Renderer:
    """Renders a country's texts.

    Args:
        catalogue: by default that of the country's folder.
    """

    def __init__(self, country: LoadedCountry, catalogue: Catalogue | None = None) -> None:
        self.country = country
        self.catalogue = catalogue or Catalogue.load(country.folder)

    def render(self, text: str, kind: Kind, event: CompoundEvent, language: str) -> Rendered:
        """The text for the event's area as of when its change became known, in a language or the country's next one that has it.

        Raises:
            ConfigurationError: no language of the country has the text.
        """
        pattern = self.catalogue.nearest((language, *self.country.languages, "en"), text, kind)
        names = names_of(event, self.country, pattern.language)
        fixed = {
            "source": self.country.facts.messaging.speaks_as.get(pattern.language, self.country.facts.messaging.sender),
            "place": place_name(self.country, event.area, pattern.language),
            "time": event.known.astimezone(self.country.timezone).strftime("%d/%m %H:%M"),
            "level": event.level.word,
            "confirmed": "no" if event.unconfirmed else "yes",
        }
        return self._fitting(pattern, fixed, names)

    def _fitting(self, pattern: Pattern, fixed: Mapping[str, str], names: Names) -> Rendered:
        """The longest version within budget. If even the shortest is over it, that one: those who sign see its segments and cost."""
        budget = self.country.facts.messaging.segments.get(pattern.language, 1)
        for lists in names.shorter():
            body = pattern.render({**fixed, **lists})
            size = measure(body)
            if size.segments <= budget:
                break
        return Rendered(pattern.language, body, size, pattern.reviewed)


def place_name(country: LoadedCountry, area: str, language: str) -> str:
    """The area's name in a language, else in English, else its code."""
    known = country.places.areas.get(area)
    names = known.names if known is not None else {}
    return names.get(language) or names.get("en") or area


def names_of(event: CompoundEvent, country: LoadedCountry, language: str) -> Names:
    """Rivers, divisions and stations that the event rests on; only names that exist in the language are given."""
    readings = sorted(_grave(event.evidence), key=lambda pair: (-pair[0], pair[1].area))
    stations = [country.places.stations[r.area] for _, r in readings if r.area in country.places.stations]
    areas = [country.places.areas[r.area] for _, r in readings if r.area in country.places.areas and r.area != event.area]
    silent = [country.places.stations[s] for s in _codes(event.silent) if s in country.places.stations]
    latin = language == "en"
    return Names(
        rivers=_once(s.river for s in stations if s.river and latin),
        divisions=_once(a.names.get(language, "") for a in areas),
        stations=_once(s.name for s in (*silent, *stations) if latin),
    )


def _grave(evidence: Evidence) -> Iterator[tuple[Level, Reading]]:
    """Readings behind what is true, each with the level it made."""
    if evidence.parts:
        for part in evidence.parts:
            yield from _grave(part)
    elif evidence.truth is Truth.TRUE:
        for reading in evidence.readings:
            yield evidence.level or Level.YELLOW, reading


def _codes(silent: Sequence[str]) -> list[str]:
    """What may be a code in sentences such as `lka_irrigation_river lk-peradeniya: no reading since 2025-11-27T14:33Z`."""
    return [word.rstrip(",:;") for sentence in silent for word in sentence.split()]


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
