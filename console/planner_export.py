"""A moved level as a change that people review: a patch of the country's file that keeps every comment, and its backtest report."""

import difflib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from console.backtest_page import page
from console.backtest_pictures import pictures
from console.backtest_report import report
from console.backtest_tables import tables
from processors.backtest_moves import Movable, Moves
from processors.backtest_sweep import readers, with_number
from processors.backtest_verdicts import compared
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.yaml_files import YamlFile

FILE = "thresholds.yaml"
_MADE = (2026, 1, 1, 0, 0, 0)
"""The time of the files in a bundle: the same question gives the same bytes."""


def bundle(moves: Moves, level: Movable, value: float, day: str) -> bytes:
    """A ZIP of `change.patch`, `backtest.html` and `README.txt`.

    Args:
        day: on which it was asked for, for the reader.

    Raises:
        ConfigurationError: the file is no longer what the console read, or the level cannot have that number.
    """
    files = {
        "README.txt": _readme(moves, level, value, day),
        "change.patch": patch(moves.country, level, value),
        "backtest.html": report_page(moves, level, value),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(zipfile.ZipInfo(name, _MADE), text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def patch(country: LoadedCountry, level: Movable, value: float) -> str:
    """The change of the country's file as a unified diff, for `git apply` or `patch -p1`; nothing but the number differs.

    Raises:
        ConfigurationError: the file is no longer what the console read.
    """
    path = country.folder / FILE
    before = path.read_bytes().decode("utf-8-sig")
    after = _replaced(path, before, level, with_number(level.text, value))
    return _difference(before, after, f"countries/{country.within_countries}/{FILE}")


def _replaced(path: Path, text: str, level: Movable, new: str) -> str:
    """The file's text with the level's words exchanged in their place."""
    line, column = _place(YamlFile(path, path.parent), level)
    lines = text.splitlines(keepends=True)
    if line >= len(lines) or not lines[line][column:].startswith(level.text):
        what = f"{level.name} no longer stands there as `{level.text}`."
        raise ConfigurationError(what, where=path.name, remedy="Start the console again, which reads the files as it starts.")
    lines[line] = f"{lines[line][:column]}{new}{lines[line][column + len(level.text) :]}"
    return "".join(lines)


def _place(file: YamlFile, level: Movable) -> tuple[int, int]:
    """Line and column, from 0, of a level's own text."""
    threshold = file.data.get(level.threshold) if isinstance(file.data, CommentedMap) else None
    levels = threshold.get("levels") if isinstance(threshold, CommentedMap) else None
    if not isinstance(levels, CommentedMap) or level.level not in levels:
        what = f"{level.name} is not written in it."
        raise ConfigurationError(what, where=file.name, remedy="Start the console again, which reads the files as it starts.")
    line, column = levels.lc.value(level.level)
    quoted = str(file.path.read_bytes().decode("utf-8-sig").splitlines()[line][column : column + 1]) in ("'", '"')
    return line, column + quoted


def _difference(before: str, after: str, name: str) -> str:
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def report_page(moves: Moves, level: Movable, value: float) -> str:
    """The backtest of the changed rule against today's, as one page that stands by itself."""
    country = moves.country
    now, today = (moves.outcome(level, number) for number in (value, level.number))
    rule = next(r for r in moves.part.rules if r.name == moves.rule.name)
    of_rule = replace(country, configuration=moves.part.model_copy(update={"rules": (rule,)}))
    found = report(of_rule, now, moves.history, moves.events)
    changes = [c for c in compared(today, now) if (c.after or c.before) is not None and rule.name in _rules(c.after, c.before)]
    drawn = pictures(found, None, "", 0.0)
    said = f"{level.name} is {with_number(level.text, value)} here, {level.text} in the file; of the rules {rule.name} alone is shown."
    return page(found, drawn, list(tables(found, country, changes, None, 0.0)), [said])


def _rules(*activations: object) -> Sequence[str]:
    return [str(getattr(a, "rule", "")) for a in activations if a is not None]


def _readme(moves: Moves, level: Movable, value: float, day: str) -> str:
    country = moves.country
    folder = country.within_countries
    others = [name for name in readers(country.configuration, level.threshold) if name != moves.rule.name]
    return f"""A change that somebody proposes. Nothing was changed: neither the files of {country.name} nor what is in force.

{level.name}: {level.text} -> {with_number(level.text, value)}
seen from {moves.first:%Y-%m-%d} to {moves.last:%Y-%m-%d} with the rule {moves.rule.name}; made on {day}

backtest.html   what the rule would have said in these years, held against today's
change.patch    the change of the file

To review and apply it, in the checkout:

    git apply change.patch              (or: patch -p1 < change.patch)
    polyrisk check
    polyrisk test {folder}
    polyrisk config diff in-force {folder}
    polyrisk config apply {folder} --by "..." --role planner --signed-by "..." planner --reason "..." --backtest backtest.html --apply

Other rules that read {level.threshold} change with it: {", ".join(others) or "none"}.
"""
