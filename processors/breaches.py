"""Breaches: the longest stretches of one series at yellow or more, and what is said of them."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from processors.bounds import MILLIONTHS, Bound
from processors.evidence import Witness
from processors.levels import Code, Entry
from processors.plan import Place, Plan
from processors.stretches import Change, Point, Stretch, Word
from processors.timelines import BEGINNING, FAR, moment
from processors.tracks import Track
from schemas.indicators import CATALOGUE
from schemas.levels import Level
from schemas.outputs import BreachChange, Reading, ThresholdBreach

_WORDS = {
    Word.OPENED: BreachChange.OPENED,
    Word.ESCALATED: BreachChange.ESCALATED,
    Word.EASED: BreachChange.EASED,
    Word.DOUBTED: BreachChange.HELD,
    Word.CONFIRMED: BreachChange.RESUMED,
    Word.RETRACTED: BreachChange.RETRACTED,
    Word.MERGED: BreachChange.RETRACTED,
}


def stretches(entries: Sequence[Entry], bounds: Sequence[Bound], upto: int) -> tuple[list[Stretch], int]:
    """The breaches in what is said of a place up to a moment, and the next moment at which time alone changes one."""
    found: list[Stretch] = []
    going = False
    for entry in entries:
        if entry.start > upto or (entry.start == upto and entry.end < upto):
            return found, entry.start if going else FAR
        entered = [(bounds[n].level, code) for n, code in enumerate(entry.codes) if code >= Code.OPEN]
        if entered:
            level, code = entered[-1]
            point = Point(entry.start, int(level), (), code != Code.TRUE)
            if not going:
                found.append(Stretch(entry.start, (point,)))
            elif point[1:] != found[-1].points[-1][1:]:
                found[-1] = found[-1]._replace(points=(*found[-1].points, point))
        elif going:
            found[-1] = found[-1]._replace(until=entry.start, told=Code.DEAD not in entry.codes)
        going = bool(entered)
    return found, FAR


ReadingsAt = Callable[[int, int], tuple[Reading, ...]]
"""(moment, level) to the reading that made a change there."""


def told(change: Change, place: Place, plan: Plan, readings: ReadingsAt, now: int, record: str, engine: str) -> list[ThresholdBreach]:
    """A change as it is published: one that ended before it was known is opened and closed at once."""

    def breach(word: BreachChange, at: int) -> ThresholdBreach:
        indicator, said = plan.thresholds[place[0]].indicator, change.said
        # All of it was made here from what had been checked, so it is not checked again.
        return ThresholdBreach.made(
            kind="breach",
            id=said.id,
            shard=plan.configuration.shard,
            threshold=place[0],
            area=place[1],
            indicator=indicator,
            dimension=CATALOGUE[indicator].dimension,
            change=word,
            level=Level(said.level),
            peak=None if place[0] in plan.of_forecasts else said.peak,  # a forecast is read as a level, and that is no value
            since=moment(said.since),
            at=moment(at),
            known=moment(now),
            record=record,
            configuration=plan.hash,
            engine=engine,
            reason="",
            readings=readings(at, said.level),
        )

    word = _WORDS.get(change.word)
    if word is not None:
        return [breach(word, change.at)]
    if change.word == Word.UPDATED:
        return [breach(BreachChange.CLOSED, change.at)] if change.said.until is not None else []
    if change.word == Word.ENDED:
        return [breach(_ending(change), change.at)]
    ended = change.said.until if change.said.until is not None else change.at  # found when it was over
    return [breach(BreachChange.OPENED, change.at), breach(_ending(change), ended)]


def opening(change: Change, place: Place, plan: Plan, now: int, record: str, engine: str) -> list[ThresholdBreach]:
    """A change as it is published if it opens a breach, without what was read."""
    if change.word not in (Word.OPENED, Word.FOUND):
        return []
    return told(change, place, plan, lambda _at, _level: (), now, record, engine)[:1]


def _ending(change: Change) -> BreachChange:
    return BreachChange.CLOSED if change.said.told else BreachChange.DECLARED_DEAD


def reading_at(at: int, level: int, place: Place, track: Track, witness: Witness) -> tuple[Reading, ...]:
    """The reading that made a change: the last until then."""
    given = track.series.with_values()
    index = int(np.searchsorted(given.starts, at, side="right")) - 1
    if index < 0:
        return ()
    number = witness.sight.plan.number(place[0], Level(level)) or 0
    return (witness.reading(place[0], place[1], track, given, index, number),)


def peak(entries: Sequence[Entry], change: Change, sign: int) -> float | None:
    """The gravest value of a breach until a change of it, or until its end once it has one."""
    at = change.said.until if change.said.until is not None else change.at
    index = bisect_right(entries, at, key=lambda e: e.start) - 1
    if index < 0 or entries[index].peak == BEGINNING:
        return None
    return sign * entries[index].peak / MILLIONTHS
