"""What things are called on a page: places, thresholds, rules, feeds, languages, levels."""

from dataclasses import dataclass, field

from babel import Locale, UnknownLocaleError

from alerts.originated import PREFIX, is_originated
from console.colours import UNKNOWN, word_of
from console.interface.catalogues import SOURCE
from console.interface.speaking import _, language, later
from schemas.country_files import LoadedCountry
from schemas.indicators import CATALOGUE
from schemas.levels import Level

COLOURS = {
    Level.GREEN.word: later("green"),
    Level.YELLOW.word: later("yellow"),
    Level.ORANGE.word: later("orange"),
    Level.RED.word: later("red"),
    UNKNOWN: later("unknown"),
}
"""Level word, or `unknown`, to what it is called on a page."""


@dataclass(frozen=True)
class Names:
    """A country's names in a language, by default in that of the page. A code that has no name stands for itself."""

    country: LoadedCountry
    language: str = field(default_factory=language)

    def of_country(self) -> str:
        """The country's name."""
        return self.country.facts.names.get(self.language, self.country.name)

    def place(self, code: str) -> str:
        """An area's or a station's name."""
        places = self.country.places
        if code in places.stations:
            return places.stations[code].name
        if code in places.areas:
            names = places.areas[code].names
            return names.get(self.language) or names.get(SOURCE) or next(iter(names.values()), code)
        return code

    def areas(self) -> list[tuple[str, str]]:
        """Code and name of every area, by name."""
        return sorted(((code, self.place(code)) for code in self.country.places.areas), key=lambda one: (one[1], one[0]))

    def rule(self, name: str) -> str:
        """`river_and_landslide` as `River and landslide`, or what the country calls it in the language; of what a person wrote the danger,
        and that a person did."""
        if called := self.called(name):
            return called
        if is_originated(name):
            return _("{hazard}, written by a person", hazard=self.rule(name.removeprefix(PREFIX)))
        words = name.replace("_", " ")
        return words[:1].upper() + words[1:]

    def threshold(self, name: str) -> str:
        """The indicator's title with the threshold's own name behind it if that says more: `river level (river station)`."""
        if called := self.called(name):
            return called
        indicator = next((t.indicator for t in self.country.configuration.thresholds if t.name == name), None)
        title = CATALOGUE[indicator].title if indicator in CATALOGUE else ""
        words = name.replace("_", " ")
        return words if not title else _(title) if title == words else f"{_(title)} ({words})"

    def indicator(self, name: str) -> str:
        """An indicator's title."""
        return _(CATALOGUE[name].title) if name in CATALOGUE else name.replace("_", " ")

    def feed(self, name: str) -> str:
        """A feed's title."""
        manifest = self.country.manifests.get(name)
        return self.called(name) or (manifest.title if manifest is not None else name)

    def called(self, name: str) -> str:
        """What the country calls a rule, a threshold, a feed or a role in the language; empty if it does not say."""
        return self.country.facts.called.get(self.language, {}).get(name, "")

    def level(self, level: Level | None) -> str:
        """The colour and the country's own word for it: `red: evacuate`; for none, that it cannot be told."""
        if level is None:
            return _("cannot tell")
        word = self.level_word(level.word)
        return _("{colour}: {word}", colour=colour(level), word=word) if word else colour(level)

    def level_word(self, word: str) -> str:
        """The country's own word for a colour, in the language or in English; empty if it has none."""
        words = self.country.facts.level_words
        return words.get(self.language, words.get(SOURCE, {})).get(word, "")


def colour(level: Level | str | None) -> str:
    """What a level, or its colour's name, is called on a page: `red`, or `unknown` for none."""
    word = level if isinstance(level, str) else word_of(level)
    return _(COLOURS[word]) if word in COLOURS else word


def language_name(tag: str) -> str:
    """`Sinhala` for `si`, in the language of the page; the tag itself if nobody knows it."""
    try:
        return Locale.parse(tag, sep="-").get_display_name(language()) or tag
    except (UnknownLocaleError, ValueError):
        return tag


def own_name(tag: str) -> str:
    """A language's name in itself."""
    try:
        return Locale.parse(tag, sep="-").get_display_name() or tag
    except (UnknownLocaleError, ValueError):
        return tag
