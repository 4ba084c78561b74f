"""`polyrisk config`: what is in force, what differs, who changed it and why; and changing it."""

import json
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from eventlog.log import EventLog
from polyrisk import config_diff
from polyrisk.config_apply import Person, Proposal, Terms, clock_of, proposal, rollback, standing
from polyrisk.config_log import SHORT, entries_of, opened_log
from polyrisk.config_log import lines as log_lines
from polyrisk.config_shadow import comparisons
from polyrisk.config_shadow import lines as shadow_lines
from polyrisk.config_sources import folder_of, source_of
from polyrisk.local_time import clock
from schemas.country_files import countries_root
from schemas.errors import PolyriskError
from schemas.yaml_files import YamlFile


def show_diff(before: str, after: str, state: Path, *, as_json: bool) -> None:
    """Print what differs."""
    one, other = source_of(before, state), source_of(after, state)
    found = config_diff.compared(one, other)
    if as_json:
        click.echo(json.dumps(config_diff.as_json(one, other, found), ensure_ascii=False, indent=1))
        return
    click.echo(f"before: {one.title}")
    click.echo(f"after:  {other.title}")
    for line in config_diff.lines(found, {**one.areas, **other.areas}):
        click.echo(line)


def show_log(state: Path, *, as_json: bool) -> None:
    """Print every change, oldest first."""
    with opened_log(state) as (log, shard):
        entries = entries_of(log, shard)
    for entry in entries:
        if as_json:
            click.echo(json.dumps(entry.as_json(), ensure_ascii=False))
            continue
        for line in log_lines(entry, _zone(shard)):
            click.echo(line)


def show_shadow(state: Path, *, as_json: bool) -> None:
    """Print how each rule in shadow compares with the one it might replace."""
    with opened_log(state) as (log, shard):
        entries = entries_of(log, shard)
        found = comparisons(log, shard, entries)
    newest = next((entry.change for entry in reversed(entries) if entry.counts), None)
    areas = {a["code"]: a["names"].get("en", a["code"]) for a in newest.configuration["areas"]} if newest is not None else {}
    for one in found:
        if as_json:
            click.echo(json.dumps(one.as_json(), ensure_ascii=False))
            continue
        for line in shadow_lines(one, areas, _zone(shard)):
            click.echo(line)
    if not found and not as_json:
        click.echo("No rule ran in shadow here; `shadow: {instead_of: RULE}` in rules.yaml lets one.")


def apply(country: str, state: Path, people: Sequence[Person], reason: str, backtest: Path | None, terms: Terms, *, really: bool) -> None:
    """Show what a country's folder would change, and change it if that was asked for."""
    with opened_log(state) as (log, shard):
        change = proposal(log, shard, folder_of(country), clock_of(state).now(), people, reason, backtest, terms)
        _carry_out(log, change, really)


def roll_back(state: Path, person: Person, reason: str, terms: Terms, *, really: bool) -> None:
    """Show what going back would change, and go back if that was asked for."""
    with opened_log(state) as (log, shard):
        change = rollback(log, shard, countries_root() / shard.lower(), clock_of(state).now(), person, reason, terms)
        _carry_out(log, change, really)


def _carry_out(log: EventLog, made: Proposal, really: bool) -> None:
    found = config_diff.compared(made.before, made.after)
    for line in config_diff.lines(found, dict(made.after.areas)):
        click.echo(line)
    change = made.change
    for event in standing(log, made):
        goes_over = change.open_events == "move" or event.in_shadow
        how = "is judged by the new one from here on" if goes_over else "is judged on, to its end, by the rule it opened with"
        click.echo(f"! An event stands, and {how}: {event.rule} in {event.area}, {event.level.word}")
    by = ", ".join(f"{one.by} ({one.role})" for one in change.signatures)
    before = change.replaces[:SHORT] if change.replaces is not None else "nothing"
    since = f" from {clock(change.holds_from, _zone(made.shard))} on" if change.holds_from is not None else ""
    what = f"{change.hash[:SHORT]}{since} instead of {before}, signed by {by}: {change.reason}"
    if not really:
        click.echo(f"Dry: this would be put in force: {what}")
        click.echo("Nothing was changed; --apply does it.")
        return
    made.make(log)
    click.echo(f"{'Comes into force' if since else 'In force'}: {what}")
    click.echo(
        f"Processors take it with the {'first records of then' if since else 'next records'}. "
        f"Start the alert service and the console again{' then' if since else ''}: they read rules and texts as they start."
    )


def _zone(shard: str) -> ZoneInfo:
    """The country's own zone, if country.yaml says it; else UTC: a log is readable without its files."""
    try:
        return ZoneInfo(str(YamlFile(countries_root() / shard.lower() / "country.yaml").data["timezone"]))
    except (PolyriskError, OSError, KeyError, TypeError, ValueError):
        return ZoneInfo("UTC")
