"""Events, warnings and readings made by hand, one line each, for tests of the view alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from console.reading import Known, Published
from schemas.inputs import Heartbeat, Quality, Signature
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence, LevelStep, Reading
from schemas.warning_records import RenderedText, Warning, WarningStatus

NOON = datetime(2025, 11, 27, 12, tzinfo=UTC)


def hours(count: float) -> datetime:
    """So many hours after noon."""
    return NOON + timedelta(hours=count)


def evidence(condition: str = "river_station >= orange", truth: Truth = Truth.TRUE, **more: Any) -> Evidence:
    """A condition of Kandy's."""
    return Evidence(condition=condition, truth=truth, **({"area": "LK21"} | more))


def event(change: EventChange = EventChange.OPENED, at: float = 0, **more: Any) -> CompoundEvent:
    """A change of an event in Kandy, red unless said otherwise."""
    said: dict[str, Any] = {
        "id": "e1", "shard": "LKA", "rule": "river_and_landslide", "rule_version": "1", "area": "LK21", "area_version": "1",
        "change": change, "level": Level.RED, "steps": (LevelStep(step="base", level=Level.ORANGE, why="it holds"),),
        "dimensions": ("environmental",), "since": NOON, "at": hours(at), "known": hours(at), "truth": Truth.TRUE, "evidence": evidence(),
        "record": "r", "configuration": "c" * 64, "engine": "1",
    }  # fmt: skip
    return CompoundEvent(**(said | more))


def warning(number: int = 1, status: WarningStatus = WarningStatus.ISSUED, at: float = 0, **more: Any) -> Warning:
    """A message of Kandy's warning; proposed at `at` hours after noon, issued half an hour later if it went out."""
    out = status not in (WarningStatus.PROPOSED, WarningStatus.ESCALATED, WarningStatus.WITHDRAWN)
    kind = {WarningStatus.CANCELLED: "Cancel", WarningStatus.UPDATED: "Update", WarningStatus.CANNOT_TELL: "Update"}.get(status, "Alert")
    said: dict[str, Any] = {
        "id": f"w1.{number}", "warning": "w1", "event": "e1", "rule": "river_and_landslide", "shard": "LKA", "area": "LK21",
        "message_type": kind, "status": status, "level": Level.RED, "reason": "opened", "since": NOON, "known": hours(at),
        "proposed": hours(at), "issued": hours(at + 0.5) if out else None, "expires": hours(336), "texts": (text(),), "recipients": 10,
        "segments": 20, "cost": 12.0, "currency": "LKR", "configuration": "c" * 64,
    }  # fmt: skip
    return Warning(**(said | more))


def text(language: str = "si", **more: Any) -> RenderedText:
    """A text in Sinhala."""
    said: dict[str, Any] = {
        "language": language, "area": "LK21", "body": "ගංවතුර අනතුර", "encoding": "UCS-2", "segments": 2, "reviewed": False, "recipients": 10,
    }  # fmt: skip
    return RenderedText(**(said | more))


def signature(by: str, at: float) -> Signature:
    """One who signed."""
    return Signature(by=by, role="duty_officer", at=hours(at))


def reading(**more: Any) -> Reading:
    """The last reading of Peradeniya."""
    said: dict[str, Any] = {
        "area": "lk-peradeniya", "indicator": "river_level", "value": 10.56, "unit": "m", "bound": 7.0,
        "start": datetime(2025, 11, 27, 14, 33, tzinfo=UTC), "end": datetime(2025, 11, 27, 14, 33, tzinfo=UTC), "issued": None,
        "received": datetime(2025, 11, 27, 15, 2, tzinfo=UTC), "age": timedelta(hours=9), "feed": "lka_irrigation_river",
        "quality": Quality.MEASURED, "key": "Peradeniya", "delivery": "ab" * 32, "record": "r1",
    }  # fmt: skip
    return Reading(**(said | more))


def heartbeat(feed: str, at: datetime) -> Heartbeat:
    """A feed answered."""
    return Heartbeat(feed=feed, received=at, delivery="d", new=False, rows=0, quarantined=0)


def known(at: datetime, *said: CompoundEvent | Warning | Published, **more: Any) -> Known:
    """What the log said until a moment; a warning is made known when it is issued, else when it is proposed."""
    events = tuple(s for s in said if isinstance(s, CompoundEvent))
    warnings = tuple(
        s if isinstance(s, Published) else Published(s.issued or s.proposed, s) for s in said if not isinstance(s, CompoundEvent)
    )
    return Known(**({"at": at, "first": NOON, "last": at, "events": events, "warnings": warnings} | more))
