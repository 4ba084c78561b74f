"""What `polyrisk wake` does: show what somebody is woken for, and acknowledge it."""

import json
from contextlib import closing
from pathlib import Path

import click

from alerts.registry import open_registry
from alerts.roster import keeping, wakings
from polyrisk.config_apply import clock_of
from polyrisk.installation import country_of
from polyrisk.local_time import clock


def show(state: Path, country: str | None, *, every: bool, as_json: bool) -> None:
    """Print what goes on, with who was tried and what became of it."""
    here = country_of(state, country)
    with closing(open_registry(state)) as registry, registry.reading() as connection:
        found = wakings.newest(connection, here.code) if every else wakings.open_ones(connection, here.code)
        of = {waking.id: wakings.tries(connection, waking.id) for waking in found}
        beside = {waking.id: [one.text for one in wakings.joined(connection, waking.id)] for waking in found}
    for waking in found:
        if as_json:
            tries = [{**one, "at": one["at"].isoformat()} for one in of[waking.id]]
            over = waking.over.isoformat() if waking.over else None
            values = {"id": waking.id, "code": waking.code, "kind": waking.kind, "subject": waking.subject, "text": waking.text}
            more = {
                "began": waking.began.isoformat(),
                "over": over,
                "how": waking.how,
                "by": waking.by,
                "tries": tries,
                "beside": beside[waking.id],
            }
            click.echo(json.dumps({**values, **more}, ensure_ascii=False))
            continue
        if waking.how == wakings.JOINED:
            continue  # shown with what it joined
        stands = "goes on" if waking.over is None else f"{waking.how}{' by ' + waking.by if waking.by else ''}"
        click.echo(f"{waking.code}  {clock(waking.began, here.timezone)}  {waking.text}  ({stands})")
        for text in beside[waking.id]:
            click.echo(f"      and {text}")
        for one in of[waking.id]:
            why = f" ({one['refusal']})" if one["refusal"] else ""
            click.echo(f"      {clock(one['at'], here.timezone)}  {one['way']:4} to {one['officer']}: {one['state']}{why}")
    if not found and not as_json:
        click.echo("Nobody is being woken." if not every else "Nobody was ever woken here.")


def acknowledge(state: Path, country: str | None, code: str, by: str) -> None:
    """Say that somebody is awake."""
    here = country_of(state, country)
    now = clock_of(state).now()
    with closing(open_registry(state)) as registry, registry.attempt("wake ack", by, "on duty", code, now) as connection:
        officer = keeping.on_the_roster(connection, here.code, by)
        waking = wakings.of_code(connection, here.code, code)
        wakings.acknowledge(connection, waking, officer, wakings.BY_COMMAND, now)
    click.echo(f"{officer.name} is awake: {waking.text} Nobody else is woken for it.")
