"""The officers of a drill: those who agreed to be woken in one, by a file, or those of the real roster if that is asked for. Nobody else is
woken in a drill, and all that they read and hear says EXERCISE.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import phonenumbers

from alerts.officers import accounts, permissions
from alerts.officers.officer import ConsoleRole, Grant
from alerts.registry import Registry
from alerts.roster import keeping, telephones
from alerts.roster.order import who_is_woken
from alerts.roster.shifts import PLACES, on_duty
from alerts.roster.wording import Wording
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError, PolyriskError, RefusedError

COLUMNS = ("name", "number", "role", "place")
LANGUAGE = "language"
"""A column that may stand behind them: in which language each is woken."""
_ORDERED = "drill"
"""Who puts them on duty, for the drill's own journal."""
_WITH_A_ROLE = (ConsoleRole.OPERATOR, ConsoleRole.APPROVER)
"""Those who act in a role of country.yaml while warnings go out."""


@dataclass(frozen=True)
class DrillOfficer:
    """Somebody who is woken in a drill.

    Attributes:
        number: E.164. roles: of `country.yaml`. place: of `PLACES`, counted from 1; none for who is on the country's ladder alone.
        language: that they chose to be spoken to in; empty for the country's.
    """

    name: str
    number: str
    roles: tuple[str, ...]
    place: int | None
    language: str = ""

    def __repr__(self) -> str:
        return f"DrillOfficer({self.name!r})"


def read(file: Path, country: LoadedCountry) -> list[DrillOfficer]:
    """Those of a CSV with the columns name, number, role (of country.yaml), place (first, second, third, or empty) and perhaps language.

    Raises:
        ConfigurationError: it cannot be read, or a line is none that can be taken; says which, and never a number.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("it cannot be read.", where=file.name, remedy="Save it as `CSV UTF-8`.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) not in (COLUMNS, (*COLUMNS, LANGUAGE)):
        remedy = f"Write {','.join(COLUMNS)}, and {LANGUAGE} behind them if you like."
        raise ConfigurationError("its first line does not name its columns.", where=file.name, remedy=remedy)
    found: list[DrillOfficer] = []
    wording = Wording(country)
    for row in reader:
        try:
            found.append(_officer(row, country, wording))
        except PolyriskError as error:
            raise ConfigurationError(f"line {reader.line_num}: {error.what}", where=file.name, remedy=error.remedy) from error
    if not any(one.place == 1 for one in found):
        raise ConfigurationError("nobody in it is on duty first.", where=file.name, remedy="Write `first` at the place of one of them.")
    return found


def _officer(row: dict[str, str], country: LoadedCountry, wording: Wording) -> DrillOfficer:
    name, number, role, place, language = ((row.get(column) or "").strip() for column in (*COLUMNS, LANGUAGE))
    if language and not wording.has(language):
        what = f"there are no words to wake somebody with in `{language}`."
        raise RefusedError(what, remedy="Take another language, or leave it empty for the country's.")
    if place and place not in PLACES:
        raise RefusedError("there is no such place on duty.", remedy=f"Places: {', '.join(PLACES)}, or none.")
    region = phonenumbers.region_code_for_country_code(int(country.facts.calling_code))
    officer = DrillOfficer(name, telephones.understood(number, region), (role,), PLACES.index(place) + 1 if place else None, language)
    for _ in _grants(officer, country):
        pass
    return officer


def of_installation(registry: Registry, country: LoadedCountry, now: datetime) -> list[DrillOfficer]:
    """Those who would be woken now in earnest: who is on duty, then who is on the country's ladder. Nothing is changed there.

    Raises:
        RefusedError: nobody with a telephone is, or the registry is itself one of an exercise.
    """
    if registry.exercise:
        raise RefusedError("this is a drill's own registry.", remedy="Name the folder of the installation with --state.")
    with registry.reading() as connection:
        order = who_is_woken(connection, country, "", now)
        places = {
            shift.officer: shift.place
            for shift in on_duty(keeping.within(connection, country.code, now, now + timedelta(microseconds=1)), now)
        }
        found = [
            DrillOfficer(
                one.name,
                telephones.of(connection, registry.keys, one.id) or "",
                tuple(dict.fromkeys(g.duty_role for g in one.grants if g.country == country.code and g.role in _WITH_A_ROLE)),
                places.get(one.id),
                one.language,
            )
            for one in order
        ]
    if not found:
        remedy = "`polyrisk roster check` says what is wrong with the roster."
        raise RefusedError("nobody with a telephone is on duty or on the ladder.", where="roster", remedy=remedy)
    return found


def put_on_duty(registry: Registry, country: LoadedCountry, officers: Sequence[DrillOfficer], since: datetime, until: datetime) -> None:
    """Make the accounts, telephones and shifts of a drill's own registry.

    Args:
        since, until: by the clock of the case, which the drill goes on with.

    Raises:
        RefusedError: the registry is none of an exercise, or an account or a shift cannot be made.
    """
    if not registry.exercise:
        raise RefusedError("this is a registry of people to be warned, and no exercise is held with it.")
    with registry.acting() as connection:
        for one in officers:
            made = accounts.add(connection, one.name, one.name, _ORDERED, since)
            for granted in _grants(one, country):
                made = accounts.grant(connection, made, granted, _ORDERED, since)
            made = accounts.choose_language(connection, made, one.language, since)
            telephones.give(connection, registry.keys, made, one.number, since)
        for one in officers:
            if one.place is not None:
                keeping.add(connection, country.code, one.name, since, until, one.place, one.name, since)


def _grants(officer: DrillOfficer, country: LoadedCountry) -> Iterator[Grant]:
    """The accounts' roles in the drill: that of who signs, or of who holds and silences; an administrator on the roster has none of them.

    Raises:
        RefusedError: the country has no such role, or one that may do nothing of it.
    """
    if not officer.roles:
        yield Grant(ConsoleRole.ADMINISTRATOR, country.code)
    for role in officer.roles:
        known = country.facts.roles.get(role)
        signs = known is not None and "sign" in known.may
        granted = Grant(ConsoleRole.APPROVER if signs else ConsoleRole.OPERATOR, country.code, role)
        permissions.check(granted, country)
        yield granted
