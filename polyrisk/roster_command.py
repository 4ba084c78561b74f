"""What `polyrisk roster` does. A telephone number is asked for hidden, and shown by its last two digits."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import click
import phonenumbers
from rich.console import Console
from rich.table import Table

from alerts.people.numbers import masked
from alerts.registry import Registry, open_registry
from alerts.roster import keeping, telephones
from alerts.roster.shifts import PLACES, on_duty
from polyrisk.config_apply import clock_of
from polyrisk.installation import country_of
from polyrisk.local_time import with_zone
from schemas.country_files import LoadedCountry


@dataclass(frozen=True)
class _Here:
    registry: Registry
    country: LoadedCountry
    now: datetime

    def clock(self, at: datetime) -> str:
        return with_zone(at, self.country.timezone)


def add(state: Path, country: str | None, name: str, since: datetime, until: datetime, place: str, by: str, *, as_json: bool) -> None:
    """Put somebody on duty."""
    with _opened(state, country) as here, here.registry.attempt("roster add", by, "roster", name, here.now) as connection:
        shift = keeping.add(connection, here.country.code, name, since, until, PLACES.index(place) + 1, by, here.now)
        without = shift.officer not in telephones.who_has_one(connection)
        if as_json:
            click.echo(json.dumps({"id": shift.id, "officer": shift.name, "telephone": not without}))
            return
        click.echo(f"{shift.id}: {shift.name} is on duty {shift.as_what} from {here.clock(since)} to {here.clock(until)}.")
        if without:
            click.echo(f"They cannot be woken yet: `polyrisk roster phone {shift.name}` asks for their number.")


def remove(state: Path, country: str | None, id: str, by: str) -> None:
    """Take a shift out."""
    with _opened(state, country) as here, here.registry.attempt("roster remove", by, "roster", id, here.now) as connection:
        gone = keeping.remove(connection, here.country.code, id, by, here.now)
        click.echo(f"{gone.name} is no longer on duty {gone.as_what} from {here.clock(gone.since)} to {here.clock(gone.until)}.")


def hand_over(state: Path, country: str | None, by: str, text: str) -> None:
    """Keep a note for the next shift."""
    with _opened(state, country) as here, here.registry.attempt("hand over", by, "roster", "", here.now) as connection:
        note = keeping.hand_over(connection, here.country.code, by, text, here.now)
        click.echo(f"{here.clock(note.at)}, {note.by}: {note.text}")


def phone(state: Path, country: str | None, name: str, source: TextIO | None, *, forget: bool) -> None:
    """Take an officer's own number, or forget it."""
    with _opened(state, country) as here:
        with here.registry.reading() as connection:
            officer = keeping.on_the_roster(connection, here.country.code, name)
        if forget:
            with here.registry.acting() as connection:
                there = telephones.forget(connection, officer, here.now)
            click.echo(f"{officer.name}: {'forgotten; they are not woken any more' if there else 'no telephone was known'}.")
            return
        region = phonenumbers.region_code_for_country_code(int(here.country.facts.calling_code))
        given = source.readline() if source is not None else getpass.getpass(f"Mobile number of {officer.name} (not shown): ")
        number = telephones.understood(given.strip(), region)
        with here.registry.acting() as connection:
            here.registry.keys.refresh()
            telephones.give(connection, here.registry.keys, officer, number, here.now)
        click.echo(f"{officer.name} is woken at {masked(number)}.")


def show(state: Path, country: str | None, span: timedelta, *, as_json: bool) -> None:
    """Print who is on duty now, what comes, and the last hand-over notes."""
    with _opened(state, country) as here:
        with here.registry.reading() as connection:
            coming = keeping.within(connection, here.country.code, here.now, here.now + span)
            notes = keeping.notes(connection, here.country.code)
            reached = telephones.who_has_one(connection)
        now = on_duty(coming, here.now)
        if as_json:
            rows = [
                {
                    "id": s.id,
                    "officer": s.name,
                    "from": s.since.isoformat(),
                    "until": s.until.isoformat(),
                    "place": s.as_what,
                    "now": s in now,
                    "telephone": s.officer in reached,
                }
                for s in coming
            ]
            said = [{"at": note.at.isoformat(), "by": note.by, "text": note.text} for note in notes]
            click.echo(json.dumps({"shifts": rows, "notes": said}, ensure_ascii=False, indent=1))
            return
        click.echo("On duty now: " + (", then ".join(s.name for s in now) or "NOBODY") + ".")
        table = Table("shift", "person", "place", "from", "until", "")
        for s in coming:
            can = "" if s.officer in reached else "no telephone"
            table.add_row(s.id, s.name, s.as_what, here.clock(s.since), here.clock(s.until), can)
        if coming:
            Console().print(table)
        for note in notes:
            click.echo(f"{here.clock(note.at)}, {note.by}: {note.text}")


def check(state: Path, country: str | None, span: timedelta, *, as_json: bool) -> None:
    """Print what is wrong with the roster; exit code 1 if anything is."""
    with _opened(state, country) as here:
        with here.registry.reading() as connection:
            found = keeping.check(connection, here.country.code, here.now, here.now + span)
        if as_json:
            rows = [{"kind": f.kind, "from": f.since.isoformat(), "until": f.until.isoformat(), "text": f.text} for f in found]
            click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        else:
            for finding in found:
                click.echo(f"{here.clock(finding.since)} to {here.clock(finding.until)}: {finding.text}.")
            if not found:
                click.echo(f"Somebody is on duty without a gap until {here.clock(here.now + span)}, and all can be woken.")
    sys.exit(1 if found else 0)


@contextmanager
def _opened(state: Path, country: str | None) -> Iterator[_Here]:
    known = country_of(state, country)
    with closing(open_registry(state)) as registry:
        yield _Here(registry, known, clock_of(state).now())
