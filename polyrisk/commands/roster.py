"""Who is on duty when, what one shift tells the next, and by which telephone they are woken."""

from pathlib import Path
from typing import Any

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, moment, told

_COUNTRY = click.option("--country", help="Folder below countries/; by default the one that the installation was configured for.")
_BY = click.option("--by", required=True, metavar="NAME", help="The account of who does it: an operator, approver or administrator.")
_SPAN = click.option("--for", "span", default="7 d", show_default=True, help="How far ahead it looks, such as `36 h` or `14 d`.")


def _ahead(span: str) -> Any:
    from schemas.moments import parse_span

    try:
        return parse_span(span)
    except ValueError as error:
        raise click.UsageError(f"--for: {error}.") from error


@click.group()
def roster() -> None:
    """Say who is on duty from when to when, hand over, and find gaps. Who is on duty is woken (`polyrisk wake`)."""


@roster.command()
@click.argument("name")
@click.option("--from", "since", required=True, metavar="TIME", help="With its zone, such as 2026-11-27T20:00+05:30.")
@click.option("--until", required=True, metavar="TIME", help="The moment at which the shift is over.")
@click.option(
    "--as", "place", type=click.Choice(["first", "second", "third"]), default="first", show_default=True, help="Woken in this order."
)
@_BY
@OF_INSTALLATION
@_COUNTRY
@AS_JSON
@told
def add(name: str, since: str, until: str, place: str, by: str, state: Path, country: str | None, as_json: bool) -> None:
    """Put the account NAME on duty."""
    from polyrisk.roster_command import add as put

    put(state, country, name, moment(since), moment(until), place, by, as_json=as_json)


@roster.command()
@click.argument("shift")
@_BY
@OF_INSTALLATION
@_COUNTRY
@told
def remove(shift: str, by: str, state: Path, country: str | None) -> None:
    """Take a SHIFT out, by the id that `show` prints."""
    from polyrisk.roster_command import remove as take_out

    take_out(state, country, shift, by)


@roster.command()
@_SPAN
@OF_INSTALLATION
@_COUNTRY
@AS_JSON
@told
def show(span: str, state: Path, country: str | None, as_json: bool) -> None:
    """Print who is on duty now, the shifts that come, and the last five hand-over notes."""
    from polyrisk.roster_command import show as show_it

    show_it(state, country, _ahead(span), as_json=as_json)


@roster.command()
@_SPAN
@OF_INSTALLATION
@_COUNTRY
@AS_JSON
@told
def check(span: str, state: Path, country: str | None, as_json: bool) -> None:
    """Find gaps, overlaps, who is alone on duty, and who cannot be woken; exit code 1 if there is any."""
    from polyrisk.roster_command import check as check_it

    check_it(state, country, _ahead(span), as_json=as_json)


@roster.command("hand-over")
@click.argument("text")
@_BY
@OF_INSTALLATION
@_COUNTRY
@told
def hand_over(text: str, by: str, state: Path, country: str | None) -> None:
    """Leave TEXT for the next shift: what stands, what is watched, whom you asked. What may be a telephone number in it is masked."""
    from polyrisk.roster_command import hand_over as leave

    leave(state, country, by, text)


@roster.command()
@click.argument("name")
@click.option("--forget", is_flag=True, help="Delete it; they are not woken any more.")
@click.option("--number", "source", type=click.File("r", encoding="utf-8"), metavar="FILE", help="Read it there; - is standard input.")
@OF_INSTALLATION
@_COUNTRY
@told
def phone(name: str, forget: bool, source: Any, state: Path, country: str | None) -> None:
    """Take the mobile number by which NAME is woken. It is asked for and not shown, kept encrypted, and never printed in full."""
    from polyrisk.roster_command import phone as take

    take(state, country, name, source, forget=forget)


COMMANDS: tuple[click.Command, ...] = (roster,)
