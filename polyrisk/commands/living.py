"""Cases lived through: the demonstration, and one case at a time."""

import sys
from datetime import datetime
from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, FOLDER, OUT, told
from polyrisk.defaults import PORT, STATE
from schemas.moments import to_utc


@click.command()
@click.option("--state", type=FOLDER, default=STATE, show_default=True, help="Where the demonstration keeps what it makes.")
@click.option("--serve", is_flag=True, help="Go on serving the console page until Ctrl-C.")
@click.option("--port", default=PORT, show_default=True, help="Of the console page, on 127.0.0.1.")
@told
def demo(state: Path, serve: bool, port: int) -> None:
    """Live through three recorded disasters and print the warnings that people would have had."""
    from polyrisk import demo as demonstration

    sys.exit(demonstration.run(state, OUT, serve=serve, port=port))


@click.command()
@click.argument("case")
@click.option("--state", type=FOLDER, help="Where it keeps what it makes; by default var/cases/<case>.")
@click.option("--without-airflow", is_flag=True, help="Make the same calls without a DAG run around each.")
@click.option("--silence", multiple=True, metavar="FEED@TIME", help="A drill: let a source answer no more from a moment on.")
@click.option("--subscribers", default=20_000, show_default=True, help="Synthetic people, by seed.")
@AS_JSON
@told
def case(case: str, state: Path | None, without_airflow: bool, silence: tuple[str, ...], subscribers: int, as_json: bool) -> None:
    """Live through one CASE, such as lka/ditwah-2025, and judge what was warned against what must have been."""
    from polyrisk.one_case import run_case

    silences = dict(_silence(text) for text in silence)
    folder = state or Path("var/cases") / case.rpartition("/")[2]
    sys.exit(run_case(case, folder, OUT, airflow=not without_airflow, silences=silences, subscribers=subscribers, as_json=as_json))


def _silence(text: str) -> tuple[str, datetime]:
    feed, _, moment = text.partition("@")
    try:
        return feed, to_utc(datetime.fromisoformat(moment))
    except ValueError as error:
        raise click.UsageError(f"`{text}`: write FEED@TIME with an offset, such as lka_irrigation_river@2025-11-27T12:00+05:30.") from error


COMMANDS: tuple[click.Command, ...] = (demo, case)
