"""What holds for the whole suite: no telephone number leaves the process, be it by a log, an output, an error, a page, a metric, a file.

And no broker is left running, however the processes of a run ended.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka_broker import end_unused
from number_search import NumberSearch

_SEARCH = NumberSearch()
_SEEN: list[Path] = []
SHOWS = "shows_numbers"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{SHOWS}(why): this test itself writes or shows a number, on purpose.")
    if _leads(config):
        end_unused()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _leads(config):
        end_unused()


def _leads(config: pytest.Config) -> bool:
    """Whether this process is the one that began the run, and no worker of it."""
    return not hasattr(config, "workerinput")


@pytest.fixture(scope="session", autouse=True)
def no_number_leaves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Everything that the tests of this process left behind is searched at its end, beside what each test is searched for."""
    with _SEARCH.listening():
        yield
    _SEARCH.look_at_files(tmp_path_factory.getbasetemp(), but=_SEEN)
    found = _SEARCH.taken()
    assert not found, f"telephone numbers left the process: {found}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A test that let a number out fails, though all that it asserts is true."""
    report = yield
    if call.when != "teardown":
        return report
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder is not None:
        _SEEN.append(folder)
        _SEARCH.look_at_files(folder)
    for _, name, content in item._report_sections:
        _SEARCH.look_at_text(name, content)
    found = _SEARCH.taken()
    if found and item.get_closest_marker(SHOWS) is None and report.outcome == "passed":
        report.outcome = "failed"
        report.longrepr = f"telephone numbers left the process: {found}"
    return report
