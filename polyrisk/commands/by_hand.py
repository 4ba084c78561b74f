"""What somebody on duty learned by telephone: a reading, or that a gauge is dead or back."""

from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, OF_INSTALLATION, moment, opened, told

_BY = click.option("--by", required=True, help="Who vouches for it, by name.")
_ROLE = click.option("--role", required=True, help="In which role of country.yaml; it must be one that may declare_gauge.")
_WHY = click.option("--why", required=True, help="Such as 'washed away, seen by the reader'. What may be a number in it is masked.")


@click.group()
def reading() -> None:
    """Enter a reading taken by telephone: it is judged like any other, marked as entered by a trained person (`manual`)."""


@reading.command()
@click.option("--station", help="Its code, as in stations.csv.")
@click.option("--area", help="P-code, for what is read of a whole area.")
@click.option("--indicator", required=True, help="Of the catalogue, such as river_level.")
@click.option("--value", required=True, type=float)
@click.option("--unit", required=True, help="The catalogue's, such as m, so that nobody takes feet for metres.")
@click.option("--at", required=True, metavar="TIME", help="When it was read, with its zone, such as 2026-11-27T06:00+05:30.")
@click.option("--why", default="", help="Who read it, and how. What may be a telephone number in it is masked.")
@click.option("--apply", "really", is_flag=True, help="Enter it; without it only what would be entered is said.")
@_BY
@_ROLE
@OF_INSTALLATION
@AS_JSON
@told
def enter(
    station: str | None,
    area: str | None,
    indicator: str,
    value: float,
    unit: str,
    at: str,
    why: str,
    really: bool,
    by: str,
    role: str,
    state: Path,
    as_json: bool,
) -> None:
    """Say what a reading would be, and with --apply enter it. A second one of the same place and moment corrects the first."""
    from alerts.by_hand import Entered
    from polyrisk.by_hand_command import enter as enter_it

    if (station is None) == (area is None):
        raise click.UsageError("Give --station or --area, one of them.")
    with opened(state) as here:
        entered = Entered(station or area or "", indicator, value, unit, moment(at), by, role, why)
        enter_it(here, state, entered, really=really, as_json=as_json)


@click.group()
def gauge() -> None:
    """Declare a gauge dead, or back. What a dead one says counts for nothing: it is unknown, never safe."""


@gauge.command()
@click.argument("station")
@_WHY
@_BY
@_ROLE
@OF_INSTALLATION
@told
def dead(station: str, why: str, by: str, role: str, state: Path) -> None:
    """Declare STATION dead from now on."""
    from polyrisk.by_hand_command import declare

    with opened(state) as here:
        declare(here, state, station, "dead", by, role, why)


@gauge.command()
@click.argument("station")
@_WHY
@_BY
@_ROLE
@OF_INSTALLATION
@told
def back(station: str, why: str, by: str, role: str, state: Path) -> None:
    """Declare that STATION can be believed again; it counts from its next reading on."""
    from polyrisk.by_hand_command import declare

    with opened(state) as here:
        declare(here, state, station, "back", by, role, why)


COMMANDS: tuple[click.Command, ...] = (reading, gauge)
