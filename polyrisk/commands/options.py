"""What several commands share: where they look, how they write, how they say what went wrong."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click
from click.core import ParameterSource
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
_NAMED = "POLYRISK_STATE"
_LIVE, _DEMONSTRATION = Path("var/live"), STATE / "ditwah-2025"


def _looked_at() -> Path:
    return _LIVE if _LIVE.exists() else _DEMONSTRATION


def _which(context: click.Context, _option: click.Parameter, state: Path) -> Path:
    """Said where nobody named it: who looks at another installation than they think may take its calm for the calm of theirs."""
    if context.get_parameter_source("state") is ParameterSource.DEFAULT and not context.resilient_parsing:
        click.echo(f"in {state}; --state or {_NAMED} names another", err=True)
    return state


OF_CASE = click.option(
    "--state",
    type=FOLDER,
    envvar=_NAMED,
    default=_looked_at,
    show_default=f"{_LIVE} if it is there, else {_DEMONSTRATION}",
    callback=_which,
    help=f"Folder of an installation; {_NAMED} names another default.",
)
OF_INSTALLATION = click.option(
    "--state",
    type=FOLDER,
    envvar=_NAMED,
    default=_LIVE,
    show_default=True,
    help=f"Folder of the installation; {_NAMED} names another default.",
)
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
