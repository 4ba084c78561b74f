"""What several commands share: where they look, how they write, how they say what went wrong."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click
from rich.console import Console

from polyrisk.defaults import STATE
from schemas.errors import PolyriskError
from schemas.moments import to_utc

if TYPE_CHECKING:
    from polyrisk.installation import Installation

_WIDE = 240
"""Columns of output that is no terminal, so that no reading of a tree is cut off in a file."""
OUT = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
FOLDER = click.Path(path_type=Path)
LEVEL = click.Choice(["yellow", "orange", "red"])
NEED = click.Choice(["mobility", "hearing", "pregnancy", "livestock"])
OF_CASE = click.option("--state", type=FOLDER, default=STATE / "ditwah-2025", show_default=True, help="Folder of an installation's log.")
OF_INSTALLATION = click.option("--state", type=FOLDER, default=Path("var/live"), show_default=True, help="Folder of the installation.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="For programs: JSON on standard output.")
_P = ParamSpec("_P")


def told(command: Callable[_P, Any]) -> Callable[_P, Any]:
    """An error of ours becomes one readable line and exit code 2."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> Any:
        try:
            return command(*args, **kwargs)
        except PolyriskError as error:
            click.echo(f"polyrisk: {error}", err=True)
            sys.exit(2)

    return run


@contextmanager
def opened(state: Path) -> Iterator["Installation"]:
    """The installation in a folder, its log closed at the end."""
    from polyrisk.installation import Installation

    installation = Installation.open(state)
    try:
        yield installation
    finally:
        installation.log.close()


def moment(text: str) -> datetime:
    """A moment with its zone, in UTC."""
    try:
        return to_utc(datetime.fromisoformat(text))
    except ValueError as error:
        raise click.UsageError(f"`{text}`: write a moment with its zone, such as 2025-11-27T06:00+05:30.") from error
