"""What people wrote to us and a person should read."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, told


@click.group(invoke_without_command=True)
@OF_INSTALLATION
@click.option("--all", "every", is_flag=True, help="Those too that were understood.")
@AS_JSON
@click.pass_context
@told
def inbox(context: click.Context, state: Path, every: bool, as_json: bool) -> None:
    """List the messages that were not understood, or came from nobody who is enrolled."""
    if context.invoked_subcommand is None:
        from polyrisk.inbox_command import show

        show(state, every=every, as_json=as_json)


@inbox.command("read")
@click.argument("message")
@OF_INSTALLATION
@AS_JSON
@told
def read_message(message: str, state: Path, as_json: bool) -> None:
    """Print a MESSAGE, with what may be a telephone number in it covered."""
    from polyrisk.inbox_command import read

    read(state, message, as_json=as_json)


COMMANDS: tuple[click.Command, ...] = (inbox,)
