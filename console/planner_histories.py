"""The histories that a planner may choose from: folders of files that the console was given, and the cases that ship with the country."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.history_folders import EVENTS_FILE, files_of
from feeds.cases import Case
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.moments import parse_span

if TYPE_CHECKING:
    from processors.history import History
    from processors.verification import Happened

BEFORE, AFTER = parse_span("28 d"), parse_span("0 d")
"""The match window of events that do not say their own, as of `polyrisk backtest`."""


@dataclass(frozen=True)
class Source:
    """A history that can be chosen.

    Attributes:
        name: in addresses. title: for people. folder: of a case, or of history files.
        events: a file of what happened; of a case none, what must be warned of stands in it.
    """

    name: str
    title: str
    folder: Path
    is_case: bool
    events: Path | None = None

    def history(self, country: LoadedCountry) -> "History":
        """All readings.

        Raises:
            ConfigurationError: a file cannot be used; names file and line.
        """
        from console.case_history import case_history  # here and below: with all that fetches, for the process that reads a history
        from console.history_files import read_history

        return case_history(Case.load(self.folder)) if self.is_case else read_history(self.folder, country)

    def happened(self, country: LoadedCountry) -> "list[Happened]":
        """What happened, in order of time; empty if nothing says.

        Raises:
            ConfigurationError: a file cannot be used; names file and line.
        """
        from console.case_history import case_events
        from console.history_files import read_events

        if self.is_case:
            return case_events(Case.load(self.folder), country)
        return read_events(self.events, country, BEFORE, AFTER) if self.events is not None else []


def sources_of(country: LoadedCountry, folders: Sequence[Path] = ()) -> tuple[Source, ...]:
    """The histories of an installation: those it was given, then the country's cases, the latest first.

    Args:
        folders: of history files, each with `events.csv` in it if anybody knows what happened.

    Raises:
        ConfigurationError: a folder holds no history, or a case cannot be read.
    """
    given = [_of_folder(folder) for folder in folders]
    shipped = (country.folder / "cases").glob("*/case.yaml")
    cases = sorted((Case.load(file.parent) for file in shipped), key=lambda case: (case.start, case.name), reverse=True)
    return (*given, *(Source(case.name, case.title, case.folder, is_case=True) for case in cases))


def _of_folder(folder: Path) -> Source:
    if not files_of(folder):
        remedy = "`polyrisk history` makes one out of a source's own files."
        raise ConfigurationError("No history lies there: no CSV or Parquet file.", where=str(folder), remedy=remedy)
    events = folder / EVENTS_FILE
    found = events if events.is_file() else None
    return Source(folder.name, f"History of {folder.name}", folder, is_case=False, events=found)
