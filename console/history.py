"""Every warning there was, a row each, as it was known at a moment; and the same as CSV, as GeoJSON and as JSON for programs."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from console.colours import word_of
from console.lives import WarningLife, lives
from console.local_time import LocalTime
from console.names import Names
from console.reading import Known
from schemas.levels import Level
from schemas.warning_records import Answer, MessageState

_TAKEN = frozenset({MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED, MessageState.FAILED})
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With what a spreadsheet begins to calculate."""


@dataclass(frozen=True)
class PastWarning:
    """One warning from its first proposal to its end.

    Attributes:
        level: the gravest that was said, or proposed if nothing went out. proposed, issued, ended: UTC, ISO 8601; empty if not.
        end: how it ended (`console.lives.End`); empty while it stands or waits.
        people: the most that any message of it went to. accepted, delivered: messages that the provider took, and that a handset confirmed.
        safe, need_help: people who answered so. cost: of all that went out, in `currency`.
    """

    warning: str
    area: str
    place: str
    rule: str
    level: str
    proposed: str
    issued: str
    ended: str
    end: str
    messages: int
    people: int
    accepted: int
    delivered: int
    safe: int
    need_help: int
    segments: int
    cost: float
    currency: str
    signed_by: str


COLUMNS = tuple(field.name for field in fields(PastWarning))


@dataclass(frozen=True)
class Wanted:
    """Which warnings are wanted; none asks for all.

    Attributes:
        since, until: of the first proposal. area: it, and all inside it. level: this one or graver.
    """

    since: datetime | None = None
    until: datetime | None = None
    area: str | None = None
    level: Level | None = None


def past_warnings(known: Known, names: Names, clock: LocalTime, wanted: Wanted) -> tuple[PastWarning, ...]:
    """What was known at a moment of all warnings until then, the newest first."""
    counts = {
        "accepted": _messages(known, _TAKEN),
        "delivered": _messages(known, {MessageState.DELIVERED}),
        "safe": _answers(known, Answer.SAFE),
        "need_help": _answers(known, Answer.NEED_HELP),
    }
    found = [life for life in lives(known).values() if _is_wanted(life, names, wanted)]
    found.sort(key=lambda life: (life.first.proposed, life.id), reverse=True)
    return tuple(PastWarning(**(_row(life, names, clock) | {name: of.get(life.id, 0) for name, of in counts.items()})) for life in found)


def as_csv(rows: Iterable[PastWarning]) -> str:
    """The rows under their columns; no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_harmless(value) for value in asdict(row).values()])
    return out.getvalue()


def as_geojson(rows: Iterable[PastWarning], shapes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The rows as features (RFC 7946), each with its area's shape; none where the country's files have no shape of it.

    Args:
        shapes: P-code to geometry.
    """
    features = [{"type": "Feature", "id": row.warning, "geometry": shapes.get(row.area), "properties": asdict(row)} for row in rows]
    return {"type": "FeatureCollection", "features": features}


def _row(life: WarningLife, names: Names, clock: LocalTime) -> dict[str, Any]:
    main, signers = life.main(), {s.by: None for message in life.out for s in message.signatures}
    signers |= {f"agreement {message.agreed.name}": None for message in life.out if message.agreed is not None}
    return {
        "warning": life.id,
        "area": main.area,
        "place": names.place(main.area),
        "rule": main.rule,
        "level": word_of(life.gravest),
        "proposed": clock.machine(life.first.proposed),
        "issued": clock.machine(life.issued) if life.issued is not None else "",
        "ended": clock.machine(life.end.at) if life.end is not None else "",
        "end": life.end.kind if life.end is not None else "",
        "messages": len(life.out),
        "people": max((message.recipients for message in life.out), default=0),
        "segments": sum(message.segments for message in life.out),
        "cost": round(sum(message.cost for message in life.out), 2),
        "currency": main.currency,
        "signed_by": "; ".join(signers),
    }


def _is_wanted(life: WarningLife, names: Names, wanted: Wanted) -> bool:
    proposed, area = life.first.proposed, life.main().area
    in_time = (wanted.since is None or proposed >= wanted.since) and (wanted.until is None or proposed < wanted.until)
    there = wanted.area is None or wanted.area in names.country.places.line(area)
    return in_time and there and (wanted.level is None or life.gravest >= wanted.level)


def _messages(known: Known, states: Iterable[MessageState]) -> dict[str, int]:
    """Warning to the number of its messages in these states; each count replaces the one before it."""
    newest = {(d.warning, d.message, d.area, d.language, d.state): d.count for d in known.deliveries}
    return _sums((key[0], count) for key, count in newest.items() if key[4] in states)


def _answers(known: Known, answer: Answer) -> dict[str, int]:
    newest = {(a.warning, a.message, a.area, a.language, a.answer): a.count for a in known.answers}
    return _sums((key[0], count) for key, count in newest.items() if key[4] is answer)


def _sums(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for warning, count in counts:
        found[warning] = found.get(warning, 0) + count
    return found


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_LIKE_A_FORMULA) else value


def shapes_of(features: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """P-code to geometry, of a country's GeoJSON features."""
    return {feature["properties"]["code"]: feature["geometry"] for feature in features}
