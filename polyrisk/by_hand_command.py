"""What `polyrisk reading` and `polyrisk gauge` do: a person tells the engine what they learned by telephone. Dry unless told otherwise."""

import json
from contextlib import closing
from pathlib import Path
from typing import Literal

import click

from alerts import by_hand
from alerts.by_hand import Entered
from alerts.registry import open_registry
from polyrisk.config_apply import clock_of
from polyrisk.installation import Installation
from polyrisk.local_time import with_zone
from schemas.country_files import LoadedCountry


def enter(here: Installation, state: Path, entered: Entered, *, really: bool, as_json: bool) -> None:
    """Enter a reading, or say what it would be."""
    now = clock_of(state).now()
    with closing(open_registry(state)) as registry:
        if really:
            with registry.attempt("enter a reading", entered.by, entered.role, entered.place, now) as connection:
                reading = by_hand.enter(connection, here.country, entered, now)
            by_hand.publish(here.log, registry)
        else:
            reading = by_hand.understood(here.country, entered, now)
    read_by = _read_by(here.country, entered)
    if as_json:
        click.echo(json.dumps({"entered": really, **json.loads(reading.model_dump_json()), "thresholds": read_by}, ensure_ascii=False))
        return
    what = f"{entered.indicator} {entered.value:g} {entered.unit} at {_name(here.country, entered.place)}"
    when = with_zone(reading.time, here.country.timezone)
    click.echo(f"{'entered' if really else 'Dry, nothing was entered'}: {what}, {when}, by {entered.by} ({entered.role}), trust: manual.")
    click.echo(f"Read by: {', '.join(read_by)}." if read_by else "No threshold of the country reads this indicator.")
    if not really:
        click.echo("--apply enters it.")


def declare(here: Installation, state: Path, station: str, what: Literal["dead", "back"], by: str, role: str, why: str) -> None:
    """Declare a gauge dead, or back."""
    now = clock_of(state).now()
    with closing(open_registry(state)) as registry:
        with registry.attempt(f"declare {what}", by, role, station, now) as connection:
            by_hand.declare(connection, here.country, station, what, by, role, why, now)
        by_hand.publish(here.log, registry)
    after = "is unknown from now on, never safe, until `polyrisk gauge back`" if what == "dead" else "counts again from its next reading on"
    click.echo(f"{_name(here.country, station)} {after}.")


def _read_by(country: LoadedCountry, entered: Entered) -> list[str]:
    return sorted(t.name for t in country.configuration.thresholds if t.indicator == entered.indicator)


def _name(country: LoadedCountry, place: str) -> str:
    station = country.places.stations.get(place)
    name = station.name if station is not None else country.places.areas[place].names.get("en", place)
    return f"{name} ({place})"
