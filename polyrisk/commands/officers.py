"""Accounts for the console: the first administrator, colleagues, what each may do and where."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, told
from polyrisk.defaults import PORT

_Command = TypeVar("_Command", bound=Callable[..., Any])
_COUNTRY = click.option("--country", help="Folder below countries/; by default the one that the installation was configured for.")
_BY = click.option("--by", required=True, metavar="NAME", help="The account of the administrator who does it.")
_DISPLAY = click.option("--display", required=True, metavar="NAME", help="The person's name, as it stands under what they sign.")
_ADDRESS = click.option(
    "--address", default=f"http://127.0.0.1:{PORT}", show_default=True, help="Of the console, as the person reaches it; for the link."
)
_ROLE = click.option(
    "--role",
    required=True,
    type=click.Choice(["viewer", "operator", "approver", "planner", "administrator"]),
    help="What the account is for in the console.",
)
_AS = click.option("--as", "duty_role", default="", metavar="ROLE", help="The role of country.yaml they act in, such as duty_officer.")
_AREA = click.option("--area", default="", metavar="P-CODE", help="It holds there and inside; without it, in the whole country.")


def _together(*decorators: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Lines that stand above several commands, as one; in the order in which `--help` lists them."""

    def decorated(command: _Command) -> _Command:
        return reduce(lambda inner, decorator: decorator(inner), reversed(decorators), command)

    return decorated


_HERE = _together(OF_INSTALLATION, _COUNTRY, told)
_HERE_AS_JSON = _together(OF_INSTALLATION, _COUNTRY, AS_JSON, told)
_OF_NAME = _together(click.argument("name"), _BY, _HERE)
_ROLE_OF_NAME = _together(_ROLE, _AS, _AREA, _BY, _HERE)


@click.group()
def officers() -> None:
    """Make accounts for the console, grant and revoke roles. Nobody has a password that another person knows."""


@officers.command()
@click.option("--name", required=True, help="With which the person signs in, such as n.perera.")
@_DISPLAY
@_ADDRESS
@_HERE_AS_JSON
def first(name: str, display: str, address: str, state: Path, country: str | None, as_json: bool) -> None:
    """Make the first administrator, and print a one-time code that holds for an hour. Refused once one has signed in."""
    from polyrisk.officers_command import first as make_first

    make_first(state, country, name, display, address, as_json=as_json)


@officers.command()
@click.argument("name")
@_DISPLAY
@_BY
@_ADDRESS
@_HERE_AS_JSON
def add(name: str, display: str, by: str, address: str, state: Path, country: str | None, as_json: bool) -> None:
    """Make an account NAME for a colleague, and print a one-time code that holds for a day. Roles are granted to it by `grant`."""
    from polyrisk.officers_command import add as add_one

    add_one(state, country, name, display, by, address, as_json=as_json)


@officers.command("list")
@_HERE_AS_JSON
def list_them(state: Path, country: str | None, as_json: bool) -> None:
    """List accounts with their roles, and whether each is in use and set up."""
    from polyrisk.officers_command import show

    show(state, country, as_json=as_json)


@officers.command()
@click.argument("name")
@_ROLE_OF_NAME
def grant(name: str, role: str, duty_role: str, area: str, by: str, state: Path, country: str | None) -> None:
    """Give the account NAME a role, in the country or in one area."""
    from polyrisk.officers_command import grant as give

    give(state, country, name, role, duty_role, area, by)


@officers.command()
@click.argument("name")
@_ROLE_OF_NAME
def revoke(name: str, role: str, duty_role: str, area: str, by: str, state: Path, country: str | None) -> None:
    """Take a role from the account NAME, written as it was granted; it holds from the next click on."""
    from polyrisk.officers_command import revoke as take

    take(state, country, name, role, duty_role, area, by)


@officers.command()
@_OF_NAME
def disable(name: str, by: str, state: Path, country: str | None) -> None:
    """Take the account NAME out of use; whoever is signed in with it is out at once."""
    from polyrisk.officers_command import change

    change(state, country, name, by, "disable")


@officers.command()
@_OF_NAME
def enable(name: str, by: str, state: Path, country: str | None) -> None:
    """Take the account NAME into use again."""
    from polyrisk.officers_command import change

    change(state, country, name, by, "enable")


@officers.command()
@_OF_NAME
def unlock(name: str, by: str, state: Path, country: str | None) -> None:
    """Let the account NAME, which was tried too often, be tried again at once."""
    from polyrisk.officers_command import change

    change(state, country, name, by, "unlock")


@officers.command()
@click.argument("name")
@click.argument("tag", required=False, metavar="[LANGUAGE]")
@click.option("--none", is_flag=True, help="Take the choice back: the country's interface language holds again.")
@_HERE
def language(name: str, tag: str | None, none: bool, state: Path, country: str | None) -> None:
    """Speak to NAME in LANGUAGE, such as ne: on every page, and in the SMS and the call that wakes them. Without one, say in which."""
    from polyrisk.officers_command import language as choose

    if tag is not None and none:
        raise click.UsageError("Give a language or --none, not both.")
    choose(state, country, name, tag, none=none)


@officers.command()
@click.argument("name")
@click.option("--subject", required=True, help="What the sign-in service calls the person for ever (`sub`); no mail address.")
@click.option("--issuer", envvar="POLYRISK_OIDC_ISSUER", required=True, help="The service's address; by default POLYRISK_OIDC_ISSUER.")
@_BY
@_HERE
def link(name: str, subject: str, issuer: str, by: str, state: Path, country: str | None) -> None:
    """Let a person whom a sign-in service (OpenID Connect) knows sign in to the account NAME by it; `reset` ends that."""
    from polyrisk.officers_command import link as link_them

    link_them(state, country, name, issuer, subject, by)


@officers.command()
@click.argument("name")
@_BY
@_ADDRESS
@_HERE_AS_JSON
def reset(name: str, by: str, address: str, state: Path, country: str | None, as_json: bool) -> None:
    """For who lost password or telephone: both are worth nothing from now on, and a one-time code sets new ones."""
    from polyrisk.officers_command import reset as set_anew

    set_anew(state, country, name, by, address, as_json=as_json)


COMMANDS: tuple[click.Command, ...] = (officers,)
