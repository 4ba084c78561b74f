"""What a file of people would change, told before anything is changed, and then done: row by row, with the reason where not.

The same judgement is made for the dry run and, inside the transaction that writes, for the real one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, insert, select, update

from alerts.people import numbers
from alerts.people import subscribers as people
from alerts.people.enrolment_files import FileRow
from alerts.people.keys import Keys
from alerts.people.person import CHANNELS, GROUPS, NEEDS, Consent, Enrolment, Need
from alerts.people.welcome import Welcome, is_told
from alerts.registry import Registry
from alerts.tables import subscribers, suppressions
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.moments import to_utc

CHUNK = 2_000
"""Rows written at once: a dispatcher on the same database waits no longer than for these."""
_YES, _NO = {"yes", "true", "1", "y"}, {"no", "false", "0", "n", ""}


class Outcome(StrEnum):
    """What a row comes to."""

    NEW = "new"
    MOVED = "moved"
    LANGUAGE = "language changed"
    DETAILS = "other details changed"
    THERE = "already there"
    OWN_WORD = "kept as the person said since"
    LEFT = "left before, not enrolled"
    DOUBLED = "in the file before"
    REFUSED = "refused"


@dataclass(frozen=True)
class Refusal:
    """A row that is not taken, and why; never what it holds."""

    line: int
    reason: str


@dataclass(frozen=True)
class ConsentOfAll:
    """What a file without columns of its own says of everybody's consent."""

    at: datetime | None = None
    text: str = ""
    by: str = ""


@dataclass
class Report:
    """What became of a file, or would. A person who moved and changed their language counts under both.

    Attributes:
        owed: new people whom nothing tells yet that they are enrolled, because the country sends to nobody.
    """

    rows: int = 0
    owed: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def welcomed(self) -> int:
        """To how many a text goes that says that they are enrolled."""
        return self.outcomes[Outcome.NEW] - self.owed

    def refuse(self, line: int, reason: str) -> None:
        """Note a row that is not taken."""
        self.outcomes[Outcome.REFUSED] += 1
        self.refused.append(Refusal(line, reason))


@dataclass(frozen=True)
class _Read:
    line: int
    person: Enrolment


def enrol_file(
    registry: Registry,
    country: LoadedCountry,
    rows: Sequence[FileRow],
    consent: ConsentOfAll,
    now: datetime,
    *,
    apply: bool,
    progress: Callable[[float], None] = lambda _: None,
) -> Report:
    """Say what the rows would change, and with `apply` change it, some thousand rows at a time. Who is new gets a text that says so, once
    the country sends; not from the registry of an exercise, to which nobody is told that they are enrolled.

    Killed in the middle it may be run again: what is done is then already there.

    Args:
        progress: is told the share that is done.
    """
    report = Report(rows=len(rows))
    welcome = Welcome(country, now)
    read = list(_without_doubles(_understood(rows, country, consent, now, report, lambda share: progress(share / 2)), report))
    for place in range(0, len(read), CHUNK):
        chunk = read[place : place + CHUNK]
        with registry.people() if apply else registry.reading() as connection:
            added, changed = _judged(connection, registry.keys, chunk, now, report)
            report.owed += sum(not is_told(country, person.number) for _, person in added)
            if added and apply:
                connection.execute(insert(subscribers), [people.row(name, registry.keys, person, now) for name, person in added])
                if not registry.exercise:
                    welcome.tell(connection, added)
            if changed and apply:
                _change(connection, [people.row(name, registry.keys, person, joined) for name, person, joined in changed])
        progress(0.5 + 0.5 * min(1.0, (place + CHUNK) / len(read)))
    report.refused.sort(key=lambda refusal: refusal.line)
    return report


def enrol_one(registry: Registry, country: LoadedCountry, person: Enrolment, now: datetime) -> bool:
    """Enrol one person, with a text that says so if they are new, once the country sends; whether they are new.

    Raises:
        RefusedError: they have left. ConfigurationError: no language of the country has the text.
    """
    with registry.people() as connection:
        known = people.find(connection, registry.keys.indexes(person.number)) is not None
        name = registry.put(connection, person, now)
        if not known:
            Welcome(country, now).tell(connection, [(name, person)])
    return not known


def understood(cells: dict[str, str], country: LoadedCountry, consent: ConsentOfAll, now: datetime) -> Enrolment:
    """The person whom a row's cells describe.

    Raises:
        RefusedError: a cell says what cannot be; never with what it holds.
    """
    number = cells.get("number", "")
    if "e" in number.casefold():
        raise RefusedError("the spreadsheet has rounded the number.", remedy="Format the column as text and enter it again.")
    found = numbers.mobile_of(number, country.facts.calling_code)
    area = cells.get("area", "").upper()
    if area not in country.places.areas:
        raise RefusedError("the area is none of the country's.", remedy="Write its P-code, as in areas.csv.")
    language = cells.get("language", "").casefold()
    known = {tag.casefold(): tag for tag in country.languages}
    if language not in known:
        raise RefusedError("the language is none of the country's.", remedy=f"Write one of {', '.join(country.languages)}.")
    return Enrolment(
        number=found,
        area=area,
        language=known[language],
        group=_one_of("group", cells.get("group", "") or "household", GROUPS),
        channel=_one_of("channel", cells.get("channel", "") or "sms", CHANNELS),
        needs=_needs(cells.get("needs", "")),
        romanised=_whether(cells.get("romanised", "")),
        consent=_consent(cells, consent, country.timezone, now),
    )


def _one_of(column: str, cell: str, words: Sequence[Any]) -> Any:
    if cell.casefold() not in words:
        raise RefusedError(f"the {column} is not known.", remedy=f"Write one of {', '.join(words)}.")
    return cell.casefold()


def _needs(cell: str) -> tuple[Need, ...]:
    words = cell.casefold().replace(";", " ").replace(",", " ").split()
    return tuple(sorted({_one_of("need", word, NEEDS) for word in words}))


def _whether(cell: str) -> bool:
    if cell.casefold() not in _YES | _NO:
        raise RefusedError("`romanised` is neither yes nor no.", remedy="Write yes or no.")
    return cell.casefold() in _YES


def _consent(cells: dict[str, str], of_all: ConsentOfAll, zone: ZoneInfo, now: datetime) -> Consent:
    at = moment(cells["consent_at"], zone) if cells.get("consent_at") else of_all.at
    text, by = cells.get("consent_text") or of_all.text, cells.get("consent_by") or of_all.by
    if at is None or not text or not by:
        raise RefusedError("the consent is not complete.", remedy="Write consent_at, consent_text and consent_by, or give them for all.")
    if at > now:
        raise RefusedError("the consent is of the future.", remedy="Write when the person agreed.")
    if len(text) > subscribers.c.consent_text.type.length or len(by) > subscribers.c.consent_by.type.length:  # type: ignore[attr-defined]
        raise RefusedError("the consent's text or witness is too long.", remedy="Name the text's version, and an office or a committee.")
    return Consent(at, text, by)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A day or a moment in ISO 8601; without a zone of its own it is the country's.

    Raises:
        RefusedError: it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
        return to_utc(found if found.tzinfo else found.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise RefusedError("the time of the consent cannot be read.", remedy="Write a day such as 2026-11-24.") from error


def _understood(
    rows: Sequence[FileRow],
    country: LoadedCountry,
    consent: ConsentOfAll,
    now: datetime,
    report: Report,
    progress: Callable[[float], None],
) -> Iterator[_Read]:
    for place, row in enumerate(rows):
        if place % CHUNK == 0:
            progress(place / len(rows))
        if row.fault:
            report.refuse(row.line, f"it {row.fault}. Write the value itself.")
            continue
        try:
            yield _Read(row.line, understood(row.cells, country, consent, now))
        except RefusedError as error:
            report.refuse(row.line, str(error))


def _without_doubles(read: Iterator[_Read], report: Report) -> Iterator[_Read]:
    """A number that stands twice counts once; if its rows differ, nobody can tell which is right, and none is taken."""
    of: dict[str, list[_Read]] = {}
    for one in read:
        of.setdefault(one.person.number, []).append(one)
    for same in of.values():
        if all(one.person == same[0].person for one in same):
            report.outcomes[Outcome.DOUBLED] += len(same) - 1
            yield same[0]
            continue
        lines = ", ".join(str(one.line) for one in same)
        for one in same:
            report.refuse(one.line, f"one number stands in lines {lines} with different words. Leave the right one.")


def _judged(
    connection: Connection, keys: Keys, chunk: Sequence[_Read], now: datetime, report: Report
) -> tuple[list[tuple[str, Enrolment]], list[tuple[str, Enrolment, datetime]]]:
    """People to add, each with an id, and people to change, each with when they joined."""
    indexes = {index: one.person.number for one in chunk for index in keys.indexes(one.person.number)}
    gone = {indexes[i] for i in connection.execute(_among(suppressions, suppressions.c.number_index, indexes)).scalars()}
    known = {indexes[row.number_index]: row for row in connection.execute(_among(subscribers, subscribers, indexes))}
    added: list[tuple[str, Enrolment]] = []
    changed: list[tuple[str, Enrolment, datetime]] = []
    for one in chunk:
        person, row = one.person, known.get(one.person.number)
        outcomes = [Outcome.LEFT] if person.number in gone else _differences(person, row)
        report.outcomes.update(outcomes)
        if outcomes[0] in (Outcome.LEFT, Outcome.THERE, Outcome.OWN_WORD):
            continue
        if row is None:
            added.append((people.new_id(), person))
        else:
            changed.append((row.id, person, now if Outcome.MOVED in outcomes else row.joined_at))
    return added, changed


def _among(table: Any, what: Any, indexes: dict[str, str]) -> Any:
    return select(what).where(table.c.number_index.in_(list(indexes)))


def _differences(person: Enrolment, row: Any) -> list[Outcome]:
    """In what a person differs from the row that is kept of them."""
    if row is None:
        return [Outcome.NEW]
    said = row.said_at is not None and row.said_at > person.consent.at
    found = []
    if row.area != person.area:
        found.append(Outcome.MOVED)
    if row.language != person.language:
        found.append(Outcome.LANGUAGE)
    if (row.group, row.channel, row.needs, row.romanised) != (person.group, person.channel, ",".join(person.needs), person.romanised):
        found.append(Outcome.DETAILS)
    if found and said:
        return [Outcome.OWN_WORD]
    return found or [Outcome.THERE]


def _change(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    values: dict[str, Any] = {name: bindparam(f"_{name}") for name in rows[0] if name != "id"}
    of = update(subscribers).where(subscribers.c.id == bindparam("_id"))
    connection.execute(of.values(**values), [{f"_{name}": value for name, value in row.items()} for row in rows])
