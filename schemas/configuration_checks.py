"""What can be wrong between thresholds, feeds and areas although each of them reads well: found before it runs.

Every check gives findings with the place in the file, and names what to write instead.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from schemas.configuration import Threshold
from schemas.findings import Finding
from schemas.indicators import CATALOGUE
from schemas.levels import Level
from schemas.moments import format_span
from schemas.place_tables import nearest
from schemas.surroundings import RANK, Location, Surroundings
from schemas.threshold_kinds import KIND_FORMS
from schemas.thresholds import kind_wrong, level_example, level_number, quantity_number
from schemas.yaml_files import YamlFile


def check_written(file: YamlFile, name: str, body: Mapping[str, Any]) -> list[Finding]:
    """Findings about one threshold as written, before it is read: an unknown indicator, numbers without a unit."""
    indicator = str(body.get("indicator"))
    if "indicator" in body and indicator not in CATALOGUE:
        what = f"no indicator `{indicator}` in the catalogue."
        return [file.finding("unknown-indicator", (name, "indicator"), what, remedy=nearest(indicator, tuple(CATALOGUE)))]
    unit = CATALOGUE[indicator].unit if indicator in CATALOGUE else "its unit"
    levels = body.get("levels")
    written: list[tuple[Location, Any]] = [((name, "levels", word), v) for word, v in levels.items()] if isinstance(levels, Mapping) else []
    written += [((name, key), body[key]) for key in ("leave_below", "floor") if key in body]
    return [
        file.finding("quantity", location, f"`{value}` has no unit.", remedy=f"Write `{value} {unit}`.")
        for location, value in written
        if isinstance(value, int | float)
    ]


def check_threshold(file: YamlFile, threshold: Threshold, around: Surroundings) -> list[Finding]:
    """Findings about one threshold: units, order of levels, hysteresis, staleness, roll-up, baseline."""
    name = threshold.name
    found = [*_levels(file, threshold), *_quantities(file, threshold)]
    interval = around.interval(threshold)
    if interval is None:
        found.append(_no_feed(file, threshold, around))
    elif threshold.stale_after < interval:
        what = f"stale_after {format_span(threshold.stale_after)} is shorter than its feed's interval, {format_span(interval)}."
        why = "It would be unknown between two deliveries."
        found.append(file.finding("stale-too-soon", (name, "stale_after"), what, why, f"Write at least {format_span(interval)}."))
    if threshold.roll_up is not None and RANK[threshold.roll_up.to] >= RANK[threshold.at]:
        what = f"rolls up to {threshold.roll_up.to}, which is not larger than {threshold.at}."
        found.append(file.finding("roll-up", (name, "roll_up"), what, remedy="Name a larger level or leave roll_up out."))
    if KIND_FORMS[threshold.kind].baseline and threshold.baseline is None:
        what = f"a threshold of kind {threshold.kind} needs a baseline."
        found.append(file.finding("no-baseline", (name,), what, remedy="Say how many years or months it is computed from."))
    elif wrong := kind_wrong(threshold):
        found.append(file.finding("kind-settings", (name,), f"{wrong}."))
    return found


def _no_feed(file: YamlFile, threshold: Threshold, around: Surroundings) -> Finding:
    """The indicator is given by nobody, or not by the feed that is asked for."""
    feeds = ", ".join(feed.feed for feed in around.feeds)
    if threshold.feed is not None:
        what = f"no feed `{threshold.feed}` of this country gives `{threshold.indicator}`."
        giving = tuple(feed.feed for feed in around.feeds if threshold.indicator in feed.indicators)
        return file.finding("no-feed", (threshold.name, "feed"), what, remedy=nearest(threshold.feed, giving))
    what = f"no feed of this country gives `{threshold.indicator}`."
    return file.finding("no-feed", (threshold.name, "indicator"), what, remedy=f"Its feeds are {feeds}: add one in country.yaml.")


def _levels(file: YamlFile, threshold: Threshold) -> Iterator[Finding]:
    """Each level is written as its kind needs, and a higher colour takes more."""
    if KIND_FORMS[threshold.kind].levels is None:
        return
    bounds: list[tuple[Level, Decimal]] = []
    for word, text in threshold.levels.items():
        try:
            bounds.append((Level.named(word), level_number(threshold, text)))
        except ValueError as error:
            remedy = f"Write it like `{level_example(threshold)}`."
            yield file.finding("quantity", (threshold.name, "levels", word), f"{error}", remedy=remedy)
    if KIND_FORMS[threshold.kind].ordered:
        yield from _order(file, threshold, sorted(bounds))


def _order(file: YamlFile, threshold: Threshold, bounds: list[tuple[Level, Decimal]]) -> Iterator[Finding]:
    sign = 1 if threshold.direction == "above" or KIND_FORMS[threshold.kind].sizes else -1
    unit = CATALOGUE[threshold.indicator].unit
    leave = _number_of(threshold.leave_below, unit, difference=True)
    for (low, lower), (high, higher) in pairwise(bounds):
        step = (higher - lower) * sign
        if step <= 0:
            what = f"{high.word} ({_shown(higher)}) takes no more than {low.word} ({_shown(lower)})."
            remedy = f"A higher colour needs a {'greater' if sign > 0 else 'smaller'} value."
            yield file.finding("level-order", (threshold.name, "levels", high.word), what, "It could not be told apart.", remedy)
        elif threshold.kind == "fixed" and leave is not None and leave > step:
            what = f"leave_below {threshold.leave_below} reaches past {low.word} ({_shown(lower)}) from {high.word} ({_shown(higher)})."
            why = f"{high.word.capitalize()} would be left straight past {low.word}."
            remedy = f"Write at most {_shown(step)} {unit}."
            yield file.finding("leave-past-beneath", (threshold.name, "leave_below"), what, why, remedy)


def _shown(number: Decimal) -> str:
    """A number without the noughts that a conversion leaves at its end."""
    return f"{number.normalize():f}"


def _quantities(file: YamlFile, threshold: Threshold) -> Iterator[Finding]:
    unit = CATALOGUE[threshold.indicator].unit
    for key in ("leave_below", "floor"):
        text = getattr(threshold, key)
        if text is None:
            continue
        try:
            quantity_number(text, unit, difference=key == "leave_below")
        except ValueError as error:
            yield file.finding("quantity", (threshold.name, key), f"{error}", remedy=f"Write a number and `{unit}`.")


def _number_of(text: str | None, unit: str, *, difference: bool) -> Decimal | None:
    """A quantity as a number of the unit; none if there is none, or it does not read, which is found elsewhere."""
    try:
        return quantity_number(text, unit, difference=difference) if text is not None else None
    except ValueError:
        return None
