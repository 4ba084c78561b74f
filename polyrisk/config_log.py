"""`polyrisk config log`: every change of what a shard is judged by: when, by whom, why, on what, and whether it counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from eventlog.log import NOTHING, EventLog, open_log
from eventlog.state import log_url
from polyrisk.letters import letters_of
from polyrisk.local_time import clock
from schemas.configuration import Configuration
from schemas.envelopes import read_input
from schemas.errors import PolyriskError, RefusedError
from schemas.inputs import ConfigChange
from schemas.moments import to_utc
from schemas.records import Record
from schemas.topics import INPUT

BEGINNING = datetime.min.replace(tzinfo=UTC)
SHORT = 12
"""So many letters of a hash are shown."""
_BATCH = 1000
_LEAST = 6


@dataclass(frozen=True)
class Entry:
    """One change.

    Attributes:
        record: its id in the log. change: what it says; none if it cannot be read. at: from when on it is in force, if it is.
        ahead: that moment has not come yet. dropped: another one came before that moment, so it never was in force.
        refused: why the engine did not take it; empty if it did, or has not come to it yet.
        until: when the next one came into force; none if it is in force now. again: it says what was in force already.
    """

    record: str
    change: ConfigChange | None
    at: datetime
    refused: str = ""
    until: datetime | None = None
    again: bool = False
    ahead: bool = False
    dropped: bool = False

    @property
    def counts(self) -> bool:
        """Whether it changed what is in force."""
        return self.change is not None and not (self.refused or self.again or self.ahead or self.dropped)

    def as_json(self) -> dict[str, Any]:
        """For programs: all but the configuration itself."""
        said = self.change.model_dump(mode="json", exclude={"configuration", "kind"}) if self.change is not None else {}
        until = self.until.isoformat() if self.until is not None else None
        stands = {"refused": self.refused, "again": self.again, "ahead": self.ahead, "dropped": self.dropped}
        return {**said, "record": self.record, "at": self.at.isoformat(), "until": until, **stands}


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
    """All changes of a shard's configuration, oldest first, as they stand now: the greatest `received` of its input is its clock."""
    refused = {letter.record: " ".join(letter.reason.split()) for letter in letters_of(log, shard)}
    found = _Entries()
    for record in _records(log, shard):
        found.pass_time(to_utc(record.received))
        if record.kind == "configuration":
            change, reason = _read(record)
            found.take(record.id, change, refused.get(record.id, reason))
    return found.entries


class _Entries:
    """Changes in the order of the log, with what is in force and what is still to come, as the engine takes them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.now = BEGINNING
        self._in_force: int | None = None
        self._ahead: int | None = None

    def pass_time(self, received: datetime) -> None:
        """A record came."""
        self.now = max(self.now, received)
        if self._ahead is not None and self.entries[self._ahead].at <= self.now:
            number, self._ahead = self._ahead, None
            self.entries[number] = replace(self.entries[number], ahead=False)
            self._put_in_force(number)

    def take(self, record: str, change: ConfigChange | None, refused: str) -> None:
        """A change came."""
        entry = Entry(record, change, self.now, refused)
        self.entries.append(entry)
        if refused or change is None:
            return
        if self._ahead is not None:
            self.entries[self._ahead] = replace(self.entries[self._ahead], ahead=False, dropped=True)
            self._ahead = None
        number = len(self.entries) - 1
        standing = self.entries[self._in_force].change if self._in_force is not None else None
        if standing is not None and standing.hash == change.hash:
            self.entries[number] = replace(entry, again=True)
        elif change.holds_from is not None and change.holds_from > self.now:
            self.entries[number], self._ahead = replace(entry, at=to_utc(change.holds_from), ahead=True), number
        else:
            self._put_in_force(number)

    def _put_in_force(self, number: int) -> None:
        if self._in_force is not None:
            self.entries[self._in_force] = replace(self.entries[self._in_force], until=self.entries[number].at)
        self._in_force = number


def in_force(entries: list[Entry]) -> ConfigChange | None:
    """The change by which is judged now; none before the first."""
    return next((entry.change for entry in reversed(entries) if entry.counts), None)


def still_ahead(entries: list[Entry]) -> ConfigChange | None:
    """The change that comes into force at a moment to come; none if none does."""
    return next((entry.change for entry in entries if entry.ahead), None)


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
        yield f"{clock(entry.at, zone)}  {entry.record}  REFUSED: {entry.refused}"
        return
    change = entry.change
    stands = f"until {clock(entry.until, zone)}" if entry.until is not None else "in force"
    if entry.refused or entry.again:
        stands = f"REFUSED: {entry.refused}" if entry.refused else "said again"
    elif entry.ahead or entry.dropped:
        stands = f"from {clock(entry.at, zone)} on" if entry.ahead else "never in force: another one came before that moment"
    yield f"{clock(entry.at, zone)}  {change.hash[:SHORT]}  {stands}"
    yield f"    {change.author}: {change.reason}"
    if change.decided is not None and change.decided != change.at:
        yield f"    decided {clock(change.decided, zone)}"
    if change.open_events == "move":
        yield "    open events were judged on by it"
    if change.signatures:
        yield f"    signed by {', '.join(f'{one.by} ({one.role}) {clock(one.at, zone)}' for one in change.signatures)}"
    if change.replaces is not None:
        yield f"    instead of {change.replaces[:SHORT]}"
    if change.backtest is not None:
        yield f"    backtest {change.backtest.name}, sha256 {change.backtest.sha256[:SHORT]}"


def _read(record: Record) -> tuple[ConfigChange | None, str]:
    try:
        change = read_input(record)
    except (PolyriskError, ValidationError) as error:
        return None, f"it cannot be read ({type(error).__name__})"
    return (change, "") if isinstance(change, ConfigChange) else (None, "it is no change of configuration")


def _records(log: EventLog, shard: str) -> Iterator[Record]:
    after = NOTHING
    while stored := log.read(INPUT.name, after=after, shard=shard, limit=_BATCH):
        yield from (one.record for one in stored)
        after = stored[-1].offset
