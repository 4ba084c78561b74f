"""What no reading may be, whatever its feed: an impossible value, another unit than the catalogue's, a wrong time."""

from collections.abc import Iterable

from schemas.indicators import CATALOGUE
from schemas.inputs import Observation
from schemas.readings import CLOCK_TOLERANCE, OLDEST


def unfit(observation: Observation) -> tuple[str, str] | None:
    """Why a reading cannot be used and what to do, or none if nothing speaks against it."""
    indicator = CATALOGUE.get(observation.indicator)
    if indicator is None:
        return f"no indicator `{observation.indicator}` in the catalogue", "Add it to schemas/indicators.py."
    if observation.unit != indicator.unit:
        return f"{observation.indicator} in {observation.unit}, not in {indicator.unit}", "The parser must convert it."
    value = observation.value
    if value is not None and not indicator.least <= value <= indicator.most:
        limits = f"{indicator.least:g} to {indicator.most:g} {indicator.unit}"
        return (
            f"{observation.indicator} {value:g} {indicator.unit} is outside {limits}",
            "Ask the source; if it is right, widen the catalogue.",
        )
    # A period that is still running is reported before its end; only its start must have come.
    moment = observation.end if observation.end == observation.start else observation.start
    if observation.lead is None and moment > observation.received + CLOCK_TOLERANCE:
        return f"valid {moment.isoformat()}, after it was received", "Ask the source for its clock or its date format."
    if observation.start < OLDEST:
        return f"valid {observation.start.isoformat()}, before {OLDEST.year}", "Ask the source for its clock or its date format."
    return None


def split(observations: Iterable[Observation]) -> tuple[list[Observation], list[tuple[Observation, str, str]]]:
    """The readings that are fit, and the others with reason and remedy."""
    fit, kept_aside = [], []
    for observation in observations:
        wrong = unfit(observation)
        if wrong is None:
            fit.append(observation)
        else:
            kept_aside.append((observation, *wrong))
    return fit, kept_aside
