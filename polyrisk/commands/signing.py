"""What waits for a person, and a person's signature."""

import json
from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, LEVEL, NEED, OF_INSTALLATION, OUT, opened, told
from schemas.counting import counted


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
        needed = next((people for waits, people in duty.service.waiting() if waits.id == signed.id), 0)
    names = ", ".join(f"{s.by} ({s.role})" for s in signed.signatures)
    click.echo(f"{signed.id}: {signed.status.value}; signed by {names}")
    if needed:
        so_far = f"{len(signed.signatures)} of {counted(needed, 'signature')}"
        click.echo(f"{so_far}: it still waits, for another person in another role. Until then it goes to nobody.")
    else:
        click.echo("It goes out.")


@click.command("to-me")
@click.argument("warning")
@click.option("--by", required=True, metavar="NAME", help="Your account; it goes to the telephone that you gave (`polyrisk roster phone`).")
@click.option(
    "--language", "languages", multiple=True, metavar="TAG", help="Such as si; may be given again. By default all of the country."
)
@click.option("--need", type=NEED, help="As those read it who told us of this need.")
@click.option("--show", is_flag=True, help="Ask for nothing; show what became of what you asked for.")
@OF_INSTALLATION
@AS_JSON
@told
def to_me(warning: str, by: str, languages: tuple[str, ...], need: str | None, show: bool, state: Path, as_json: bool) -> None:
    """Have a WARNING that waits sent to your own telephone, before you sign it, as a household will read it.

    Each text is marked as a test, in its language, first and last. It is no signature, and goes to nobody else. Asked for twice, it is
    sent once. The service that runs hands it over; without --send there it is only written down.
    """
    from polyrisk.to_me_command import to_me as send_to_me

    for line in send_to_me(state, warning, by, languages, need or "", show=show, as_json=as_json):
        click.echo(line)


@click.command()
@click.argument("warning")
@click.option("--action", metavar="NAME", help="What people are told to do; `none` for what the text says by itself.")
@click.option("--shelter", metavar="NAME", help="Where they are told to go; `none` names no place.")
@click.option("--seen", metavar="CODE", help="Of what you read; `polyrisk pending` shows it under the texts.")
@click.option("--by", help="Who edits, by name. They do not sign it.")
@click.option("--role", help="In which role of country.yaml; it must be one that may sign or hold.")
@OF_INSTALLATION
@AS_JSON
@told
def edit(
    warning: str, action: str | None, shelter: str | None, seen: str | None, by: str | None, role: str | None, state: Path, as_json: bool
) -> None:
    """Change what a WARNING that waits leaves open, in every language at once. Without a choice, list what there is to choose.

    All signatures given so far are void. If it is another than you read, it is refused, and says who changed what.
    """
    from polyrisk.edit_command import change, choices

    filled = {slot: "" if name == "none" else name for slot, name in (("action", action), ("shelter", shelter)) if name is not None}
    if not filled:
        for line in choices(state, warning, as_json=as_json):
            click.echo(line)
        return
    if not (seen and by and role):
        raise click.UsageError("Name --seen, --by and --role.")
    change(state, warning, filled, seen, by, role, as_json=as_json)


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


COMMANDS: tuple[click.Command, ...] = (sign, to_me, edit, pending, hold, let_go, correct)
