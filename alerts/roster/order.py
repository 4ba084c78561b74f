"""In which order people are woken: the role that it was passed on to, who is on duty, then the roles of the country's ladder."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.officers import accounts
from alerts.officers.officer import Officer, State
from alerts.roster import keeping, telephones
from alerts.roster.shifts import on_duty
from schemas.country_files import LoadedCountry


def who_is_woken(connection: Connection, country: LoadedCountry, to_role: str, now: datetime) -> list[Officer]:
    """Who is tried, each once: accounts in use that gave a telephone.

    Args:
        to_role: of country.yaml, to which it was passed on; empty if it was not.
    """
    reached = telephones.who_has_one(connection)
    there = [o for o in accounts.all_of(connection) if o.state is State.ACTIVE and o.id in reached]
    shifts = keeping.within(connection, country.code, now, now + timedelta(microseconds=1))
    duty = [o for shift in on_duty(shifts, now) for o in there if o.id == shift.officer]
    first = _in_role(there, country, to_role) if to_role else []
    last = [o for step in country.facts.escalate for o in _in_role(there, country, step.to)]
    return list(dict.fromkeys((*first, *duty, *last)))


def _in_role(there: Sequence[Officer], country: LoadedCountry, role: str) -> list[Officer]:
    return [o for o in there if any(g.duty_role == role and g.country == country.code for g in o.grants)]
