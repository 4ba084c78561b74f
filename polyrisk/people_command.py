"""What `polyrisk people` does. A number comes from a file, standard input or a hidden question, and is shown by its last two digits."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from alerts import journal, retention
from alerts.people import enrolling, rotation
from alerts.people.enrolment_files import read
from alerts.people.numbers import is_synthetic, masked, mobile_of
from alerts.people.welcome import is_told, owed, welcome_owed
from alerts.registry import Registry, open_registry
from alerts.tables import subscribers
from polyrisk.installation import country_of
from polyrisk.progress import patient
from schemas.counting import counted
from schemas.country_files import LoadedCountry
from schemas.errors import PolyriskError, RefusedError

_LATER = "not told yet, for {country} sends to nobody; `polyrisk people welcome` does it once it does."
_SHOWN = 50
"""Refused rows that are listed for a person; programs get all."""


def enrol(state: Path, country: str | None, source: TextIO | None, said: Mapping[str, Any]) -> None:
    """Enrol one person."""
    here = country_of(state, country)
    now = datetime.now(UTC)
    with _opened(state, create=True) as registry:
        (number,) = _numbers(source, here, most=1)
        cells = {"number": number, "area": said["area"], "language": said["language"], "group": said["group"]}
        cells |= {"needs": " ".join(said["needs"]), "romanised": "yes" if said["romanised"] else "no"}
        person = enrolling.understood(cells, here, _consent(said, here, now), now)
        new = enrolling.enrol_one(registry, here, person, now)
    click.echo(f"{masked(number)}: enrolled in {person.area}, {person.language}, as {person.group}.")
    if new:
        click.echo("A text that says so waits to be sent." if is_told(here, number) else f"They are {_LATER.format(country=here.name)}")


def import_file(
    state: Path, country: str | None, file: Path, drop: Sequence[str], said: Mapping[str, Any], *, really: bool, as_json: bool
) -> None:
    """Say what a file would change, or change it; the exit code is 1 if rows were refused."""
    here = country_of(state, country)
    now = datetime.now(UTC)
    rows = read(file, drop)
    with _opened(state, create=True) as registry, patient("reading people", shown=not as_json) as done:
        report = enrolling.enrol_file(registry, here, rows, _consent(said, here, None), now, apply=really, progress=done)
    if as_json:
        refused = [{"line": refusal.line, "reason": refusal.reason} for refusal in report.refused]
        counted = {outcome.value: report.outcomes[outcome] for outcome in enrolling.Outcome}
        told = {"applied": really, "rows": report.rows, "outcomes": counted, "welcomed": report.welcomed}
        told |= {"owed_welcome": report.owed, "refused": refused}
        click.echo(json.dumps(told, indent=1))
    else:
        _show(report, here, really)
    sys.exit(1 if report.refused else 0)


def _show(report: enrolling.Report, country: LoadedCountry, really: bool) -> None:
    rows = counted(report.rows, "row")
    click.echo(f"{rows}:" if really else f"Dry: {rows}, of which")
    for outcome in enrolling.Outcome:
        if report.outcomes[outcome]:
            click.echo(f"{report.outcomes[outcome]:9,}  {outcome.value}")
    for refusal in report.refused[:_SHOWN]:
        click.echo(f"  line {refusal.line}: {refusal.reason}")
    if len(report.refused) > _SHOWN:
        click.echo(f"  and {len(report.refused) - _SHOWN} more; --json lists all.")
    if report.welcomed:
        will = "waits to be sent to" if really else "would be sent to"
        click.echo(f"A text that says so, what they will get and how to leave {will} {report.welcomed:,} new people.")
    if report.owed:
        click.echo(f"{counted(report.owed, 'new person is', 'new people are')} {_LATER.format(country=country.name)}")
    click.echo("Done." if really else "Nothing was changed; --apply does it.")


_Change = Callable[[Registry, str, datetime], bool]


def stop(state: Path, country: str | None, source: TextIO | None) -> None:
    """Let people leave."""

    def make(registry: Registry, number: str, now: datetime) -> bool:
        registry.stop(number, now)
        return True

    _change(state, country, source, "left", make)


def start(state: Path, country: str | None, source: TextIO | None) -> None:
    """Let people come back."""
    _change(state, country, source, "came back", lambda registry, number, now: registry.start(number, now))


def _change(state: Path, country: str | None, source: TextIO | None, done: str, make: _Change) -> None:
    """Make a change for each number; the exit code is 1 if somebody is not known."""
    here = country_of(state, country)
    unknown = 0
    with _opened(state) as registry:
        for number in _numbers(source, here):
            known = make(registry, number, datetime.now(UTC))
            unknown += not known
            click.echo(f"{masked(number)}: {done}." if known else f"{masked(number)}: is not known here, or left.")
    sys.exit(1 if unknown else 0)


def move(state: Path, country: str | None, source: TextIO | None, area: str | None, language: str | None, romanised: str | None) -> None:
    """Change where people are, or how they read."""
    here = country_of(state, country)
    if area is None and language is None and romanised is None:
        raise click.UsageError("Say what changes: --area, --language or --romanised.")
    if area is not None and area not in here.places.areas:
        raise RefusedError(f"`{area}` is no area of {here.name}.", where="--area", remedy="Write a P-code of areas.csv.")
    if language is not None and language not in here.languages:
        raise RefusedError(
            f"`{language}` is not written in {here.name}.", where="--language", remedy=f"One of {', '.join(here.languages)}."
        )

    def make(registry: Registry, number: str, now: datetime) -> bool:
        known = [registry.move(number, area, now)] if area is not None else []
        known += [registry.change_language(number, language, now)] if language is not None else []
        known += [registry.romanised(number, romanised == "yes", now)] if romanised is not None else []
        return all(known)

    _change(state, country, source, "changed", make)


def erase(state: Path, country: str | None, source: TextIO | None, by: str | None, *, really: bool) -> None:
    """Forget people, or say of what."""
    here = country_of(state, country)
    with _opened(state) as registry:
        for number in _numbers(source, here):
            held = registry.export(number)
            rows = {name: len(rows) for name, rows in held.items() if isinstance(rows, list)}
            what = ", ".join([*(["the enrolment"] if "person" in held else []), *(f"{count} of {name}" for name, count in rows.items())])
            if really:
                registry.erase(number, datetime.now(UTC), by or _account())
            click.echo(f"{masked(number)}: {'erased' if really else 'would be erased'}: {what or 'nothing is held'}.")
    if not really:
        click.echo("Nothing was changed; --apply does it.")


def export(state: Path, country: str | None, source: TextIO | None, by: str | None, out: Path) -> None:
    """Write all that is held about a number to a new file of its reader's own."""
    here = country_of(state, country)
    with _opened(state) as registry:
        (number,) = _numbers(source, here, most=1)
        held = registry.export(number)
        try:
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise RefusedError(f"cannot be written: {error.strerror}.", where=str(out), remedy="Name a new file.") from error
        with registry.acting() as connection:  # before anything is handed out
            journal.write(connection, datetime.now(UTC), by or _account(), "", journal.Step.EXPORTED, "", {"people": 1})
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(held, file, ensure_ascii=False, indent=1)
        file.write("\n")
    nothing = set(held) == {"number"}
    click.echo(f"{out}: {'nothing is held about' if nothing else 'all that is held about'} {masked(number)}.")
    sys.exit(1 if nothing else 0)


def counts(state: Path, *, as_json: bool) -> None:
    """Say how many people there are."""
    keys = (subscribers.c.status, subscribers.c.area, subscribers.c.language, subscribers.c.group)
    with _opened(state) as registry, registry.reading() as connection:
        rows = connection.execute(select(*keys, func.count()).group_by(*keys).order_by(*keys)).all()
        untold = owed(connection)
    active = [row for row in rows if row.status == "active"]
    left = sum(row[-1] for row in rows) - sum(row[-1] for row in active)
    if as_json:
        found = [{"area": row.area, "language": row.language, "group": row.group, "people": row[-1]} for row in active]
        click.echo(json.dumps({"active": found, "left": left, "owed_welcome": untold}, indent=1))
        return
    table = Table("area", "language", "group", "people")
    for row in active:
        table.add_row(row.area, row.language, row.group, f"{row[-1]:,}")
    Console().print(table)
    click.echo(f"{sum(row[-1] for row in active):,} people are warned; {left:,} have left.")
    if untold:
        click.echo(f"{untold:,} of them were not told yet that they are enrolled; see `polyrisk people welcome`.")


def welcome(state: Path, country: str | None, *, really: bool, as_json: bool) -> None:
    """Tell those who came while nobody was told, or say how many they are."""
    here = country_of(state, country)
    with _opened(state) as registry:
        with registry.reading() as connection:
            number = owed(connection)
        if really:
            with patient("queueing texts", shown=not as_json) as done:
                number = welcome_owed(registry, here, datetime.now(UTC), lambda told: done(min(1.0, told / max(1, number))))
    if as_json:
        click.echo(json.dumps({"applied": really, "owed_welcome": 0 if really else number, "welcomed": number if really else 0}))
        return
    waits = "A text that says that they are enrolled, what they will get and how to leave"
    if really:
        click.echo(f"{waits}, waits to be sent to {counted(number, 'person', 'people')}.")
    elif not number:
        click.echo("Everybody was told that they are enrolled.")
    else:
        may = "--apply does it" if here.facts.sends else f"{here.name} sends to nobody yet (standing: {here.facts.standing})"
        click.echo(f"{waits}, is owed to {counted(number, 'person', 'people')}. Nothing was changed; {may}.")


def rotate(state: Path, by: str | None) -> None:
    """Change the keys."""
    with _opened(state) as registry, patient("writing numbers anew") as done:
        rotated = rotation.rotate(registry, done, by or _account())
    gone_on = " It went on with a change of keys that had not ended." if rotated.resumed else ""
    click.echo(f"{rotated.written:,} numbers were written under new keys.{gone_on}")
    if rotated.older_kept:
        click.echo(f"{rotated.older_kept} older index keys stay: people who were erased are known to have left by them alone.")


def retain(state: Path, *, as_json: bool) -> None:
    """Delete what was kept long enough."""
    with _opened(state) as registry:
        done = retention.forget(registry, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(done))
        return
    for name, count in done.items():
        click.echo(f"{count:9,}  {name}")
    click.echo("Done." if done else "Nothing was older than it is kept.")


@contextmanager
def _opened(state: Path, *, create: bool = False) -> Iterator[Registry]:
    registry = open_registry(state, create=create)
    try:
        yield registry
    finally:
        registry.close()


def _account() -> str:
    """Who is at the machine, if nobody gave a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name, as in a container
        return f"account {os.getuid()}"


def _consent(said: Mapping[str, Any], country: LoadedCountry, otherwise: datetime | None) -> enrolling.ConsentOfAll:
    given = said["consent_at"]
    at = enrolling.moment(given, country.timezone) if given else otherwise
    return enrolling.ConsentOfAll(at, said["consent_text"], said["consent_by"])


def _numbers(source: TextIO | None, country: LoadedCountry, most: int | None = None) -> list[str]:
    """The numbers that are meant, in E.164.

    Raises:
        RefusedError: one is no mobile number of the country, by its line; or there is none, or more than were asked for.
    """
    asked = source is None
    lines = [click.prompt("Number (it is not shown)", hide_input=True, err=True)] if source is None else source.read().splitlines()
    found = []
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            found.append(text.strip() if is_synthetic(text.strip()) else mobile_of(text, country.facts.calling_code))
        except PolyriskError as error:
            raise RefusedError(error.what, where="" if asked else f"line {line}", remedy=error.remedy) from error
    if not found or (most is not None and len(found) > most):
        raise RefusedError("there is no number." if not found else f"{len(found)} numbers were given.", remedy="Give one a line.")
    return found
