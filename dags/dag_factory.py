"""How a DAG is made of what is configured. What a run does is one call into `feeds`, `processors` or `alerts`.

The files of this folder are loaded by path, so none may be called as a package of the project is. Only what it takes to draw a DAG is
imported here; what a run needs is imported by the run.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset, AssetAny, BaseOperator, Context, DeltaDataIntervalTimetable

from feeds.schedule import PlannedFeed

START = datetime(2020, 1, 1, tzinfo=UTC)
"""Before any case, so that each can be run; nothing is caught up by itself."""
SOURCES_POOL = "sources"
"""No more fetches at a time than this pool has slots, however many feeds there are."""


class Ingest(BaseOperator):
    """Fetch one feed and publish what it says."""

    def __init__(self, *, feed: str, **settings: object) -> None:
        super().__init__(do_xcom_push=False, **settings)
        self.feed = feed

    def execute(self, context: Context) -> None:
        from feeds.run import run_feed

        run_feed(self.feed, asked=context.get("data_interval_end"), scheduled=context["dag_run"].run_type == "scheduled")


class Baselines(BaseOperator):
    """Compute what is usual in a country, and publish it where it has changed."""

    def __init__(self, *, country: str, **settings: object) -> None:
        super().__init__(do_xcom_push=False, **settings)
        self.country = country

    def execute(self, _context: Context) -> None:
        from feeds.clock import clock_from_environment
        from processors.baseline_job import run_baselines

        run_baselines(self.country, clock_from_environment().now())


class Retention(BaseOperator):
    """Delete what the registry has kept long enough."""

    def __init__(self, **settings: object) -> None:
        super().__init__(do_xcom_push=False, **settings)

    def execute(self, _context: Context) -> None:
        from alerts.retention import run_retention
        from feeds.clock import clock_from_environment

        run_retention(clock_from_environment().now())


class Drill(BaseOperator):
    """Hold a country's weekly drill.

    It starts the command line as a process of its own: a drill wires feeds, processors and alerts together, which none of them may import,
    and it needs its own surroundings, not those of the installation's feeds.
    """

    def __init__(self, *, case: str, **settings: object) -> None:
        super().__init__(do_xcom_push=False, **settings)
        self.case = case

    def execute(self, _context: Context) -> None:
        from alerts.drills.schedule import hold_weekly

        hold_weekly(self.case)


def asset_of(feed: str) -> Asset:
    """What a successful fetch of the feed updates."""
    return Asset(name=feed, uri=f"polyrisk://feeds/{feed}")


def feed_dag(planned: PlannedFeed) -> DAG:
    """The DAG of one feed, whose page is the feed's notes."""
    with DAG(
        planned.feed,
        description=planned.title,
        doc_md=planned.notes,
        schedule=DeltaDataIntervalTimetable(planned.every),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        tags={"feed", planned.country},
    ) as dag:
        Ingest(
            task_id="ingest",
            feed=planned.feed,
            outlets=[asset_of(planned.feed)],
            pool=SOURCES_POOL,
            retries=3,
            retry_delay=timedelta(seconds=30),
            retry_exponential_backoff=True,
            max_retry_delay=planned.every / 4,
            execution_timeout=planned.every,
        )
    return dag


def baselines_dag(country: str, feeds: Sequence[str]) -> DAG:
    """The DAG that computes a country's baselines anew after any of the feeds they are made of has been fetched."""
    with DAG(
        f"{country.lower()}_baselines",
        description=f"What is usual in {country}, from {', '.join(feeds)}",
        schedule=AssetAny(*(asset_of(feed) for feed in feeds)),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        tags={"baselines", country},
    ) as dag:
        Baselines(task_id="compute", country=country, retries=2, retry_delay=timedelta(minutes=5))
    return dag


def drill_dag(country: str, case: str) -> DAG:
    """The DAG of a country's weekly drill: on Wednesdays at 05:00 UTC, late morning where it is read. Failed, it is not tried again: people
    would be sent a second exercise."""
    with DAG(
        f"{country.lower()}_drill",
        description=f"The weekly drill with {case}, from feed to phone, to those alone who agreed",
        schedule=DeltaDataIntervalTimetable(timedelta(weeks=1)),
        start_date=START + timedelta(hours=5),
        catchup=False,
        max_active_runs=1,
        tags={"drill", country},
    ) as dag:
        Drill(task_id="hold", case=case, retries=0, execution_timeout=timedelta(hours=3))
    return dag


def retention_dag() -> DAG:
    """The DAG that each day deletes from the registry what was kept long enough."""
    with DAG(
        "registry_retention",
        description="Texts, deliveries to each person and numbers of those who left, kept no longer than was promised",
        schedule=DeltaDataIntervalTimetable(timedelta(days=1)),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        tags={"people"},
    ) as dag:
        Retention(task_id="forget", retries=2, retry_delay=timedelta(minutes=30))
    return dag
