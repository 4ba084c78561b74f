"""What things are called on a page: places, thresholds, rules, feeds, languages, levels."""

from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from console.colours import word_of
from schemas.country_files import LoadedCountry
from schemas.indicators import CATALOGUE
from schemas.levels import Level


@dataclass(frozen=True)
class Names:
    """A country's names in the language of the page. A code that has no name stands for itself."""

    country: LoadedCountry
    language: str = "en"

    def place(self, code: str) -> str:
        """An area's or a station's name."""
        places = self.country.places
        if code in places.stations:
            return places.stations[code].name
        if code in places.areas:
            names = places.areas[code].names
            return names.get(self.language) or next(iter(names.values()), code)
        return code

    def areas(self) -> list[tuple[str, str]]:
        """Code and name of every area, by name."""
        return sorted(((code, self.place(code)) for code in self.country.places.areas), key=lambda one: (one[1], one[0]))

    def rule(self, name: str) -> str:
        """`river_and_landslide` as `River and landslide`."""
        words = name.replace("_", " ")
        return words[:1].upper() + words[1:]

    def threshold(self, name: str) -> str:
        """The indicator's title with the threshold's own name behind it if that says more: `river level (river station)`."""
        indicator = next((t.indicator for t in self.country.configuration.thresholds if t.name == name), None)
        title = CATALOGUE[indicator].title if indicator in CATALOGUE else ""
        words = name.replace("_", " ")
        return words if not title or title == words else f"{title} ({words})"

    def indicator(self, name: str) -> str:
        """An indicator's title."""
        return CATALOGUE[name].title if name in CATALOGUE else name.replace("_", " ")

    def feed(self, name: str) -> str:
        """A feed's title."""
        manifest = self.country.manifests.get(name)
        return manifest.title if manifest is not None else name

    def level(self, level: Level | None) -> str:
        """The colour and the country's own word for it: `red: evacuate`; for none, that it cannot be told."""
        if level is None:
            return "cannot tell"
        word = self.country.facts.level_words.get(self.language, {}).get(level.word, "")
        return f"{level.word}: {word}" if word else word_of(level)


def language_name(tag: str) -> str:
    """`Sinhala` for `si`; the tag itself if nobody knows it."""
    try:
        return Locale.parse(tag, sep="-").get_display_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag


def own_name(tag: str) -> str:
    """A language's name in itself."""
    try:
        return Locale.parse(tag, sep="-").get_display_name() or tag
    except (UnknownLocaleError, ValueError):
        return tag
