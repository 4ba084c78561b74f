"""What a test of a case is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eventlog.log import EventLog
from feeds.cases import Case
from polyrisk.case_run import Tally
from schemas.country_files import LoadedCountry

SUBSCRIBERS = 400


@dataclass(frozen=True)
class Lived:
    """A case that was lived through, with its log open."""

    case: Case
    country: LoadedCountry
    state: Path
    log: EventLog
    tally: Tally


Live = Callable[..., Lived]
