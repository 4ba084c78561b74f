"""The journal of what people did: whether it is whole, and what stands in it."""

import json
import sys
from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, moment, opened, told


@click.group()
def journal() -> None:
    """Verify and show the journal: each step that people took, and that was taken for them, in a chain of hashes."""


@journal.command()
@OF_INSTALLATION
@AS_JSON
@told
def verify(state: Path, as_json: bool) -> None:
    """Say whether anything in the journal was changed, taken out, put in or cut off. Exit code 1 if so, each place named."""
    from polyrisk.journal_command import as_json as for_programs
    from polyrisk.journal_command import lines_of, verify_journal

    with opened(state) as here:
        verified = verify_journal(here, state, shown=not as_json)
    if as_json:
        click.echo(json.dumps(for_programs(verified), indent=1))
    else:
        for line in lines_of(verified):
            click.echo(line)
    sys.exit(1 if verified.findings else 0)


@journal.command()
@click.option("--warning", metavar="ID", help="Only what was done to this warning or message; its id may be shortened.")
@click.option("--since", metavar="TIME", help="Only from this moment on, with its zone, such as 2025-11-27T06:00+05:30.")
@OF_INSTALLATION
@AS_JSON
@told
def show(warning: str | None, since: str | None, state: Path, as_json: bool) -> None:
    """List the steps, oldest first, on the clock of the place."""
    from polyrisk.journal_command import show as show_steps

    begin = moment(since) if since else None
    with opened(state) as here:
        for line in show_steps(here, state, warning, begin, as_json=as_json):
            click.echo(line)


COMMANDS: tuple[click.Command, ...] = (journal,)
