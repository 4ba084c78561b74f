"""`polyrisk run airflow`: Airflow with our DAGs as a part by itself, until Ctrl-C or the service manager ends it."""

import os
import signal
import time
from pathlib import Path

import click

from polyrisk.airflow_services import start_standalone

LOOK_S = 1.0


def run_airflow(state: Path, port: int) -> None:
    """Start Airflow for an installation and watch over it; it asks the sources themselves.

    Args:
        state: the installation's folder. port: of Airflow's page on 127.0.0.1; 0 takes a free one.

    Raises:
        PolyriskError: it does not start, or one of its processes has ended.
    """
    for ending in (signal.SIGINT, signal.SIGTERM):  # from the first moment on, so that nothing is left behind by an end while it starts
        signal.signal(ending, signal.default_int_handler)
    state.mkdir(parents=True, exist_ok=True)
    os.environ["POLYRISK_STATE"] = str(state.absolute())
    click.echo("starting Airflow (some seconds)")
    try:
        with start_standalone(state, port=port) as airflow:
            airflow.wait_until_healthy()
            click.echo(f"Airflow at {airflow.url}; Ctrl-C ends it")
            while True:
                airflow.check_running()
                time.sleep(LOOK_S)
    except KeyboardInterrupt:
        click.echo("ended")
