"""The command line. Exit codes: 0 ok, 1 a finding, 2 wrong use or something that a person must act on.

Each command imports what it does when it is called: tables, grids and pages are heavy, and a demonstration that waits for its cases, or
somebody who asks for help, needs none of them.
"""

import importlib
import pkgutil
import sys

import click

from polyrisk import commands, credentials
from schemas.errors import PolyriskError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polyrisk")
def main() -> None:
    """Early warning when floods, outbreaks and price shocks compound: from feeds to an SMS a household can act on."""
    try:
        credentials.take()
    except PolyriskError as error:
        click.echo(f"polyrisk: {error}", err=True)
        sys.exit(2)


for found in pkgutil.iter_modules(commands.__path__):
    for command in getattr(importlib.import_module(f"{commands.__name__}.{found.name}"), "COMMANDS", ()):
        main.add_command(command)

if __name__ == "__main__":
    main()
