"""What another version of the engine judges otherwise: the difference between what was said and what stands now. Pure.

The new engine judges the whole input anew, mute. What it says of each breach and event, change by change, is folded into how that one
stands in the end; so is what was said before; and the two are compared. A stretch that overlaps one said before is that one, and keeps
its identifier.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from processors.advance import all_by_timelines, as_regular_as_may_be
from processors.plan import Place
from processors.state import Judged, State
from processors.timelines import FAR, micros, moment
from schemas.levels import Level
from schemas.outputs import BreachChange, CompoundEvent, EventChange, ThresholdBreach

Content = ThresholdBreach | CompoundEvent
Subject = tuple[str, str, str]
"""(`breach` or `event`, threshold or rule, area)."""

_MERGED = "merged into"
_BREACH_ENDS = {BreachChange.CLOSED, BreachChange.DECLARED_DEAD}
_BREACH_WORDS = {
    EventChange.OPENED: BreachChange.OPENED,
    EventChange.ESCALATED: BreachChange.ESCALATED,
    EventChange.EASED: BreachChange.EASED,
    EventChange.UNCONFIRMED: BreachChange.HELD,
    EventChange.CONFIRMED: BreachChange.RESUMED,
    EventChange.CLOSED: BreachChange.CLOSED,
    EventChange.CANNOT_TELL: BreachChange.DECLARED_DEAD,
    EventChange.RETRACTED: BreachChange.RETRACTED,
}


@dataclass(frozen=True)
class Standing:
    """How one breach or event stands after all that was said of it.

    Attributes:
        until: when it ended; none while it goes on. told: whether it ended with knowledge.
        gone: it never was, or became part of another.
        last: the last change, with its evidence.
    """

    id: str
    level: Level
    since: datetime
    until: datetime | None
    told: bool
    doubted: bool
    quiet: str
    gone: bool
    last: Content

    @property
    def subject(self) -> Subject:
        """What it is about."""
        name = self.last.rule if isinstance(self.last, CompoundEvent) else self.last.threshold
        return self.last.kind, name, self.last.area

    def overlaps(self, other: "Standing") -> bool:
        """Whether two stretches have a moment in common."""
        return (other.until is None or self.since < other.until) and (self.until is None or other.since < self.until)

    def says_what(self, other: "Standing") -> bool:
        """Whether another one says the same, identifier and evidence aside."""
        shown = (self.level, self.since, self.until, self.doubted, self.quiet, self.told or self.until is None)
        return shown == (other.level, other.since, other.until, other.doubted, other.quiet, other.told or other.until is None)


@dataclass(frozen=True)
class Upgrade:
    """What another engine judges otherwise.

    Attributes:
        said: the changes that must go out. renamed: the new engine's identifier to the one under which it was said before.
    """

    said: tuple[Content, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


def followed(standing: Mapping[str, Standing], changes: Iterable[Content]) -> dict[str, Standing]:
    """How everything stands after some more was said."""
    after = dict(standing)
    for change in changes:
        before = after.get(change.id)
        after[change.id] = _event(change, before) if isinstance(change, CompoundEvent) else _breach(change, before)
    return after


def difference(
    before: Mapping[str, Standing],
    after: Mapping[str, Standing],
    state: State,
    engine: str,
    record: str,
    reason: Literal["", "engine"] = "engine",
) -> Upgrade:
    """What must be said because all was judged anew, by another engine for the most part.

    What can no longer be altered by any reading, and is over for both, is left as it was said.

    Args:
        before, after: how things stand by what was said, and by the new engine. state: the new engine's, at the same record.
        engine: its version. record: the last input record that both have judged. reason: given with each change.
    """
    said: list[Content] = []
    renamed: dict[str, str] = {}
    state = all_by_timelines(state)
    events = [judged for one in (state, *state.formers) for judged in one.events.values()]
    kept = {s.id for judged in (*state.breaches.values(), *events) for s in judged.said}
    old_by, new_by = _by_subject(before), _by_subject(after)
    for subject in sorted(old_by.keys() | new_by.keys()):
        pairs, lone_old, lone_new = _matched(old_by.get(subject, []), new_by.get(subject, []))
        settled = _settled(state, subject)
        for old, new in pairs:
            if new.id != old.id and new.id in kept:
                renamed[new.id] = old.id
            if not old.says_what(new) and (old.until is None or new.until is None or new.id in kept):
                said.extend(_otherwise(old, new))
        for old in lone_old:
            owner = next((o for o, n in pairs if n.overlaps(old)), None)
            if old.until is None or (owner is None and micros(old.until) > settled):
                said.extend(_never_was(old, owner.id if owner is not None else None))
        for new in lone_new:
            if new.until is None or new.id in kept:
                said.extend(_unsaid(new))
    now = moment(state.now)
    more = {"known": now, "record": record, "engine": engine, "reason": reason}
    return Upgrade(tuple(content.model_copy(update=more) for content in said), renamed)


def rename(state: State, renamed: Mapping[str, str]) -> State:
    """The state in which what stands goes on under other identifiers."""
    if not renamed:
        return state
    state = all_by_timelines(state)
    state = replace(
        state,
        breaches=_all_renamed(state.breaches, renamed),
        events=_all_renamed(state.events, renamed),
        formers=tuple(replace(former, events=_all_renamed(former.events, renamed)) for former in state.formers),
    )
    return as_regular_as_may_be(state)


def _all_renamed(judged: Mapping[Place, Judged], renamed: Mapping[str, str]) -> dict[Place, Judged]:
    return {place: _renamed(one, renamed) for place, one in judged.items()}


def _renamed(judged: Judged, renamed: Mapping[str, str]) -> Judged:
    if not any(s.id in renamed for s in judged.said):
        return judged
    return replace(judged, said=tuple(s._replace(id=renamed.get(s.id, s.id)) for s in judged.said))


def _event(event: CompoundEvent, before: Standing | None) -> Standing:
    merged = event.quiet.startswith(_MERGED)
    told = event.change is not EventChange.CANNOT_TELL
    if event.change is EventChange.UPDATED and before is not None and before.until is not None:
        told = before.told
    return Standing(
        id=event.id,
        level=event.level,
        since=event.since,
        until=event.until,
        told=told,
        doubted=event.unconfirmed,
        quiet="" if merged else event.quiet,
        gone=merged or event.change is EventChange.RETRACTED,
        last=event,
    )


def _breach(breach: ThresholdBreach, before: Standing | None) -> Standing:
    doubted = before is not None and before.doubted
    if breach.change in (BreachChange.HELD, BreachChange.RESUMED, BreachChange.OPENED):
        doubted = breach.change is BreachChange.HELD
    return Standing(
        id=breach.id,
        level=breach.level,
        since=breach.since,
        until=breach.at if breach.change in _BREACH_ENDS else None,
        told=breach.change is not BreachChange.DECLARED_DEAD,
        doubted=doubted,
        quiet="",
        gone=breach.change is BreachChange.RETRACTED,
        last=breach,
    )


def _by_subject(standing: Mapping[str, Standing]) -> dict[Subject, list[Standing]]:
    found: dict[Subject, list[Standing]] = {}
    for one in sorted(standing.values(), key=lambda s: (s.since, s.id)):
        if not one.gone:
            found.setdefault(one.subject, []).append(one)
    return found


def _matched(old: Sequence[Standing], new: Sequence[Standing]) -> tuple[list[tuple[Standing, Standing]], list[Standing], list[Standing]]:
    """Which are the same: of one identifier, else the first that overlap; then those of each that have no other."""
    free = {one.id: one for one in new}
    pairs = [(one, free.pop(one.id)) for one in old if one.id in free]
    met = {one.id for one, _ in pairs}
    for one in old:
        match = next((other for other in free.values() if other.overlaps(one)), None) if one.id not in met else None
        if match is not None:
            pairs.append((one, free.pop(match.id)))
            met.add(one.id)
    return pairs, [one for one in old if one.id not in met], list(free.values())


def _settled(state: State, subject: Subject) -> int:
    """Up to when nothing can alter what is said of a subject any more; of one that is judged no more, that is all."""
    kind, name, area = subject
    judged = (state.events if kind == "event" else state.breaches).get((name, area))
    return judged.settled if judged is not None else FAR


def _otherwise(old: Standing, new: Standing) -> list[Content]:
    """The change that makes of one the other."""
    if new.until is not None:
        moved = old.until is not None and old.told == new.told
        word = EventChange.UPDATED if moved else EventChange.CLOSED if new.told else EventChange.CANNOT_TELL
        return _said(new, old.id, word, new.until)
    if old.until is not None:
        return _said(new, old.id, EventChange.OPENED, new.since)
    words = []
    if new.level != old.level:
        words.append(EventChange.ESCALATED if new.level > old.level else EventChange.EASED)
    if new.doubted != old.doubted:
        words.append(EventChange.UNCONFIRMED if new.doubted else EventChange.CONFIRMED)
    if isinstance(new.last, CompoundEvent):  # one change of an event carries all that is otherwise
        words = words[:1] or [EventChange.UPDATED]
    return [content for word in words for content in _said(new, old.id, word, new.last.at)]


def _unsaid(new: Standing) -> list[Content]:
    """What the former engine did not see."""
    if new.until is None:
        return _said(new, new.id, EventChange.OPENED, new.since)
    if isinstance(new.last, CompoundEvent):
        return _said(new, new.id, EventChange.FOUND_AFTERWARDS, new.since)
    end = EventChange.CLOSED if new.told else EventChange.CANNOT_TELL
    return [*_said(new, new.id, EventChange.OPENED, new.since), *_said(new, new.id, end, new.until)]


def _never_was(old: Standing, owner: str | None) -> list[Content]:
    """What stands no longer: it never was, or it is part of another one."""
    last = old.last
    if isinstance(last, ThresholdBreach):
        return [last.model_copy(update={"change": BreachChange.RETRACTED, "at": old.since})]
    if owner is not None:
        return [last.model_copy(update={"at": old.since, "change": EventChange.CLOSED, "quiet": f"{_MERGED} {owner}"})]
    return [last.model_copy(update={"at": old.since, "until": old.since, "change": EventChange.RETRACTED})]


def _said(new: Standing, id: str, word: EventChange, at: datetime) -> list[Content]:
    last = new.last
    if isinstance(last, CompoundEvent):
        return [last.model_copy(update={"id": id, "change": word, "at": at, "until": new.until})]
    if word is EventChange.UPDATED:
        word = EventChange.CLOSED if new.told else EventChange.CANNOT_TELL
    return [last.model_copy(update={"id": id, "change": _BREACH_WORDS[word], "at": at})]
