"""Values with their units, as people say them: `4.85 m`, `level 3`, and no abbreviation that only a catalogue knows."""

from console.interface.speaking import _, later, number

_UNITS = {
    "m": later("metres"),
    "mm": later("millimetres"),
    "m3/s": later("cubic metres a second"),
    "km/h": later("kilometres an hour"),
    "°C": later("degrees Celsius"),
    "%": later("per cent"),
    "LCU/kg": later("the country's currency for a kilogram"),
    "level": later("levels"),
    "cases": later("cases"),
    "years": later("years"),
    "houses": later("houses"),
}
_SAID_OTHERWISE = {
    "level": later("level {value}"),
    "LCU/kg": later("{value} a kilogram, in the country's currency"),
}


def quantity(value: float, unit: str) -> str:
    """A value in its unit."""
    return _(_SAID_OTHERWISE[unit], value=number(value)) if unit in _SAID_OTHERWISE else f"{number(value)} {unit}"


def unit_word(unit: str) -> str:
    """A unit by itself, such as `metres`."""
    return _(_UNITS[unit]) if unit in _UNITS else unit
