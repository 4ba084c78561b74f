"""What is judged by, and how it changes."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, FOLDER, OF_INSTALLATION, moment, told


@click.group()
def config() -> None:
    """Show what is judged by, what differs, who changed it and why; change it, or go back."""


_BY = click.option("--by", required=True, help="Who changes it, by name.")
_ROLE = click.option("--role", required=True, help="In which role of country.yaml; it must be one that may configure.")
_REASON = click.option("--reason", required=True, help="Why, for those who read the log later.")
_OPEN_EVENTS = click.option(
    "--open-events",
    type=click.Choice(["keep", "move"]),
    default="keep",
    show_default=True,
    help="Judge events that are open on by the rule they opened with, or by the new one at once.",
)
_APPLY = click.option("--apply", "really", is_flag=True, help="Do it; without it nothing is changed.")


@config.command("diff")
@click.argument("before")
@click.argument("after")
@OF_INSTALLATION
@AS_JSON
@told
def config_diff(before: str, after: str, state: Path, as_json: bool) -> None:
    """Show what differs between BEFORE and AFTER, by its meaning.

    Each is a country's folder or code, REVISION:countries/lka, or in the log of --state `in-force`, `ahead` (what comes into force
    later), or the beginning of a hash.
    """
    from polyrisk.config_command import show_diff

    show_diff(before, after, state, as_json=as_json)


@config.command("log")
@OF_INSTALLATION
@AS_JSON
@told
def config_log(state: Path, as_json: bool) -> None:
    """List every change of what is judged by: when, by whom, why, signed by whom, on which backtest; refused ones too."""
    from polyrisk.config_command import show_log

    show_log(state, as_json=as_json)


@config.command("apply")
@click.argument("country")
@_BY
@_ROLE
@_REASON
@click.option("--signed-by", nargs=2, multiple=True, metavar="NAME ROLE", help="Who else stands behind it; once for each person.")
@click.option("--backtest", type=FOLDER, help="The report they had before them; its name and SHA-256 are kept.")
@click.option("--from", "holds_from", metavar="MOMENT", help="From when on it holds, with its zone; by default at once.")
@_OPEN_EVENTS
@OF_INSTALLATION
@_APPLY
@told
def config_apply(
    country: str,
    by: str,
    role: str,
    reason: str,
    signed_by: tuple[tuple[str, str], ...],
    backtest: Path | None,
    holds_from: str | None,
    open_events: str,
    state: Path,
    really: bool,
) -> None:
    """Put the files of COUNTRY (a folder or a code) in force, once `check` and `test` find nothing and enough people sign."""
    from polyrisk.config_apply import Person, Terms
    from polyrisk.config_command import apply

    terms = Terms(moment(holds_from) if holds_from is not None else None, moves=open_events == "move")
    people = [Person(by, role), *(Person(*one) for one in signed_by)]
    apply(country, state, people, reason, backtest, terms, really=really)


@config.command("rollback")
@_BY
@_ROLE
@_REASON
@_OPEN_EVENTS
@OF_INSTALLATION
@_APPLY
@told
def config_rollback(by: str, role: str, reason: str, open_events: str, state: Path, really: bool) -> None:
    """Bring back what was in force before, or keep what is if another one is still to come.

    It was signed once: one person who may configure is enough.
    """
    from polyrisk.config_apply import Person, Terms
    from polyrisk.config_command import roll_back

    roll_back(state, Person(by, role), reason, Terms(moves=open_events == "move"), really=really)


@config.command("shadow")
@OF_INSTALLATION
@AS_JSON
@told
def config_shadow(state: Path, as_json: bool) -> None:
    """Compare rules in shadow with those they might replace: fired by both, by the live one alone, in shadow alone."""
    from polyrisk.config_command import show_shadow

    show_shadow(state, as_json=as_json)


COMMANDS: tuple[click.Command, ...] = (config,)
