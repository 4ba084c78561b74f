"""What `polyrisk edit` does: change what a message that waits leaves open, or list what there is to choose."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from alerts.approvals import code
from polyrisk.commands.options import OUT, opened
from polyrisk.duty import on_duty, waiting_id
from polyrisk.story import lines_of


def choices(state: Path, warning: str, *, as_json: bool) -> Iterator[str]:
    """What a message leaves open, and what it can be filled with, in each language."""
    with opened(state) as here, on_duty(state, here) as duty:
        message = waiting_id(duty, warning)
        slots = duty.service.slots(message)
    for slot in slots:
        if as_json:
            known = {choice.name: dict(choice.said) for choice in slot.choices}
            yield json.dumps({"slot": slot.name, "chosen": slot.chosen or None, "choices": known}, ensure_ascii=False)
            continue
        nothing = "" if slot.choices else ": the country's files have nothing to choose from"
        yield f"--{slot.name} (now: {slot.chosen or 'none'}){nothing}"
        for choice in slot.choices:
            yield f"  {choice.name}"
            yield from (f"    {language:8} {words}" for language, words in choice.said.items())
    if not slots and not as_json:
        yield f"{message} leaves nothing open: all of it follows from what the rule found."


def change(state: Path, warning: str, filled: Mapping[str, str], seen: str, by: str, role: str, *, as_json: bool) -> None:
    """Fill what a message leaves open, and print it as it then stands."""
    with opened(state) as here, on_duty(state, here) as duty:
        edited = duty.service.edit(waiting_id(duty, warning), by, role, filled, seen, duty.now)
    if as_json:
        click.echo(json.dumps({**json.loads(edited.model_dump_json()), "seen": code(edited)}, ensure_ascii=False))
        return
    for line in lines_of(edited, here.country, None):
        OUT.print(line)
    click.echo(f"{edited.id} was edited; nobody has signed it as it stands now.")
