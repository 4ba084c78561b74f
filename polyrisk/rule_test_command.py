"""`polyrisk test`: runs the rule tests of countries and shows what was not as expected, as a diff with the evidence behind it."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from polyrisk.progress import patient
from polyrisk.rule_tests import Failure, Outcome, run_tests
from schemas.counting import counted
from schemas.country_files import LoadedCountry, load_country
from schemas.errors import RefusedError
from schemas.findings import Finding
from schemas.frameworks import frameworks_of
from schemas.place_tables import nearest
from schemas.rule_test_files import WrittenTest, read_tests

PASSED, FAILED, WRONG_USE = 0, 1, 2


def run(countries: Path, name: str | None, only: str | None, *, as_json: bool) -> int:
    """Run the tests of a country, or of all.

    Args:
        only: only tests with this in their name, in their file's name or among their rules.

    Returns:
        0 if all passed, 1 if one failed, 2 if a file of tests has findings (its other tests were run).

    Raises:
        RefusedError: there is no such country, or no such test.
        ConfigurationError: a country's other files have findings.
    """
    found: list[Finding] = []
    chosen: list[tuple[LoadedCountry, list[WrittenTest]]] = []
    for folder in _folders(countries, name):
        country = load_country(folder)
        tests, findings = read_tests(country)
        found += findings
        chosen.append((country, [test for test in tests if only is None or _matches(test, only)]))
    if not found and not any(tests for _, tests in chosen):
        what = f"No test has `{only}` in its name, its file's name or its rules." if only else "There is no rule test."
        raise RefusedError(what, remedy="They stand in countries/<code>/tests/*.yaml.")
    begun = time.monotonic()
    outcomes = _run(chosen, shown=not as_json)
    if as_json:
        click.echo(json.dumps(_for_programs(outcomes, found), ensure_ascii=False, indent=1))
    else:
        for line in report(outcomes, found, time.monotonic() - begun):
            click.echo(line)
    return WRONG_USE if found else FAILED if any(not outcome.passed for outcome in outcomes) else PASSED


def report(outcomes: Sequence[Outcome], findings: Sequence[Finding], seconds: float | None = None) -> Iterator[str]:
    """What a person reads: each test in a line, then each failure as a diff, each finding, and the count."""
    file = ""
    for outcome in outcomes:
        written = outcome.written
        if written.file.name != file:
            file = written.file.name
            yield file
        about = f"  {', '.join(written.test.rules)}: {written.test.shows}" if written.test.rules else ""
        yield f"  {'ok    ' if outcome.passed else 'FAILED'}  {written.test.name}{about}"
    for outcome in outcomes:
        above: tuple[str, ...] = ()
        for failure in outcome.failures:
            yield ""
            yield from diff(failure, outcome.written.test.name, above)
            above = failure.because or above
    for finding in findings:
        yield str(finding)
    failed = sum(not outcome.passed for outcome in outcomes)
    took = f", {seconds:.1f} s" if seconds is not None else ""
    if outcomes or findings:
        yield ""
    wrong = f", {counted(len(findings), 'finding')}" if findings else ""
    yield f"{counted(len(outcomes), 'test')}: {len(outcomes) - failed} passed, {failed} failed{wrong}{took}."


def diff(failure: Failure, test: str, above: Sequence[str] = ()) -> Iterator[str]:
    """A failure: its place, what was expected (-), what was (+), and the evidence behind it, if it is not that shown above."""
    yield f"{failure.file}:{failure.line}:{failure.column}: {test}: {failure.what}"
    yield f"  - expected  {failure.expected}"
    yield f"  + was       {failure.was}"
    for line in ["for the same reason"] if above and failure.because == above else failure.because:
        yield f"      {line}"


def _folders(countries: Path, name: str | None) -> list[Path]:
    """The folders of the countries and their frameworks: of all, of one country, or one framework alone (`npl/frameworks/ocha_2024`)."""
    homes = sorted(path.parent for path in countries.glob("*/country.yaml"))
    folders = [folder for home in homes for folder in (home, *frameworks_of(home))]
    if name is None:
        return folders
    known = {folder.relative_to(countries).as_posix(): folder for folder in folders}
    chosen = [folder for key, folder in known.items() if f"{key}/".startswith(f"{name.lower()}/")]
    if not chosen:
        raise RefusedError(f"There is no country `{name}`.", remedy=nearest(name.lower(), tuple(known)))
    return chosen


def _matches(written: WrittenTest, only: str) -> bool:
    return any(only in text for text in (written.test.name, Path(written.file.name).name, *written.test.rules))


def _run(chosen: Sequence[tuple[LoadedCountry, list[WrittenTest]]], *, shown: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    total = sum(len(tests) for _, tests in chosen)
    with patient("rule tests", shown=shown) as told:

        def done(outcome: Outcome) -> None:
            outcomes.append(outcome)
            told(len(outcomes) / total)

        for country, tests in chosen:
            run_tests(tests, country, done)
    return outcomes


def _for_programs(outcomes: Sequence[Outcome], findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "tests": [
            {
                "country": outcome.country,
                "file": outcome.written.file.name,
                "line": outcome.written.place()[0],
                "test": outcome.written.test.name,
                "rules": list(outcome.written.test.rules),
                "shows": outcome.written.test.shows,
                "passed": outcome.passed,
                "failures": [failure.__dict__ | {"because": list(failure.because)} for failure in outcome.failures],
            }
            for outcome in outcomes
        ],
        "findings": [finding.model_dump() for finding in findings],
    }
