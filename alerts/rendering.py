"""From an event to the words that people read: once for each language, within the country's budget of segments.

What is least needed goes first when room is short: names of rivers and divisions are left out one by one, then the promise to tell the
end, then what is said for a need, the action never. Marks that a text is an exercise or late are put around it at the very end, where no
text can take them away.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from alerts.languages import Digits, in_digits, is_latin, languages
from alerts.marks import in_whose_name, marked
from alerts.patterns import arguments
from alerts.segments import Size, measure
from alerts.texts import NAME, SERVICE, SLOTS, SOURCE_LANGUAGE, WORDS, Catalogue, Kind, Need, Pattern, Service
from schemas.country_files import LoadedCountry
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, Evidence, Reading

NONE = "none"
"""What a list of names says when it is empty; patterns ask for it."""
NOTHING: Mapping[str, str] = MappingProxyType({})
"""No slot is filled."""
MOST_NAMES = 4
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rendered:
    """One text in one language.

    Attributes:
        language: the one it is really written in; another than asked for if the country has no such text.
        reviewed: else it is a draft, and must be shown as one.
    """

    language: str
    body: str
    size: Size
    reviewed: bool

    def marked(self, *, exercise: bool = False, late: bool = False) -> "Rendered":
        """The same with the marks it needs. To be asked of a text that is finished: whoever asks twice reads them twice."""
        body = marked(self.body, self.language, exercise=exercise, late=late)
        return replace(self, body=body, size=measure(body))


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
        catalogue: by default that of the country's folder. exercise: all that it renders is one.
    """

    def __init__(self, country: LoadedCountry, catalogue: Catalogue | None = None, *, exercise: bool = False) -> None:
        self.country = country
        self._exercise = exercise
        self.catalogue = catalogue or Catalogue.load(country.folder)

    def render(
        self,
        text: str,
        kind: Kind,
        event: CompoundEvent,
        language: str,
        *,
        need: Need | None = None,
        exercise: bool = False,
        late: bool = False,
        filled: Mapping[str, str] = NOTHING,
    ) -> Rendered:
        """The text for the event's area as of when its change became known, in a language or the country's next one that has it.

        Args:
            need: of the person it is for; without it as all read it.
            exercise, late: it is marked as one, in its language, and keeps its budget with the mark.
            filled: slot (`SLOTS`) to the name of what a person chose for it; what the country's files do not have says nothing.

        Raises:
            ConfigurationError: no language of the country has the text.
        """
        pattern = self.pattern_of(text, kind, language)
        zone, digits = self.country.zone_of(event.area), self._digits(pattern.language)
        hazard = self.catalogue.get(pattern.language, text, NAME)
        fixed = {
            "source": source_of(self.country, pattern.language),
            "place": place_name(self.country, event.area, pattern.language),
            "time": in_digits(event.known.astimezone(zone).strftime("%d/%m %H:%M"), digits),
            "level": event.level.word,
            "confirmed": "no" if event.unconfirmed else "yes",
            "when": self._when(event, pattern.language),
            "hazard": hazard.text if hazard is not None else NONE,
            **self._slots(text, kind, pattern.language, filled),
        }
        shorter = [{**fixed, **more} for more in _shorter(names_of(event, self.country, pattern.language), need)]
        return self._fitting(pattern, shorter, exercise=exercise, late=late)

    def pattern_of(self, text: str, kind: str, language: str) -> Pattern:
        """The pattern that stands for a text in a language, in it or the country's next one that has it.

        Raises:
            ConfigurationError: no language of the country has the text.
        """
        return self.catalogue.nearest(self._fallback(language), text, kind)

    def _slots(self, text: str, kind: Kind, language: str, filled: Mapping[str, str]) -> dict[str, str]:
        """What stands in the slots, in a language."""
        action, shelter = (filled.get(slot, "") for slot in SLOTS)
        said = self.catalogue.actions(language, text, kind).get(action, "") if action else ""
        return {"action": said or NONE, "shelter": shelter_name(self.country, shelter, language) or NONE}

    def written_in(self, text: str, kind: Kind, language: str) -> str:
        """The language of the text that who reads a language gets: another one if nobody has written it in theirs.

        Raises:
            ConfigurationError: as `render`.
        """
        return self.pattern_of(text, kind, language).language

    def for_needs(
        self, text: str, kind: Kind, event: CompoundEvent, language: str, *, filled: Mapping[str, str] = NOTHING
    ) -> dict[Need, Rendered]:
        """What those who have a need read instead of the text that `render` gives, for each need that it says more to and has room for.

        Raises:
            ConfigurationError: as `render`.
        """
        if "need" not in arguments(self.pattern_of(text, kind, language).text):
            return {}
        plain = self.render(text, kind, event, language, filled=filled)
        rendered = {need: self.render(text, kind, event, language, need=need, filled=filled) for need in Need}
        return {need: said for need, said in rendered.items() if said.body != plain.body}

    def service(
        self,
        kind: Service,
        language: str,
        *,
        area: str = "",
        report: str = NONE,
        example: str = NONE,
        exercise: bool = False,
    ) -> Rendered:
        """The text to one person who joined, left, asked, reported or answered.

        Args:
            area: the person's. report: what was understood, in the person's words or language. example: a report that is written well.

        Raises:
            ConfigurationError: no language of the country has the text.
        """
        pattern = self.catalogue.nearest(self._fallback(language), SERVICE, kind)
        messaging = self.country.facts.messaging
        given = {
            "source": source_of(self.country, pattern.language),
            "place": place_name(self.country, area, pattern.language) if area else NONE,
            "opt_out": opt_out_of(self.country, pattern.language),
            "two_way": "yes" if messaging.two_way else "no",
            "report": report,
            "example": example,
        }
        return self._fitting(pattern, [given], exercise=exercise, late=False)

    def _fallback(self, language: str) -> tuple[str, ...]:
        """The languages that may stand for one, the next best first: a romanised one has that it is written form of."""
        return (language, language.partition("-")[0], *self.country.languages, SOURCE_LANGUAGE)

    def _fitting(self, pattern: Pattern, versions: Iterable[Mapping[str, str]], *, exercise: bool, late: bool) -> Rendered:
        """The first version within budget. If even the last is over it, that one: those who sign see its segments and cost."""
        budget = budget_of(self.country, pattern.language)
        for given in versions:
            body = marked(pattern.render(given), pattern.language, exercise=exercise or self._exercise, late=late)
            size = measure(body)
            if size.segments <= budget:
                break
        return Rendered(pattern.language, body, size, pattern.reviewed)

    def _digits(self, language: str) -> Digits:
        own = self.country.facts.messaging.digits.get(language)
        if own is not None:
            return own
        known = languages().get(language)
        return known.digits if known is not None else "latn"

    def _when(self, event: CompoundEvent, language: str) -> str:
        """From when a danger is expected, if all that the event rests on lies ahead. The date stands beside the word, for whoever reads
        it past midnight; without the hour if the forecast is of whole days."""
        ahead = [reading for _, reading in _grave(event.evidence)]
        if any(reading.start <= event.known for reading in ahead) or (not ahead and event.since <= event.known):
            return NONE
        start, whole_days = event.since, False  # of what a person foresees there is no reading
        if ahead:
            first = min(ahead, key=lambda reading: reading.start)
            start, whole_days = first.start, first.end - first.start >= _DAY
        zone = self.country.zone_of(event.area)
        begins, today = start.astimezone(zone), event.known.astimezone(zone).date()
        days = (begins.date() - today).days
        word = self.catalogue.get(language, WORDS, ("today", "tomorrow")[days]) if days in (0, 1) else None
        date = begins.strftime("%d/%m" if whole_days else "%d/%m %H:%M")
        return " ".join([*([word.text] if word is not None else []), in_digits(date, self._digits(language))])


def _shorter(names: Names, need: Need | None) -> Iterator[dict[str, str]]:
    """What a text may hold beside what it must, from all of it to nothing; without room for the need's sentence, as all read it."""
    said = need.value if need is not None else NONE
    for lists in names.shorter():
        yield {**lists, "promise": "yes", "need": said}
    yield {**lists, "promise": "no", "need": said}
    if need is not None:
        yield from _shorter(names, None)


def budget_of(country: LoadedCountry, language: str) -> int:
    """The most segments that a message takes in a language: the country's own word, else what the language commonly needs."""
    own = country.facts.messaging.segments.get(language)
    known = languages().get(language)
    return own if own is not None else known.segments if known is not None else 1


def source_of(country: LoadedCountry, language: str) -> str:
    """What the country calls itself in a message, and in whose name it speaks."""
    messaging = country.facts.messaging
    return in_whose_name(_in_language(messaging.speaks_as, language, messaging.sender), country.facts.speaks, language)


def opt_out_of(country: LoadedCountry, language: str) -> str:
    """How one leaves, in a language."""
    return _in_language(country.facts.messaging.opt_out, language, "STOP")


def _in_language(said: Mapping[str, str], language: str, otherwise: str) -> str:
    """What is said in a language; in Latin letters, for one that is written in them, rather the English than what nobody can read."""
    return said.get(language) or (said.get(SOURCE_LANGUAGE) if is_latin(language) else None) or otherwise


def shelter_name(country: LoadedCountry, shelter: str, language: str) -> str:
    """What a shelter is called in a language; in one in Latin letters it may be the English name. Empty if it has none."""
    known = country.facts.shelters.get(shelter)
    return _in_language(known.names, language, "") if known is not None else ""


def place_name(country: LoadedCountry, area: str, language: str) -> str:
    """The area's name in a language, else in English, else its code."""
    known = country.places.areas.get(area)
    names = known.names if known is not None else {}
    return names.get(language) or names.get(SOURCE_LANGUAGE) or area


def names_of(event: CompoundEvent, country: LoadedCountry, language: str) -> Names:
    """Rivers, divisions and stations that the event rests on; only names that exist in the language are given."""
    readings = sorted(_grave(event.evidence), key=lambda pair: (-pair[0], pair[1].area))
    stations = [country.places.stations[r.area] for _, r in readings if r.area in country.places.stations]
    areas = [country.places.areas[r.area] for _, r in readings if r.area in country.places.areas and r.area != event.area]
    silent = [country.places.stations[s] for s in _codes(event.silent) if s in country.places.stations]
    latin = is_latin(language)
    return Names(
        rivers=_once(s.river for s in stations if s.river and latin),
        divisions=_once(a.names.get(language) or (a.names.get(SOURCE_LANGUAGE, "") if latin else "") for a in areas),
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
