"""Gauges of Sri Lanka's Irrigation Department: each record a reading, with the station's own three levels beside it.

Most stations report metres; one reports feet, levels too, and the record does not say so: the country's stations do.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pint

from feeds.contract import ParseContext, Parsed
from feeds.rows import RowAccount, UnfitRow
from schemas.errors import SourceChanged
from schemas.indicators import CATALOGUE
from schemas.inputs import Observation

FIELDS = {
    "water_level": "river_level",
    "alertpull": "river_level.yellow",
    "minorpull": "river_level.orange",
    "majorpull": "river_level.red",
}
"""The source's field to our indicator."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No automatic gauge of the network is older; 1970 is a clock that was never set."""
AHEAD = timedelta(minutes=10)
"""A reading may be this far ahead of the fetch: clocks differ."""


def parse(raw: bytes, context: ParseContext) -> Parsed:
    """The readings and levels in a reply of the feature server.

    Raises:
        SourceChanged: it is no JSON, is an error in JSON, or has no list `features`.
    """
    account = RowAccount()
    observations: list[Observation] = []
    for feature in _features(raw):
        row = account.row()
        try:
            observations += _observations(feature, context)
        except UnfitRow as unfit:
            account.quarantine(row, unfit, json.dumps(feature))
    return account.parsed(observations)


def _features(raw: bytes) -> list[Any]:
    try:
        reply = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise SourceChanged(f"The reply is not JSON: {error}.", remedy="Look at the raw delivery.") from error
    if isinstance(reply, dict) and "error" in reply:
        raise SourceChanged(f"The server answered with an error: {reply['error']!r:.200}.", remedy="Look whether the layer has moved.")
    if not isinstance(reply, dict) or not isinstance(reply.get("features"), list):
        raise SourceChanged("The reply has no list `features`.", remedy="Expected is an ArcGIS feature set.")
    features: list[Any] = reply["features"]
    return features


def _observations(feature: Any, context: ParseContext) -> list[Observation]:
    """A reading and the station's levels at the same moment; a level of 0 is none at all."""
    attributes = feature.get("attributes") if isinstance(feature, dict) else None
    if not isinstance(attributes, dict):
        raise UnfitRow("a feature without attributes", "Look at the raw delivery.")
    missing = [name for name in ("gauge", "CreationDate", *FIELDS) if name not in attributes]
    if missing:
        raise UnfitRow(f"without {', '.join(missing)}", "Ask the source whether it renamed its fields.")
    at = _moment(attributes["CreationDate"], context)
    edited = attributes.get("EditDate")
    issued = None if edited is None else _moment(edited, context)
    station = _station(attributes["gauge"], context)
    metres = _metres(context.places.stations[station].unit or "m")
    return [
        Observation(
            area=station,
            indicator=indicator,
            start=at,
            end=at,
            issued=issued,
            received=context.received,
            value=_level(attributes[name], name, indicator, metres),
            unit=CATALOGUE[indicator].unit,
            feed=context.manifest.feed,
            key=f"{attributes['gauge']}",
            delivery=context.delivery,
        )
        for name, indicator in FIELDS.items()
    ]


def _station(gauge: Any, context: ParseContext) -> str:
    code = context.places.station(context.manifest.feed, gauge) if isinstance(gauge, str) else None
    if code is None:
        raise UnfitRow(f"no station is called {gauge!r:.60}", "Add it to the country's stations with its districts and its unit.")
    return code


def _moment(value: Any, context: ParseContext) -> datetime:
    """Epoch milliseconds as a moment."""
    try:
        moment = datetime.fromtimestamp(float(value) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise UnfitRow(f"{value!r:.40} is not a time", "Ask the source; expected are milliseconds since 1970.") from error
    if isinstance(value, bool | str) or not EARLIEST <= moment <= context.received + AHEAD:
        raise UnfitRow(f"wrong time: {value!r:.40}", "Ask the source; the gauge's clock may be wrong.")
    return moment


@lru_cache(maxsize=1)
def _units() -> "pint.UnitRegistry[float]":
    """All units there are; a third of a second to read, so only once and only when needed."""
    return pint.UnitRegistry()


@lru_cache(maxsize=16)
def _metres(unit: str) -> float:
    """How many metres the unit of a station is."""
    try:
        return float(_units().Quantity(1.0, unit).to("m").magnitude)
    except (pint.UndefinedUnitError, pint.DimensionalityError) as error:
        raise UnfitRow(f"its station is in `{unit}`, which is no length", "Write m or ft into the country's stations.") from error


def _level(value: Any, name: str, indicator: str, metres: float) -> float | None:
    """A level in metres. The bounds are those of the catalogue, held against the source's own number so that none is too large."""
    if value is None or (name != "water_level" and value == 0):
        return None
    known = CATALOGUE[indicator]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and known.least / metres <= value <= known.most / metres):
        limits = f"{known.least:g} to {known.most:g} m"
        raise UnfitRow(f"{name} {value!r:.40} is no river's level", f"Ask the source, and for its unit; {limits} are possible.")
    return round(float(value) * metres, 6)
