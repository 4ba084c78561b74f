"""The series behind a warning as its page shows them: what is true is drawn, the rest is folded, and what holds the rule back is said."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.evidence_views import condition_text, quiet_text
from console.interface.speaking import _
from console.local_time import LocalTime, span_words
from console.names import Names
from console.place_series import place_series
from console.reading import LogReader
from console.series_chart import SeriesChart, series_chart
from console.series_kept import SeriesKept
from processors.plan import Plan
from schemas.configuration import Configuration
from schemas.country_files import LoadedCountry
from schemas.levels import Truth
from schemas.outputs import CompoundEvent

MOST_DRAWN, MOST_FOLDED = 4, 4
SeriesOf = Callable[[CompoundEvent, datetime | None, datetime], "SeriesView"]
"""(an event's change, when it was known to be over, the moment looked at) to its series."""


@dataclass(frozen=True)
class SeriesView:
    """What is drawn, what is folded, and how many series are neither.

    Attributes:
        holding: what mutes or holds back the rule, one sentence each. as_judged: it is drawn by the configuration that judged the event.
    """

    drawn: tuple[SeriesChart, ...]
    folded: tuple[SeriesChart, ...]
    left_off: int
    holding: tuple[str, ...]
    as_judged: bool


class WarningSeries:
    """Draws the series of events, each by the configuration that judged it."""

    def __init__(self, reader: LogReader, country: LoadedCountry) -> None:
        self._reader, self._country = reader, country
        self._clock = LocalTime(country.timezone)
        self._plans: dict[str, Plan] = {}

    def of(self, event: CompoundEvent, over: datetime | None, at: datetime) -> SeriesView:
        """The series of an event's change; see `SeriesOf`."""

        def asked(kept: SeriesKept) -> SeriesView:
            plan = self._plan(kept, event.configuration)
            names = Names(self._country)
            series, more = place_series(event, over, kept, plan, at, MOST_DRAWN + MOST_FOLDED)
            charts = [series_chart(one, names, self._clock) for one in series]
            holding = tuple(_holding(event, plan.configuration, names, self._clock))
            return _arranged(charts, more, holding, as_judged=plan.hash == event.configuration)

        return self._reader.series(asked) or SeriesView((), (), 0, (), as_judged=True)

    def _plan(self, kept: SeriesKept, hash: str) -> Plan:
        """By what the event was judged; by what the country's files say now if the log does not have it."""
        if hash not in self._plans:
            now, told = self._country.configuration, kept.configured(hash)
            by = Configuration.model_validate(told) if told is not None and hash != now.hash else now
            self._plans[hash] = Plan(by, hash if told is not None or hash == now.hash else now.hash)
        return self._plans[hash]


def _arranged(charts: Sequence[SeriesChart], more: int, holding: tuple[str, ...], *, as_judged: bool) -> SeriesView:
    telling = [one for one in charts if one.truth != Truth.FALSE.value]
    drawn = telling[:MOST_DRAWN]
    others = [one for one in charts if one not in drawn]
    return SeriesView(tuple(drawn), tuple(others), more, holding, as_judged)


def _holding(event: CompoundEvent, configuration: Configuration, names: Names, clock: LocalTime) -> Iterator[str]:
    """What keeps the rule from speaking, now or at all."""
    rule = next((one for one in configuration.rules if one.name == event.rule), None)
    if event.quiet:
        yield _("At this change it was quiet: {why}.", why=quiet_text(event.quiet, names, clock))
    if rule is None:
        return
    if rule.unless is not None:
        yield _("It does not hold while this does: {condition}.", condition=condition_text(rule.unless.text, names))
    muting = [names.rule(one.name) for one in configuration.rules if rule.name in one.mutes and one.shadow is None]
    if muting:
        yield _("An event of one of these in the same area speaks for it: {rules}.", rules=", ".join(muting))
    if rule.cool_down is not None:
        yield _("After a message it is silent for {span}, unless its level rises.", span=span_words(rule.cool_down))
