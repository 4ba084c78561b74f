"""The warnings of a shard on one axis of time, a row for each district. Places along the axis are percentages, so it fits any width."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.colours import word_of
from console.interface.speaking import _
from console.lives import WarningLife
from console.local_time import LocalTime
from console.names import Names, colour
from console.reading import Known
from console.time_axis import Axis, Tick, ticks
from schemas.outputs import CompoundEvent, EventChange

LANE = 26
"""Height of one bar with its gap, in CSS pixels: a finger finds 24 of them."""
MOST = 80
"""Warnings shown; older ones are counted, not drawn."""
_LONGEST = timedelta(days=120)
_LABEL = 34
"""Room that is left for a label beside a bar, per cent: enough for a narrow screen."""


@dataclass(frozen=True)
class Piece:
    """A part of a bar. `look` is a level's word, `waiting` or `doubt`."""

    x: float
    width: float
    look: str


@dataclass(frozen=True)
class Bar:
    """One warning.

    Attributes:
        side: where its label stands: `right` of the bar, `left` of it, or `on` it.
        end: the kind of its end, or empty. mark: its sign. says: the whole in words.
    """

    warning: str
    lane: int
    x: float
    width: float
    pieces: tuple[Piece, ...]
    label: str
    side: str
    level: str
    end: str
    mark: str
    says: str


@dataclass(frozen=True)
class Row:
    """One district with its bars."""

    code: str
    name: str
    height: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class TimeLine:
    """Rows and axis; `left_off` older warnings are not drawn. `lane` is the height of one bar with its gap, in CSS pixels."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    left_off: int
    lane: int = LANE


_MARKS = {"all-clear": "✓", "mistaken": "✕", "cannot-tell": "?", "ran-out": "–", "withdrawn": "–", "": "▸"}


def time_line(lives: Mapping[str, WarningLife], known: Known, names: Names, clock: LocalTime) -> TimeLine:
    """The newest warnings by district, the district that was warned first on top."""
    shown = list(lives.values())[-MOST:]
    shown = [life for life in shown if _end(life, known.at) >= known.at - _LONGEST]
    if not shown:
        return TimeLine((), (), len(lives))
    axis = _axis(min(life.first.proposed for life in shown), known.at)
    doubts = _doubts(known.events, known.at)
    by_area: dict[str, list[WarningLife]] = {}
    for life in sorted(shown, key=lambda life: life.first.proposed):
        by_area.setdefault(life.first.area, []).append(life)
    rows = tuple(_row(area, ordered, doubts, axis, known.at, names, clock) for area, ordered in by_area.items())
    return TimeLine(rows, ticks(axis, clock), len(lives) - len(shown))


def _axis(first: datetime, at: datetime) -> Axis:
    start = max(first, at - _LONGEST)
    span = max(at - start, timedelta(hours=24))
    return Axis(start - span * 0.02, start + span * 1.02)


def _end(life: WarningLife, at: datetime) -> datetime:
    return life.end.at if life.end is not None else at


def _row(
    area: str,
    ordered: Sequence[WarningLife],
    doubts: Mapping[str, Sequence[tuple[datetime, datetime]]],
    axis: Axis,
    at: datetime,
    names: Names,
    clock: LocalTime,
) -> Row:
    free: list[float] = []
    bars = []
    for life in ordered:
        x = axis.x(life.first.proposed)
        width = max(axis.x(_end(life, at)) - x, 0.6)
        side = "right" if x + width < 62 else "left" if x > 38 else "on"
        left, right = x - (_LABEL if side == "left" else 0), x + width + (_LABEL if side == "right" else 1)
        lane = next((n for n, until in enumerate(free) if until < left), len(free))
        free[lane : lane + 1] = [right]
        bars.append(_bar(life, lane, (x, width, side), doubts.get(life.first.event, ()), axis, at, names, clock))
    return Row(area, names.place(area), LANE * len(free) + 4, tuple(bars))


def _bar(
    life: WarningLife,
    lane: int,
    place: tuple[float, float, str],
    doubts: Sequence[tuple[datetime, datetime]],
    axis: Axis,
    at: datetime,
    names: Names,
    clock: LocalTime,
) -> Bar:
    x, width, side = place
    end = life.end.kind if life.end is not None else ""
    pieces = [*_pieces(life, axis, at), *(_piece(axis, *_within(d, life, at), "doubt") for d in doubts if _touches(d, life, at))]
    return Bar(
        life.id,
        lane,
        x,
        width,
        tuple(pieces),
        names.rule(life.first.rule),
        side,
        word_of(life.gravest),
        end,
        _MARKS[end],
        bar_text(life, names, clock),
    )


def bar_text(life: WarningLife, names: Names, clock: LocalTime) -> str:
    """A warning's life in one sentence."""
    return _(
        "{place}, {rule}, {level}: {life}",
        place=names.place(life.first.area),
        rule=names.rule(life.first.rule),
        level=colour(life.gravest),
        life=life_text(life, clock),
    )


def life_text(life: WarningLife, clock: LocalTime) -> str:
    """The same without what and where: when it was issued, and how it stands or ended."""
    if life.issued:
        told = _("issued {moment}", moment=clock.text(life.issued))
    else:
        told = _("proposed {moment}, not issued", moment=clock.text(life.first.proposed))
    if life.end:
        return f"{told}; {_(life.end.says)} {clock.text(life.end.at)}"
    return f"{told}; {_('it stands') if life.issued else _('waits for signatures')}"


def _pieces(life: WarningLife, axis: Axis, at: datetime) -> list[Piece]:
    """Waiting until the first message went out, then each level as it was said."""
    end = _end(life, at)
    turns = [(w.issued, word_of(w.level)) for w in life.out if w.issued is not None]
    steps = [(life.first.proposed, "waiting"), *turns]
    following = [*(moment for moment, _ in turns), end]
    return [_piece(axis, start, min(until, end), look) for (start, look), until in zip(steps, following, strict=True) if start < end]


def _piece(axis: Axis, start: datetime, end: datetime, look: str) -> Piece:
    x = axis.x(start)
    return Piece(x, round(max(axis.x(end) - x, 0.3), 2), look)


def _doubts(events: Sequence[CompoundEvent], at: datetime) -> dict[str, list[tuple[datetime, datetime]]]:
    """Event id to the spans in which its truth was unknown, by when that was known."""
    began: dict[str, datetime] = {}
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for event in events:
        if event.change is EventChange.UNCONFIRMED or event.unconfirmed:
            began.setdefault(event.id, event.known)
        elif event.id in began:
            found.setdefault(event.id, []).append((began.pop(event.id), event.known))
    for id, since in began.items():
        found.setdefault(id, []).append((since, at))
    return found


def _within(doubt: tuple[datetime, datetime], life: WarningLife, at: datetime) -> tuple[datetime, datetime]:
    return max(doubt[0], life.issued or life.first.proposed), min(doubt[1], _end(life, at))


def _touches(doubt: tuple[datetime, datetime], life: WarningLife, at: datetime) -> bool:
    start, end = _within(doubt, life, at)
    return start < end
