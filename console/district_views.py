"""Each district with the level it is shown at. Green only where everything that is watched there is known to be lower."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.colours import word_of
from console.interface.speaking import _
from console.local_time import LocalTime
from console.names import Names, colour
from console.standing import Standing
from console.truths import ThresholdTruth, Truths
from schemas.levels import Level


@dataclass(frozen=True)
class PartView:
    """One threshold of a district in words."""

    name: str
    level: str
    says: str


@dataclass(frozen=True)
class DistrictView:
    """One district.

    Attributes:
        level: `green`, `yellow`, `orange`, `red` or `unknown`: of the gravest event that stands; without one, of the gravest threshold
            that is breached; without one, green if all are known to be lower, else unknown.
        partly: an event rests on what fell silent; or, where none stands, a part cannot be told, so that a level is the least it can be.
        event: an event stands here; without one a level is shown pale. says: the whole in one sentence.
    """

    code: str
    name: str
    level: str
    partly: bool
    event: bool
    says: str
    parts: tuple[PartView, ...]


def district_views(
    truths: Truths, standing: Sequence[Standing], names: Names, clock: LocalTime, *, judged: bool = True
) -> tuple[DistrictView, ...]:
    """All districts of the country by name.

    Args:
        judged: false while what thresholds stood at is not known yet.
    """
    districts = [a for a in names.country.places.areas.values() if a.level == "adm2"]
    views = [_district(a.code, truths.get(a.code, ()), standing, names, clock, judged) for a in districts]
    return tuple(sorted(views, key=lambda v: v.name))


def _district(
    code: str, truths: Sequence[ThresholdTruth], standing: Sequence[Standing], names: Names, clock: LocalTime, judged: bool
) -> DistrictView:
    places = names.country.places
    events = [s for s in standing if code in places.line(s.event.area) or s.event.area in places.line(code)]
    of_events = [s.level for s in events]
    level = max(of_events or [t.level for t in truths if t.level], default=_calm(truths))
    resting_on_silence = any(t.held for t in truths) or any(s.event.unconfirmed or s.event.evidence.held for s in events)
    partly = resting_on_silence or (not events and (not truths or any(t.level is None or t.doubted for t in truths)))
    return DistrictView(
        code=code,
        name=names.place(code),
        level=word_of(level),
        partly=partly,
        event=bool(events),
        says=_sentence(level, partly, events, truths, names) if judged or events else _("cannot tell yet: it is being judged again"),
        parts=tuple(_part(t, names, clock) for t in truths),
    )


def _calm(truths: Sequence[ThresholdTruth]) -> Level | None:
    known_lower = bool(truths) and all(t.level is Level.GREEN for t in truths)
    return Level.GREEN if known_lower else None


def _sentence(level: Level | None, partly: bool, events: Sequence[Standing], truths: Sequence[ThresholdTruth], names: Names) -> str:
    unknown = _listed(names.threshold(t.threshold) for t in truths if t.level is None)
    if not truths and not events:
        return _("cannot tell: nothing that is watched has a reading here")
    if level is None:
        return _("cannot tell: no answer on {what}; nothing else is over its level", what=unknown)
    if level is Level.GREEN:
        return _("{level}; all that is watched here is known to be lower", level=names.level(level))
    breached = _listed(_("{what} at {level}", what=names.threshold(t.threshold), level=colour(t.level)) for t in truths if t.level)
    fired = _listed(names.rule(s.event.rule) for s in events)
    if events:
        what = _("{level}, event: {rules}", level=names.level(max(s.level for s in events)), rules=fired)
    else:
        what = _("{level}, though no rule has made an event of it", level=colour(level))
    because = f"; {breached}" if breached else ""
    held = _listed(names.threshold(t.threshold) for t in truths if t.held)
    doubts = [_("cannot tell: {why}", why=unknown)] if unknown else []
    doubts += [_("held though silent: {what}", what=held)] if held else []
    return (_("at least {level}", level=what) if partly else what) + because + "".join(f"; {doubt}" for doubt in doubts)


def _part(truth: ThresholdTruth, names: Names, clock: LocalTime) -> PartView:
    if truth.level is None:
        says = _("cannot tell")
    elif truth.level is Level.GREEN:
        says = _("known to be lower")
    else:
        says = colour(truth.level)
    if truth.since is not None:
        says = _("{what} since {moment}", what=says, moment=clock.text(truth.since))
    if truth.level and truth.held:
        says = _("{what}, held: its place fell silent", what=says)
    if truth.level and truth.doubted:
        says = _("{what}, or higher", what=says)
    return PartView(names.threshold(truth.threshold), word_of(truth.level), says)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
