"""`polyrisk check`: collects what each folder finds in the configuration; it finds nothing itself."""

from datetime import UTC, date, datetime
from pathlib import Path

from alerts.agreement_dates import findings as findings_of_agreements
from alerts.checks import findings as findings_of_texts
from alerts.checks import missing as missing_texts
from alerts.checks import missing_duty_texts
from alerts.checks import notes as notes_on_texts
from alerts.checks import shared_findings as findings_of_shared_texts
from alerts.texts import REGIONAL
from console.interface.catalogues import catalogues
from console.interface.checks import findings as findings_of_interface
from feeds.case_checks import findings as findings_of_cases
from feeds.manifest import findings as findings_of_feeds
from schemas.between_countries import findings as findings_between_countries
from schemas.country_files import findings as findings_of_country
from schemas.errors import RefusedError
from schemas.findings import Finding
from schemas.frameworks import frameworks_of, notes_of
from schemas.place_tables import nearest
from schemas.rule_test_files import findings_of_tests


def check(countries: Path, today: date | None = None, only: str | None = None) -> tuple[list[Finding], int]:
    """All findings of countries and of what they share, the console's own texts among it, by file and line; and how many countries.

    Args:
        today: by which agreements end; by default that of the machine's clock. only: of one country, by its folder, and of what all share.

    Raises:
        RefusedError: there is no such country.
    """
    day = today or datetime.now(UTC).date()
    folders = sorted(p.parent for p in countries.glob("*/country.yaml"))
    if only is not None:
        known = [folder.name for folder in folders]
        if only.lower() not in known:
            raise RefusedError(f"There is no country `{only}`.", remedy=nearest(only.lower(), known))
        folders = [folder for folder in folders if folder.name == only.lower()]
    found = [*findings_of_feeds(), *findings_of_shared_texts(), *notes_on_texts(REGIONAL), *findings_of_interface()]
    found += [*missing_duty_texts(catalogues()), *findings_between_countries(countries)]
    for folder in folders:
        found += [*check_folder(folder), *findings_of_agreements(folder, day), *notes_on_texts(folder)]
        for framework in frameworks_of(folder):
            wrong = [*findings_of_country(framework), *missing_texts(framework), *findings_of_tests(framework)]
            found += wrong or notes_of(framework)
    unique = {(f.file, f.line, f.column, f.check, f.what): f for f in found}
    return [unique[key] for key in sorted(unique)], len(folders)


def check_folder(folder: Path) -> list[Finding]:
    """All findings of one country, but for its frameworks: by those nothing is judged."""
    return [*findings_of_country(folder), *findings_of_texts(folder), *findings_of_tests(folder), *findings_of_cases(folder)]
