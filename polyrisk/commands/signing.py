"""What waits for a person, and a person's signature."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, OUT, opened, told


@click.command()
@click.argument("warning")
@click.option("--by", required=True, help="Who signs, by name.")
@click.option("--role", required=True, help="In which role of country.yaml.")
@OF_INSTALLATION
@told
def sign(warning: str, by: str, role: str, state: Path) -> None:
    """Sign a WARNING that waits; with the last signature it needs it goes out. `polyrisk pending` lists what waits."""
    from polyrisk.live import sign as sign_message

    with opened(state) as here:
        signed = sign_message(state, here.country, here.log, warning, by, role)
    names = ", ".join(f"{s.by} ({s.role})" for s in signed.signatures)
    click.echo(f"{signed.id}: {signed.status.value}; signed by {names}")


@click.command()
@OF_INSTALLATION
@AS_JSON
@told
def pending(state: Path, as_json: bool) -> None:
    """List the messages that wait for signatures, with every text as it would go out."""
    from polyrisk.story import lines_of, waiting_messages

    with opened(state) as here:
        for warning in waiting_messages(here.log):
            if as_json:
                click.echo(warning.model_dump_json())
                continue
            for line in lines_of(warning, here.country, None):
                OUT.print(line)


COMMANDS: tuple[click.Command, ...] = (sign, pending)
