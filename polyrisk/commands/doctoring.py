"""What is wrong with an installation, and what to do."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, OUT, told


@click.command()
@OF_INSTALLATION
@AS_JSON
@told
def doctor(state: Path, as_json: bool) -> None:
    """Look at an installation and its machine, and say in plain words what is wrong and what to do. Nothing is changed.

    Exit code 1 if anything is wrong or cannot be told.
    """
    from polyrisk.doctor import examine
    from polyrisk.progress import patient

    with patient("looking", shown=not as_json) as done:
        examined = examine(state, datetime.now(UTC), done)
    if as_json:
        click.echo(json.dumps(examined.as_json(), ensure_ascii=False, indent=1))
    else:
        for line in examined.lines():
            OUT.print(line)
    sys.exit(0 if examined.healthy else 1)


COMMANDS: tuple[click.Command, ...] = (doctor,)
