"""Why a condition stood as it did, in lines of plain text: what was false or unknown, by which reading, and by how much it missed."""

from collections.abc import Iterator, Mapping

from polyrisk.explain import place_name
from polyrisk.local_time import clock, in_zone
from schemas.configuration import Threshold
from schemas.country_files import LoadedCountry
from schemas.levels import Truth
from schemas.moments import format_span
from schemas.outputs import Evidence, Reading

FEW = 3
"""So many places of one condition are shown, the nearest to its bound first."""
_WORDS = {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNKNOWN: "cannot tell"}
_INDENT = "  "


class Shortfalls:
    """Writes evidence of one country down."""

    def __init__(self, country: LoadedCountry) -> None:
        self.country = country
        self.thresholds: Mapping[str, Threshold] = {t.name: t for t in country.configuration.thresholds}

    def lines(self, evidence: Evidence, depth: int = 0) -> Iterator[str]:
        """A condition and all inside it, a line each, indented; of many places alike the nearest few."""
        yield _INDENT * depth + self._said(evidence)
        for reading in evidence.readings[-1:]:
            yield _INDENT * (depth + 1) + self.reading(reading, evidence.condition) + self._although(evidence, reading)
        alike = [part for part in evidence.parts if part.condition == evidence.condition and part.area != evidence.area]
        shown = sorted(alike, key=lambda part: (_ORDER[part.truth], self._missed_by(part)))[:FEW]
        for part in [*(part for part in evidence.parts if part not in alike), *shown]:
            yield from self.lines(part, depth + 1)
        if len(alike) > len(shown):
            yield _INDENT * (depth + 1) + f"and {len(alike) - len(shown)} more places, none nearer"

    def reading(self, reading: Reading, condition: str = "") -> str:
        """One reading, and how far it lay from its bound."""
        zone = self.country.timezone
        value = "no value given" if reading.value is None else f"{reading.value:g} {reading.unit}"
        against = ", no bound known" if reading.bound is None else f" {self._distance(reading, condition)}"
        period = clock(reading.start, zone) + (f" to {clock(reading.end, zone)}" if reading.end != reading.start else "")
        return f"{reading.indicator} {value}{against}, valid {period}, received {clock(reading.received, zone)}"

    def _although(self, evidence: Evidence, reading: Reading) -> str:
        """Why a level does not stand as its newest reading alone would have it."""
        threshold = self.thresholds.get(evidence.condition.partition(" ")[0])
        if threshold is None or reading.value is None or reading.bound is None or evidence.held:
            return ""
        missing = self._sign(evidence.condition) * (reading.bound - reading.value)
        if evidence.truth is Truth.TRUE and missing > 0:
            left = f"{threshold.leave_below} under it" if threshold.leave_below else "under it"
            return f"; the level is left only {left}" + (f", for {format_span(threshold.quiet)}" if threshold.quiet else "")
        if evidence.truth is not Truth.FALSE or missing > 0:
            return ""
        if threshold.floor is not None and reading.value < float(threshold.floor.split()[0]):
            return f"; under the floor of {threshold.floor}"
        asked = f"{threshold.for_} readings in a row" if isinstance(threshold.for_, int) else f"{format_span(threshold.for_)} of it"
        return f"; it takes {asked}" if threshold.for_ != 1 else ""

    def _said(self, evidence: Evidence) -> str:
        place = f" in {place_name(evidence.area, self.country)} ({evidence.area})" if evidence.area else ""
        held = " (held: it was, before it fell silent)" if evidence.held else ""
        since = f" since {clock(evidence.since, self.country.timezone)}" if evidence.since else ""
        note = f"; {in_zone(evidence.note, self.country.timezone)}" if evidence.note else ""
        return f"{evidence.condition}{place}: {_WORDS[evidence.truth]}{held}{since}{note}"

    def _distance(self, reading: Reading, condition: str) -> str:
        value, bound = reading.value or 0.0, reading.bound or 0.0
        missing = self._sign(condition) * (bound - value)
        side = "short of" if missing > 0 else "past"
        return f"is {abs(missing):.6g} {reading.unit} {side} {bound:g}" if missing else f"is at its bound, {bound:g}"

    def _missed_by(self, evidence: Evidence) -> float:
        misses = [
            self._sign(evidence.condition) * (r.bound - r.value)
            for r in evidence.readings[-1:]
            if r.value is not None and r.bound is not None
        ]
        return min(misses, default=float("inf"))

    def _sign(self, condition: str) -> int:
        threshold = self.thresholds.get(condition.partition(" ")[0])
        return -1 if threshold is not None and threshold.direction == "below" else 1


_ORDER: Mapping[Truth, int] = {Truth.TRUE: 0, Truth.UNKNOWN: 1, Truth.FALSE: 2}
