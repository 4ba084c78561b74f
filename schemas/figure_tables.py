"""Figures of areas: read from `vulnerability.csv`, each finding with line and column.

vulnerability.csv: code, figure, value, unit, date, source. One line for each figure of each area; what stands in no line is unknown.
"""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from schemas.figures import Figure
from schemas.findings import Finding
from schemas.place_tables import Table, nearest

_COLUMNS = ("code", "figure", "value", "unit", "date", "source")


def read_figures(folder: Path, name_of: str, areas: Iterable[str]) -> tuple[tuple[Figure, ...], list[Finding]]:
    """The figures of a country's folder, and what is wrong in them; none if it has no such file.

    Args:
        name_of: the folder as it stands in findings. areas: the codes of areas.csv.
    """
    path, known = folder / "vulnerability.csv", tuple(areas)
    if not path.exists():
        return (), []
    table = Table(path, f"{name_of}/vulnerability.csv")
    table.columns(_COLUMNS)
    found: dict[tuple[str, str], Figure] = {}
    lines: dict[tuple[str, str], int] = {}
    for line, row in table.rows():
        figure = _figure(table, line, row)
        if figure is None:
            continue
        key = figure.area, figure.figure
        if figure.area not in known:
            table.finding(line, "code", "unknown-area", f"area `{figure.area}` is not in areas.csv.", nearest(figure.area, known))
        elif key in found:
            table.finding(line, "figure", "double-figure", f"stands on line {lines[key]} already.", "Remove one of the two.")
        else:
            found[key], lines[key] = figure, line
    return tuple(found.values()), table.findings


def _figure(table: Table, line: int, row: dict[str, str]) -> Figure | None:
    try:
        return Figure.model_validate({"area": row.get("code", ""), **{column: row.get(column, "") for column in _COLUMNS[1:]}})
    except ValidationError as error:
        for detail in error.errors():
            column = str(detail["loc"][0])
            table.finding(line, column, "bad-figure", f"{column} `{row.get(column, '')}`: {detail['msg']}.")
        return None
