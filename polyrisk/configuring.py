"""By which configuration a shard begins to be judged."""

import click

from eventlog.log import EventLog
from feeds.clock import Clock
from polyrisk.config_log import SHORT, entries_of, in_force
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record
from schemas.inputs import ConfigChange


def configure(log: EventLog, country: LoadedCountry, clock: Clock) -> None:
    """Say by which configuration the shard is judged, if nothing is in force yet: what is, people change, and no start does."""
    configuration = country.configuration
    standing = in_force(entries_of(log, country.shard))
    if standing is not None:
        if standing.hash != configuration.hash:
            click.echo(f"in force is {standing.hash[:SHORT]}, the files are {configuration.hash[:SHORT]}:")
            click.echo(
                f"`polyrisk config diff in-force {country.folder.name}` shows what differs, `polyrisk config apply` puts it in force"
            )
        return
    change = ConfigChange(
        at=clock.now(), hash=configuration.hash, configuration=configuration.canonical(), author="country files", reason="start"
    )
    log.append([input_record(country.shard, change)])
