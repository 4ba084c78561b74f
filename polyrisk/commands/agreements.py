"""What goes out by agreement, without waiting for signatures, and what a person says of it afterwards."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, opened, told


@click.group()
def agreement() -> None:
    """Show what was agreed on beforehand, what went out by it, and say afterwards whether it was right."""


@agreement.command("list")
@OF_INSTALLATION
@AS_JSON
@told
def list_agreements(state: Path, as_json: bool) -> None:
    """List the agreements of the country's file: who agreed to what, until when, how many people it has reached within a day."""
    from polyrisk.agreement_command import show

    with opened(state) as here:
        show(here, state, as_json=as_json)


@agreement.command()
@click.option("--all", "reviewed", is_flag=True, help="Also what somebody has reviewed.")
@OF_INSTALLATION
@AS_JSON
@told
def sent(reviewed: bool, state: Path, as_json: bool) -> None:
    """List what went out by agreement and nobody has reviewed. Exit code 1 if there is any."""
    from polyrisk.agreement_command import show_sent

    with opened(state) as here:
        show_sent(here, state, reviewed=reviewed, as_json=as_json)


@agreement.command()
@click.argument("message")
@click.option("--judgement", type=click.Choice(["right", "wrong"]), required=True, help="Whether it was right to send it.")
@click.option("--comment", required=True, help="What was seen, and by whom. What may be a number in it is masked.")
@click.option("--by", required=True, help="Who says so, by name.")
@click.option("--role", required=True, help="In which role of country.yaml; it must be one that may sign.")
@OF_INSTALLATION
@told
def review(message: str, judgement: str, comment: str, by: str, role: str, state: Path) -> None:
    """Say of a MESSAGE that went out by agreement whether it was right. A wrong one is then to be corrected."""
    from polyrisk.agreement_command import review as review_it

    with opened(state) as here:
        review_it(here, state, message, judgement, comment, by, role)


COMMANDS: tuple[click.Command, ...] = (agreement,)
