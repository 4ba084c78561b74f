"""The roster and its hand-over notes as they are kept, inside the caller's transaction. Each change is a step of the journal."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from alerts import journal
from alerts.journal import Step
from alerts.officers import accounts
from alerts.officers.officer import ConsoleRole, Officer, State
from alerts.people.numbers import hidden
from alerts.roster import telephones
from alerts.roster.shifts import Finding, Shift, checked, findings
from alerts.tables import duty_shifts, handover_notes, officers
from schemas.errors import RefusedError

NOTE_MOST = 2_000
_MAY = (ConsoleRole.OPERATOR, ConsoleRole.APPROVER, ConsoleRole.ADMINISTRATOR)


@dataclass(frozen=True)
class Note:
    """What one shift told the next. by: the account's name."""

    at: datetime
    by: str
    text: str


def on_the_roster(connection: Connection, country: str, name: str) -> Officer:
    """The account that keeps the roster of a country, or stands on it.

    Raises:
        RefusedError: there is none, it is out of use, or it is neither operator, approver nor administrator there.
    """
    officer = accounts.named(connection, name)
    if officer.state is not State.ACTIVE:
        raise RefusedError(f"the account {officer.name} is out of use.", where="roster", remedy="An administrator can enable it.")
    if not any(grant.country == country and grant.role in _MAY for grant in officer.grants):
        what = f"the account {officer.name} is neither operator, approver nor administrator in {country}."
        raise RefusedError(what, where="roster", remedy="An administrator can grant it: `polyrisk officers grant`.")
    return officer


def may_stand(officer: Officer, country: str) -> bool:
    """Whether an account can keep the roster of a country, and stand on it."""
    return officer.state is State.ACTIVE and any(grant.country == country and grant.role in _MAY for grant in officer.grants)


def add(connection: Connection, country: str, name: str, since: datetime, until: datetime, place: int, by: str, now: datetime) -> Shift:
    """Put somebody on duty.

    Raises:
        RefusedError: as `on_the_roster` says, the shift cannot be one, or they have this place already for some of the time.
    """
    by = on_the_roster(connection, country, by).name
    officer = on_the_roster(connection, country, name)
    shift = checked(Shift(f"shift-{secrets.token_hex(4)}", officer.id, officer.name, since, until, place))
    if any(s.officer == officer.id and s.place == place for s in within(connection, country, since, until)):
        what = f"{officer.name} is on duty {shift.as_what} for some of this time already."
        raise RefusedError(what, where="roster", remedy="`polyrisk roster show` shows it; `remove` takes a shift out.")
    values = {"id": shift.id, "country": country, "officer": officer.id, "since": since, "until": until, "place": place}
    connection.execute(insert(duty_shifts).values(**values, added_at=now, added_by=by))
    content = {"shift": shift.id, "from": since.isoformat(), "until": until.isoformat(), "place": shift.as_what}
    journal.write(connection, now, by, "roster", Step.SHIFT_ADDED, officer.name, content)
    return shift


def remove(connection: Connection, country: str, id: str, by: str, now: datetime) -> Shift:
    """Take a shift out.

    Raises:
        RefusedError: as `on_the_roster` says of who does it, or there is no such shift.
    """
    by = on_the_roster(connection, country, by).name
    found = next((s for s in _read(connection, duty_shifts.c.country == country, duty_shifts.c.id == id)), None)
    if found is None:
        raise RefusedError("there is no such shift.", where=id, remedy="`polyrisk roster show` lists them with their ids.")
    connection.execute(delete(duty_shifts).where(duty_shifts.c.id == id))
    content = {"shift": id, "from": found.since.isoformat(), "until": found.until.isoformat(), "place": found.as_what}
    journal.write(connection, now, by, "roster", Step.SHIFT_REMOVED, found.name, content)
    return found


def within(connection: Connection, country: str, since: datetime, until: datetime) -> list[Shift]:
    """The shifts of which something lies between two moments, in order of time."""
    return _read(connection, duty_shifts.c.country == country, duty_shifts.c.until > since, duty_shifts.c.since < until)


def check(connection: Connection, country: str, since: datetime, until: datetime) -> list[Finding]:
    """What is wrong with the roster between two moments: its own gaps and overlaps, and who stands on it and cannot be woken."""
    shifts = within(connection, country, since, until)
    found = findings(shifts, since, until)
    reached = telephones.who_has_one(connection)
    for shift in shifts:
        begin, end = max(shift.since, since), min(shift.until, until)
        officer = accounts.load(connection, shift.officer)
        if officer is not None and officer.state is not State.ACTIVE:
            found.append(Finding("account", begin, end, f"the account {shift.name} is out of use, and is not woken"))
        elif shift.officer not in reached:
            found.append(Finding("telephone", begin, end, f"{shift.name} has given no telephone: `polyrisk roster phone {shift.name}`"))
    return sorted(found, key=lambda finding: (finding.since, finding.kind))


def hand_over(connection: Connection, country: str, by: str, text: str, now: datetime) -> Note:
    """Keep a note for the next shift. What may be a number in it is masked.

    Raises:
        RefusedError: as `on_the_roster` says, or the note is empty or too long.
    """
    by = on_the_roster(connection, country, by).name
    text = hidden(text.strip())
    if not text or len(text) > NOTE_MOST:
        what = "a hand-over note says something, in 2,000 characters at most."
        raise RefusedError(what, where="hand-over", remedy="Write what stands, what is watched and whom you asked.")
    connection.execute(insert(handover_notes).values(country=country, at=now, by=by, text=text))
    journal.write(connection, now, by, "roster", Step.HANDED_OVER, "", {"characters": len(text)})
    return Note(now, by, text)


def notes(connection: Connection, country: str, most: int = 5) -> list[Note]:
    """The newest notes, the newest first."""
    query = select(handover_notes).where(handover_notes.c.country == country).order_by(handover_notes.c.place.desc()).limit(most)
    return [Note(row.at, row.by, row.text) for row in connection.execute(query)]


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> list[Shift]:
    query = select(duty_shifts, officers.c.name).join(officers, officers.c.id == duty_shifts.c.officer).where(*conditions)
    rows = connection.execute(query.order_by(duty_shifts.c.since, duty_shifts.c.place, duty_shifts.c.id))
    return [Shift(row.id, row.officer, row.name, row.since, row.until, row.place) for row in rows]
