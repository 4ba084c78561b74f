"""`polyrisk inbox`: messages that a person should read. Who wrote is an id and an area, never a number."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from alerts.listening.inbox import Received, one, received
from alerts.registry import open_registry


def show(state: Path, *, every: bool, as_json: bool) -> None:
    """List messages, the newest first."""
    found = received(open_registry(state), every=every)
    if as_json:
        click.echo(json.dumps([_plain(message) for message in found], ensure_ascii=False, indent=1))
        return
    for message in found:
        who = f"{message.person} in {message.area}" if message.person else "not enrolled"
        click.echo(f"{message.at.isoformat(timespec='minutes')}  {message.outcome:12}  {who}  {message.id}")
    if not found:
        click.echo("Nothing waits to be read.")


def read(state: Path, identity: str, *, as_json: bool) -> None:
    """Print one message; what may be a telephone number in it is covered."""
    message = one(open_registry(state), identity)
    if as_json:
        click.echo(json.dumps(_plain(message), ensure_ascii=False, indent=1))
    else:
        click.echo(message.text if message.text is not None else "Its words were deleted after their time.")


def _plain(message: Received) -> dict[str, Any]:
    return {**asdict(message), "at": message.at.isoformat()}
