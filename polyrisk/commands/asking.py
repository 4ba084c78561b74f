"""What was said, why, why not, and how things stand."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polyrisk.commands.options import AS_JSON, OF_CASE, OUT, moment, opened, told

if TYPE_CHECKING:
    from polyrisk.installation import Installation


@click.command()
@OF_CASE
@AS_JSON
@told
def warnings(state: Path, as_json: bool) -> None:
    """List the messages that went out, in order of time."""
    from polyrisk.local_time import clock
    from polyrisk.story import warnings_said

    with opened(state) as here:
        for warning in warnings_said(here.log):
            if as_json:
                click.echo(warning.model_dump_json())
                continue
            out = clock(warning.issued or warning.proposed, here.country.timezone)
            click.echo(f"{out}  {warning.level.word:6}  {warning.area}  {warning.rule:20}  {warning.status.value:11}  {warning.id}")


@click.command()
@click.argument("warning", required=False)
@click.option("--why-not", nargs=3, metavar="RULE AREA MOMENT", help="Why nobody was warned: MOMENT is one with its zone, or a day.")
@click.option("--if-silent", metavar="STATION", help="Which rules would go blind, where and when, if a station fell silent.")
@click.option("--at", help="With --if-silent: as things stood at a moment such as 2025-11-27T06:00+05:30; by default as they stand.")
@OF_CASE
@AS_JSON
@told
def explain(
    warning: str | None, why_not: tuple[str, str, str] | None, if_silent: str | None, at: str | None, state: Path, as_json: bool
) -> None:
    """Show why a WARNING was given, down to each reading (its id may be shortened); or why none was; or what a gauge's silence would do."""
    if sum(asked is not None for asked in (warning, why_not, if_silent)) != 1:
        raise click.UsageError("Name a WARNING, or write --why-not RULE AREA MOMENT, or --if-silent STATION.")
    with opened(state) as here:
        if warning is not None:
            _explain_warning(here, warning, as_json)
        elif why_not is not None:
            _explain_why_not(here, why_not, as_json)
        elif if_silent is not None:
            _explain_if_silent(here, if_silent, moment(at) if at is not None else None, as_json)


def _explain_warning(here: "Installation", name: str, as_json: bool) -> None:
    from polyrisk.config_kept import kept_since
    from polyrisk.config_log import entries_of
    from polyrisk.explain import events_of, find_warning, tree_of

    message = find_warning(here.log, name)
    events = events_of(here.log, message.event)
    if as_json:
        chain = {"warning": message.model_dump(mode="json"), "events": [e.model_dump(mode="json") for e in events]}
        click.echo(json.dumps(chain, ensure_ascii=False))
    else:
        kept = kept_since(events[-1], entries_of(here.log, here.country.shard)) if events else None
        OUT.print(tree_of(message, events, here.country, kept), soft_wrap=False)


def _explain_why_not(here: "Installation", question: tuple[str, str, str], as_json: bool) -> None:
    from polyrisk.progress import patient
    from polyrisk.why_not import asked, lines, why_not

    with patient("judging again", shown=not as_json) as done:
        answer = why_not(here.log, here.country, asked(here.country, *question), done)
    if as_json:
        click.echo(json.dumps(answer.as_json(), ensure_ascii=False))
        return
    for line in lines(answer, here.country):
        click.echo(line)


def _explain_if_silent(here: "Installation", station: str, at: datetime | None, as_json: bool) -> None:
    from polyrisk.if_silent import if_silent, lines
    from polyrisk.progress import patient

    with patient("judging again", shown=not as_json) as done:
        outlook = if_silent(here.log, here.country, station, at, done)
    if as_json:
        click.echo(json.dumps(outlook.as_json(), ensure_ascii=False))
        return
    for line in lines(outlook, here.country):
        click.echo(line)


@click.command()
@OF_CASE
@AS_JSON
@told
def status(state: Path, as_json: bool) -> None:
    """Say whether the feeds are alive, what is behind, kept aside, waits, by what is judged.

    Exit code 1 if a feed is silent or brings nothing new, or the newest configuration was refused.
    """
    from polyrisk.status import status_of

    with opened(state) as here:
        stands = status_of(here.log, here.country, state, here.feeds)
        if as_json:
            click.echo(json.dumps(stands.as_json(), indent=1))
        else:
            for line in stands.lines(here.country):
                OUT.print(line)
    sys.exit(1 if stands.finding else 0)


@click.command("dead-letters")
@OF_CASE
@AS_JSON
@told
def dead_letters(state: Path, as_json: bool) -> None:
    """List the input records that could not be taken in, with the reason and what to do. Judging went on without them."""
    from polyrisk.letters import letters_of, lines_of

    with opened(state) as here:
        letters = letters_of(here.log, here.country.shard)
        for letter in letters:
            if as_json:
                click.echo(letter.model_dump_json())
                continue
            for line in lines_of(letter, here.country):
                OUT.print(line)
        if not letters and not as_json:
            click.echo("No dead letters: every record was taken in.")


COMMANDS: tuple[click.Command, ...] = (warnings, explain, status, dead_letters)
