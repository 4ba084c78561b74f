"""What a person on duty tells the engine: a reading taken by telephone, and that a gauge is dead or back.

Both are records of the input like any other, so that a replay judges the same. Each is a step of the journal with who vouches for it, and
waits in the outbox in the same transaction: neither is there without the other, and a crash repeats what has no second effect.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from alerts import journal, ledger, roles
from alerts.journal import Step
from alerts.people.numbers import hidden
from alerts.registry import Registry
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record, reading_record
from schemas.errors import RefusedError
from schemas.indicators import CATALOGUE
from schemas.inputs import GaugeDeclaration, Quality
from schemas.readings import CLOCK_TOLERANCE, OLDEST, PlainReading

FEED = "by_hand"
"""The feed of what people enter. It has no schedule: that it is silent says nothing, and what it says makes no other feed alive."""
MAY = "declare_gauge"
"""The word in a role of country.yaml: who vouches for gauges vouches for what is read at them."""


Declared = Literal["dead", "back"]


@dataclass(frozen=True)
class Entered:
    """A reading taken by telephone.

    Attributes:
        place: a station's code, or a P-code. at: when it was read. by, role: who enters it and vouches for it.
        why: who read it and how, in words; what may be a number in it is masked.
    """

    place: str
    indicator: str
    value: float
    unit: str
    at: datetime
    by: str
    role: str
    why: str = ""


def understood(country: LoadedCountry, entered: Entered, now: datetime) -> PlainReading:
    """The reading as the engine takes it in. A second one of the same place, indicator and moment corrects the first.

    Raises:
        RefusedError: the role may not enter it, nobody is named, or place, indicator, unit, value or moment cannot be.
    """
    roles.require(country.facts, MAY, entered.role, entered.place)
    _named(entered.by, entered.place)
    if entered.place not in country.places.stations and entered.place not in country.places.areas:
        what = f"{country.name} has no station and no area `{entered.place}`."
        raise RefusedError(what, where="place", remedy="Give a code of stations.csv or a P-code of areas.csv.")
    indicator = CATALOGUE.get(entered.indicator)
    if indicator is None:
        begun = [name for name in CATALOGUE if name.startswith(entered.indicator[:5])]
        what = f"there is no indicator `{entered.indicator}`."
        raise RefusedError(what, where="indicator", remedy=f"Near it: {', '.join(begun) or 'none'}; docs/planners.md has the catalogue.")
    if entered.unit != indicator.unit:
        raise RefusedError(f"{indicator.name} is in `{indicator.unit}`, not `{entered.unit}`.", where="unit", remedy="Convert it.")
    if not indicator.least <= entered.value <= indicator.most:
        what = f"{entered.value:g} {indicator.unit} cannot be: {indicator.title} is between {indicator.least:g} and {indicator.most:g}."
        raise RefusedError(what, where="value", remedy="Ask again, and look at the unit.")
    if entered.at > now + CLOCK_TOLERANCE or entered.at < OLDEST:
        raise RefusedError("it cannot have been read then.", where="at", remedy="Give the moment of the reading, with its zone.")
    identity = hashlib.sha256(f"{entered.place}\0{entered.indicator}\0{entered.at.isoformat()}".encode()).hexdigest()[:24]
    return PlainReading(
        id=identity,
        feed=FEED,
        area=entered.place,
        indicator=indicator.name,
        time=entered.at,
        value=entered.value,
        unit=indicator.unit,
        quality=Quality.MANUAL,
    )


def enter(connection: Connection, country: LoadedCountry, entered: Entered, now: datetime) -> PlainReading:
    """Keep a reading and have it published, inside the caller's transaction.

    Raises:
        RefusedError: as `understood` says.
    """
    reading = understood(country, entered, now)
    ledger.to_publish(connection, reading_record(country.shard, reading, now))
    content = {"indicator": reading.indicator, "value": f"{entered.value:g} {entered.unit}", "at": reading.time.isoformat()}
    more = {"trust": reading.quality.value, "reading": reading.id, "why": hidden(entered.why)}
    journal.write(connection, now, entered.by, entered.role, Step.READING_ENTERED, entered.place, {**content, **more})
    return reading


def declare(
    connection: Connection, country: LoadedCountry, station: str, state: Declared, by: str, role: str, why: str, now: datetime
) -> GaugeDeclaration:
    """Say that a gauge is dead, or back, and have it published, inside the caller's transaction.

    From now on a dead one is unknown, never safe, whatever it says, until it is back.

    Raises:
        RefusedError: the role may not declare it, nobody is named, no reason is given, or there is no such station.
    """
    roles.require(country.facts, MAY, role, station)
    _named(by, station)
    if not why.strip():
        raise RefusedError("nobody said why.", where=station, remedy="Such as --why 'washed away, seen by the reader'.")
    if station not in country.places.stations:
        raise RefusedError(f"{country.name} has no station `{station}`.", where="station", remedy="Give a code of stations.csv.")
    declared = GaugeDeclaration(at=now, area=station, state=state, by=hidden(by), reason=hidden(why))
    ledger.to_publish(connection, input_record(country.shard, declared))
    journal.write(connection, now, by, role, Step.GAUGE_DECLARED, station, {"state": state, "why": hidden(why)})
    text = f"{country.places.stations[station].name} ({station}) was declared {state} by {hidden(by)} ({role}): {hidden(why)}"
    ledger.note(connection, f"gauge:{station}:{state}:{now.isoformat()}", now, "gauge", "", text)
    return declared


def publish(log: EventLog, registry: Registry) -> None:
    """Hand the log what waits; ids make a repetition, by us or by the alert service, harmless."""
    with registry.reading() as connection:
        waiting = ledger.unpublished(connection)
    if waiting:
        log.append(waiting)
        with registry.begin() as connection:
            ledger.mark_published(connection, waiting)


def _named(by: str, where: str) -> None:
    if not by.strip():
        raise RefusedError("nobody is named.", where=where, remedy="Give --by with the name of who vouches for it.")
