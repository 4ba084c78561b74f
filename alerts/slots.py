"""What a message that waits leaves open: which slots its text has in every language, and what the country's files know to fill them with.

All else in a text is a fact that the rule found, or follows from one, and no person changes it: level, danger, place, time, names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.patterns import arguments
from alerts.rendering import Renderer, shelter_name
from alerts.texts import ANY, SLOTS, Kind, Pattern

AS_THE_TEXT_SAYS = ""
"""Instead of a choice: the slot is not filled."""


@dataclass(frozen=True)
class Choice:
    """Something that a slot can be filled with. said: language to the words that stand there, in each language of the message."""

    name: str
    said: Mapping[str, str]


@dataclass(frozen=True)
class Slot:
    """Something that a message leaves open. name: one of `SLOTS`. chosen: the name of what fills it, or `AS_THE_TEXT_SAYS`."""

    name: str
    chosen: str
    choices: tuple[Choice, ...]


def open_slots(
    renderer: Renderer, text: str, kind: str, area: str, languages: Sequence[str], filled: Mapping[str, str]
) -> tuple[Slot, ...]:
    """What a message leaves open. A slot is open if each language's text asks for it, and a choice is one if it exists in each.

    Of what is said of every danger alike, a shelter is open if the danger's own warning leaves one open: nobody flees from a price.

    Args:
        text, kind: of the message. area: P-code that it is for. languages: all that it is written in. filled: what fills it now.

    Raises:
        ConfigurationError: no language of the country has the text.
    """
    patterns = {language: renderer.pattern_of(text, kind, language) for language in languages}
    found = {"action": _actions, "shelter": _shelters}
    return tuple(
        Slot(name, filled.get(name, AS_THE_TEXT_SAYS), found[name](renderer, text, area, patterns))
        for name in SLOTS
        if patterns and all(_leaves_open(renderer, text, name, pattern) for pattern in patterns.values())
    )


def _leaves_open(renderer: Renderer, text: str, slot: str, pattern: Pattern) -> bool:
    asked = arguments(pattern.text)
    if slot == "shelter" and pattern.name == ANY:
        asked &= arguments(renderer.pattern_of(text, Kind.WARNING, pattern.language).text)
    return slot in asked


def _actions(renderer: Renderer, text: str, _area: str, patterns: Mapping[str, Pattern]) -> tuple[Choice, ...]:
    """The text's own actions for messages of this kind, in the order of the files."""
    of = {tag: renderer.catalogue.actions(pattern.language, text, pattern.kind) for tag, pattern in patterns.items()}
    names = next(iter(of.values()))
    everywhere = [name for name in names if all(name in said for said in of.values())]
    return tuple(Choice(name, {language: said[name] for language, said in of.items()}) for name in everywhere)


def _shelters(renderer: Renderer, _text: str, area: str, patterns: Mapping[str, Pattern]) -> tuple[Choice, ...]:
    """The country's shelters in the area, in what it lies in, or for all of that."""
    country = renderer.country
    around = set(country.places.line(area))
    near = [name for name, one in country.facts.shelters.items() if one.area in around or area in country.places.line(one.area)]
    found = [Choice(name, {tag: shelter_name(country, name, pattern.language) for tag, pattern in patterns.items()}) for name in near]
    return tuple(choice for choice in found if all(choice.said.values()))
