"""An installation: its folder, its log (in the folder, or where `POLYRISK_LOG` says), and the country that the log says it belongs to."""

from dataclasses import dataclass
from pathlib import Path

from eventlog.log import EventLog, open_log
from eventlog.state import log_url
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import read_input
from schemas.errors import RefusedError
from schemas.inputs import ConfigChange
from schemas.topics import INPUT


@dataclass(frozen=True)
class Installation:
    """What is open.

    Attributes:
        feeds: those that were ever configured to be asked here; none means all of the country.
    """

    log: EventLog
    country: LoadedCountry
    feeds: tuple[str, ...] | None

    @classmethod
    def open(cls, state: Path) -> "Installation":
        """Open what lies in a folder.

        Raises:
            RefusedError: there is no log, or nothing was configured yet; says how to make one.
        """
        url = log_url(state)
        if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).exists():
            raise RefusedError(
                "There is no log here.", where=str(state), remedy="`make demo` makes one, or name another folder with --state."
            )
        log = open_log(url)
        for stored in log.read(INPUT.name, limit=1000):
            if stored.record.kind == "configuration":
                change = read_input(stored.record)
                if isinstance(change, ConfigChange):
                    listed = state / "feeds.txt"
                    feeds = tuple(listed.read_text(encoding="utf-8").split()) if listed.exists() else None
                    return cls(log, load_country(countries_root() / stored.record.shard.lower()), feeds)
        log.close()
        raise RefusedError("Nothing was configured here yet.", where=str(state), remedy="Run `polyrisk run all` or `polyrisk demo` first.")


def country_of(state: Path, named: str | None) -> LoadedCountry:
    """The country that is named by its folder, else that of the installation.

    Raises:
        RefusedError: none is named, and nothing was configured here.
    """
    if named is not None:
        return load_country(countries_root() / named)
    url = log_url(state)
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).exists():
        raise RefusedError("Nothing was configured here yet.", where=str(state), remedy="Name the country with --country.")
    installation = Installation.open(state)
    installation.log.close()
    return installation.country
