"""What `polyrisk texts` does: finds what is wrong in texts, shows them as a telephone would, records what they were made from and who
reviewed them."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click
from babel import Locale, UnknownLocaleError

from alerts.checks import findings_of, notes, shared_findings
from alerts.duty_words import DUTY
from alerts.review_files import review, stamp
from alerts.texts import REGIONAL
from console.interface.catalogues import FOLDER
from console.interface.checks import findings as findings_of_interface
from console.interface.checks import update
from polyrisk.explain import find_warning
from polyrisk.installation import Installation
from polyrisk.texts_preview import Asked, Shown, lines_of, of_rule, of_warning
from polyrisk.texts_preview_duty import of_duty
from schemas.counting import counted
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError, PolyriskError, RefusedError


def lint(country: str | None, *, as_json: bool) -> int:
    """Print what is wrong in a country's texts, or in those of all, and in the shared ones; answers the exit code.

    Raises:
        ConfigurationError: no such country, or the rest of its files cannot be read.
    """
    folders = [_folder(country)] if country else sorted(path.parent for path in countries_root().glob("*/country.yaml"))
    found = [*shared_findings(), *(finding for folder in folders for finding in findings_of(load_country(folder)))]
    found += [note for folder in (REGIONAL, *folders) for note in notes(folder)]
    unique = {(f.file, f.line, f.column, f.check, f.what): f for f in found}
    ordered = [unique[key] for key in sorted(unique)]
    wrong = sum(not finding.note for finding in ordered)
    if as_json:
        click.echo(json.dumps([f.model_dump() for f in ordered], ensure_ascii=False, indent=1))
    else:
        for finding in ordered:
            click.echo(str(finding))
        names = ", ".join(folder.name for folder in folders)
        click.echo(f"{counted(wrong, 'finding')} in the texts of {names}." if wrong else f"The texts of {names}: nothing found.")
    return 1 if wrong else 0


def interface(language: str | None, *, write: bool, as_json: bool) -> int:
    """Print what is wrong in the console's own texts and in their translations; answers the exit code.

    Args:
        language: a BCP 47 tag; all if none is named. write: first bring the catalogues up to what the console says.

    Raises:
        RefusedError: there is no catalogue of the language, and none is to be begun; or it is no language.
    """
    if language is not None:
        _known(language, write)
    for path in sorted(FOLDER.glob("*.po")) if language is None else [FOLDER / f"{language}.po"]:
        if write:
            put, taken = update(path)
            click.echo(f"{path.name}: {counted(put, 'text')} put in, {taken:,} taken out.", err=as_json)
    found = [f for f in findings_of_interface() if language is None or not f.file.endswith(".po") or Path(f.file).stem == language]
    wrong = sum(not finding.note for finding in found)
    if as_json:
        click.echo(json.dumps([f.model_dump() for f in found], ensure_ascii=False, indent=1))
    else:
        for finding in found:
            click.echo(str(finding))
        click.echo(f"{counted(wrong, 'finding')} in the console's texts." if wrong else "The console's texts: nothing found.")
    return 1 if wrong else 0


def _known(language: str, write: bool) -> None:
    try:
        Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError) as error:
        raise RefusedError(f"`{language}` is no language.", remedy="Give its tag, as ne or ur.") from error
    if not write and not (FOLDER / f"{language}.po").is_file():
        raise RefusedError(f"the console has no catalogue of `{language}`.", where=str(FOLDER), remedy="--write begins one.")


def preview(what: str, country: str | None, state: Path, asked: Asked, *, as_json: bool) -> None:
    """Print a rule's text, or a message of an installation's log, in each language.

    Raises:
        RefusedError: nothing is called so.
        ConfigurationError: a country's files cannot be read, or a text cannot be rendered.
    """
    shown = _shown(what, country, state, asked)
    if as_json:
        click.echo(json.dumps([one.as_json() for one in shown], ensure_ascii=False, indent=1))
        return
    for line in lines_of(shown):
        click.echo(line)


def record_source(path: Path, texts: Sequence[str]) -> None:
    """Write that translations were made from the English as it stands."""
    _told(path, stamp(path, texts), "made from the English as it stands now")


def record_review(path: Path, texts: Sequence[str], by: str, day: date) -> None:
    """Write who reviewed texts as they stand."""
    _told(path, review(path, texts, by, day), f"reviewed by {by} on {day.isoformat()}, as they stand")


def _told(path: Path, names: Sequence[str], what: str) -> None:
    for name in names:
        click.echo(f"  {name}")
    click.echo(f"{path}: {len(names)} texts are {what}." if names else f"{path}: nothing to write.")


def _shown(what: str, country: str | None, state: Path, asked: Asked) -> list[Shown]:
    if country is not None and what == DUTY:
        return of_duty(load_country(_folder(country)), asked)
    if country is not None:
        return of_rule(load_country(_folder(country)), what, asked)
    for loaded in _countries():
        if any(rule.name == what for rule in loaded.configuration.rules):
            return of_rule(loaded, what, asked)
    try:
        here = Installation.open(state)
    except PolyriskError as error:
        remedy = f"Name its country with --country, or the installation with --state: {error}"
        raise RefusedError(f"no rule of any country is called `{what}`.", remedy=remedy) from error
    try:
        return of_warning(here.country, find_warning(here.log, what))
    finally:
        here.log.close()


def _countries() -> list[LoadedCountry]:
    loaded = []
    for path in sorted(countries_root().glob("*/country.yaml")):
        try:
            loaded.append(load_country(path.parent))
        except ConfigurationError:
            continue
    return loaded


def _folder(country: str) -> Path:
    return Path(country) if Path(country, "country.yaml").is_file() else countries_root() / country
