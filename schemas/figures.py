"""Figures of areas that say how hard a hazard would hit there: vulnerability and exposure, and what a rule asks of them."""

import operator
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from schemas.decided import Decided
from schemas.levels import Level

FIGURE_NAME = r"(?:vulnerability|exposure)\.[a-z][a-z0-9_]*"
_COMPARISON = re.compile(rf"^\s*({FIGURE_NAME})\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)\s*(\S.*?)\s*$")
_HOLDS: dict[str, Callable[[Decimal, Decimal], bool]] = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}

Exact = Annotated[Decimal, PlainSerializer(lambda number: f"{number:f}", return_type=str)]
"""A number as it was written."""


class Figure(Decided):
    """One figure of one area.

    Attributes:
        area: the code. figure: `vulnerability.` or `exposure.` and a name, such as `vulnerability.children_under_5`.
        date: what day it stands for. source: who counted.
    """

    area: str
    figure: str = Field(pattern=f"^{FIGURE_NAME}$")
    value: Exact
    unit: str = Field(min_length=1)
    date: date
    source: str = Field(min_length=1)


class Comparison(Decided):
    """What is asked of a figure: `vulnerability.children_under_5 > 12 %`."""

    figure: str
    sign: Literal[">", ">=", "<", "<="]
    value: Exact
    unit: str

    @property
    def text(self) -> str:
        """As a planner writes it."""
        return f"{self.figure} {self.sign} {self.value:f} {self.unit}"

    def of(self, figure: Figure) -> bool | None:
        """Whether a figure is so; none if its unit is another one."""
        return _HOLDS[self.sign](figure.value, self.value) if figure.unit == self.unit else None


def _comparison(value: Any) -> Any:
    """A comparison as written.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        return value
    match = _COMPARISON.match(value)
    if match is None:
        example = "`vulnerability.children_under_5 > 12 %`"
        raise ValueError(f"`{value}` compares no figure; write a figure, one of > >= < <=, a number and its unit, such as {example}")
    return {"figure": match[1], "sign": match[2], "value": match[3], "unit": match[4]}


ComparisonText = Annotated[
    Comparison,
    BeforeValidator(_comparison),
    PlainSerializer(lambda comparison: comparison.text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _COMPARISON.pattern, "description": "Such as `vulnerability.children_under_5 > 12 %`."}),
]
"""A comparison, written as a text."""


def moved(level: Level, by: int, at_most: Level | None, at_least: Level | None) -> Level:
    """A level some steps higher or lower, no further than a bound beyond which it does not lie already, and never green."""
    if by > 0:
        return Level(max(level, min(level + by, at_most if at_most is not None else Level.RED, Level.RED)))
    return Level(min(level, max(level + by, at_least if at_least is not None else Level.YELLOW, Level.YELLOW)))
