"""Texts: what is wrong in them, how they look, who reviewed them."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click

from polyrisk.commands.options import AS_JSON, NEED, OF_CASE, told

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_KINDS = ("warning", "update", "still", "all_clear", "cannot_tell", "retraction", "correction", "expired")


@click.group()
def texts() -> None:
    """Check the texts that people read, show them, record who reviewed them."""


@texts.command()
@click.argument("country", required=False)
@AS_JSON
@told
def lint(country: str | None, as_json: bool) -> None:
    """Find what is wrong in the texts of a COUNTRY such as lka, or of all, and in those they share: file, line, remedy.

    Exit code 1 if something must be changed. Drafts are notes.
    """
    from polyrisk.texts_command import lint as lint_texts

    sys.exit(lint_texts(country, as_json=as_json))


@texts.command()
@click.argument("language", required=False)
@click.option("--write", is_flag=True, help="Put new texts into the catalogue of LANGUAGE, or of all, and take out those that are gone.")
@AS_JSON
@told
def interface(language: str | None, write: bool, as_json: bool) -> None:
    """Find what is wrong in the console's own texts, and in their translation into LANGUAGE such as ne, or into all.

    With --write first bring the catalogues up to date; a language that has none yet gets one, without translations. Exit code 1 if
    something must be changed. Drafts are notes.
    """
    from polyrisk.texts_command import interface as interface_texts

    sys.exit(interface_texts(language, write=write, as_json=as_json))


@texts.command()
@click.argument("what", metavar="WARNING|RULE")
@click.option("--country", help="Folder below countries/; else the first that has such a rule, else the log of --state.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice([*_KINDS, "all"]), help="Of a rule's text; `warning` by default.")
@click.option("--area", default="", help="A code; by default the longest name in each language.")
@click.option("--level", default="red", show_default=True, type=click.Choice(["yellow", "orange", "red"]))
@click.option("--need", type=NEED, help="As it is worded for a person who told us so.")
@click.option("--exercise", is_flag=True, help="As it goes out in an exercise.")
@click.option("--late", is_flag=True, help="As it goes out late.")
@OF_CASE
@AS_JSON
@told
def preview(
    what: str,
    country: str | None,
    kinds: tuple[str, ...],
    area: str,
    level: str,
    need: str | None,
    exercise: bool,
    late: bool,
    state: Path,
    as_json: bool,
) -> None:
    """Show a RULE's text, a text by its name, the texts to one person (`service`), what wakes who is on duty (`duty`), or a WARNING of the
    log, in each language."""
    from alerts.texts import Kind, Need
    from polyrisk.texts_command import preview as preview_text
    from polyrisk.texts_preview import Asked
    from schemas.levels import Level

    asked_kinds = tuple(Kind) if "all" in kinds else tuple(Kind(kind) for kind in kinds) or (Kind.WARNING,)
    asked = Asked(asked_kinds, area, Level.named(level), Need(need) if need else None, exercise, late)
    preview_text(what, country, state, asked, as_json=as_json)


@texts.command("stamp")
@click.argument("file", type=_FILE)
@click.argument("texts", nargs=-1, metavar="[NAME.KIND]...")
@told
def stamp_source(file: Path, texts: tuple[str, ...]) -> None:
    """Write into FILE that translations were made from the English as it stands now: those named, else those that do not say."""
    from polyrisk.texts_command import record_source

    record_source(file, texts)


@texts.command("review")
@click.argument("file", type=_FILE)
@click.argument("texts", nargs=-1, metavar="[NAME.KIND]...")
@click.option("--by", required=True, help="The reviewer's name: a person who reads the language.")
@click.option("--date", "day", help="When, such as 2026-11-26; today by default.")
@told
def review_texts(file: Path, texts: tuple[str, ...], by: str, day: str | None) -> None:
    """Write into FILE who reviewed texts as they stand: those named, else all. A later change of one, or of its English, ends it."""
    from polyrisk.texts_command import record_review

    try:
        when = date.fromisoformat(day) if day else datetime.now(UTC).date()
    except ValueError as error:
        raise click.UsageError(f"--date {day}: write a day such as 2026-11-26.") from error
    record_review(file, texts, by, when)


COMMANDS = (texts,)
