"""Cases lived through once for all tests here, by the product's own parts but without Airflow around each fetch."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from lived_cases import SUBSCRIBERS, Live, Lived, inputs, judged

from eventlog.log import EventLog, open_log
from feeds.cases import Case
from polyrisk.case_run import CaseRun, DirectFetch
from processors.engine import State
from schemas.country_files import countries_root, load_country


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Lives through a case of a country up to a moment; each call in a folder of its own."""
    opened: list[EventLog] = []

    def run(
        name: str, *, until: datetime | None = None, step: timedelta = timedelta(hours=1), silence: dict[str, datetime] | None = None
    ) -> Lived:
        iso3, _, folder = name.partition("/")
        case = Case.load(countries_root() / iso3 / "cases" / folder)
        if until is not None:
            case.facts = case.facts.model_copy(update={"end": until})
        country = load_country(countries_root() / iso3)
        state = tmp_path_factory.mktemp(folder)
        lived = CaseRun(case, country, state, DirectFetch, step=step, subscribers=SUBSCRIBERS)
        for feed, since in (silence or {}).items():
            lived.silence(feed, since)
        tally = lived.run()
        opened.append(open_log(f"sqlite:///{state / 'log.db'}"))
        return Lived(case, country, state, opened[-1], tally)

    yield run
    for log in opened:
        log.close()


@pytest.fixture(scope="session")
def ditwah(live: Live) -> Lived:
    """Cyclone Ditwah from its first rain to the end of the case."""
    return live("lka/ditwah-2025")


@pytest.fixture(scope="session")
def replayed(ditwah: Lived) -> tuple[State, list[bytes]]:
    """The engine's last state and all it says when Ditwah's log is read again from its beginning."""
    return judged(inputs(ditwah), ditwah.country.shard)


@pytest.fixture(scope="session")
def trishuli(live: Live) -> Lived:
    """The day on which five gauges of one valley fell silent."""
    return live("npl/trishuli-2026", step=timedelta(minutes=10))
