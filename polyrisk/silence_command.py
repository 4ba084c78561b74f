"""`polyrisk silence`: begin, list and end silences."""

import json
from pathlib import Path

import click

from alerts.silences import Silence
from polyrisk.duty import on_duty
from polyrisk.installation import Installation
from polyrisk.local_time import with_zone
from schemas.levels import Level
from schemas.moments import parse_span


def add(
    here: Installation,
    state: Path,
    *,
    area: str | None,
    rule: str | None,
    hazard: str | None,
    up_to: str,
    span: str,
    comment: str,
    by: str,
    role: str,
) -> None:
    """Begin a silence now, and say what it reaches."""
    try:
        lasts = parse_span(span)
    except ValueError as error:
        raise click.UsageError(f"--for: {error}.") from error
    with on_duty(state, here) as duty:
        asked = Silence("", by, role, comment, Level.named(up_to), duty.now, duty.now + lasts, area=area, rule=rule, hazard=hazard)
        kept = duty.service.silence(asked)
    click.echo(f"{kept.id} holds back {kept.in_words()}, until {with_zone(kept.until, here.country.timezone)}.")


def show(here: Installation, state: Path, *, ended: bool, as_json: bool) -> None:
    """Print them, the oldest first."""
    with on_duty(state, here) as duty:
        found = [(one, number) for one, number in duty.service.silences() if ended or one.holds(duty.now)]
    for one, number in found:
        if as_json:
            values = {**vars(one), "up_to": one.up_to.word, "since": one.since.isoformat(), "until": one.until.isoformat(), "held": number}
            click.echo(json.dumps(values, ensure_ascii=False))
            continue
        until = f"until {with_zone(one.until, here.country.timezone)}" + (f", ended by {one.ended_by}" if one.ended_by else "")
        click.echo(f"{one.id}  {one.in_words()}, {until}; held back {number}. {one.by} ({one.role}): {one.comment}")
    if not found and not as_json:
        click.echo("No silence holds." if not ended else "There was never a silence here.")


def end(here: Installation, state: Path, id: str, by: str, role: str) -> None:
    """End one before its time."""
    with on_duty(state, here) as duty:
        ended = duty.service.end_silence(id, by, role, duty.now)
    click.echo(f"{ended.id} is over. What it held is judged again: `polyrisk pending` shows what waits.")
