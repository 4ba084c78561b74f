"""`polyrisk originate`: a person writes a warning that no rule saw, updates it and ends it. Dry unless told otherwise."""

import json
from collections.abc import Callable
from pathlib import Path

import click

from alerts.originating import Change, Draft, How
from polyrisk.commands.options import OUT
from polyrisk.duty import Duty, on_duty
from polyrisk.explain import place_name
from polyrisk.installation import Installation
from polyrisk.local_time import with_zone
from polyrisk.story import lines_of
from schemas.counting import counted
from schemas.warning_records import Warning, WarningStatus

_HOW: dict[str, How] = {"all-clear": "all_clear", "mistaken": "mistaken", "cannot-tell": "cannot_tell"}


def show_hazards(here: Installation, state: Path, *, as_json: bool) -> None:
    """Print what can be warned of."""
    with on_duty(state, here) as duty:
        for hazard, actions in duty.service.hazards().items():
            told = f"{hazard}  --action {'|'.join(actions)}" if actions else hazard
            click.echo(json.dumps({"hazard": hazard, "actions": actions}) if as_json else told)


def warn(here: Installation, state: Path, draft: Draft, *, really: bool, as_json: bool) -> None:
    """Propose a warning, or say what it would be."""
    with on_duty(state, here) as duty:
        _say(here, duty.service.originate(draft, duty.now, dry=not really), really=really, as_json=as_json)


def update(here: Installation, state: Path, warning: str, change: Change, *, really: bool, as_json: bool) -> None:
    """Propose an update, or say what it would be."""
    with on_duty(state, here) as duty:
        named = _named(duty, warning)
        _say(here, duty.service.update_originated(named, change, duty.now, dry=not really), really=really, as_json=as_json)


def end(here: Installation, state: Path, warning: str, change: Change, how: str, *, really: bool, as_json: bool) -> None:
    """Propose an end, or say what it would be."""
    with on_duty(state, here) as duty:
        named = _named(duty, warning)
        _say(here, duty.service.end_originated(named, change, _HOW[how], duty.now, dry=not really), really=really, as_json=as_json)


def show(here: Installation, state: Path, *, as_json: bool) -> None:
    """Print what people wrote that stands or waits."""
    with on_duty(state, here) as duty:
        found = duty.service.originated()
    for kept, message in found:
        if as_json:
            said = json.loads(kept.said.model_dump_json())
            of = {"warning": kept.warning, "hazard": kept.hazard, "area": message.area, "level": message.level.word}
            click.echo(json.dumps({**of, "ends": kept.ends.isoformat(), "status": message.status.value, **said}, ensure_ascii=False))
            continue
        place, until = place_name(message.area, here.country), with_zone(kept.ends, here.country.timezone)
        click.echo(f"{kept.warning}  {message.level.word:6}  {place}: {kept.hazard}, {message.status.value}, until {until}")
        click.echo(f"    {kept.said.by} ({kept.said.role}): {kept.said.reason} (from {kept.said.source})")
    if not found and not as_json:
        click.echo("Nothing that a person wrote stands or waits.")


def _named(duty: Duty, warning: str) -> str:
    """The whole id of a warning of which the beginning was given; what was given if it says none or several."""
    found = [kept.warning for kept, _ in duty.service.originated() if kept.warning.startswith(warning.partition(".")[0])]
    return found[0] if len(found) == 1 else warning


def _say(here: Installation, message: Warning, *, really: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"applied": really, **json.loads(message.model_dump_json())}, ensure_ascii=False))
        return
    echo: Callable[[str], None] = OUT.print
    for line in lines_of(message, here.country, None, waits=really):
        echo(line)
    if not really:
        click.echo("Dry: nothing was proposed. --apply does it.")
    elif message.status is WarningStatus.WITHDRAWN:
        click.echo(f"{message.id} was taken back; nobody had been told anything.")
    else:
        people = counted(message.recipients, "person", "people")
        click.echo(f"{message.id} waits for signatures, for {people}. Who wrote it does not sign it.")
    if not message.recipients and message.status is not WarningStatus.WITHDRAWN:
        place = place_name(message.area, here.country)
        click.echo(f"It goes to NOBODY by telephone: nobody in {place} is enrolled. Warn them another way.")
