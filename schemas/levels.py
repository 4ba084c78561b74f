"""The two scales that everything is said on: levels, and truth of three values."""

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How grave. Unknown is not a level; it stands beside them (see `Truth`)."""

    GREEN = 0
    YELLOW = 1
    ORANGE = 2
    RED = 3

    @classmethod
    def named(cls, word: object) -> "Level":
        """The level of a colour's name.

        Raises:
            ValueError: no such colour.
        """
        if isinstance(word, int):
            return cls(word)
        try:
            return cls[str(word).upper()]
        except KeyError:
            raise ValueError(f"`{word}` is not a level; write green, yellow, orange or red") from None

    @property
    def word(self) -> str:
        """The colour's name in lower case, as it stands in files."""
        return self.name.lower()


class Truth(StrEnum):
    """Kleene's three values. Unknown is never shown or counted as safe."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Dimension(StrEnum):
    """The seven dimensions of human security (UNDP, Human Development Report 1994, chapter 2)."""

    ECONOMIC = "economic"
    FOOD = "food"
    HEALTH = "health"
    ENVIRONMENTAL = "environmental"
    PERSONAL = "personal"
    COMMUNITY = "community"
    POLITICAL = "political"
