"""What `polyrisk backtest` and `polyrisk history` do, from files to tables, pictures and a page."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from console.backtest_report import as_json, report
from console.backtest_tables import number, show, tables
from console.history_files import read_events, read_history
from eventlog.state import archive
from polyrisk.config_sources import at_revision
from processors.backtest_baselines import baselines_of, judged_since
from processors.backtest_parallel import simulate
from processors.backtest_sweep import Step, answer, at_most, setting, swept, values_of
from processors.backtest_verdicts import compared
from processors.history import History, history_of
from schemas.configuration import Configuration
from schemas.counting import counted
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError
from schemas.frameworks import is_framework
from schemas.microseconds import to_microseconds


@dataclass(frozen=True)
class Asked:
    """What a person asked for.

    Attributes:
        history: a folder of history files; without it, the installation's archive. since, until: of what is judged; baselines are made
            of what was received before, too.
        events: a file of what happened. before, after: the match window where the file does not say its own.
        against: another folder of the country, or one of the checkout at a revision, such as `HEAD~1:countries/lka`.
        sweep: `PATH=a..b/n`. rare: `once in n years`. out: where pictures and page go.
        reach: the share of people who would get a message.
    """

    country: str
    history: Path | None
    archive: bool
    since: datetime | None
    until: datetime | None
    events: Path | None
    before: timedelta
    after: timedelta
    against: str | None
    sweep: str | None
    rare: str | None
    out: Path | None
    reach: float
    as_json: bool


def backtest(asked: Asked, out: Console) -> None:
    """Run, compare, sweep, and show.

    Raises:
        ConfigurationError: a file or an option cannot be used.
    """
    country = load_country(_folder(asked.country))
    sweep = values_of(asked.sweep) if asked.sweep else None
    years = at_most(asked.rare) if asked.rare else None
    if years is not None and sweep is None:
        raise ConfigurationError("`--at-most` asks for a value of a sweep.", where="--at-most", remedy="Add --sweep PATH=a..b.")
    now = setting(country.configuration, sweep[0]) if sweep is not None else 0.0
    history = _history(asked, country)
    events = read_events(asked.events, country, asked.before, asked.after) if asked.events is not None else []
    every = history
    history, made = judged_since(asked.since, every, baselines_of(country.configuration, every))
    outcome = simulate(country.configuration, history, made, asked.until)
    found = report(country, outcome, history, [e for e in events if outcome.first <= e.start <= outcome.last], asked.reach)
    changes = None
    if asked.against is not None:
        other = _other(asked.against)
        _, before = judged_since(asked.since, every, baselines_of(other, every, made if asked.since is None else None))
        then = simulate(other, history, before, asked.until)
        changes = compared(then, outcome)
    steps = swept(country, history, made, *sweep, events) if sweep is not None else None
    if asked.as_json:
        click.echo(as_json(found, changes, steps))
    else:
        show(out, found, country, changes, steps, now)
        if steps is not None and years is not None and sweep is not None:
            for rule, of_rule in steps.items():
                best = answer(of_rule, years, now)
                said = f"{sweep[0]} = {best.value:g} ({_made(best)})" if best is not None else "none of these values"
                out.print(f"{rule} at most once in {years:g} years in one area: {said}.")
    if asked.out is not None:
        from console.backtest_page import page
        from console.backtest_pictures import pictures, write

        drawn = pictures(found, steps, sweep[0] if sweep is not None else "", now)
        files = write(drawn, asked.out)
        path = asked.out / "backtest.html"
        path.write_text(page(found, drawn, list(tables(found, country, changes, steps, now))), encoding="utf-8")
        if not asked.as_json:
            out.print(f"{path} and {len(files)} pictures")


def _made(step: Step) -> str:
    """What a value makes of a rule: one that never speaks is rare, too."""
    found = f"activations: {step.activations}"
    return found if step.scores is None else f"{found}, POD: {number(step.scores['POD'])}"


def _history(asked: Asked, country: LoadedCountry) -> History:
    if (asked.history is None) == (not asked.archive):
        raise click.UsageError("Name a folder with --history, or take the installation's own with --archive.")
    history = history_of(archive().observations()) if asked.history is None else read_history(asked.history, country)
    if asked.until is not None:
        history = history.until(to_microseconds(asked.until))
    if not len(history if asked.since is None else history.since(to_microseconds(asked.since))):
        raise ConfigurationError("No reading was received in that time.", where="--since, --until", remedy="Widen it.")
    return history


def convert(country: str, feed: str, files: tuple[Path, ...], out_folder: Path) -> str:
    """Turn a source's own files into a history; answer what became of them."""
    from polyrisk.backtest_convert import convert as convert_files

    made = convert_files(load_country(_folder(country)), feed, files, out_folder, datetime.now(UTC))
    readings, sources, rows = counted(made.readings, "reading"), counted(made.files, "file"), counted(made.kept_aside, "row")
    return f"{out_folder / feed}.csv: {readings} of {sources}, {rows} kept aside."


def _other(name: str) -> Configuration:
    """What a country is held against."""
    return at_revision(name).configuration if ":" in name else load_country(_folder(name)).configuration


def _folder(country: str) -> Path:
    given = Path(country)
    return given if is_framework(given) or (given / "country.yaml").is_file() else countries_root() / country
