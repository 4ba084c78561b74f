"""What is being sent: how far it is, the stop button, and going on."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, told

_WARNING = click.argument("warning", required=False)
_BY = click.option("--by", required=True, help="Who decides, by name.")
_WHY = click.option("--why", required=True, help="Why; it stands in the notices and in the journal.")


@click.group()
def dispatch() -> None:
    """Show what is being sent, stop it, and go on."""


@dispatch.command()
@_WARNING
@_BY
@_WHY
@OF_INSTALLATION
@AS_JSON
@told
def stop(warning: str | None, by: str, why: str, state: Path, as_json: bool) -> None:
    """Halt what is being sent of a WARNING, or of all without one, and say who already has it. Its id may be shortened."""
    from polyrisk.dispatch_command import stop as stop_sending

    for line in stop_sending(state, warning, by, why, as_json=as_json):
        click.echo(line)


@dispatch.command()
@_WARNING
@_BY
@_WHY
@OF_INSTALLATION
@told
def resume(warning: str | None, by: str, why: str, state: Path) -> None:
    """Go on with a WARNING that was halted, or with all if all were; what has run out meanwhile is not sent."""
    from polyrisk.dispatch_command import resume as resume_sending

    click.echo(resume_sending(state, warning, by, why))


@dispatch.command()
@OF_INSTALLATION
@AS_JSON
@told
def status(state: Path, as_json: bool) -> None:
    """Say what is halted, and of each warning that still stands how many messages wait, are accepted, and have a handset's receipt."""
    from polyrisk.dispatch_command import status as status_of_sending

    for line in status_of_sending(state, as_json=as_json):
        click.echo(line)


COMMANDS: tuple[click.Command, ...] = (dispatch,)
