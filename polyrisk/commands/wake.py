"""What somebody on duty is woken for, and that they are awake."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, told

_COUNTRY = click.option("--country", help="Folder below countries/; by default the one that the installation was configured for.")


@click.group()
def wake() -> None:
    """See who is woken for what, and acknowledge it. It goes on (SMS, call, the next person, again) until somebody does."""


@wake.command("list")
@click.option("--all", "every", is_flag=True, help="Also the last ones that are over.")
@OF_INSTALLATION
@_COUNTRY
@AS_JSON
@told
def list_them(every: bool, state: Path, country: str | None, as_json: bool) -> None:
    """List what goes on, with who was tried, how, and what became of it. No number is shown."""
    from polyrisk.wake_command import show

    show(state, country, every=every, as_json=as_json)


@wake.command()
@click.argument("code")
@click.option("--by", required=True, metavar="NAME", help="The account of who is awake.")
@OF_INSTALLATION
@_COUNTRY
@told
def ack(code: str, by: str, state: Path, country: str | None) -> None:
    """Acknowledge, by the CODE of the SMS: nobody else is woken for it."""
    from polyrisk.wake_command import acknowledge

    acknowledge(state, country, code, by)


COMMANDS: tuple[click.Command, ...] = (wake,)
