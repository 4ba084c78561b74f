"""The command line. Exit codes: 0 ok, 1 a finding, 2 wrong use or something that a person must act on.

Each command imports what it does when it is called: tables, grids and pages are heavy, and a demonstration that waits for its cases, or
somebody who asks for help, needs none of them.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click
from rich.console import Console

from polyrisk.defaults import PARTS, PORT, STATE
from schemas.country_files import countries_root
from schemas.errors import PolyriskError
from schemas.moments import to_utc

if TYPE_CHECKING:
    from polyrisk.installation import Installation

_WIDE = 240
"""Columns of output that is no terminal, so that no reading of a tree is cut off in a file."""
_OUT = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
_P = ParamSpec("_P")
_FOLDER = click.Path(path_type=Path)
_STATE = click.option("--state", type=_FOLDER, default=STATE / "ditwah-2025", show_default=True, help="Folder of an installation's log.")
_JSON = click.option("--json", "as_json", is_flag=True, help="For programs: JSON on standard output.")


def _told(command: Callable[_P, Any]) -> Callable[_P, Any]:
    """An error of ours becomes one readable line and exit code 2."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> Any:
        try:
            return command(*args, **kwargs)
        except PolyriskError as error:
            click.echo(f"polyrisk: {error}", err=True)
            sys.exit(2)

    return run


@contextmanager
def _opened(state: Path) -> Iterator["Installation"]:
    from polyrisk.installation import Installation

    installation = Installation.open(state)
    try:
        yield installation
    finally:
        installation.log.close()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polyrisk")
def main() -> None:
    """Early warning when floods, outbreaks and price shocks compound: from feeds to an SMS a household can act on."""


@main.command()
@click.option("--state", type=_FOLDER, default=STATE, show_default=True, help="Where the demonstration keeps what it makes.")
@click.option("--serve", is_flag=True, help="Go on serving the console page until Ctrl-C.")
@click.option("--port", default=PORT, show_default=True, help="Of the console page, on 127.0.0.1.")
@_told
def demo(state: Path, serve: bool, port: int) -> None:
    """Live through three recorded disasters and print the warnings that people would have had."""
    from polyrisk import demo as demonstration

    sys.exit(demonstration.run(state, _OUT, serve=serve, port=port))


@main.command()
@click.argument("case")
@click.option("--state", type=_FOLDER, help="Where it keeps what it makes; by default var/cases/<case>.")
@click.option("--without-airflow", is_flag=True, help="Make the same calls without a DAG run around each.")
@click.option("--silence", multiple=True, metavar="FEED@TIME", help="A drill: let a source answer no more from a moment on.")
@click.option("--subscribers", default=20_000, show_default=True, help="Synthetic people, by seed.")
@_JSON
@_told
def case(case: str, state: Path | None, without_airflow: bool, silence: tuple[str, ...], subscribers: int, as_json: bool) -> None:
    """Live through one CASE, such as lka/ditwah-2025, and judge what was warned against what must have been."""
    from polyrisk.one_case import run_case

    silences = dict(_silence(text) for text in silence)
    folder = state or Path("var/cases") / case.rpartition("/")[2]
    sys.exit(run_case(case, folder, _OUT, airflow=not without_airflow, silences=silences, subscribers=subscribers, as_json=as_json))


@main.command()
@_JSON
@_told
def check(as_json: bool) -> None:
    """Find what is wrong in the files that people wrote: file, line, remedy. What is a note alone needs no change."""
    from polyrisk.check import check as check_all

    findings, folders = check_all(countries_root())
    if as_json:
        click.echo(json.dumps([f.model_dump() for f in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            click.echo(str(finding))
        wrong = sum(not finding.note for finding in findings)
        click.echo(f"{wrong} findings in {folders} countries." if wrong else f"{folders} countries: nothing found.")
    sys.exit(0 if all(finding.note for finding in findings) else 1)


@main.command("test")
@click.argument("country", required=False)
@click.option("--only", metavar="TEXT", help="Only tests with this in their name, their file's name or their rules.")
@_JSON
@_told
def test_rules(country: str | None, only: str | None, as_json: bool) -> None:
    """Run the rule tests that planners wrote, of a COUNTRY such as lka, or of all.

    Exit code 1 if a test failed, 2 if a file of tests cannot be used.
    """
    from polyrisk.rule_test_command import run as run_rule_tests

    sys.exit(run_rule_tests(countries_root(), country, only, as_json=as_json))


@main.command("table")
@click.argument("country")
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "html"]), help="By default as the file's name ends, else csv.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it there; csv makes two files. Else it is printed.")
@_told
def rules_table(country: str, form: str | None, out: Path | None) -> None:
    """Show COUNTRY's thresholds and rules as tables that a meeting can read."""
    from polyrisk.rules_table_command import table

    table(country, form, out)


@main.command()
@_STATE
@_JSON
@_told
def warnings(state: Path, as_json: bool) -> None:
    """List the messages that went out, in order of time."""
    from polyrisk.story import clock, warnings_said

    with _opened(state) as here:
        for warning in warnings_said(here.log):
            if as_json:
                click.echo(warning.model_dump_json())
                continue
            out = clock(warning.issued or warning.proposed, here.country)
            click.echo(f"{out}  {warning.level.word:6}  {warning.area}  {warning.rule:20}  {warning.status.value:11}  {warning.id}")


@main.command()
@click.argument("warning", required=False)
@click.option("--why-not", nargs=3, metavar="RULE AREA MOMENT", help="Why nobody was warned: MOMENT is one with its zone, or a day.")
@click.option("--if-silent", metavar="STATION", help="Which rules would go blind, where and when, if a station fell silent.")
@click.option("--at", help="With --if-silent: as things stood at a moment such as 2025-11-27T06:00+05:30; by default as they stand.")
@_STATE
@_JSON
@_told
def explain(
    warning: str | None, why_not: tuple[str, str, str] | None, if_silent: str | None, at: str | None, state: Path, as_json: bool
) -> None:
    """Show why a WARNING was given, down to each reading (its id may be shortened); or why none was; or what a gauge's silence would do."""
    if sum(asked is not None for asked in (warning, why_not, if_silent)) != 1:
        raise click.UsageError("Name a WARNING, or write --why-not RULE AREA MOMENT, or --if-silent STATION.")
    with _opened(state) as here:
        if warning is not None:
            _explain_warning(here, warning, as_json)
        elif why_not is not None:
            _explain_why_not(here, why_not, as_json)
        elif if_silent is not None:
            _explain_if_silent(here, if_silent, _moment(at) if at is not None else None, as_json)


def _explain_warning(here: "Installation", name: str, as_json: bool) -> None:
    from polyrisk.explain import events_of, find_warning, tree_of

    message = find_warning(here.log, name)
    events = events_of(here.log, message.event)
    if as_json:
        chain = {"warning": message.model_dump(mode="json"), "events": [e.model_dump(mode="json") for e in events]}
        click.echo(json.dumps(chain, ensure_ascii=False))
    else:
        _OUT.print(tree_of(message, events, here.country), soft_wrap=False)


def _explain_why_not(here: "Installation", question: tuple[str, str, str], as_json: bool) -> None:
    from polyrisk.progress import patient
    from polyrisk.why_not import asked, lines, why_not

    with patient("judging again", shown=not as_json) as done:
        answer = why_not(here.log, here.country, asked(here.country, *question), done)
    if as_json:
        click.echo(json.dumps(answer.as_json(), ensure_ascii=False))
        return
    for line in lines(answer, here.country):
        click.echo(line)


def _explain_if_silent(here: "Installation", station: str, at: datetime | None, as_json: bool) -> None:
    from polyrisk.if_silent import if_silent, lines
    from polyrisk.progress import patient

    with patient("judging again", shown=not as_json) as done:
        outlook = if_silent(here.log, here.country, station, at, done)
    if as_json:
        click.echo(json.dumps(outlook.as_json(), ensure_ascii=False))
        return
    for line in lines(outlook, here.country):
        click.echo(line)


@main.command()
@_STATE
@_JSON
@_told
def status(state: Path, as_json: bool) -> None:
    """Say whether the feeds are alive, what is behind, kept aside, waits, by what is judged.

    Exit code 1 if a feed is silent or brings nothing new, or the newest configuration was refused.
    """
    from polyrisk.status import status_of

    with _opened(state) as here:
        stands = status_of(here.log, here.country, state, here.feeds)
        if as_json:
            click.echo(json.dumps(stands.as_json(), indent=1))
        else:
            for line in stands.lines(here.country):
                _OUT.print(line)
    sys.exit(1 if stands.finding else 0)


@main.command("dead-letters")
@_STATE
@_JSON
@_told
def dead_letters(state: Path, as_json: bool) -> None:
    """List the input records that could not be taken in, with the reason and what to do. Judging went on without them."""
    from polyrisk.letters import letters_of, lines_of

    with _opened(state) as here:
        letters = letters_of(here.log, here.country.shard)
        for letter in letters:
            if as_json:
                click.echo(letter.model_dump_json())
                continue
            for line in lines_of(letter, here.country):
                _OUT.print(line)
        if not letters and not as_json:
            click.echo("No dead letters: every record was taken in.")


@main.command()
@click.argument("warning")
@click.option("--by", required=True, help="Who signs, by name.")
@click.option("--role", required=True, help="In which role of country.yaml.")
@click.option("--state", type=_FOLDER, default=Path("var/live"), show_default=True, help="Folder of the installation.")
@_told
def sign(warning: str, by: str, role: str, state: Path) -> None:
    """Sign a WARNING that waits; with the last signature it needs it goes out. `polyrisk pending` lists what waits."""
    from polyrisk.live import sign as sign_message

    with _opened(state) as here:
        signed = sign_message(state, here.country, here.log, warning, by, role)
    names = ", ".join(f"{s.by} ({s.role})" for s in signed.signatures)
    click.echo(f"{signed.id}: {signed.status.value}; signed by {names}")


@main.command()
@click.option("--state", type=_FOLDER, default=Path("var/live"), show_default=True, help="Folder of the installation.")
@_JSON
@_told
def pending(state: Path, as_json: bool) -> None:
    """List the messages that wait for signatures, with every text as it would go out."""
    from polyrisk.story import lines_of, waiting_messages

    with _opened(state) as here:
        for warning in waiting_messages(here.log):
            if as_json:
                click.echo(warning.model_dump_json())
                continue
            for line in lines_of(warning, here.country, None):
                _OUT.print(line)


@main.command()
@click.argument("country")
@click.option("--history", type=_FOLDER, help="Folder of history files; `polyrisk history` makes one.")
@click.option("--archive", is_flag=True, help="Take what the installation's archive holds.")
@click.option("--since", help="Judge from this moment on; what was received before still makes baselines.")
@click.option("--until", help="Up to this moment.")
@click.option("--events", type=_FOLDER, help="CSV of what happened: area,start,end,what,source and, if wanted, before,after,rule.")
@click.option("--before", default="28 d", show_default=True, help="How long before an event's start a warning still is of it.")
@click.option("--after", default="0 d", show_default=True, help="How long after its end.")
@click.option("--against", type=_FOLDER, help="Another folder of the country: what fired then, fires now, is gained and lost.")
@click.option("--sweep", metavar="PATH=A..B[/N]", help="Such as thresholds.dengue_channel.levels.orange=1..4/7.")
@click.option("--at-most", "rare", help="With --sweep, such as `once in 5 years`: which value that takes.")
@click.option("--reach", default=1.0, show_default=True, help="The share of people who would get a message.")
@click.option("--out", type=_FOLDER, help="Write pictures (PNG, SVG) and one page (HTML) here.")
@_JSON
@_told
def backtest(country: str, since: str | None, until: str | None, before: str, after: str, **asked: Any) -> None:
    """Show what COUNTRY's rules would have said over the years, as of what was known then, and how good that was."""
    from polyrisk.backtest_command import Asked
    from polyrisk.backtest_command import backtest as run_backtest
    from schemas.moments import parse_span

    spans = {}
    for name, text in (("before", before), ("after", after)):
        try:
            spans[name] = parse_span(text)
        except ValueError as error:
            raise click.UsageError(f"--{name}: {error}.") from error
    first, last = (_moment(text) if text else None for text in (since, until))
    run_backtest(Asked(country=country, since=first, until=last, before=spans["before"], after=spans["after"], **asked), _OUT)


@main.command()
@click.argument("country")
@click.argument("files", nargs=-1, required=True, type=_FOLDER)
@click.option("--feed", required=True, help="Whose files they are; its parser reads them.")
@click.option("--out", type=_FOLDER, required=True, help="Folder of the history.")
@_told
def history(country: str, files: tuple[Path, ...], feed: str, out: Path) -> None:
    """Turn a source's own FILES of past years into a history that `polyrisk backtest` reads."""
    from polyrisk.backtest_command import convert

    click.echo(convert(country, feed, files, out))


@main.group()
def config() -> None:
    """Show what is judged by, what differs, who changed it and why; change it, or go back."""


_LIVE = click.option("--state", type=_FOLDER, default=Path("var/live"), show_default=True, help="Folder of the installation.")
_BY = click.option("--by", required=True, help="Who changes it, by name.")
_ROLE = click.option("--role", required=True, help="In which role of country.yaml; it must be one that may configure.")
_REASON = click.option("--reason", required=True, help="Why, for those who read the log later.")
_APPLY = click.option("--apply", "really", is_flag=True, help="Do it; without it nothing is changed.")


@config.command("diff")
@click.argument("before")
@click.argument("after")
@_LIVE
@_JSON
@_told
def config_diff(before: str, after: str, state: Path, as_json: bool) -> None:
    """Show what differs between BEFORE and AFTER, by its meaning.

    Each is a country's folder or code, REVISION:countries/lka, `in-force` in the log of --state, or the beginning of a hash there.
    """
    from polyrisk.config_command import show_diff

    show_diff(before, after, state, as_json=as_json)


@config.command("log")
@_LIVE
@_JSON
@_told
def config_log(state: Path, as_json: bool) -> None:
    """List every change of what is judged by: when, by whom, why, signed by whom, on which backtest; refused ones too."""
    from polyrisk.config_command import show_log

    show_log(state, as_json=as_json)


@config.command("apply")
@click.argument("country")
@_BY
@_ROLE
@_REASON
@click.option("--signed-by", nargs=2, multiple=True, metavar="NAME ROLE", help="Who else stands behind it; once for each person.")
@click.option("--backtest", type=_FOLDER, help="The report they had before them; its name and SHA-256 are kept.")
@_LIVE
@_APPLY
@_told
def config_apply(
    country: str,
    by: str,
    role: str,
    reason: str,
    signed_by: tuple[tuple[str, str], ...],
    backtest: Path | None,
    state: Path,
    really: bool,
) -> None:
    """Put the files of COUNTRY (a folder or a code) in force, once `check` and `test` find nothing and enough people sign."""
    from polyrisk.config_apply import Person
    from polyrisk.config_command import apply

    people = [Person(by, role), *(Person(*one) for one in signed_by)]
    apply(country, state, people, reason, backtest, really=really)


@config.command("rollback")
@_BY
@_ROLE
@_REASON
@_LIVE
@_APPLY
@_told
def config_rollback(by: str, role: str, reason: str, state: Path, really: bool) -> None:
    """Bring back what was in force before. It was signed once: one person who may configure is enough."""
    from polyrisk.config_apply import Person
    from polyrisk.config_command import roll_back

    roll_back(state, Person(by, role), reason, really=really)


@config.command("shadow")
@_LIVE
@_JSON
@_told
def config_shadow(state: Path, as_json: bool) -> None:
    """Compare rules in shadow with those they might replace: fired by both, by the live one alone, in shadow alone."""
    from polyrisk.config_command import show_shadow

    show_shadow(state, as_json=as_json)


@main.command()
@click.argument("part", type=click.Choice(["all", *PARTS]))
@click.option("--state", type=_FOLDER, default=Path("var/live"), show_default=True, help="Folder of the installation.")
@click.option("--country", default="lka", show_default=True, help="Folder below countries/.")
@click.option(
    "--case", default="ditwah-2025", show_default=True, help="The case whose sources the stand-ins play; `none` asks the real ones."
)
@click.option("--start", help="Where in the case its clock begins, such as 2025-11-26T06:00+05:30; by default at its start.")
@click.option("--speed", default=60.0, show_default=True, help="Case time for each second of ours.")
@click.option("--port", default=PORT, show_default=True, help="Of the console page, on 127.0.0.1.")
@click.option("--metrics-port", type=int, help="Of the metrics, on 127.0.0.1; 0 takes a free one; by default each part has its own.")
@click.option("--send", is_flag=True, help="Hand messages to Twilio itself; without it nothing leaves this machine.")
@click.option("--all-shards", is_flag=True, help="Let the processor judge every shard that its group gives it, not the country's alone.")
@click.option("--go-back", is_flag=True, help="Let the processor take over from a newer engine; what it judges otherwise goes out.")
@click.option("--member", default="processor", show_default=True, help="The processor's name in its group; each needs its own.")
@_told
def run(
    part: str,
    state: Path,
    country: str,
    case: str,
    start: str | None,
    speed: float,
    port: int,
    metrics_port: int | None,
    send: bool,
    all_shards: bool,
    go_back: bool,
    member: str,
) -> None:
    """Run the ticker, the processor, the alert service, the console, or all of them with Airflow and the stand-in sources."""
    from polyrisk.live import Judges, run_parts

    begin = to_utc(datetime.fromisoformat(start)) if start else None
    run_parts(
        part,
        state,
        countries_root() / country,
        None if case == "none" else case,
        begin,
        speed,
        port,
        metrics_port=metrics_port,
        send=send,
        judges=Judges(member, all_shards, go_back),
    )


def _moment(text: str) -> datetime:
    try:
        return to_utc(datetime.fromisoformat(text))
    except ValueError as error:
        raise click.UsageError(f"`{text}`: write a moment with its zone, such as 2025-11-27T06:00+05:30.") from error


def _silence(text: str) -> tuple[str, datetime]:
    feed, _, moment = text.partition("@")
    try:
        return feed, to_utc(datetime.fromisoformat(moment))
    except ValueError as error:
        raise click.UsageError(f"`{text}`: write FEED@TIME with an offset, such as lka_irrigation_river@2025-11-27T12:00+05:30.") from error


if __name__ == "__main__":
    main()
