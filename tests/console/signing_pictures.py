"""Pictures of the page to sign on, for docs/operators.md: `python tests/console/signing_pictures.py`, as `make picture` does.

Tamil as Sri Lanka's own files have it; Urdu, which is written from the right, in the country of `urdu.py`. What waits is made up.
"""

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # what all tests share stands there

from console_world import lanka
from every_page import Browser
from hand_made import NOON
from kandy_desk import Kandy
from selenium.webdriver.common.by import By
from signing_desk import FIRST
from urdu import with_urdu

from alerts.people.person import Consent, Enrolment
from console.screenshot import chromium, picture
from schemas.country_files import CHECKOUT, LoadedCountry
from schemas.outputs import EventChange

SIZE = 1000, 560


def take(country: LoadedCountry, language: str, folder: Path, out: Path) -> int:
    """The message that waits, on telephones; answers the picture's bytes."""
    desk = Kandy(folder, country=country)
    for number in range(6):
        consent = Consent(NOON - timedelta(days=9), "v1", "a volunteer")
        desk.registry.enrol(Enrolment(f"+94773{number:06d}", "LK21", language, "household", consent))
    desk.happens(EventChange.OPENED)
    try:
        with desk.officer("perera", FIRST) as one, chromium(*SIZE) as driver:
            Browser(driver).opens(f"{desk.address}/waiting/{desk.waiting().id}", str(one.client.cookies["polyrisk"]))
            section = driver.find_element(By.CSS_SELECTOR, 'section[aria-labelledby="phones"]')
            driver.execute_script("arguments[0].scrollIntoView(); scrollBy(0, -8)", section)
            return picture(driver, out)
    finally:
        desk.close()


def main() -> None:
    """Both pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for language, country in (("tamil", lanka()), ("urdu", with_urdu(folder))):
            out = CHECKOUT / "docs" / f"signing-{language}.png"
            (folder / language).mkdir()
            print(f"{out.name}: {take(country, country.languages[1 if language == 'tamil' else -1], folder / language, out):,} bytes")


if __name__ == "__main__":
    main()
