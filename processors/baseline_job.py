"""The baseline job as a schedule calls it: everything else it needs is in the environment (`eventlog.state`)."""

from datetime import datetime

from eventlog.state import archive, opened_log
from processors.baselines import publish_baselines
from schemas.country_files import countries_root, load_country


def run_baselines(country: str, now: datetime) -> None:
    """Compute a country's baselines from the archive and publish those whose inputs have changed.

    Args:
        country: ISO 3166-1 alpha-3. now: the moment by the installation's clock, UTC.

    Raises:
        ConfigurationError: the country's files cannot be used.
        LogError: the log cannot be read or written.
    """
    with opened_log() as log:
        publish_baselines(log, archive(), load_country(countries_root() / country.lower()), now)
