"""Drills: from feed to phone with EXERCISE, to a list of people who agreed."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from polyrisk.commands.options import AS_JSON, FOLDER, OF_INSTALLATION, told
from schemas.moments import parse_span


class _HoldsOne(click.Group):
    """`polyrisk drill CASE` is `polyrisk drill hold CASE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See `click.Group`."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["hold", *args]
        return super().parse_args(ctx, args)


def _span(_context: Any, _option: Any, text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_span(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.group(cls=_HoldsOne)
def drill() -> None:
    """Hold a drill of a CASE, such as `polyrisk drill lka/ditwah-2025`; list and show those that were held.

    It goes from feed to phone, says EXERCISE first and last in every language, and reaches the drill's own list alone. Dry unless --send.
    """


@drill.command("hold")
@click.argument("case")
@click.option("--list", "source", type=FOLDER, help="Who agreed to drills; by default `drill-list.csv` in the installation's folder.")
@click.option("--send", is_flag=True, help="Hand messages to the country's channel; else what would go is written into a file.")
@click.option("--wait", metavar="SPAN", callback=_span, help="For answers, after the last signature; by default as country.yaml says.")
@click.option("--by", default="", help="Who orders it, by name; needed to send.")
@click.option("--role", default="", help="In which role of country.yaml; it must be one that may drill.")
@click.option("--sign-as", multiple=True, metavar="ROLE=NAME", help="Ask nobody to sign: the drill does so itself, and says so.")
@click.option("--roster", type=FOLDER, help="Officers who agreed to be woken in drills; by default `drill-roster.csv` in the folder.")
@click.option("--real-roster", is_flag=True, help="Wake those who are on duty now in earnest. They read and hear EXERCISE.")
@OF_INSTALLATION
@AS_JSON
@told
def hold(
    case: str,
    source: Path | None,
    send: bool,
    wait: timedelta | None,
    by: str,
    role: str,
    sign_as: tuple[str, ...],
    roster: Path | None,
    real_roster: bool,
    state: Path,
    as_json: bool,
) -> None:
    """Hold a drill of a CASE; the exit code is 1 if a stage did not happen or took too long."""
    from polyrisk import drill_command
    from polyrisk.drill_orders import Orders, Told
    from polyrisk.loading import load

    _, country = load(case)
    orders = Orders(send, country.facts.drill.answer_within if wait is None else wait, by, role, drill_command.sign_as(sign_as))
    progress = Told((lambda _: None) if as_json else (lambda text: click.echo(text, err=True)))
    woken = drill_command.Roster(roster, real_roster)
    result = drill_command.hold(state, case, source, orders, progress, roster=woken)
    click.echo(drill_command.as_json(result) if as_json else "\n".join(drill_command.shown(result, state)))
    sys.exit(0 if result.good else 1)


@drill.command("list")
@OF_INSTALLATION
@AS_JSON
@told
def list_drills(state: Path, as_json: bool) -> None:
    """List the drills that were held here."""
    from polyrisk.drill_command import listed

    for line in listed(state, for_programs=as_json):
        click.echo(line)


@drill.command()
@click.argument("name", default="")
@OF_INSTALLATION
@AS_JSON
@told
def show(name: str, state: Path, as_json: bool) -> None:
    """Show a drill by its NAME, or the last one; the exit code is 1 if it was not good."""
    from polyrisk import drill_command

    result = drill_command.named(state, name)
    click.echo(drill_command.as_json(result) if as_json else "\n".join(drill_command.shown(result, state)))
    sys.exit(0 if result.good else 1)


COMMANDS: tuple[click.Command, ...] = (drill,)
