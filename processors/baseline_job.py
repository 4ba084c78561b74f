"""The baseline job as a schedule calls it: everything else it needs is in the environment (`eventlog.state`)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from schemas.country_files import countries_root, load_country
from schemas.errors import ConfigurationError
from schemas.threshold_kinds import KIND_FORMS
from schemas.yaml_files import YamlFile

_BASELINED = frozenset(word for word, form in KIND_FORMS.items() if form.baseline)


def feeds_of_baselines(country: str, indicators: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The feeds whose readings a country's baselines are made of, in order of name.

    Where the thresholds cannot be read it is all of them: the job then runs, fails, and says what is wrong.

    Args:
        country: ISO 3166-1 alpha-3. indicators: what each feed of the country gives.
    """
    path = countries_root() / country.lower() / "thresholds.yaml"
    try:
        wanted = _indicators(path, path.stat().st_mtime_ns)
    except (OSError, ConfigurationError):
        return tuple(sorted(indicators))
    return tuple(sorted(feed for feed, given in indicators.items() if wanted & set(given)))


@lru_cache(maxsize=64)
def _indicators(path: Path, _modified: int) -> frozenset[str]:
    """The indicators of thresholds with a baseline, read again only when the file has changed: a scheduler asks often."""
    data = YamlFile(path).data
    bodies = data.values() if isinstance(data, Mapping) else ()
    return frozenset(str(body.get("indicator")) for body in bodies if isinstance(body, Mapping) and body.get("kind") in _BASELINED)


def run_baselines(country: str, now: datetime) -> None:
    """Compute a country's baselines from the archive and publish those whose inputs have changed.

    Args:
        country: ISO 3166-1 alpha-3. now: the moment by the installation's clock, UTC.

    Raises:
        ConfigurationError: the country's files cannot be used.
        LogError: the log cannot be read or written.
    """
    from eventlog.state import archive, opened_log
    from processors.baselines import publish_baselines

    with opened_log() as log:
        publish_baselines(log, archive(), load_country(countries_root() / country.lower()), now)
