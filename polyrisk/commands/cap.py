"""Warnings as machines read them."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, FOLDER, OF_INSTALLATION, opened, told


@click.group()
def cap() -> None:
    """Show what went out as machines read it: Common Alerting Protocol 1.2 and an Atom feed."""


@cap.command("export")
@OF_INSTALLATION
@click.option("--out", type=FOLDER, required=True, help="Folder for one file a message and feed.xml; what is there already stays.")
@AS_JSON
@told
def cap_export(state: Path, out: Path, as_json: bool) -> None:
    """Write every message that went out to the public."""
    from polyrisk.cap_command import export

    with opened(state) as here:
        export(here, out, as_json=as_json)


@cap.command("show")
@click.argument("message")
@OF_INSTALLATION
@told
def cap_show(message: str, state: Path) -> None:
    """Print the document of MESSAGE, such as w0123456789abcdef.1."""
    from polyrisk.cap_command import show

    with opened(state) as here:
        show(here, message)


COMMANDS = (cap,)
