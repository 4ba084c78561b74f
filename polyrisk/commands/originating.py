"""A warning that no rule saw: written by a person, signed by others, updated and ended by a person."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, LEVEL, OF_INSTALLATION, moment, opened, told

_BY = click.option("--by", required=True, help="Who writes it, by name. They do not sign it.")
_ROLE = click.option("--role", required=True, help="In which role of country.yaml; it must be one that may originate.")
_COMMENT = click.option("--comment", required=True, help="Why, for the journal. What may be a number in it is masked.")
_APPLY = click.option("--apply", "really", is_flag=True, help="Propose it; without it only what it would be is said.")


@click.group()
def originate() -> None:
    """Write a warning of what no rule saw. It is made of the country's own texts in all its languages, and waits for signatures."""


@originate.command()
@OF_INSTALLATION
@AS_JSON
@told
def hazards(state: Path, as_json: bool) -> None:
    """List what can be warned of: the texts that the country has in each of its languages, and what else they can tell people to do."""
    from polyrisk.originate_command import show_hazards

    with opened(state) as here:
        show_hazards(here, state, as_json=as_json)


@originate.command()
@click.option("--hazard", required=True, help="One of `polyrisk originate hazards`.")
@click.option("--area", required=True, help="P-code; all inside it are warned.")
@click.option("--level", required=True, type=LEVEL)
@click.option("--from", "since", metavar="TIME", help="From when it is expected, with its zone; without it, it is there.")
@click.option("--until", required=True, metavar="TIME", help="Until when it stands unless it is updated, with its zone.")
@click.option("--action", help="What people are told to do, if not what the text says of itself; one of those that `hazards` lists.")
@click.option("--shelter", help="Where people are told to go: a name of `shelters` in country.yaml.")
@click.option(
    "--reason", required=True, help="What was seen or told. It stands beside the message; numbers are masked, name no private person."
)
@click.option("--source", required=True, help="Who saw or told it, such as 'police post at the bridge'.")
@_APPLY
@_BY
@_ROLE
@OF_INSTALLATION
@AS_JSON
@told
def warn(
    hazard: str,
    area: str,
    level: str,
    since: str | None,
    until: str,
    action: str | None,
    shelter: str | None,
    reason: str,
    source: str,
    really: bool,
    by: str,
    role: str,
    state: Path,
    as_json: bool,
) -> None:
    """Say what a warning would be, and with --apply propose it. The same written twice is one warning."""
    from alerts.originating import Draft
    from polyrisk.originate_command import warn as warn_of
    from schemas.levels import Level

    begins = moment(since) if since is not None else None
    filled = {slot: choice for slot, choice in (("action", action), ("shelter", shelter)) if choice}
    draft = Draft(hazard, area, Level.named(level), moment(until), by, role, reason, source, begins, filled=filled)
    with opened(state) as here:
        warn_of(here, state, draft, really=really, as_json=as_json)


@originate.command("list")
@OF_INSTALLATION
@AS_JSON
@told
def list_originated(state: Path, as_json: bool) -> None:
    """List the warnings that people wrote and that stand or wait, with who wrote them and why."""
    from polyrisk.originate_command import show

    with opened(state) as here:
        show(here, state, as_json=as_json)


@originate.command()
@click.argument("warning")
@click.option("--level", type=LEVEL, help="Another level.")
@click.option("--until", metavar="TIME", help="Another end, with its zone.")
@_COMMENT
@_APPLY
@_BY
@_ROLE
@OF_INSTALLATION
@AS_JSON
@told
def update(
    warning: str, level: str | None, until: str | None, comment: str, really: bool, by: str, role: str, state: Path, as_json: bool
) -> None:
    """Say that a WARNING that a person wrote is of another level, or stands for longer or shorter."""
    from alerts.originating import Change
    from polyrisk.originate_command import update as update_it
    from schemas.levels import Level

    change = Change(by, role, comment, Level.named(level) if level else None, moment(until) if until is not None else None)
    with opened(state) as here:
        update_it(here, state, warning, change, really=really, as_json=as_json)


@originate.command()
@click.argument("warning")
@click.option(
    "--as",
    "how",
    type=click.Choice(["all-clear", "mistaken", "cannot-tell"]),
    required=True,
    help="It is known to be over; it was wrong; or nobody can tell any more.",
)
@_COMMENT
@_APPLY
@_BY
@_ROLE
@OF_INSTALLATION
@AS_JSON
@told
def end(warning: str, how: str, comment: str, really: bool, by: str, role: str, state: Path, as_json: bool) -> None:
    """Propose the end of a WARNING that a person wrote; one of which nobody was told anything is taken back at once."""
    from alerts.originating import Change
    from polyrisk.originate_command import end as end_it

    with opened(state) as here:
        end_it(here, state, warning, Change(by, role, comment), how, really=really, as_json=as_json)


COMMANDS: tuple[click.Command, ...] = (originate,)
