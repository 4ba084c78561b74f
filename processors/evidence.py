"""Why: each condition of a rule as it stood, down to the readings behind it."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from processors.conditions import Sight
from processors.held_against import shown_bound
from processors.levels import Code, Entry, reaching
from processors.plan import Place
from processors.rereading import Rereader
from processors.series import Series
from processors.sources import Source
from processors.telling import told_since
from processors.timelines import FAR, TRUE, TRUTHS, UNKNOWN, Line, moment
from processors.tracks import Track
from schemas.conditions import AtLevel, Condition, Dimensions, Share, Silent, Unless
from schemas.levels import Dimension, Level, Truth
from schemas.outputs import Evidence, Reading


class Witness:
    """Finds readings and writes them down.

    Args:
        sight: what conditions are judged by. sources: the records that readings came in.
        now: from which ages are counted.
    """

    def __init__(self, sight: Sight, sources: Mapping[int, Source], now: int) -> None:
        self.sight, self.sources, self.now = sight, sources, now
        self._read: dict[int, Rereader] = {}

    def evidence(self, condition: Condition | Unless, area: str, at: int) -> Evidence:
        """A condition as it stood at a moment of valid time, with all inside it."""
        line = self.sight.truth(condition, area)
        match condition:
            case AtLevel():
                return self._at_level(condition, line, area, at)
            case Dimensions():
                parts = tuple(self._dimension(condition, name, one, area, at) for name, one in self.sight.dimensions(condition, area))
            case Silent():
                parts = self._silent(condition, area)
            case _:
                parts = tuple(self.evidence(part, place, at) for part, place in self.sight.plan.inside(condition, area))
        return _stood(condition.text, line, area, at, note=_counted(condition, parts), parts=parts)

    def beside(self, read: Collection[Dimension], area: str, at: int) -> tuple[Evidence, ...]:
        """The other dimensions of human security as they stood there: what a rule does not read, whoever answers for people asks."""
        any_breach = Dimensions(dimensions=1)
        found = self.sight.dimensions(any_breach, area)
        return tuple(self._dimension(any_breach, name, line, area, at) for name, line in found if name not in read)

    def _at_level(self, condition: AtLevel, line: Line | None, area: str, at: int) -> Evidence:
        read = self.sight.read(condition.threshold, area)
        number = self.sight.plan.number(condition.threshold, condition.level) or 0
        if line is None:
            return _stood(condition.text, None, area, at, note="no series here")
        if len(read) == 1 and read[0][0] == area:
            place, track = read[0]
            note, readings = self.note(track, at), self._readings(condition.threshold, place, track, number, at)
            text, level = self._wording(condition, place), self._level(condition.threshold, track, at)
            return _stood(text, line, area, at, note=note, level=level, readings=readings)
        parts = [self._place(condition, place, track, number, at) for place, track in read]
        telling = [p for p in parts if p.truth != Truth.FALSE] or parts
        silent = [p for p in parts if p.note]
        note = f"{len(silent)} of {len(parts)} places silent" if silent else ""
        levels = [p.level for p in parts if p.level is not None]
        return _stood(condition.text, line, area, at, note=note, level=max(levels, default=None), parts=tuple(telling))

    def _place(self, condition: AtLevel, place: str, track: Track, number: int, at: int) -> Evidence:
        line = self.sight.level(condition.threshold, place, condition.level)
        readings = self._readings(condition.threshold, place, track, number, at)
        level = self._level(condition.threshold, track, at)
        text = self._wording(condition, place)
        return _stood(text, line, place, at, note=self.note(track, at), level=level, readings=readings)

    def _wording(self, condition: AtLevel, place: str) -> str:
        """The condition, and who set another value at this place, if somebody did."""
        overrides = self.sight.plan.thresholds[condition.threshold].overrides or ()
        return next((f"{condition.text} ({one.told})" for one in overrides if one.place == place), condition.text)

    def _dimension(self, condition: Dimensions, name: Dimension, line: Line | None, area: str, at: int) -> Evidence:
        parts = [
            self.evidence(AtLevel(threshold=threshold, level=condition.level), area, at) for threshold in self.sight.plan.dimensions[name]
        ]
        return _stood(f"{name.value} >= {condition.level.word}", line, area, at, parts=tuple(parts))

    def _silent(self, condition: Silent, area: str) -> tuple[Evidence, ...]:
        parts = []
        for station in self.sight.plan.stations(condition.silent, area):
            for place, track in self.sight.read(condition.silent.of, station):
                note = self.note(track, self.now)
                if note:
                    readings = self._readings(condition.silent.of, place, track, 0, self.now)
                    parts.append(Evidence(condition=f"{place} silent", truth=Truth.TRUE, area=place, note=note, readings=readings))
        return tuple(parts)

    def _level(self, threshold: str, track: Track, at: int) -> Level | None:
        entry = entry_at(track, at)
        if entry is None:
            return None
        bounds = self.sight.plan.bounds[threshold]
        entered = [bounds[n].level for n, code in enumerate(entry.codes) if code >= Code.OPEN]
        return max(entered) if entered else Level.GREEN if entry.codes and entry.codes[0] == Code.LOWER else None

    def note(self, track: Track, at: int) -> str:
        """Since when nobody knows, if so."""
        entry = entry_at(track, at)
        if entry is None:
            return "no reading yet"
        if entry.end < entry.start and entry.start >= 0 and track.tip.codes and entry.codes != track.tip.codes:
            return f"no reading since {moment(self._last_end(track, at)).isoformat(timespec='minutes')}"
        return {Code.DEAD: "declared dead", Code.UNKNOWN: "no bound known", Code.PENDING: "not yet confirmed"}.get(max(entry.codes), "")

    @staticmethod
    def _last_end(track: Track, at: int) -> int:
        given = track.series.with_values()
        index = int(np.searchsorted(given.starts, at, side="right")) - 1
        return int(given.ends[max(index, 0)])

    def _readings(self, threshold: str, place: str, track: Track, number: int, at: int) -> tuple[Reading, ...]:
        """The reading that began the present stretch, the last at the level, and the newest: those inside the horizon, or last of all.

        How long a reading is kept besides must not matter to what is said.
        """
        given = track.series.with_values()
        if len(given) == 0:
            return ()
        settings = self.sight.plan.settings(threshold, place)
        wanted = {int(np.searchsorted(given.starts, at, side="right")) - 1}
        last = last_true(track.entries, number, at)
        if last is not None:
            began, ended = last
            first = int(np.searchsorted(given.starts, began))
            final = int(np.searchsorted(given.starts, min(ended, at + 1))) - 1
            wanted.update(i for i in (first,) if i < len(given) and given.starts[i] == began)
            wanted.update(i for i in (final,) if i >= 0 and given.starts[i] >= began)
        oldest = self.now - settings.horizon - settings.delay
        cited = [i for i in sorted(wanted) if i >= 0 and (given.ends[i] >= oldest or i == len(given) - 1)]
        return tuple(self.reading(threshold, place, track, given, i, number) for i in cited)

    def reading(self, threshold: str, place: str, track: Track, given: Series, index: int, number: int) -> Reading:
        """One reading as it came in, with the bound it was held against."""
        bound = int(self.sight.bounds_of(threshold, place)(track, given.take(slice(index, index + 1)))[0][number])
        number_of, row = int(given.sources[index]), int(given.rows[index])
        if number_of not in self._read:
            self._read[number_of] = Rereader(self.sources[number_of])
        return self._read[number_of].reading(row, shown_bound(self.sight.plan, threshold, number, bound), self.now)


def _counted(condition: Condition | Unless, parts: Sequence[Evidence]) -> str:
    """Of how many places a share was true, and of how many nobody knows."""
    if not isinstance(condition, Share):
        return ""
    true, unknown = (sum(part.truth is truth for part in parts) for truth in (Truth.TRUE, Truth.UNKNOWN))
    return f"true in {true} of {len(parts)}, unknown in {unknown}; {condition.needed(len(parts))} needed"


def entry_at(track: Track, at: int) -> Entry | None:
    """What was said of a place at a moment; none before its first reading."""
    entries = track.entries
    index = bisect_right(entries, at, key=lambda e: e.start) - 1
    return entries[index] if index >= 0 else None


def last_true(entries: Sequence[Entry], number: int, at: int) -> tuple[int, int] | None:
    """The last stretch that began until a moment in which a level was entered and heard of."""
    found: tuple[int, int] | None = None
    for entry, following in zip(entries, [*(e.start for e in entries[1:]), FAR], strict=True):
        if entry.start > at:
            break
        if reaching(entry, number) == Code.TRUE:
            joins = found is not None and found[1] == entry.start
            found = (found[0] if found is not None and joins else entry.start, following)
    return found


def silent_feeds(witness: Witness, places: Sequence[Place], at: int) -> tuple[str, ...]:
    """Each station or area of a rule that nobody has heard of for too long, with its feed and since when."""
    found = []
    for threshold, place in places:
        track = witness.sight.tracks.get((threshold, place))
        if track is None or not track.heard:
            continue
        note = witness.note(track, at)
        if note.startswith("no reading since"):
            feed = witness.sight.plan.feed_of(place, witness.sight.plan.thresholds[threshold].indicator)
            found.append(f"{feed.feed if feed is not None else threshold} {place}: {note}")
    return tuple(sorted(found))


def _stood(
    condition: str,
    line: Line | None,
    area: str,
    at: int,
    *,
    note: str = "",
    level: Level | None = None,
    readings: tuple[Reading, ...] = (),
    parts: tuple[Evidence, ...] = (),
) -> Evidence:
    keep, sure = line.at(at) if line is not None else (UNKNOWN, UNKNOWN)
    since = line.since(at) if line is not None else None
    return Evidence(
        condition=condition,
        truth=TRUTHS[keep],
        held=keep == TRUE and sure != TRUE,
        covered=line is not None,
        since=told_since(since, at),
        level=level,
        area=area,
        note=note,
        readings=readings,
        parts=parts,
    )
