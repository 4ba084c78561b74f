"""How far an event's level is moved because of who lives there: by figures of its area, in readable steps."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.configuration import Move, Rule
from schemas.figures import Figure, moved
from schemas.levels import Level
from schemas.outputs import LevelStep


class Moved(NamedTuple):
    """One `move` of a rule in one area: whether it applies, none if its figure is unknown, and why, as people read it."""

    move: Move
    applies: bool | None
    why: str

    def of(self, level: Level) -> Level:
        """The level that this leads to."""
        return moved(level, self.move.by, self.move.at_most, self.move.at_least) if self.applies else level


def moves_of(rule: Rule, area: str, figures: Mapping[tuple[str, str], Figure]) -> tuple[Moved, ...]:
    """The moves of a rule in an area, in the order written.

    Args:
        figures: (area, name) to the figure.
    """
    return tuple(_moved(move, figures.get((area, move.if_.figure))) for move in rule.move or ())


def _moved(move: Move, figure: Figure | None) -> Moved:
    if figure is None:
        return Moved(move, None, f"{move.if_.figure} is not known here, so the level stays; if {move.if_.text}: {move.why}")
    applies = move.if_.of(figure)
    counted = f"{figure.value:f} {figure.unit} ({figure.source}, {figure.date.isoformat()})"
    if applies is None:
        return Moved(move, None, f"{figure.figure} is {counted}, not in {move.if_.unit}, so the level stays; {move.why}")
    return Moved(move, applies, f"{move.if_.text}, here {counted}: {move.why}")


def steps_of(level: Level, moves: tuple[Moved, ...]) -> tuple[LevelStep, ...]:
    """The steps from a level on: those that move it, and those that nobody can tell of."""
    steps = []
    for one in moves:
        level = one.of(level)
        if one.applies is not False:
            steps.append(LevelStep(step="move", level=level, why=one.why))
    return tuple(steps)
