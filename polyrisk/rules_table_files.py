"""The tables of thresholds and rules as CSV, as a workbook and as a page to print. What stands in a cell is text and nothing else: a cell
that begins like a formula never becomes one."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from console.rules_table import Column, Sheet
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError

_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that a workbook cannot hold."""
_COLOURS = {"yellow": "FFF3B0", "orange": "FFD9B0", "red": "F7C1BB"}
_HEADER = "DDE6EE"


def csv_text(sheet: Sheet) -> str:
    """A sheet as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.title for column in sheet.columns)
    writer.writerows([_no_formula(cell) for cell in row] for row in sheet.rows)
    return out.getvalue()


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_LIKE_A_FORMULA) else cell


def write_csv(sheets: Sequence[Sheet], path: Path) -> list[Path]:
    """A file for each sheet, beside each other and named after `path`: `lka.csv` makes `lka-thresholds.csv` and `lka-rules.csv`."""
    files = [path.with_name(f"{path.stem}-{sheet.name.lower()}{path.suffix or '.csv'}") for sheet in sheets]
    for file, sheet in zip(files, sheets, strict=True):
        _write(file, csv_text(sheet).encode("utf-8-sig"))  # with the mark by which Excel knows that it is UTF-8
    return files


def write_xlsx(sheets: Sequence[Sheet], path: Path) -> list[Path]:
    """A workbook with a sheet for each, header frozen, printed on A4 across."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    out = io.BytesIO()
    book.save(out)
    _write(path, out.getvalue())
    return [path]


def _fill(page: Worksheet, sheet: Sheet) -> None:
    line = Border(bottom=Side(style="thin", color="BBBBBB"))
    for number, column in enumerate(sheet.columns, 1):
        head = page.cell(1, number, column.title)
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor=_COLOURS.get(column.level, _HEADER))
        head.alignment = Alignment(wrap_text=True, vertical="bottom")
        page.column_dimensions[get_column_letter(number)].width = column.width
        for row, cells in enumerate(sheet.rows, 2):
            cell = page.cell(row, number)
            cell.value = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", cells[number - 1]) or None
            if cell.value is not None:
                cell.data_type = "s"  # else a text that begins with = would be a formula
                cell.quotePrefix = str(cell.value).startswith(_LIKE_A_FORMULA)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.border = line
            if number == 1:
                cell.font = Font(bold=True)
    page.freeze_panes = "B2"
    page.auto_filter.ref = page.dimensions
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_title_rows = "1:1"


def write_html(sheets: Sequence[Sheet], country: LoadedCountry, path: Path) -> list[Path]:
    """One page that stands by itself."""
    _write(path, html_text(sheets, country).encode())
    return [path]


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}.", where=str(path), remedy="Name a file that may be.") from error


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Thresholds and rules of {{ country.name }}</title>
<style>
@page { size: A4 landscape; margin: 11mm }
body { font: 14px/1.4 system-ui, "Noto Sans", sans-serif; margin: 1.5rem; color: #1c1c1c; background: #fff }
h1 { font-size: 1.5rem; margin: 0 0 .3rem } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem } p, li { max-width: 60rem; margin: .2rem 0 }
.standing { border-left: .35rem solid #b3401f; padding: .2rem .7rem; background: #fbf3ef }
table { border-collapse: collapse; width: 100%; font-size: .85rem }
th, td { border: 1px solid #bbb; padding: .35rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere }
thead th { background: #dde6ee } th.yellow { background: #fff3b0 } th.orange { background: #ffd9b0 } th.red { background: #f7c1bb }
td p { margin: 0 0 .3rem; white-space: pre-wrap } td p:last-child { margin: 0 }
td b { font-weight: 600; color: #555 } td b::after { content: ": " }
td strong { font-size: 1.05em }
@media print {
  body { font-size: 8.2pt; margin: 0 } table { font-size: 7.2pt } thead { display: table-header-group }
  tr { break-inside: avoid } h2 { break-after: avoid } section + section { break-before: page }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
</style></head><body>
<h1>Thresholds and rules of {{ country.name }}</h1>
<p>As they stand in the files; configuration {{ hash }}. Places by {{ country.facts.areas_version }}.</p>
<p class="standing">{% if country.facts.standing == "warning" %}Messages by these rules go out to people.
{% else %}Nobody is warned by these rules: the country's standing is “{{ country.facts.standing }}”.{% endif %}</p>
{% for sheet in sheets %}<section><h2>{{ sheet.name }}</h2>
<table><colgroup>{% for group in sheet.groups %}<col style="width: {{ group.share }}%">{% endfor %}</colgroup>
<thead><tr>{% for group in sheet.groups %}<th scope="col" class="{{ group.level }}">{{ group.name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in sheet.rows %}<tr>{% for cell in row %}<td>{% for line in cell %}<p>{% if line.strong %}<strong>{{ line.text }}</strong>
{%- else %}{% if line.title %}<b>{{ line.title }}</b>{% if "\n" in line.text %}
{% endif %}{% endif %}{{ line.text }}{% endif %}</p>{% endfor %}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></section>
{% endfor %}
{% if country.facts.to_check %}<h2>To be confirmed before anybody is warned</h2>
<ul>{% for line in country.facts.to_check %}<li>{{ line }}</li>{% endfor %}</ul>{% endif %}
</body></html>
"""


def html_text(sheets: Sequence[Sheet], country: LoadedCountry) -> str:
    """The page: columns of a group share one, because paper is narrow."""
    template = Environment(autoescape=True).from_string(_PAGE)
    shown = [{"name": sheet.name, "groups": _groups(sheet), "rows": [list(_grouped(sheet, row)) for row in sheet.rows]} for sheet in sheets]
    return template.render(country=country, hash=country.configuration.hash[:12], sheets=shown)


_SHARES = {"Yellow": 8, "Orange": 8, "Red": 8, "Threshold": 17, "Level": 12, "Rule": 12, "When": 19, "Staleness": 12, "Texts": 17}
"""Of the page's width, in parts of a hundred or so; the others have the same part of what is left."""


def _groups(sheet: Sheet) -> list[dict[str, object]]:
    groups = list(dict.fromkeys(column.group for column in sheet.columns))
    left = (100 - sum(_SHARES.get(group, 0) for group in groups)) / max(sum(group not in _SHARES for group in groups), 1)
    levels = {column.group: column.level for column in sheet.columns}
    return [{"name": group, "share": round(_SHARES.get(group, left), 1), "level": levels[group]} for group in groups]


def _grouped(sheet: Sheet, row: Sequence[str]) -> Iterator[list[dict[str, object]]]:
    """The cells of a row, those of one group as lines of one; what is empty is left out."""
    cells: dict[str, list[dict[str, object]]] = {}
    for number, (column, text) in enumerate(zip(sheet.columns, row, strict=True)):
        lines = cells.setdefault(column.group, [])
        if text:
            lines.append({"title": _title(column), "text": text, "strong": number == 0})
    yield from cells.values()


def _title(column: Column) -> str:
    return "" if column.title == column.group else column.title
