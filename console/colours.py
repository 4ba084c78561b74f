"""The colours of levels. One table feeds style sheet, map and time line, and a test computes that every label on them can be read."""

from dataclasses import dataclass

from schemas.levels import Level


@dataclass(frozen=True)
class Colour:
    """Colours as `#rrggbb`: a fill, the colour of a label written on it, and a pale form of the fill.

    The pale form is for a breached threshold of which no rule has made an event; what is written on it is always dark.
    """

    fill: str
    label: str
    pale: str


UNKNOWN = "unknown"
"""Stands beside the levels."""
LEVELS: dict[str, Colour] = {
    Level.GREEN.word: Colour("#2f7d4f", "#ffffff", "#2f7d4f"),
    Level.YELLOW.word: Colour("#f4cf3b", "#1b1b1b", "#fbf0bd"),
    Level.ORANGE.word: Colour("#f0872b", "#1b1b1b", "#fbd9b4"),
    Level.RED.word: Colour("#b3201f", "#ffffff", "#f0b9b3"),
    UNKNOWN: Colour("#c3c8cf", "#1b1b1b", "#c3c8cf"),
}
"""Level word, or `unknown`, to its colours; the same by day and by night, so that a level is always recognised."""

DAY = {"page": "#f6f5f1", "card": "#ffffff", "text": "#1c2127", "soft": "#55606b", "line": "#d6d8d3", "link": "#0b4f8a", "focus": "#a34d00"}
NIGHT = {
    "page": "#14181c",
    "card": "#1d2329",
    "text": "#eceff1",
    "soft": "#a9b4be",
    "line": "#3a444d",
    "link": "#8ec5ff",
    "focus": "#ffc266",
}
"""The page's own colours in the two schemes."""


PALE_LABEL = "#1b1b1b"
"""Of what is written on a pale form."""


def word_of(level: Level | None) -> str:
    """The name of a level's colour; `unknown` stands beside the levels."""
    return UNKNOWN if level is None else level.word


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definition of relative luminance)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
