"""The stand-in in a process of its own, so that many messages a second do not wait for one interpreter."""

import json
import subprocess
import sys
import urllib.request
from typing import Any, Self

import click

from alerts.stand_in_provider.book import AcceptedMessage, read_for_ourselves
from alerts.stand_in_provider.server import StandInProvider


class StandInProcess:
    """Ends with its parent.

    Args:
        check_every: of how many exchanges one is held against Twilio's OpenAPI; none if none is.

    Raises:
        OSError: it did not start.
    """

    def __init__(self, check_every: int | None = None) -> None:
        self.base_url = ""
        self._options = [] if check_every is None else ["--check-every", str(check_every)]

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "alerts.stand_in_provider", *self._options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
        self.base_url = self._process.stdout.readline().strip() if self._process.stdout else ""
        if not self.base_url:
            raise OSError("the stand-in provider did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """Of the process, so that what it takes can be measured."""
        return self._process.pid

    @property
    def accepted(self) -> list[AcceptedMessage]:
        """What it has accepted so far."""
        return read_for_ourselves(self._ask("accepted"))

    @property
    def wrong(self) -> tuple[int, list[str]]:
        """How many exchanges were held against Twilio's OpenAPI, and what was wrong with them."""
        told = self._ask("checked")
        return int(told["checked"]), list(told["wrong"])

    def _ask(self, what: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.base_url}/{what}", timeout=30) as answer:  # noqa: S310 - our own address
            told: dict[str, Any] = json.load(answer)
            return told


@click.command()
@click.option("--check-every", type=int, help="Of how many exchanges one is held against Twilio's OpenAPI.")
def main(check_every: int | None) -> None:
    """Serve until the one who started this closes our standard input."""
    check = None
    if check_every is not None:
        from alerts.stand_in_provider.specification import Specification

        check = Specification.of_messages().check
    with StandInProvider(check=check, check_every=check_every or 1) as provider:
        click.echo(provider.base_url)
        sys.stdin.read()
