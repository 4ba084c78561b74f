"""`polyrisk config log`: every change of what a shard is judged by: when, by whom, why, on what, and whether it counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from eventlog.log import NOTHING, EventLog, open_log
from eventlog.state import log_url
from polyrisk.letters import letters_of
from schemas.configuration import Configuration
from schemas.envelopes import read_input
from schemas.errors import PolyriskError, RefusedError
from schemas.moments import to_utc
from schemas.records import ConfigChange, Record
from schemas.topics import INPUT

SHORT = 12
"""So many letters of a hash are shown."""
_BATCH = 1000
_LEAST = 6


@dataclass(frozen=True)
class Entry:
    """One change.

    Attributes:
        record: its id in the log. change: what it says; none if it cannot be read. at: from when on it is in force, if it is.
        refused: why the engine did not take it; empty if it did, or has not come to it yet.
        until: when the next one came into force; none if it is in force now. again: it says what was in force already.
    """

    record: str
    change: ConfigChange | None
    at: datetime
    refused: str = ""
    until: datetime | None = None
    again: bool = False

    @property
    def counts(self) -> bool:
        """Whether it changed what is in force."""
        return not self.refused and not self.again and self.change is not None

    def as_json(self) -> dict[str, Any]:
        """For programs: all but the configuration itself."""
        said = self.change.model_dump(mode="json", exclude={"configuration", "kind"}) if self.change is not None else {}
        until = self.until.isoformat() if self.until is not None else None
        return {"record": self.record, "at": self.at.isoformat(), "until": until, "refused": self.refused, "again": self.again, **said}


@contextmanager
def opened_log(state: Path) -> Iterator[tuple[EventLog, str]]:
    """The log of an installation and its shard. The country's files are not read, so that none of them can be in the way.

    Raises:
        RefusedError: there is no log, or nothing was configured yet.
    """
    url = log_url(state)
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).exists():
        raise RefusedError("There is no log here.", where=str(state), remedy="Name the installation's folder with --state.")
    log = open_log(url)
    try:
        shard = next((s.record.shard for s in log.read(INPUT.name, limit=_BATCH) if s.record.kind == "configuration"), None)
        if shard is None:
            raise RefusedError(
                "Nothing was configured here yet.", where=str(state), remedy="Run `polyrisk run all` or `polyrisk demo` first."
            )
        yield log, shard
    finally:
        log.close()


def entries_of(log: EventLog, shard: str) -> list[Entry]:
    """All changes of a shard's configuration, oldest first."""
    refused = {letter.record: " ".join(letter.reason.split()) for letter in letters_of(log, shard)}
    found: list[Entry] = []
    in_force: int | None = None
    for record in _records(log, shard):
        change, reason = _read(record)
        reason = refused.get(record.id, reason)
        before = found[in_force].change if in_force is not None else None
        again = not reason and change is not None and before is not None and before.hash == change.hash
        entry = Entry(record.id, change, to_utc(record.received), reason, again=again)
        if entry.counts:
            if in_force is not None:
                found[in_force] = _ended(found[in_force], entry.at)
            in_force = len(found)
        found.append(entry)
    return found


def in_force(entries: list[Entry]) -> ConfigChange | None:
    """The change by which is judged now; none before the first."""
    return next((entry.change for entry in reversed(entries) if entry.counts), None)


def before_that(entries: list[Entry]) -> ConfigChange | None:
    """What was in force before that; none if there was nothing else."""
    counted = [entry.change for entry in entries if entry.counts]
    return counted[-2] if len(counted) > 1 else None


def change_named(entries: list[Entry], beginning: str) -> ConfigChange:
    """The newest change whose hash begins so.

    Raises:
        RefusedError: none does, or several configurations do.
    """
    found = {e.change.hash: e.change for e in entries if e.change is not None and e.change.hash.startswith(beginning)}
    if len(beginning) < _LEAST or len(found) != 1:
        what = f"{len(found)} configurations of the log begin with `{beginning}`."
        raise RefusedError(what, remedy=f"`polyrisk config log` lists them; write at least {_LEAST} letters of one.")
    return next(iter(found.values()))


def configuration_of(change: ConfigChange) -> Configuration:
    """The configuration that a change brings.

    Raises:
        RefusedError: this version cannot read it.
    """
    try:
        return Configuration.model_validate(change.configuration)
    except ValidationError as error:
        first = error.errors()[0]
        what = f"This version cannot read configuration {change.hash[:SHORT]}: {'.'.join(map(str, first['loc']))}: {first['msg']}."
        raise RefusedError(what, remedy="Use the version that put it in force.") from error


def lines(entry: Entry, zone: ZoneInfo) -> Iterator[str]:
    """One change for a terminal."""
    if entry.change is None:
        yield f"{_clock(entry.at, zone)}  {entry.record}  REFUSED: {entry.refused}"
        return
    change = entry.change
    until = f"until {_clock(entry.until, zone)}" if entry.until is not None else "in force"
    stands = f"REFUSED: {entry.refused}" if entry.refused else "said again" if entry.again else until
    yield f"{_clock(entry.at, zone)}  {change.hash[:SHORT]}  {stands}"
    yield f"    {change.author}: {change.reason}"
    if change.decided is not None and change.decided != change.at:
        yield f"    decided {_clock(change.decided, zone)}"
    if change.signatures:
        yield f"    signed by {', '.join(f'{one.by} ({one.role}) {_clock(one.at, zone)}' for one in change.signatures)}"
    if change.replaces is not None:
        yield f"    instead of {change.replaces[:SHORT]}"
    if change.backtest is not None:
        yield f"    backtest {change.backtest.name}, sha256 {change.backtest.sha256[:SHORT]}"


def _ended(entry: Entry, at: datetime) -> Entry:
    return Entry(entry.record, entry.change, entry.at, until=at)


def _read(record: Record) -> tuple[ConfigChange | None, str]:
    try:
        change = read_input(record)
    except (PolyriskError, ValidationError) as error:
        return None, f"it cannot be read ({type(error).__name__})"
    return (change, "") if isinstance(change, ConfigChange) else (None, "it is no change of configuration")


def _records(log: EventLog, shard: str) -> Iterator[Record]:
    after = NOTHING
    while stored := log.read(INPUT.name, after=after, shard=shard, limit=_BATCH):
        yield from (one.record for one in stored if one.record.kind == "configuration")
        after = stored[-1].offset


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
