"""Landslide warnings of the National Building Research Organisation: one bulletin, the divisions it names, at which level.

A bulletin lists only what is active. A division in the feed's scope that a whole bulletin does not name is green in it.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from feeds.contract import ParseContext, Parsed
from feeds.rows import RowAccount, UnfitRow
from schemas.errors import SourceChanged
from schemas.inputs import Observation, Quality

LEVELS = {"1": 1.0, "2": 2.0, "3": 3.0}
"""1 Watch (yellow), 2 Alert (amber), 3 Evacuate (red)."""
USUAL_TIME = "16:00"
"""The hour of a bulletin that does not state it: most are of four in the afternoon."""

EARLIEST = 2000
"""No bulletin is of an earlier year; 1970 is a clock that was never set."""


def parse(raw: bytes, context: ParseContext) -> Parsed:
    """The level of each division in scope, at the bulletin's own time.

    Raises:
        SourceChanged: no JSON, no date, no `level_to_district_to_dsds`, or a date that cannot be over an empty list: nothing may then
            be called green.
    """
    bulletin = _bulletin(raw)
    entries = list(_entries(bulletin["level_to_district_to_dsds"]))
    account = RowAccount()
    try:
        issued = _issued(bulletin, context)
    except UnfitRow as unfit:
        if not entries:
            raise SourceChanged(f"{unfit.reason[:1].upper()}{unfit.reason[1:]}.", remedy=unfit.remedy) from unfit
        for level, division in entries:
            account.quarantine(account.row(), unfit, json.dumps([level, division]))
        return account.parsed([])
    named: dict[str, float] = {}
    spoilt = False
    for level, division in entries:
        row = account.row()
        try:
            code, value = _division(division, context), _level(level)
        except UnfitRow as unfit:
            account.quarantine(row, unfit, json.dumps([level, division]))
            spoilt = True
            continue
        if code in named:
            account.ignore("named twice" if named[code] == value else "named at two levels; the higher is kept")
        named[code] = max(value, named.get(code, 0.0))
    # A list with an entry that cannot be read is not complete: whom it meant is not known, so silence in it is not green.
    greens = () if spoilt else _scope(context)
    values = {**dict.fromkeys(greens, 0.0), **named}
    return account.parsed([_observation(code, value, issued, context) for code, value in sorted(values.items())])


def _bulletin(raw: bytes) -> dict[str, Any]:
    try:
        bulletin = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise SourceChanged(f"The bulletin is not JSON: {error}.", remedy="Look at the raw delivery.") from error
    if not isinstance(bulletin, dict) or not isinstance(bulletin.get("level_to_district_to_dsds"), dict):
        raise SourceChanged("The bulletin has no `level_to_district_to_dsds`.", remedy="Compare it with the sample.")
    return bulletin


def _issued(bulletin: dict[str, Any], context: ParseContext) -> datetime:
    text = f"{bulletin.get('date_id')} {bulletin.get('time_str') or USUAL_TIME}"
    zone = ZoneInfo(context.manifest.timezone)
    try:
        local = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SourceChanged(f"The bulletin is dated {text!r:.60}.", remedy="Expected are YYYY-MM-DD and HH:MM.") from error
    if not bulletin.get("time_str") and local.date() == context.received.astimezone(zone).date():
        moment = min(moment, context.received)  # one of today that is read before the usual hour must not wait for it
    if moment.year < EARLIEST or moment > context.received:
        raise UnfitRow(f"wrong time: the bulletin is dated {text}", "Wait for its correction, or ask the institute.")
    return moment


def _entries(levels: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for level, districts in levels.items():
        if not isinstance(districts, dict):
            raise SourceChanged(f"Level {level!r:.20} holds no districts.", remedy="Compare it with the sample.")
        for divisions in districts.values():
            if not isinstance(divisions, list):
                raise SourceChanged(f"A district of level {level!r:.20} holds no list.", remedy="Compare it with the sample.")
            for division in divisions:
                yield level, division


def _division(division: Any, context: ParseContext) -> str:
    code = context.places.area(division) if isinstance(division, str) else None
    if code is None or context.places.areas[code].level != "adm3":
        raise UnfitRow(f"no division is called {division!r:.60}", "Add the spelling to the country's areas.")
    return code


def _level(level: str) -> float:
    if level not in LEVELS:
        raise UnfitRow(f"no level {level!r:.20}", "Ask the institute; known are 1, 2 and 3.")
    return LEVELS[level]


def _scope(context: ParseContext) -> list[str]:
    return [code for district in context.manifest.scope for code in context.places.within(district, "adm3")]


def _observation(code: str, value: float, issued: datetime, context: ParseContext) -> Observation:
    return Observation(
        area=code,
        indicator="landslide_warning",
        start=issued,
        end=issued,
        issued=issued,
        received=context.received,
        value=value,
        unit="level",
        quality=Quality.REPORTED,
        feed=context.manifest.feed,
        key=code,
        delivery=context.delivery,
    )
