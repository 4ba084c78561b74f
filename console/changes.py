"""What has changed since a moment: districts that went up, down or became unknown, warnings, and feeds that fell silent or came back.

Two pictures are compared, as they were known then and as they are known now; a district's level is what the map showed, not what is known
of that time today.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from console.colours import LEVELS, UNKNOWN
from console.district_views import DistrictView
from console.interface.speaking import _
from console.lives import WarningLife, happened, lives
from console.local_time import LocalTime, span_text
from console.names import Names, colour
from console.reading import Known
from schemas.levels import Level
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.warning_records import WarningStatus

MOST = 12
"""Changes that a page shows; the rest is counted."""
_OVER = (WarningStatus.WITHDRAWN, WarningStatus.CANCELLED, WarningStatus.CANNOT_TELL, WarningStatus.EXPIRED)
_NAMED = 4
"""Districts that are named of those that went the same way."""
_ORDER = tuple(word for word in LEVELS if word != UNKNOWN)


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        kind: `up`, `down`, `unknown`, `known`, `warning`, `silent` or `back`, for its sign.
        level: what it is now, for its colour; or empty. warning: the id of the warning it is about; or empty.
    """

    at: datetime
    kind: str
    says: str
    level: str = ""
    warning: str = ""


@dataclass(frozen=True)
class Changes:
    """What changed between two moments, the newest first.

    Attributes:
        rest: how many more there are than are shown. judged: false if it is not known yet what thresholds stood at then or stand at now.
        asked: somebody asked for this moment; else it is when the reader's last visit ended.
    """

    since: datetime
    until: datetime
    span: str
    lines: tuple[Change, ...]
    rest: int
    judged: bool
    asked: bool


@dataclass(frozen=True)
class Picture:
    """What was known at a moment.

    Attributes:
        districts: what each was shown at; none while that is not judged.
        turned: district to when a threshold there last took another truth.
    """

    known: Known
    districts: tuple[DistrictView, ...] | None
    turned: Mapping[str, datetime] = field(default_factory=dict)


def changes(
    then: Picture, now: Picture, answers: Mapping[str, Sequence[datetime]], names: Names, clock: LocalTime, *, asked: bool
) -> Changes:
    """What changed.

    Args:
        answers: feed to when it answered between the two moments, the last answer before them first if there was one.
    """
    judged = then.districts is not None and now.districts is not None
    found = [
        *_districts(then, now, names),
        *_warnings(then.known.at, now.known, names),
        *_feeds(answers, then.known.at, now.known.at, names, clock),
    ]
    found.sort(key=lambda change: change.at, reverse=True)
    span = span_text(now.known.at - then.known.at)
    return Changes(then.known.at, now.known.at, span, tuple(found[:MOST]), len(found[MOST:]), judged, asked)


def _districts(then: Picture, now: Picture, names: Names) -> Iterator[Change]:
    """Districts that are shown at another level, those that went the same way together, when the last of them did."""
    was = {district.code: district for district in then.districts or ()}
    said = _said_of(then.known.at, now.known, names)
    same: dict[tuple[str, bool, str, bool], list[tuple[datetime, DistrictView, DistrictView]]] = {}
    for new in now.districts or ():
        old = was.get(new.code)
        if old is not None and (old.level, old.event) != (new.level, new.event):
            at = said.get(new.code) or now.turned.get(new.code) or now.known.at
            at = at if then.known.at < at <= now.known.at else now.known.at
            same.setdefault((old.level, old.event, new.level, new.event), []).append((at, old, new))
    for some in same.values():
        _at, old, new = some[0]
        kind, words = _turn(old, new, [one.name for _at, _old, one in some])
        yield Change(max(at for at, _old, _new in some), kind, words, new.level)


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _NAMED + 1:
        return ", ".join(names)
    return _("{places} and {number, number} more", places=", ".join(names[:_NAMED]), number=len(names) - _NAMED)


def _turn(old: DistrictView, new: DistrictView, names: Sequence[str]) -> tuple[str, str]:
    """Which way districts went, and that in words."""
    places, before, after = _listed(names), _shown(old), _shown(new)
    if new.level == UNKNOWN:
        return "unknown", _("{places}: can no longer be told, was {before}", places=places, before=before)
    if old.level == UNKNOWN:
        kind = "known" if new.level == Level.GREEN.word else "up"
        return kind, _("{places}: {after}, nobody could tell before", places=places, after=after)
    if (_ORDER.index(new.level), new.event) > (_ORDER.index(old.level), old.event):
        return "up", _("{places}: up from {before} to {after}", places=places, before=before, after=after)
    return "down", _("{places}: down from {before} to {after}", places=places, before=before, after=after)


def _shown(district: DistrictView) -> str:
    return _("{level} (an event)", level=colour(district.level)) if district.event else colour(district.level)


def _said_of(since: datetime, now: Known, names: Names) -> dict[str, datetime]:
    """Area to when an event or a breach in it, or around it, was last said to have changed."""
    places, found = names.country.places, dict[str, datetime]()
    said: list[ThresholdBreach | CompoundEvent] = [*now.breaches, *now.events]
    for change in said:
        if change.known <= since:
            continue
        station = places.stations.get(change.area)
        for area in station.areas if station is not None else (change.area,):
            for around in places.line(area):
                found[around] = max(change.known, found.get(around, change.known))
    return found


def _warnings(since: datetime, now: Known, names: Names) -> Iterator[Change]:
    for life in lives(now).values():
        if life.records[-1].at > since:
            yield from _of_warning(life, since, names)


def _of_warning(life: WarningLife, since: datetime, names: Names) -> Iterator[Change]:
    """Each message that was proposed, went out, ended or was withdrawn; what merely counts signatures is no change."""
    place, rule = names.place(life.first.area), names.rule(life.first.rule)
    status: dict[str, WarningStatus] = {}
    for published in life.records:
        warning = published.warning
        if published.at > since and status.get(warning.id) is not warning.status:
            level = "" if warning.status in _OVER else warning.level.word
            says = _("{place}, {rule}: {what}", place=place, rule=rule, what=happened(warning))
            yield Change(published.at, "warning", says, level, life.id)
        status[warning.id] = warning.status


def _feeds(answers: Mapping[str, Sequence[datetime]], since: datetime, until: datetime, names: Names, clock: LocalTime) -> Iterator[Change]:
    """When a feed's silence began to be longer than it may be, and when it ended. One of them may lie before `since`."""
    for feed, manifest in names.country.manifests.items():
        heard, allowed = answers.get(feed, ()), manifest.allowed_silence
        if heard and heard[0] > since:
            yield Change(heard[0], "back", _("{feed} answered for the first time", feed=manifest.title))
        for one, following in zip(heard, [*heard[1:], None], strict=False):
            if (following or until) - one <= allowed:
                continue
            if one + allowed > since:
                says = _("{feed} fell silent; its last answer was {moment}", feed=manifest.title, moment=clock.text(one))
                yield Change(one + allowed, "silent", says)
            if following is not None:
                says = _("{feed} answers again, after {span}", feed=manifest.title, span=span_text(following - one))
                yield Change(following, "back", says)
