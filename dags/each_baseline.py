"""One Airflow DAG for each country whose thresholds are held against what is usual.

Airflow passes over a file of this folder in which its own name does not stand.
"""

from dag_factory import baselines_dag

from feeds.schedule import planned_feeds
from processors.baseline_job import feeds_of_baselines

planned = planned_feeds()
for country in sorted({feed.country for feed in planned if feed.country}):
    feeds = feeds_of_baselines(country, {feed.feed: feed.indicators for feed in planned if feed.country == country})
    if feeds:
        globals()[f"{country.lower()}_baselines"] = baselines_dag(country, feeds)
