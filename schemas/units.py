"""Units: a quantity in another unit of the same dimension is converted, one of another dimension is refused.

Conversion is done by pint (BSD licence) with decimals, so that 23 ft are 7.0104 m and not a little less.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pint import UnitRegistry

_UNIT = re.compile(r"^[A-Za-z°µ%]{1,20}[23]?(?:/[A-Za-z]{1,20}[23]?){0,2}$")
_POWER = re.compile(r"([A-Za-z])([23])(?![0-9A-Za-z])")
_NAMES = {"°C": "degC", "°F": "degF", "cusec": "ft**3/s", "cusecs": "ft**3/s", "cumec": "m**3/s", "cumecs": "m**3/s"}
"""Units of the field that pint knows by other names."""


def converted(number: Decimal, unit: str, to: str, *, difference: bool = False) -> Decimal:
    """A number of one unit in another.

    Args:
        unit: as written, such as `ft`. to: an indicator's unit, such as `m`.
        difference: it is how far two values lie apart, so that a unit's own zero (°F, °C) does not count.

    Raises:
        ValueError: one of them is no unit that is known, or they are not of the same dimension.
    """
    if unit == to or unit + "s" == to:
        return number
    return number * _factor(unit, to) if difference else number * _factor(unit, to) + _offset(unit, to)


@lru_cache(maxsize=256)
def _factor(unit: str, to: str) -> Decimal:
    return _of(Decimal(1), unit, to) - _of(Decimal(0), unit, to)


@lru_cache(maxsize=256)
def _offset(unit: str, to: str) -> Decimal:
    return _of(Decimal(0), unit, to)


def _of(number: Decimal, unit: str, to: str) -> Decimal:
    from pint import PintError

    if not (_UNIT.match(unit) and _UNIT.match(to)):
        raise ValueError(f"{unit} cannot be turned into {to}")
    registry = _registry()
    try:
        return Decimal(registry.Quantity(number, _spelt(unit)).to(_spelt(to)).magnitude)
    except (PintError, ValueError, AttributeError, TypeError, AssertionError) as error:
        raise ValueError(f"{unit} cannot be turned into {to}") from error


@lru_cache(maxsize=1)
def _registry() -> "UnitRegistry[Decimal]":
    """Loaded when it is first needed: most files write the indicators' own units."""
    from pint import UnitRegistry

    return UnitRegistry(non_int_type=Decimal)


def _spelt(unit: str) -> str:
    return _POWER.sub(r"\1**\2", _NAMES.get(unit, unit))
