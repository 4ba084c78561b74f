"""Writes the country tables and the cases from the recorded files: `python tests/recorded/case_from_recorded.py`.

What it writes is committed; a test checks that it would be the same today. The YAML files beside are people's decisions, not its output.
"""

from datetime import date
from pathlib import Path

import recorded_lka_places as lka_places
import recorded_lka_series as lka
import recorded_npl as npl
from recorded_outcomes import outcomes_csv
from recorded_tables import CHECKOUT

COUNTRIES = CHECKOUT / "countries"


def written() -> dict[str, str]:
    """Path below `countries/` to content, of every file that is made from the recorded ones."""
    ditwah = {
        **lka.rivers(),
        **lka.landslides(date(2025, 11, 17), date(2026, 1, 31)),
        **lka.dengue(date(2019, 11, 1), date(2026, 1, 31)),
        **lka.rice(date(2020, 1, 1), date(2026, 1, 1)),
        **lka.rain(date(2025, 11, 10), date(2026, 1, 31)),
        "outcomes.csv": outcomes_csv(),
    }
    colombo = {
        **lka.landslides(date(2023, 3, 25), date(2023, 9, 30)),
        **lka.dengue(date(2017, 3, 1), date(2023, 9, 30)),
        **lka.rice(date(2018, 1, 1), date(2023, 9, 1)),
    }
    quiet = {
        **lka.landslides(date(2024, 11, 17), date(2025, 11, 19)),
        **lka.dengue(date(2018, 11, 1), date(2025, 11, 19)),
        **lka.rice(date(2019, 11, 1), date(2025, 11, 1)),
    }
    folders = {
        "lka": {"areas.csv": lka_places.areas_csv(), "stations.csv": lka_places.stations_csv(), **lka_places.shapes()},
        "lka/cases/ditwah-2025": ditwah,
        "lka/cases/colombo-2023": colombo,
        "lka/cases/quiet-2025": quiet,
        "npl": {"areas.csv": npl.areas_csv(), "stations.csv": npl.stations_csv(), **npl.shapes()},
        "npl/cases/trishuli-2026": npl.case(),
    }
    return {f"{folder}/{name}": text for folder, files in folders.items() for name, text in files.items()}


def main(root: Path = COUNTRIES) -> None:
    """Write every file under `root`."""
    for name, text in written().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"{len(text.encode()):8d} {name}")


if __name__ == "__main__":
    main()
