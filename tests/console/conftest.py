"""One log of the four days for all tests that look at pages, and its console over real HTTP."""

from collections.abc import Iterator

import pytest
from axe_core import look_past_policies
from console_world import PATIENCE_S, World, filled, lanka
from every_page import Houses, houses
from selenium import webdriver

from console.local_time import LocalTime
from console.names import Names
from console.pages import create_app
from console.screenshot import chromium, served


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The four days, whole."""
    made = filled(tmp_path_factory.mktemp("console"))
    yield made
    made.log.close()


@pytest.fixture(scope="session")
def address(world: World) -> Iterator[str]:
    """Where the console of the four days is served. It waits until everything is judged."""
    with served(create_app(world.log, world.country, title="Four days of November", patience_s=PATIENCE_S)) as where:
        yield where


@pytest.fixture(scope="session")
def names() -> Names:
    """Sri Lanka's names."""
    return Names(lanka())


@pytest.fixture(scope="session")
def clock(names: Names) -> LocalTime:
    """The clock of Colombo, UTC+05:30."""
    return LocalTime(names.country.timezone)


@pytest.fixture(scope="module")
def every(world: World, address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The consoles behind all pages."""
    with houses(tmp_path_factory.mktemp("every"), world, address) as made:
        yield made


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    """A browser that lets axe in."""
    with chromium(1200, 800) as made:
        look_past_policies(made)
        yield made
