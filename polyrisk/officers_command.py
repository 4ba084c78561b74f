"""What `polyrisk officers` does. A one-time code is printed once, for the person; nothing else that is secret ever is."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from alerts.officers import accounts
from alerts.officers.administering import Administering, Invitation
from alerts.officers.identities import Identity
from alerts.officers.officer import ConsoleRole, Grant, State
from alerts.officers.signing_in import utc_now
from alerts.registry import open_registry
from console.interface.catalogues import SOURCE, catalogues
from polyrisk.installation import country_of
from polyrisk.local_time import with_zone
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError


def first(state: Path, country: str | None, name: str, display: str, address: str, *, as_json: bool) -> None:
    """Make the first administrator."""
    here = country_of(state, country)
    with _opened(state, here, create=True) as administering:
        _tell(administering.first(name, display), here, address, as_json=as_json)


def add(state: Path, country: str | None, name: str, display: str, by: str, address: str, *, as_json: bool) -> None:
    """Make an account for a colleague."""
    here = country_of(state, country)
    with _opened(state, here) as administering:
        _tell(administering.add(name, display, by), here, address, as_json=as_json)


def reset(state: Path, country: str | None, name: str, by: str, address: str, *, as_json: bool) -> None:
    """Let somebody set password and authenticator anew."""
    here = country_of(state, country)
    with _opened(state, here) as administering:
        _tell(administering.reset(name, by), here, address, as_json=as_json)


def grant(state: Path, country: str | None, name: str, role: str, duty_role: str, area: str, by: str) -> None:
    """Give a role."""
    here = country_of(state, country)
    granted = Grant(ConsoleRole(role), here.code, duty_role, area)
    with _opened(state, here) as administering:
        officer = administering.grant(name, granted, by)
    click.echo(f"{officer.name}: {'; '.join(one.in_words() for one in officer.grants)}.")


def revoke(state: Path, country: str | None, name: str, role: str, duty_role: str, area: str, by: str) -> None:
    """Take a role."""
    here = country_of(state, country)
    granted = Grant(ConsoleRole(role), here.code, duty_role, area)
    with _opened(state, here) as administering:
        officer = administering.revoke(name, granted, by)
    click.echo(f"{officer.name}: {'; '.join(one.in_words() for one in officer.grants) or 'no role any more'}.")


def link(state: Path, country: str | None, name: str, issuer: str, subject: str, by: str) -> None:
    """Let a person sign in by a service elsewhere."""
    here = country_of(state, country)
    with _opened(state, here) as administering:
        officer = administering.link(name, Identity(issuer, subject), by)
    click.echo(f"{officer.name}: also signs in by {issuer}.")


def language(state: Path, country: str | None, name: str, tag: str | None, *, none: bool) -> None:
    """Keep in which language somebody is spoken to, or say it.

    Raises:
        RefusedError: the console does not speak it, or there is no such account.
    """
    here = country_of(state, country)
    if tag is not None and tag not in catalogues():
        what = f"the console does not speak `{tag}`."
        raise RefusedError(
            what, where="officers", remedy=f"It speaks {', '.join(catalogues())}; docs/translators.md says how another comes."
        )
    with closing(open_registry(state)) as registry, registry.acting() as connection:
        officer = accounts.named(connection, name)
        if tag is not None or none:
            officer = accounts.choose_language(connection, officer, tag or "", utc_now())
    spoken = officer.language or f"{here.facts.console_language or SOURCE}, as nobody chose another"
    click.echo(f"{officer.name} is spoken to in {spoken}.")


def change(state: Path, country: str | None, name: str, by: str, how: str) -> None:
    """Take an account out of use or into it again, or let it be tried anew.

    Args:
        how: `disable`, `enable` or `unlock`.
    """
    here = country_of(state, country)
    with _opened(state, here) as administering:
        officer = {"disable": administering.disable, "enable": administering.enable, "unlock": administering.unlock}[how](name, by)
    click.echo(f"{officer.name}: {'out of use' if officer.state is State.DISABLED else 'in use'}.")


def show(state: Path, country: str | None, *, as_json: bool) -> None:
    """Print the accounts."""
    with _opened(state, country_of(state, country)) as administering:
        found = administering.all()
    if as_json:
        rows = [
            {
                "name": officer.name,
                "display": officer.display,
                "state": officer.state.value,
                "language": officer.language,
                "set_up": officer.set_up,
                "roles": [vars(one) for one in officer.grants],
            }
            for officer in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table("account", "person", "may act as", "")
    for officer in found:
        standing = "out of use" if officer.state is State.DISABLED else "" if officer.set_up else "not set up yet"
        table.add_row(officer.name, officer.display, "\n".join(one.in_words() for one in officer.grants) or "nothing yet", standing)
    Console().print(table)
    if not found:
        click.echo("There is no account yet; `polyrisk officers first` makes the first administrator.")


@contextmanager
def _opened(state: Path, country: LoadedCountry, *, create: bool = False) -> Iterator[Administering]:
    with closing(open_registry(state, create=create)) as registry:
        yield Administering(registry, country)


def _tell(made: Invitation, country: LoadedCountry, address: str, *, as_json: bool) -> None:
    link = f"{address.rstrip('/')}/set-up?code={made.code}"
    if as_json:
        click.echo(json.dumps({"name": made.officer.name, "code": made.code, "link": link, "expires": made.expires.isoformat()}))
        return
    click.echo(f"{made.officer.name} ({made.officer.display}) sets password and authenticator with this one-time code:\n")
    click.echo(f"    {made.code}\n\n    {link}\n")
    click.echo(f"It holds until {with_zone(made.expires, country.timezone)} and is not shown again. Give it to the person alone.")
