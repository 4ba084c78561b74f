"""`polyrisk agreement`: what was agreed on, what went out by it, and what a person says of that afterwards."""

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from alerts.agreed import DAY
from polyrisk.duty import on_duty
from polyrisk.explain import place_name
from polyrisk.installation import Installation
from polyrisk.local_time import clock
from schemas.agreements import Agreement
from schemas.country_files import LoadedCountry
from schemas.warning_records import Judgement


def show(here: Installation, state: Path, *, as_json: bool) -> None:
    """Print the agreements of the country's file, with how many people each has reached within a day."""
    country = here.country
    with on_duty(state, here) as duty:
        now, sent = duty.now, duty.service.sent_by_agreement()
    for name, one in country.facts.agreements.items():
        told = sum(each.recipients for each, _ in sent if each.agreement == name and each.at > now - DAY)
        stands = _stands(one, now, country)
        if as_json:
            values = {"name": name, "stands": stands, "identity": one.identity(), "people_within_a_day": told}
            click.echo(json.dumps({**values, **json.loads(one.model_dump_json(by_alias=True))}, ensure_ascii=False))
            continue
        click.echo(f"{name}: {stands}, from {one.since} until {one.until}")
        where = ", ".join(place_name(area, country) for area in one.areas) or "the whole country"
        click.echo(f"    {', '.join(one.rules)} from {one.at_least.word} on, in {where}, go out at once")
        click.echo(f"    to {one.people:,} people at most, {one.people_a_day:,} within a day; {told:,} within the last day")
        agreed = ", ".join(f"{by.name} ({by.role})" for by in one.agreed_by)
        click.echo(f"    agreed by {agreed}: {one.document.title}, {one.document.reference}")
    if not country.facts.agreements and not as_json:
        click.echo("Nothing was agreed on: every warning waits for signatures.")


def _stands(one: Agreement, now: datetime, country: LoadedCountry) -> str:
    if one.holds(now, country.timezone):
        return "holds"
    return "is OVER, people sign" if now.astimezone(country.timezone).date() > one.until else "does not hold yet, people sign"


def show_sent(here: Installation, state: Path, *, reviewed: bool, as_json: bool) -> None:
    """Print what went out by agreement; ends with exit code 1 if nobody has reviewed some of it."""
    with on_duty(state, here) as duty:
        found = duty.service.sent_by_agreement(unreviewed=not reviewed)
    for sent, warning in found:
        if as_json:
            moments = {"at": sent.at.isoformat(), "reviewed_at": sent.reviewed_at.isoformat() if sent.reviewed_at else None}
            review_by = sent.review_by.isoformat() if sent.review_by else None
            of = {"rule": warning.rule, "area": warning.area, "level": warning.level.word}
            click.echo(json.dumps({**vars(sent), **moments, "review_by": review_by, **of}, ensure_ascii=False))
            continue
        place = place_name(warning.area, here.country)
        at = clock(sent.at, here.country.timezone)
        click.echo(
            f"{sent.message}  {warning.level.word:6}  {place}: {warning.rule}, {at}, to {sent.recipients:,} people by {sent.agreement}"
        )
        if sent.judgement is not None:
            click.echo(f"    judged {sent.judgement.value} by {sent.reviewed_by} ({sent.reviewed_as}): {sent.comment}")
        else:
            passed = f"; passed on {sent.passed_on} times" if sent.passed_on else ""
            click.echo(f"    NOBODY has reviewed it{passed}: `polyrisk agreement review {sent.message} --judgement right|wrong ...`")
    if not found and not as_json:
        click.echo("Nothing went out by agreement." if reviewed else "Nothing waits for a review.")
    if any(sent.judgement is None for sent, _ in found):
        sys.exit(1)


def review(here: Installation, state: Path, message: str, judgement: str, comment: str, by: str, role: str) -> None:
    """Keep a review, and say what to do if it was wrong."""
    with on_duty(state, here) as duty:
        sent = [one.message for one, _ in duty.service.sent_by_agreement() if one.message.startswith(message)]
        named = sent[0] if len(sent) == 1 else message
        said = duty.service.review(named, by, role, Judgement(judgement), comment, duty.now)
        stands = duty.service.standing(said.warning) is not None
    click.echo(f"{said.message} is judged {said.judgement.value} by {said.by} ({said.role}).")
    if said.judgement is Judgement.WRONG and stands:
        click.echo("People still stand under it. Correct it now:")
        click.echo(
            f"    polyrisk correct {said.warning} --level green --comment ... --by ... --role ...    (or --area, if the place was wrong)"
        )
