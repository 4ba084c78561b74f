"""`polyrisk cap`: the warnings of an installation as CAP 1.2 files and an Atom feed, or one message of them to look at."""

import json
from pathlib import Path

import click

from alerts.cap.folder import CapFolder
from alerts.cap.messages import Writer, messages_of
from eventlog.log import EventLog
from polyrisk.installation import Installation
from schemas.envelopes import read_output
from schemas.errors import RefusedError
from schemas.topics import WARNINGS
from schemas.warning_records import Warning


def export(here: Installation, out: Path, *, as_json: bool) -> None:
    """Write all messages that went out, and the feed, into a folder; what is there already stays."""
    new = CapFolder(out, Writer(here.country)).write(issued(here.log))
    if as_json:
        click.echo(json.dumps({"folder": str(out), "written": [path.name for path in new]}))
        return
    click.echo(f"{len(new)} new CAP messages in {out}, and feed.xml." if new else f"Nothing new for {out}.")


def show(here: Installation, message: str) -> None:
    """Print one message's document.

    Raises:
        RefusedError: no public message of this id went out.
    """
    found = next((m for m in messages_of(issued(here.log), here.country) if m.warning.id == message), None)
    if found is None:
        raise RefusedError("no public message of this id went out.", where=message, remedy="`polyrisk cap export` writes all that did.")
    click.echo(Writer(here.country).document(found).decode())


def issued(log: EventLog) -> list[Warning]:
    """Each message as it was published when it went out, in the order of the log."""
    said: dict[str, Warning] = {}
    for stored in log.read(WARNINGS.name):
        warning = read_output(stored.record)
        if isinstance(warning, Warning) and warning.issued is not None:
            said.setdefault(warning.id, warning)
    return list(said.values())
