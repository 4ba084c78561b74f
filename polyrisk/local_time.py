"""Moments as a terminal shows them: on the clock of the place they are about."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\+00:00")


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """`2025-11-27 20:03` on the clock of the place."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def with_zone(moment: datetime, zone: ZoneInfo) -> str:
    """`2025-11-27 20:03 UTC+05:30`: where nothing around it says whose clock it is."""
    return f"{clock(moment, zone)} UTC{moment.astimezone(zone).isoformat()[-6:]}"


def in_zone(note: str, zone: ZoneInfo) -> str:
    """A note of the engine's with its moments on the clock of the place."""
    return _MOMENT.sub(lambda found: clock(datetime.fromisoformat(found[0]), zone), note)
