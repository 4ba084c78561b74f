"""Gauges of Nepal as BIPAD lists them: the last reading of each, and the station's own levels (warning is yellow, danger is red).

Only numbers and their own time are read. The source's `status` says BELOW WARNING LEVEL of dead gauges too and is never believed.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from feeds.contract import ParseContext, Parsed
from feeds.rows import IgnoredRow, RowAccount, UnfitRow
from schemas.errors import SourceChanged
from schemas.indicators import CATALOGUE
from schemas.inputs import Observation

FIELDS = {"waterLevel": "river_level", "warningLevel": "river_level.yellow", "dangerLevel": "river_level.red"}
"""The source's field to our indicator."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No automatic gauge of the network is older; 1970 is a clock that was never set."""

AHEAD = timedelta(minutes=10)
"""A reading may be this far ahead of the fetch: clocks differ."""


def parse(raw: bytes, context: ParseContext) -> Parsed:
    """The readings and levels of all gauges in a reply, or in a JSON list of replies (pages). An empty page is in order.

    Raises:
        SourceChanged: it is no JSON, or has no list `results`.
    """
    account = RowAccount()
    observations: list[Observation] = []
    for gauge in _gauges(raw):
        row = account.row()
        try:
            observations += _observations(gauge, context)
        except UnfitRow as unfit:
            account.quarantine(row, unfit, json.dumps(gauge))
        except IgnoredRow as ignored:
            account.ignore(str(ignored))
    return account.parsed(observations)


def _gauges(raw: bytes) -> Iterator[Any]:
    try:
        replies = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise SourceChanged(f"The reply is not JSON: {error}.", remedy="Look at the raw delivery.") from error
    for reply in replies if isinstance(replies, list) else [replies]:
        if not isinstance(reply, dict) or not isinstance(reply.get("results"), list):
            raise SourceChanged("The reply has no list `results`.", remedy="Expected is an object with count, next and results.")
        yield from reply["results"]


def _observations(gauge: Any, context: ParseContext) -> list[Observation]:
    """A gauge's reading, and its levels at the same moment; null stays null."""
    if not isinstance(gauge, dict):
        raise UnfitRow("not an object", "Look at the raw delivery.")
    missing = [name for name in ("stationSeriesId", "waterLevelOn", *FIELDS) if name not in gauge]
    if missing:
        raise UnfitRow(f"without {', '.join(missing)}", "Ask the source whether it renamed its fields.")
    if gauge["waterLevelOn"] is None and gauge["waterLevel"] is None:
        raise IgnoredRow("gauge without any reading")
    at = _moment(gauge["waterLevelOn"], context)
    issued = _moment(gauge["modifiedOn"], context) if gauge.get("modifiedOn") is not None else None
    station = _station(gauge, context)
    return [
        Observation(
            area=station,
            indicator=indicator,
            start=at,
            end=at,
            issued=issued,
            received=context.received,
            value=_metres(gauge[name], name, indicator),
            unit=CATALOGUE[indicator].unit,
            feed=context.manifest.feed,
            key=str(gauge["stationSeriesId"]),
            delivery=context.delivery,
        )
        for name, indicator in FIELDS.items()
    ]


def _station(gauge: dict[str, Any], context: ParseContext) -> str:
    """Joined by the series' number: BIPAD and the department number and place the same gauge differently, and points are swapped."""
    series = gauge["stationSeriesId"]
    code = context.places.station(context.manifest.feed, str(series)) if isinstance(series, int | str) else None
    if code is None:
        raise UnfitRow(f"no station has the series {series!r}", "Add it to the country's stations with its district, or declare it dead.")
    return code


def _moment(value: Any, context: ParseContext) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UnfitRow(f"{value!r} is not a time", "Ask the source; expected is ISO 8601 with an offset.") from error
    if moment.tzinfo is None:
        raise UnfitRow(f"{value!r} has no offset", "Ask the source; +05:45 is expected.")
    if not EARLIEST <= moment <= context.received + AHEAD:
        raise UnfitRow(f"wrong time: {value!r}", "Ask the source; the gauge's clock may be wrong.")
    return moment.astimezone(UTC)


def _metres(value: Any, name: str, indicator: str) -> float | None:
    """A level in metres, of the local stage or above the sea as the station has it; only compared with the station's own levels."""
    if value is None:
        return None
    known = CATALOGUE[indicator]
    if not isinstance(value, int | float) or isinstance(value, bool) or not known.least <= value <= known.most:
        raise UnfitRow(f"{name} {value!r} is no river's level", f"Ask the source; from {known.least:g} to {known.most:g} m are possible.")
    return float(value)
