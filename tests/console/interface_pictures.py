"""Pictures of the console in Nepali and Urdu, for docs/operators.md: `make picture` runs `python tests/console/interface_pictures.py`.

In Nepali the day on which gauges of one valley fell silent together (case trishuli-2026), lived through here without Airflow; in Urdu
the four days of Sri Lanka that all tests of pages share.
"""

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # what all tests share stands there

from console_world import PATIENCE_S, filled
from every_page import Browser
from selenium import webdriver

from console.lives import lives
from console.pages import create_app
from console.reading import LogReader
from console.screenshot import chromium, picture, served
from eventlog.log import EventLog, open_log
from feeds.cases import Case
from polyrisk.case_run import CaseRun, DirectFetch
from schemas.country_files import CHECKOUT, LoadedCountry, countries_root, load_country

SIZE = 1100, 1150
SUBSCRIBERS = 200


def take(driver: webdriver.Chrome, log: EventLog, country: LoadedCountry, language: str, pages: dict[str, str]) -> None:
    """A picture of each page by its name; `{warning}` in an address is the first warning there was."""
    reader = LogReader(log, country.shard)
    reader.refresh()
    first = next(iter(lives(reader.until(reader.end()))), "")
    with served(create_app(log, country, patience_s=PATIENCE_S)) as address:
        for name, path in pages.items():
            Browser(driver, language).opens(address + path.format(warning=first))
            out = CHECKOUT / "docs" / f"{name}.png"
            print(f"{out.name}: {picture(driver, out):,} bytes")


def main() -> None:
    """Three pictures."""
    with tempfile.TemporaryDirectory() as name, chromium(*SIZE) as driver:
        folder = Path(name)
        nepal = load_country(countries_root() / "npl")
        case = Case.load(countries_root() / "npl" / "cases" / "trishuli-2026")
        (folder / "npl").mkdir()
        CaseRun(case, nepal, folder / "npl", DirectFetch, step=timedelta(minutes=10), subscribers=SUBSCRIBERS).run()
        log = open_log(f"sqlite:///{folder / 'npl' / 'log.db'}")
        take(driver, log, nepal, "ne", {"console-nepali": "/", "warning-nepali": "/warning/{warning}"})
        log.close()
        (folder / "lka").mkdir()
        world = filled(folder / "lka")
        take(driver, world.log, world.country, "ur", {"console-urdu": "/"})
        world.log.close()


if __name__ == "__main__":
    main()
