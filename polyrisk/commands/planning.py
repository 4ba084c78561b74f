"""What a planner asks before a change: checks, rule tests, tables, years of history."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from polyrisk.commands.options import AS_JSON, FOLDER, OUT, moment, told
from schemas.counting import counted
from schemas.country_files import countries_root


@click.command()
@click.argument("country", required=False)
@AS_JSON
@told
def check(country: str | None, as_json: bool) -> None:
    """Find what is wrong in the files that people wrote: file, line, remedy. What is a note alone needs no change.

    Of a COUNTRY such as lka, or of all; what all countries share is looked at either way.
    """
    from polyrisk.check import check as check_all

    findings, folders = check_all(countries_root(), only=country)
    if as_json:
        click.echo(json.dumps([f.model_dump() for f in findings], ensure_ascii=False, indent=1))
    else:
        for finding in sorted(findings, key=lambda one: not one.note):  # what must be changed stands last, where one looks
            click.echo(str(finding))
        wrong = sum(not finding.note for finding in findings)
        where = counted(folders, "country", "countries")
        click.echo(f"{counted(wrong, 'finding')} in {where}." if wrong else f"{where}: nothing found.")
    sys.exit(0 if all(finding.note for finding in findings) else 1)


@click.command("test")
@click.argument("country", required=False)
@click.option("--only", metavar="TEXT", help="Only tests with this in their name, their file's name or their rules.")
@AS_JSON
@told
def test_rules(country: str | None, only: str | None, as_json: bool) -> None:
    """Run the rule tests that planners wrote, of a COUNTRY such as lka, or of all.

    Exit code 1 if a test failed, 2 if a file of tests cannot be used.
    """
    from polyrisk.rule_test_command import run as run_rule_tests

    sys.exit(run_rule_tests(countries_root(), country, only, as_json=as_json))


@click.command("table")
@click.argument("country")
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "html"]), help="By default as the file's name ends, else csv.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it there; csv makes two files. Else it is printed.")
@told
def rules_table(country: str, form: str | None, out: Path | None) -> None:
    """Show COUNTRY's thresholds and rules as tables that a meeting can read."""
    from polyrisk.rules_table_command import table

    table(country, form, out)


@click.command()
@click.argument("country")
@click.option("--history", type=FOLDER, help="Folder of history files; `polyrisk history` makes one.")
@click.option("--archive", is_flag=True, help="Take what the installation's archive holds.")
@click.option("--since", help="Judge from this moment on; what was received before still makes baselines.")
@click.option("--until", help="Up to this moment.")
@click.option("--events", type=FOLDER, help="CSV of what happened: area,start,end,what,source and, if wanted, before,after,rule.")
@click.option("--before", default="28 d", show_default=True, help="How long before an event's start a warning still is of it.")
@click.option("--after", default="0 d", show_default=True, help="How long after its end.")
@click.option("--against", metavar="FOLDER", help="Another folder, or REVISION:countries/lka: what fired then, fires now, is gained, lost.")
@click.option("--sweep", metavar="PATH=A..B[/N]", help="Such as thresholds.dengue_channel.levels.orange=1..4/7.")
@click.option("--at-most", "rare", help="With --sweep, such as `once in 5 years`: which value that takes.")
@click.option("--reach", default=1.0, show_default=True, help="The share of people who would get a message.")
@click.option("--out", type=FOLDER, help="Write pictures (PNG, SVG) and one page (HTML) here.")
@AS_JSON
@told
def backtest(country: str, since: str | None, until: str | None, before: str, after: str, **asked: Any) -> None:
    """Show what COUNTRY's rules would have said over the years, as of what was known then, and how good that was.

    With --events: hits, misses, false alarms, skill, and of rules that read an ensemble the Brier score of their probabilities. What the
    years cannot tell (one year only, nothing to divide by) is said in the place of a figure.
    """
    from polyrisk.backtest_command import Asked
    from polyrisk.backtest_command import backtest as run_backtest
    from schemas.moments import parse_span

    spans = {}
    for name, text in (("before", before), ("after", after)):
        try:
            spans[name] = parse_span(text)
        except ValueError as error:
            raise click.UsageError(f"--{name}: {error}.") from error
    first, last = (moment(text) if text else None for text in (since, until))
    run_backtest(Asked(country=country, since=first, until=last, before=spans["before"], after=spans["after"], **asked), OUT)


@click.command()
@click.argument("country")
@click.argument("files", nargs=-1, required=True, type=FOLDER)
@click.option("--feed", required=True, help="Whose files they are; its parser reads them.")
@click.option("--out", type=FOLDER, required=True, help="Folder of the history.")
@told
def history(country: str, files: tuple[Path, ...], feed: str, out: Path) -> None:
    """Turn a source's own FILES of past years into a history that `polyrisk backtest` reads."""
    from polyrisk.backtest_command import convert

    click.echo(convert(country, feed, files, out))


COMMANDS: tuple[click.Command, ...] = (check, test_rules, rules_table, backtest, history)
