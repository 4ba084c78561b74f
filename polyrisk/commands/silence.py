"""What people on duty let nobody be bothered with for a time."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, LEVEL, OF_INSTALLATION, opened, told

_BY = click.option("--by", required=True, help="Who, by name.")
_ROLE = click.option("--role", required=True, help="In which role of country.yaml; it must be one that may silence.")


@click.group()
def silence() -> None:
    """Hold new proposals of a rule, a hazard or an area back for a time. An end, or a graver level than stated, is never silenced."""


@silence.command("add")
@click.option("--area", help="P-code; it reaches all inside it too. Without it, the whole country.")
@click.option("--rule", help="Only this rule.")
@click.option("--hazard", help="Only rules with this text, such as river_flood.")
@click.option("--up-to", required=True, type=LEVEL, help="The gravest level that it holds back.")
@click.option("--for", "span", required=True, help="How long, such as `6 h` or `2 d`.")
@click.option("--comment", required=True, help="Why.")
@_BY
@_ROLE
@OF_INSTALLATION
@told
def silence_add(
    area: str | None, rule: str | None, hazard: str | None, up_to: str, span: str, comment: str, by: str, role: str, state: Path
) -> None:
    """Begin a silence now. What waits for signatures and is reached is taken back, and judged again at the end."""
    from polyrisk.silence_command import add

    with opened(state) as here:
        add(here, state, area=area, rule=rule, hazard=hazard, up_to=up_to, span=span, comment=comment, by=by, role=role)


@silence.command("list")
@click.option("--all", "ended", is_flag=True, help="Also those that are over.")
@OF_INSTALLATION
@AS_JSON
@told
def silence_list(ended: bool, state: Path, as_json: bool) -> None:
    """List the silences that hold, with who set them, why, until when, and how much they held back."""
    from polyrisk.silence_command import show

    with opened(state) as here:
        show(here, state, ended=ended, as_json=as_json)


@silence.command("end")
@click.argument("id")
@_BY
@_ROLE
@OF_INSTALLATION
@told
def silence_end(id: str, by: str, role: str, state: Path) -> None:
    """End the silence ID before its time; what it held is judged again at once."""
    from polyrisk.silence_command import end

    with opened(state) as here:
        end(here, state, id, by, role)


COMMANDS = (silence,)
