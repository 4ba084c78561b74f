"""How what Polyrisk says is said in the words of CAP 1.2. The tables are the whole of the mapping.

`Unknown` is never written: the World Meteorological Organization advises against it, and each of our warnings says more than that.
"""

from collections.abc import Iterable

from alerts.marks import EXERCISE
from schemas.configuration import Rule
from schemas.indicators import CATALOGUE
from schemas.levels import Dimension, Level
from schemas.warning_records import Warning, WarningStatus

STATUS = {"monitoring": "Test", "advisory": "Actual", "official": "Actual"}
"""Standing to CAP status: what goes out while a country only watches is a test, and asks nobody to act."""
_EXERCISE = tuple(EXERCISE.values())

SEVERITY = {Level.GREEN: "Minor", Level.YELLOW: "Moderate", Level.ORANGE: "Severe", Level.RED: "Extreme"}
"""Level to severity: red is a threat to life that asks people to leave, orange one to be ready for."""

URGENCY = {Level.GREEN: "Past", Level.YELLOW: "Future", Level.ORANGE: "Expected", Level.RED: "Immediate"}
"""Level to urgency: when people are asked to act."""

RESPONSE = {Level.GREEN: "Monitor", Level.YELLOW: "Monitor", Level.ORANGE: "Prepare", Level.RED: "Execute"}
"""Level to type of response; what is to be done stands in the text."""

CERTAINTY = {None: "Likely", "observed": "Observed", "likely": "Likely", "possible": "Possible"}
"""What a message says of its certainty to CAP's word; messages of older versions say nothing of it and rest on readings or forecasts."""

_ENDS = {
    WarningStatus.CANCELLED: ("AllClear", "Past", "Minor"),
    WarningStatus.CANNOT_TELL: ("Monitor", "Expected", None),
    WarningStatus.EXPIRED: ("Monitor", "Expected", None),
}
"""An end's status to response, urgency and severity; with none the severity of the level stays: no end but an all-clear lowers it."""

_CATEGORY_OF_DIMENSION = {Dimension.ENVIRONMENTAL: "Met", Dimension.HEALTH: "Health"}
_CATEGORY_OF_INDICATOR = {"landslide_warning": "Geo", "houses_at_risk": "Infra"}
"""Where an indicator says more than its dimension: by default rivers, rain, wind and heat are Met, food and the rest are Other."""


def status(warning: Warning) -> str:
    """Whether it is meant: an exercise, in whosever name, is known by the mark before its texts, which nothing takes away."""
    return "Exercise" if any(text.body.startswith(_EXERCISE) for text in warning.texts) else STATUS[warning.standing]


def response(warning: Warning) -> str:
    """The type of response. A retraction asks for none."""
    if warning.reason == "retracted":
        return "None"
    end = _ENDS.get(warning.status)
    return end[0] if end is not None else RESPONSE[warning.level]


def urgency(warning: Warning) -> str:
    """When people are asked to act."""
    end = _ENDS.get(warning.status)
    return end[1] if end is not None else URGENCY[warning.level]


def severity(warning: Warning) -> str:
    """How grave it is; after an all-clear, minor."""
    end = _ENDS.get(warning.status)
    return (end[2] if end is not None else None) or SEVERITY[warning.level]


def certainty(warning: Warning) -> str:
    """How far it is known. What nobody can tell any more is possible, a known end is observed."""
    if warning.status in (WarningStatus.CANNOT_TELL, WarningStatus.EXPIRED):
        return "Possible"
    return "Observed" if warning.status is WarningStatus.CANCELLED else CERTAINTY[warning.certainty]


def categories(rule: Rule | None, indicators: Iterable[str]) -> tuple[str, ...]:
    """What a rule is about, at least one.

    Args:
        rule: none if the country's files no longer hold it. indicators: those that its conditions read.
    """
    read = [_CATEGORY_OF_INDICATOR.get(name) or _of_dimension(CATALOGUE[name].dimension) for name in indicators if name in CATALOGUE]
    of_rule = [_of_dimension(dimension) for dimension in rule.dimensions] if rule is not None else []
    return tuple(dict.fromkeys(read or of_rule)) or ("Other",)


def _of_dimension(dimension: Dimension) -> str:
    return _CATEGORY_OF_DIMENSION.get(dimension, "Other")
