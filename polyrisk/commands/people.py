"""People who asked to be warned: how they come, change, leave, and what is held about them."""

from pathlib import Path
from typing import Any

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, told

_FILE = click.Path(path_type=Path, dir_okay=False)
_COUNTRY = click.option("--country", help="Folder below countries/; by default the one that the installation was configured for.")
_NUMBERS = click.option(
    "--numbers",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help="Numbers, one a line; - is standard input. Without it one is asked for and not shown.",
)
_APPLY = click.option("--apply", "really", is_flag=True, help="Do it; without it nothing is changed.")
_BY = click.option("--by", help="Who does it, by name, for the journal; by default the account of this machine.")
_CONSENT_AT = click.option("--consent-at", metavar="TIME", help="When they agreed, such as 2026-11-24.")
_CONSENT_TEXT = click.option("--consent-text", default="", metavar="VERSION", help="To which text, by its version.")
_CONSENT_BY = click.option("--consent-by", default="", metavar="WHO", help="Through whom: an office or a committee.")


@click.group()
def people() -> None:
    """Enrol people, let them change and leave, show and erase what is held about them. No number is ever printed in full."""


@people.command()
@click.option("--area", required=True, metavar="P-CODE", help="The coarsest that serves.")
@click.option("--language", required=True, help="One of the country's, such as si.")
@click.option("--group", default="household", show_default=True, help="household, volunteer, committee, official or operator.")
@click.option("--need", "needs", multiple=True, help="mobility, hearing, pregnancy or livestock; only what the person wants to say.")
@click.option("--romanised", is_flag=True, help="Texts in Latin letters.")
@_CONSENT_AT
@_CONSENT_TEXT
@_CONSENT_BY
@_NUMBERS
@OF_INSTALLATION
@_COUNTRY
@told
def enrol(state: Path, country: str | None, numbers: Any, **said: Any) -> None:
    """Enrol a person who agreed; one who is there already is brought to what is said now. Who left comes back by START alone."""
    from polyrisk.people_command import enrol as enrol_person

    enrol_person(state, country, numbers, said)


@people.command("import")
@click.argument("file", type=_FILE)
@click.option("--drop", multiple=True, metavar="COLUMN", help="Pass over a column unread.")
@_CONSENT_AT
@_CONSENT_TEXT
@_CONSENT_BY
@OF_INSTALLATION
@_COUNTRY
@_APPLY
@AS_JSON
@told
def import_people(file: Path, drop: tuple[str, ...], state: Path, country: str | None, really: bool, as_json: bool, **consent: Any) -> None:
    """Say what a FILE of people (CSV or XLSX) would change, and with --apply change it.

    Its first line names the columns: number, area, language and, if wanted, group, channel, needs, romanised, consent_at, consent_text,
    consent_by. Exit code 1 if rows were refused; each is named by its line with the reason.
    """
    from polyrisk.people_command import import_file

    import_file(state, country, file, drop, consent, really=really, as_json=as_json)


@people.command()
@_NUMBERS
@OF_INSTALLATION
@_COUNTRY
@told
def stop(numbers: Any, state: Path, country: str | None) -> None:
    """Let people leave: nothing is sent to them from now on, and no import brings them back."""
    from polyrisk.people_command import stop as let_leave

    let_leave(state, country, numbers)


@people.command()
@_NUMBERS
@OF_INSTALLATION
@_COUNTRY
@told
def start(numbers: Any, state: Path, country: str | None) -> None:
    """Let people come back who ask for it themselves. Exit code 1 if one is not known: then enrol them."""
    from polyrisk.people_command import start as let_return

    let_return(state, country, numbers)


@people.command()
@click.option("--area", metavar="P-CODE", help="Where they are now.")
@click.option("--language", help="Which language they read.")
@click.option("--romanised", type=click.Choice(["yes", "no"]), help="Whether texts come in Latin letters.")
@_NUMBERS
@OF_INSTALLATION
@_COUNTRY
@told
def move(area: str | None, language: str | None, romanised: str | None, numbers: Any, state: Path, country: str | None) -> None:
    """Change where people are, or how they read, as they said themselves; no older file overrules it. Exit code 1 if one is unknown."""
    from polyrisk.people_command import move as move_people

    move_people(state, country, numbers, area, language, romanised)


@people.command()
@_NUMBERS
@_BY
@OF_INSTALLATION
@_COUNTRY
@_APPLY
@told
def erase(numbers: Any, by: str | None, state: Path, country: str | None, really: bool) -> None:
    """Forget people: all that is held about them goes; a mark that nobody can read stays, so that no import enrols them again."""
    from polyrisk.people_command import erase as erase_people

    erase_people(state, country, numbers, by, really=really)


@people.command()
@click.option("--out", type=_FILE, required=True, help="A new file, readable by you alone. It holds the number: hand it to its owner.")
@_NUMBERS
@_BY
@OF_INSTALLATION
@_COUNTRY
@told
def export(out: Path, numbers: Any, by: str | None, state: Path, country: str | None) -> None:
    """Write all that is held about a number, as JSON, for the person whose it is. Exit code 1 if nothing is held."""
    from polyrisk.people_command import export as export_person

    export_person(state, country, numbers, by, out)


@people.command()
@OF_INSTALLATION
@AS_JSON
@told
def counts(state: Path, as_json: bool) -> None:
    """Say how many people are warned, by area, language and group, and how many have left."""
    from polyrisk.people_command import counts as count_people

    count_people(state, as_json=as_json)


@people.command()
@OF_INSTALLATION
@_COUNTRY
@_APPLY
@AS_JSON
@told
def welcome(state: Path, country: str | None, really: bool, as_json: bool) -> None:
    """Say how many were enrolled while the country sent to nobody and were not told so; with --apply queue that text, once for each."""
    from polyrisk.people_command import welcome as welcome_people

    welcome_people(state, country, really=really, as_json=as_json)


@people.command("rotate-keys")
@_BY
@OF_INSTALLATION
@told
def rotate_keys(by: str | None, state: Path) -> None:
    """Make new keys, write every number anew under them, forget the old ones. Ended in the middle, it goes on when called again.

    Copies of the database made before can then be read by nobody: keep the old keys with them, apart, or let both go.
    """
    from polyrisk.people_command import rotate

    rotate(state, by)


@people.command()
@OF_INSTALLATION
@AS_JSON
@told
def retain(state: Path, as_json: bool) -> None:
    """Delete what was kept long enough: texts, deliveries to each person, numbers of those who left. A schedule does it each day."""
    from polyrisk.people_command import retain as delete_old

    delete_old(state, as_json=as_json)


COMMANDS: tuple[click.Command, ...] = (people,)
