"""Events built by hand, as the engine would publish them."""

from datetime import datetime, timedelta
from typing import Any

from alert_places import START

from eventlog.log import EventLog
from schemas.envelopes import output_record
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence

_TRUTHS = {EventChange.CLOSED: Truth.FALSE, EventChange.UNCONFIRMED: Truth.UNKNOWN, EventChange.CANNOT_TELL: Truth.UNKNOWN}


def event(change: EventChange, level: Level = Level.RED, *, hours: float = 0, area: str = "LK21", **more: Any) -> CompoundEvent:
    """A change of one event, `hours` after the start of the tests' time."""
    at = START + timedelta(hours=hours)
    rule = more.pop("rule", "river_and_landslide")
    truth = more.pop("truth", _TRUTHS.get(change, Truth.TRUE))
    values = {
        "id": f"LKA:{rule}:{area}:1",
        "shard": "LKA",
        "rule": rule,
        "rule_version": "1",
        "area": area,
        "area_version": "v1",
        "change": change,
        "level": level,
        "steps": (),
        "dimensions": (),
        "since": START,
        "at": at,
        "known": at,
        "truth": truth,
        "evidence": Evidence(condition="river_station >= orange", truth=truth),
        "record": f"observations:{hours}",
        "configuration": "c" * 64,
        "engine": "1",
    }
    return CompoundEvent(**{**values, **more})


def tell(log: EventLog, *events: CompoundEvent) -> datetime:
    """Publish events as the engine does; answers when the last became known."""
    log.append([output_record(e, f"event:{e.id}:{e.change}:{e.known.isoformat()}", e.known) for e in events])
    return events[-1].known
