"""What waits for a person, and a person's signature."""

import json
from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, LEVEL, OF_INSTALLATION, OUT, opened, told


@click.command()
@click.argument("warning")
@click.option("--by", required=True, help="Who signs, by name.")
@click.option("--role", required=True, help="In which role of country.yaml.")
@click.option("--seen", required=True, metavar="CODE", help="Of what you read; `polyrisk pending` shows it under the texts.")
@OF_INSTALLATION
@told
def sign(warning: str, by: str, role: str, seen: str, state: Path) -> None:
    """Sign a WARNING that waits; with the last signature it needs it goes out. `polyrisk pending` lists what waits.

    You sign what you read: if a word, the sender, the channel, the audience, people or cost are others since, it is refused.
    """
    from polyrisk.duty import on_duty
    from polyrisk.duty import sign as sign_message

    with opened(state) as here, on_duty(state, here) as duty:
        signed = sign_message(duty, warning, by, role, seen)
    names = ", ".join(f"{s.by} ({s.role})" for s in signed.signatures)
    click.echo(f"{signed.id}: {signed.status.value}; signed by {names}")


@click.command()
@OF_INSTALLATION
@AS_JSON
@told
def pending(state: Path, as_json: bool) -> None:
    """List the messages that wait for signatures, with every text as it would go out."""
    from alerts.approvals import code
    from polyrisk.story import lines_of, waiting_messages

    with opened(state) as here:
        for warning in waiting_messages(here.log):
            if as_json:
                click.echo(json.dumps({**json.loads(warning.model_dump_json()), "seen": code(warning)}, ensure_ascii=False))
                continue
            for line in lines_of(warning, here.country, None):
                OUT.print(line)


@click.command()
@click.argument("warning")
@click.option("--why", required=True, help="What you ask before it is signed.")
@click.option("--for", "span", default="15 min", show_default=True, metavar="SPAN", help="How long; an hour at most.")
@click.option("--by", required=True, help="Who holds, by name.")
@click.option("--role", required=True, help="In which role of country.yaml; it must be one that may hold.")
@OF_INSTALLATION
@told
def hold(warning: str, why: str, span: str, by: str, role: str, state: Path) -> None:
    """Hold a WARNING that waits until a question is answered. Then it waits again, and is passed on if nobody signs it."""
    from polyrisk.duty import on_duty, waiting_id
    from schemas.moments import parse_span
    from schemas.warning_records import Hold

    with opened(state) as here, on_duty(state, here) as duty:
        question = Hold(by=by, role=role, why=why, at=duty.now, until=duty.now + parse_span(span))
        held = duty.service.hold(question, waiting_id(duty, warning))
        click.echo(f"{held.id} is held until {question.until.astimezone(here.country.timezone):%H:%M}; `polyrisk let-go` ends it before.")


@click.command("let-go")
@click.argument("warning")
@click.option("--by", required=True, help="Who lets it go, by name.")
@click.option("--role", required=True, help="In which role of country.yaml; it must be one that may hold.")
@OF_INSTALLATION
@told
def let_go(warning: str, by: str, role: str, state: Path) -> None:
    """Let a WARNING go that is held: it can be signed."""
    from polyrisk.duty import on_duty, waiting_id

    with opened(state) as here, on_duty(state, here) as duty:
        free = duty.service.let_go(waiting_id(duty, warning), by, role, duty.now)
    click.echo(f"{free.id} waits for signatures again.")


@click.command()
@click.argument("warning")
@click.option("--area", help="The right place, a P-code, if the place was wrong.")
@click.option("--level", type=LEVEL, help="The right level, if the level was wrong.")
@click.option("--by", required=True, help="Who corrects, by name.")
@click.option("--role", required=True, help="In which role of country.yaml; it must be one that may sign.")
@click.option("--comment", required=True, help="What was wrong, for the people on duty; households read the text of a correction.")
@OF_INSTALLATION
@told
def correct(warning: str, area: str | None, level: str | None, by: str, role: str, comment: str, state: Path) -> None:
    """Propose a correction of a WARNING that stands. Once signed, it goes to exactly those who were warned."""
    from polyrisk.duty import on_duty
    from schemas.levels import Level

    right = Level.named(level) if level else None
    with opened(state) as here, on_duty(state, here) as duty:
        proposed = duty.service.correct(warning, by, role, comment, duty.now, area=area, level=right)
    click.echo(f"{proposed.id} waits for signatures, for {proposed.recipients:,} people; `polyrisk pending` shows it.")


COMMANDS: tuple[click.Command, ...] = (sign, pending, hold, let_go, correct)
