"""What thresholds and rules stand among in a country's files, for those who check them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from schemas.configuration import Area, FeedFacts, Rule, Threshold
from schemas.country_facts import CountryFacts
from schemas.figures import Figure

Location = tuple[str | int, ...]
"""The keys that lead to a value in a file, outermost first."""
RANK = {"station": 4, "adm3": 3, "adm2": 2, "adm1": 1, "adm0": 0}
"""Kinds of places, from the smallest to the largest."""


@dataclass(frozen=True)
class Surroundings:
    """What thresholds and rules are checked against.

    Attributes:
        written: names of all thresholds in the file, those that do not read well included: a rule that names one is not at fault.
        figures: of areas, from vulnerability.csv.
    """

    facts: CountryFacts
    areas: Mapping[str, Area]
    feeds: Sequence[FeedFacts]
    thresholds: Mapping[str, Threshold]
    rules: Mapping[str, Rule]
    written: frozenset[str]
    figures: tuple[Figure, ...] = ()

    def interval(self, threshold: Threshold) -> timedelta | None:
        """The slowest interval of the feeds that give the threshold's indicator, or of the one it asks for; none if none does."""
        asked = [feed for feed in self.feeds if threshold.feed in (None, feed.feed)]
        spans = [feed.every for feed in asked if threshold.indicator in feed.indicators]
        return max(spans, default=None)
