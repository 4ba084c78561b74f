"""Shares and distances, written as people write them (`50 %`, `5 km`) and kept exact."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_PERCENT = re.compile(r"^\s*(\d{1,3}(?:\.\d{1,6})?)\s*%\s*$")
_DISTANCE = re.compile(r"^\s*(\d{1,6}(?:\.\d{1,6})?)\s*(km|m)\s*$")


def parse_proportion(text: object) -> Decimal:
    """A share such as `50 %` as a fraction of one.

    Raises:
        ValueError: no number with `%`, nothing at all, or more than all.
    """
    if isinstance(text, Decimal):
        return text
    match = _PERCENT.match(str(text))
    if match is None:
        raise ValueError(f"`{text}` is not a share; write a number and `%`, such as `50 %`")
    found = Decimal(match[1]) / 100
    if not 0 < found <= 1:
        raise ValueError(f"`{text}` is not a share; write more than 0 % and at most 100 %")
    return found


def format_proportion(share: Decimal) -> str:
    """A share as it is written, read back by `parse_proportion`."""
    return f"{(share * 100).normalize():f} %"


def parse_distance(text: object) -> float:
    """A distance such as `5 km` or `800 m`, in kilometres.

    Raises:
        ValueError: no number with its unit, or no distance at all.
    """
    if isinstance(text, float):
        return text
    match = _DISTANCE.match(str(text))
    if match is None or not float(match[1]):
        raise ValueError(f"`{text}` is not a distance; write a number and km or m, such as `5 km`")
    return float(Decimal(match[1]) / (1000 if match[2] == "m" else 1))


def format_distance(kilometres: float) -> str:
    """A distance as it is written, read back by `parse_distance`."""
    return f"{Decimal(str(kilometres)).normalize():f} km"


Proportion = Annotated[
    Decimal,
    BeforeValidator(parse_proportion),
    PlainSerializer(format_proportion, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _PERCENT.pattern, "description": "A share with `%`, such as `50 %`."}),
]
"""A share of one, above 0 and at most 1."""
Distance = Annotated[
    float,
    BeforeValidator(parse_distance),
    PlainSerializer(format_distance, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DISTANCE.pattern, "description": "A distance with its unit: km or m, such as `5 km`."}),
]
"""A distance in kilometres."""
