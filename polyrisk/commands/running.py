"""An installation that runs, part by part."""

from datetime import datetime
from pathlib import Path

import click

from polyrisk.commands.options import FOLDER, OF_INSTALLATION, told
from polyrisk.defaults import AIRFLOW_PORT, LISTENER_PORT, PARTS, PORT
from schemas.country_files import countries_root
from schemas.moments import to_utc


@click.command()
@click.argument("part", type=click.Choice(["all", *PARTS]))
@OF_INSTALLATION
@click.option("--country", default="lka", show_default=True, help="Folder below countries/.")
@click.option(
    "--case", default="ditwah-2025", show_default=True, help="The case whose sources the stand-ins play; `none` asks the real ones."
)
@click.option("--start", help="Where in the case its clock begins, such as 2025-11-26T06:00+05:30; by default at its start.")
@click.option("--speed", default=60.0, show_default=True, help="Case time for each second of ours.")
@click.option("--port", default=PORT, show_default=True, help="Of the console page.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the console listens; others need accounts.")
@click.option("--name", "names", multiple=True, help="Under which the console is called from elsewhere, such as that of a proxy before it.")
@click.option(
    "--listener-port", default=LISTENER_PORT, show_default=True, help="Where providers call us, on 127.0.0.1; 0 takes a free one."
)
@click.option(
    "--airflow-port", default=AIRFLOW_PORT, show_default=True, help="Of Airflow's page if it runs by itself, on 127.0.0.1; 0: a free one."
)
@click.option("--metrics-port", type=int, help="Of the metrics, on 127.0.0.1; 0 takes a free one; by default each part has its own.")
@click.option("--send", is_flag=True, help="Hand messages to the country's channel; without it nothing leaves this machine.")
@click.option("--all-shards", is_flag=True, help="Let the processor judge every shard that its group gives it, not the country's alone.")
@click.option("--go-back", is_flag=True, help="Let the processor take over from a newer engine; what it judges otherwise goes out.")
@click.option(
    "--history",
    "histories",
    multiple=True,
    type=FOLDER,
    help="Years that the planner page may look at, as for `backtest`; may be repeated.",
)
@click.option("--member", default="processor", show_default=True, help="The processor's name in its group; each needs its own.")
@told
def run(
    part: str,
    state: Path,
    country: str,
    case: str,
    start: str | None,
    speed: float,
    port: int,
    host: str,
    names: tuple[str, ...],
    listener_port: int,
    airflow_port: int,
    metrics_port: int | None,
    send: bool,
    all_shards: bool,
    go_back: bool,
    histories: tuple[Path, ...],
    member: str,
) -> None:
    """Run the ticker, the processor, the alert service, the console, the listener, Airflow, or all of them with the stand-in sources."""
    if part == "airflow":
        from polyrisk.airflow_part import run_airflow

        run_airflow(state, airflow_port)
        return
    from polyrisk.console_part import Where, run_console

    if part == "console":  # by itself it need not load what the other parts are made of
        run_console(state, countries_root() / country, Where(port, host, names), histories)
        return
    from polyrisk.live import Judges, run_parts

    begin = to_utc(datetime.fromisoformat(start)) if start else None
    run_parts(
        part,
        state,
        countries_root() / country,
        None if case == "none" else case,
        begin,
        speed,
        Where(port, host, names),
        listener_port=listener_port,
        metrics_port=metrics_port,
        send=send,
        judges=Judges(member, all_shards, go_back),
        histories=histories,
    )


COMMANDS: tuple[click.Command, ...] = (run,)
