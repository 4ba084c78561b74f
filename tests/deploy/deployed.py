"""What is asked of every command, path and variable that a unit or a service of `deploy/` names."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from polyrisk.__main__ import main
from schemas.country_files import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
_NAMED = re.compile(r"\$\{?([A-Z]+)\}?")


def words_of(line: str, environment: Mapping[str, str]) -> list[str]:
    """A command line as it would be started, its variables put in; an empty one is no word."""
    return shlex.split(_NAMED.sub(lambda match: environment[match[1]], line))


def understood(words: Sequence[str]) -> click.Context:
    """The command as `polyrisk` takes it, without doing it; the answer says what it understood.

    Raises:
        click.UsageError: there is no such command, or it does not take these words.
    """
    group, *rest = words
    command = main.get_command(click.Context(main), group)
    if command is None:
        raise click.UsageError(f"There is no command {group}.")
    return command.make_context(group, rest)


def in_the_checkout(path: str) -> Path:
    """A path below `deploy/`, which must be there."""
    found = (DEPLOY / path).resolve()
    assert found.is_relative_to(CHECKOUT)
    assert found.exists(), path
    return found
