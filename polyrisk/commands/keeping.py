"""A running installation is copied in one command and put back in another."""

import sys
from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, FOLDER, OF_INSTALLATION, told

_KEYS = click.Path(path_type=Path, dir_okay=False)


@click.command()
@OF_INSTALLATION
@click.option("--out", "place", type=FOLDER, required=True, help="Folder of backups; each gets a folder of its own in it.")
@click.option("--keys", type=_KEYS, help="Also copy the keys, into this new file; never keep it where the backup is.")
@click.option("--keep-days", type=click.IntRange(min=1), help="Then delete the backups there that are older; by default none is.")
@AS_JSON
@told
def backup(state: Path, place: Path, keys: Path | None, keep_days: int | None, as_json: bool) -> None:
    """Copy an installation while it runs: log, registry, archive and configuration. The keys only on demand, into another file."""
    from polyrisk.backup import back_up

    for line in back_up(state, place, keys, keep_days, as_json=as_json):
        click.echo(line)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--state", type=FOLDER, required=True, help="Folder of the new installation: empty, or not there yet.")
@click.option("--keys", type=_KEYS, help="The copy of the keys; by default those in POLYRISK_KEYS are used.")
@click.option("--apply", is_flag=True, help="Do it; without, it is only said what the backup holds and whether it is whole.")
@AS_JSON
@told
def restore(folder: Path, state: Path, keys: Path | None, apply: bool, as_json: bool) -> None:
    """Look whether the backup in FOLDER is whole, and with --apply make an installation of it in which sending is halted."""
    from polyrisk.restore import restore as put_back

    whole, lines = put_back(folder, state, keys, apply=apply, as_json=as_json)
    for line in lines:
        click.echo(line)
    if not whole:
        sys.exit(1)


COMMANDS: tuple[click.Command, ...] = (backup, restore)
