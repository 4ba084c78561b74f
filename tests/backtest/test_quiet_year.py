"""Sri Lanka's quiet year, judged by the engine with its baselines, without fetching and sending: what must not have been warned was not."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from feeds.cases import Case
from processors.backtest import Outcome, run
from processors.backtest_baselines import baselines_of, in_order
from processors.history import history_of
from schemas.configuration import FeedFacts
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.microseconds import to_microseconds

SLOPES = "lka_nbro_landslide"
RULES = ("flood_then_dengue", "three_at_once", "landslide", "river_flood", "river_and_landslide")


def lived() -> tuple[Case, Outcome]:
    """The year of the case, with the baselines that were there at its beginning."""
    case = Case.load(countries_root() / "lka/cases/quiet-2025")
    country = load_country(countries_root() / "lka")
    history = history_of(pa.Table.from_pandas(pd.concat(tables(case, country), ignore_index=True), preserve_index=False))
    baselines = in_order(baselines_of(country.configuration, history))
    return case, run(country.configuration, history.since(to_microseconds(case.start)), baselines, case.end, truths=False)


def tables(case: Case, country: LoadedCountry) -> Iterator[pd.DataFrame]:
    """What each feed said, parts of an area taken together as the feeds' parsers do, and green where a bulletin names nothing."""
    facts = {feed.feed: feed for feed in country.configuration.feeds}
    for feed in case.feeds:
        table = case.series(feed).rename(columns={"known": "received"})
        table["area"] = table["area"].str.partition(":")[0]
        together = "mean" if feed == "lka_wfp_prices" else "sum"
        keys = ["received", "area", "indicator", "start", "end"]
        if feed != SLOPES:
            table = table.groupby(keys, as_index=False)["value"].agg(together)
        yield table.assign(feed=feed)
    yield greens(case, facts[SLOPES])


def greens(case: Case, facts: FeedFacts) -> pd.DataFrame:
    """A bulletin lists what is active: every other division of its scope is green."""
    named = case.series(SLOPES).groupby("known")["area"].agg(set)
    rows = [
        (b.known, area, "landslide_warning", b.start, b.start, 0.0, SLOPES)
        for b in case.extra(SLOPES)["bulletins"].itertuples()
        for area in facts.scope
        if area not in named.get(b.known, set())
    ]
    return pd.DataFrame(rows, columns=["received", "area", "indicator", "start", "end", "value", "feed"])


def test_the_quiet_year_is_quiet_and_the_slopes_of_its_first_week_are_not() -> None:
    """No onset lies where the case forbids one, though level 3 of November 2024 is warned of: so somebody was listening."""
    case, outcome = lived()
    forbidden = case.expectations.must_not
    assert {one.rule for one in forbidden} == set(RULES)
    wrong = [
        (a.rule, a.area, a.since)
        for a in outcome.activations
        for one in forbidden
        if a.rule == one.rule and one.area in (None, a.area) and one.since <= a.since < one.until
    ]
    assert wrong == []
    assert {(a.rule, a.since.year, a.since.month) for a in outcome.activations} == {("landslide", 2024, 11)}
    assert outcome.breaches.keys() & {("dengue_channel", area) for area in ("LK11", "LK12", "LK41")}
