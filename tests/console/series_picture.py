"""The picture of a warning's readings, for docs/operators.md: `make picture` runs `python tests/console/series_picture.py`.

The river and the slopes of Kandy in the demonstration's storm, as they were known while both were over their levels.
"""

import sys
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # what all tests share stands there

from every_page import Browser
from selenium.webdriver.common.by import By

from console.lives import lives
from console.pages import create_app
from console.reading import LogReader
from console.screenshot import chromium, picture, served
from eventlog.log import open_log
from schemas.country_files import CHECKOUT, countries_root, load_country

LOG = CHECKOUT / "var" / "demo" / "ditwah-2025" / "log.db"
RULE, AREA, AT = "river_and_landslide", "LK21", "2025-11-29T12:00"
SIZE = 1100, 560
PATIENCE_S = 900.0


def main() -> None:
    """One picture."""
    if not LOG.exists():
        sys.exit(f"{LOG.relative_to(CHECKOUT)} is not there: `make demo` makes it.")
    country = load_country(countries_root() / "lka")
    with closing(open_log(f"sqlite:///{LOG}")) as log:
        reader = LogReader(log, country.shard)
        reader.refresh()
        told = lives(reader.until(reader.end()))
        warning = next(id for id, life in told.items() if (life.first.rule, life.first.area) == (RULE, AREA))
        with served(create_app(log, country, patience_s=PATIENCE_S)) as address, chromium(*SIZE) as driver:
            Browser(driver).opens(f"{address}/warning/{warning}?at={AT}")
            driver.execute_script("arguments[0].scrollIntoView(); scrollBy(0, -18)", driver.find_element(By.ID, "series"))
            out = CHECKOUT / "docs" / "warning-series.png"
            print(f"{out.name}: {picture(driver, out):,} bytes")


if __name__ == "__main__":
    main()
