"""`polyrisk journal`: hold the journal of what people did against its hashes and its anchors, and show it."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy.exc import DatabaseError, OperationalError

from alerts import journal
from alerts.chain import Entry, Finding, Verified, Wrong, verify
from alerts.registry import open_registry
from eventlog.log import NOTHING, EventLog
from polyrisk.installation import Installation
from polyrisk.local_time import clock
from polyrisk.progress import patient
from schemas.counting import counted
from schemas.envelopes import read_output
from schemas.errors import LogError
from schemas.topics import JOURNAL
from schemas.warning_records import JournalAnchor

_BATCH = 1_000
_HEADER = f"{'place':>6}  {'when':16}  {'step':13}  {'of':20}  who (role): what"


def verify_journal(here: Installation, state: Path, *, shown: bool) -> Verified:
    """Hold an installation's journal against its hashes and against what the log has anchored of it.

    Args:
        shown: whether a person who waits sees how far it has come.

    Raises:
        LogError: an anchor cannot be read. RefusedError: there is no registry here.
    """
    anchors = anchors_of(here.log, here.country.shard)  # before the steps: none is of one that is written meanwhile
    seen = 0
    with closing(open_registry(state)) as registry, patient("verifying", shown=shown) as done:

        def told(entries: Iterator[Entry], total: int) -> Iterator[Entry]:
            nonlocal seen
            for entry in entries:
                seen += 1
                if seen % _BATCH == 0:
                    done(min(1.0, seen / total))
                yield entry

        try:
            with registry.reading() as connection:
                return verify(told(journal.entries(connection), journal.count(connection)), anchors)
        except OperationalError:  # it is locked, or gone: that says nothing of the journal
            raise
        except DatabaseError:
            return Verified(seen, None, 0, (Finding(seen + 1, seen + 1, Wrong.UNREADABLE),))


def anchors_of(log: EventLog, shard: str) -> list[JournalAnchor]:
    """All that the log has anchored of a shard's journal, oldest first.

    Raises:
        LogError: one cannot be read.
    """
    found: list[JournalAnchor] = []
    after = NOTHING
    while stored := log.read(JOURNAL.name, after=after, shard=shard, limit=_BATCH):
        for one in stored:
            try:
                anchor = read_output(one.record)
            except ValidationError as error:
                where = f"{JOURNAL.name}, offset {one.offset}"
                raise LogError("An anchor of the journal cannot be read.", where=where, remedy="Restore a copy of the log.") from error
            if isinstance(anchor, JournalAnchor):
                found.append(anchor)
        after = stored[-1].offset
    return found


def lines_of(verified: Verified) -> Iterator[str]:
    """What was found, for a person."""
    for finding in verified.findings:
        yield str(finding)
    if verified.head is not None:
        yield f"{counted(verified.steps, 'step')}; the newest is place {verified.head.place:,}, hash {verified.head.hash}"
    if verified.findings:
        yield f"{counted(len(verified.findings), 'finding')}. The newest anchor that agrees is of place {verified.anchored:,}."
        yield "Keep registry and log as they are, and a copy of each; docs/operators.md says what to do."
    elif verified.head is None:
        yield "The journal is empty."
    else:
        yield f"Nothing was changed, taken out, put in or cut off. Anchored up to place {verified.anchored:,}."
        if left := verified.head.place - verified.anchored:
            yield f"Not anchored yet: {counted(left, 'step')} after it. The alert service does that at its next turn."


def as_json(verified: Verified) -> dict[str, Any]:
    """The same for programs."""
    head = {"place": verified.head.place, "hash": verified.head.hash} if verified.head else None
    findings = [{**asdict(one), "wrong": one.wrong.value, "what": str(one)} for one in verified.findings]
    return {"steps": verified.steps, "head": head, "anchored": verified.anchored, "findings": findings}


def show(here: Installation, state: Path, warning: str | None, since: datetime | None, *, as_json: bool) -> Iterator[str]:
    """The steps, oldest first, a line each.

    Args:
        warning: only those done to the warnings or messages whose ids begin so. since: only those from this moment on.

    Raises:
        RefusedError: there is no registry here.
    """
    where = [] if warning is None else [journal.of_warning(warning)]
    where += [] if since is None else [journal.since(since)]
    found = False
    with closing(open_registry(state)) as registry, registry.reading() as connection:
        for entry in journal.entries(connection, *where):
            if not found and not as_json:
                yield _HEADER
            found = True
            yield json.dumps(entry._asdict(), default=repr) if as_json else _line(entry, here.country.timezone)
    if not found and not as_json:
        yield "No such step." if where else "The journal is empty."


def _line(entry: Entry, zone: ZoneInfo) -> str:
    try:
        when = clock(datetime.fromisoformat(entry.at), zone)
        content = ", ".join(f"{name} {value}" for name, value in json.loads(entry.content).items() if value is not None)
    except (TypeError, ValueError, AttributeError):
        when, content = str(entry.at), str(entry.content)  # damaged, as `verify` says: shown as it stands
    who = f"{entry.actor} ({entry.role})" if entry.role else f"{entry.actor}"
    line = f"{entry.place:>6}  {when:16}  {entry.step!s:13}  {entry.subject!s:20}  {who}: {content}".rstrip(": ")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)  # nobody's name may steer a terminal
