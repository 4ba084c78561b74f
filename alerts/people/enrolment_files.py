"""Files of people to enrol, as spreadsheets write them: CSV or XLSX into rows of text, with the line each came from.

A file that cannot be trusted as a whole is refused; a cell that cannot is refused with its row. What a cell holds is never said in an
error, since any cell may hold a number.
"""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError

COLUMNS = ("number", "area", "language", "group", "channel", "needs", "romanised", "consent_at", "consent_text", "consent_by")
REQUIRED = ("number", "area", "language")
LARGEST = 200_000_000
"""Bytes that a file may hold, unpacked: some three million rows."""
_PERSONAL = (
    *("name", "surname", "nama", "sex", "gender", "birth", "age", "id", "nid", "cnic", "nic", "passport", "address", "street", "house"),
    *("home", "latitude", "longitude", "lat", "lon", "gps", "email", "religion", "ethnicity", "caste", "disability", "income"),
)
"""Words in the names of columns that say too much of a person."""
_EXCEL_97, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_SAVE_AS = "Save it as `CSV UTF-8` or as .xlsx."


@dataclass(frozen=True)
class FileRow:
    """One row: its line in the file, its cells by column, and what is wrong with it as a row, if anything is."""

    line: int
    cells: dict[str, str]
    fault: str = ""


def read(path: Path, drop: Sequence[str] = ()) -> list[FileRow]:
    """The rows of a file, without empty ones.

    Args:
        drop: columns that are passed over unread.

    Raises:
        ConfigurationError: the file is none that can be read, or has a column that must not be there or lacks one; says what to do.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}.", "Name another file.") from error
    if size > LARGEST:
        raise _refused(path, f"is larger than {LARGEST // 1_000_000} MB.", "Split it.")
    if content.startswith(_EXCEL_97):
        raise _refused(path, "is an old or a protected workbook.", _SAVE_AS)
    lines = _workbook(path, content) if content.startswith(_ZIP) else _text(path, content)
    first = next(lines, None)
    if first is None:
        raise _refused(path, "is empty.", f"Its first line names the columns: {', '.join(COLUMNS)}.")
    header = _header(path, first[1], drop)
    return [_row(line, header, cells, fault) for line, cells, fault in lines if fault or any(cells)]


def _header(path: Path, cells: Sequence[str], drop: Sequence[str]) -> list[str | None]:
    """The column of each place; none for one that is dropped.

    Raises:
        ConfigurationError: the first line does not name the columns that it must, and no other.
    """
    names = [_name(cell) for cell in cells]
    dropped = {_name(name) for name in drop}
    unknown = [name for name in names if name and name not in COLUMNS and name not in dropped]
    personal = [name for name in unknown if set(name.split("_")) & set(_PERSONAL)]
    if personal:
        what = f"has columns that the registry does not keep: {_shown(personal)}."
        raise _refused(path, what, "Take them out of the file, or pass over them with --drop; who is warned is known by area alone.")
    if unknown:
        what = f"has unknown columns: {_shown(unknown)}."
        raise _refused(path, what, f"Its first line names the columns: {', '.join(COLUMNS)}; --drop passes over one.")
    if missing := [name for name in REQUIRED if name not in names]:
        raise _refused(path, f"lacks the columns {', '.join(missing)}.", "Its first line must name them.")
    if doubled := sorted({name for name in names if name and names.count(name) > 1}):
        raise _refused(path, f"has columns twice: {', '.join(doubled)}.", "Leave one of each.")
    return [None if name in dropped else name or None for name in names]


def _name(cell: str) -> str:
    return cell.casefold().replace(" ", "_").replace("-", "_")


def _shown(names: Sequence[str]) -> str:
    """Names of columns; one that might be a person's number, because the first line is missing, is not said."""
    return ", ".join(f"`{name}`" if name.isidentifier() and not any(c.isdecimal() for c in name) else "(no word)" for name in names)


def _row(line: int, header: Sequence[str | None], cells: Sequence[str], fault: str) -> FileRow:
    if not fault and any(cells[len(header) :]):
        fault = "has more cells than there are columns"
    named = {name: cell for name, cell in zip(header, cells, strict=False) if name is not None}
    if not fault and any(_is_formula(cell) for cell in named.values()):
        fault = "holds a formula"
    return FileRow(line, {} if fault else named, fault)


def _is_formula(cell: str) -> bool:
    """What a spreadsheet would reckon with, not show; a number may begin with `+` and a digit."""
    return cell.startswith(("=", "@")) or (cell[:1] in "+-" and len(cell) > 1 and not cell[1:].lstrip(" (").startswith(_DIGITS))


_DIGITS = tuple(chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Nd")


def _text(path: Path, content: bytes) -> Iterator[tuple[int, list[str], str]]:
    """The lines of a CSV with their cells; comma, semicolon or tab, as its first line has them."""
    decoded = _decoded(path, content)
    first = decoded.partition("\n")[0]
    reader = csv.reader(io.StringIO(decoded, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refused(path, f"line {line}: its quotes or its cells cannot be told apart.", _SAVE_AS) from error
        yield line, [_clean(cell) for cell in cells], ""


def _decoded(path: Path, content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _refused(path, f"line {line}: is not in UTF-8, so its letters cannot be told.", _SAVE_AS) from error
    if "\0" in text:
        raise _refused(path, "is no text.", _SAVE_AS)
    return text


def _workbook(path: Path, content: bytes) -> Iterator[tuple[int, list[str], str]]:
    """The lines of a workbook's one sheet."""
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST:
                raise _refused(path, f"unpacks to more than {LARGEST // 1_000_000} MB.", "Split it.")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if any(any(row) for row in sheet.iter_rows(max_row=2, values_only=True))]
        if len(sheets) > 1:
            raise _refused(path, f"has {len(sheets)} sheets with something in them.", "Leave the one that is meant.")
        rows = [_cells(row) for sheet in sheets for row in sheet.iter_rows()]
    except ConfigurationError:
        raise
    except Exception as error:
        raise _refused(path, f"is no workbook that can be read ({type(error).__name__}).", _SAVE_AS) from error
    for line, (cells, fault) in enumerate(rows, start=1):
        yield line, cells, fault


def _cells(row: Iterable[Any]) -> tuple[list[str], str]:
    cells, fault = [], ""
    for cell in row:
        if cell.data_type == "f":
            fault = "holds a formula"
        elif cell.data_type == "e":
            fault = "holds an error of the spreadsheet"
        cells.append("" if cell.data_type in "fe" else _clean(_written(cell.value)))
    return cells, fault


def _written(value: object) -> str:
    """What a cell shows, as text. A number is written out: digits that the spreadsheet kept as a number are all there up to fifteen."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _clean(cell: str) -> str:
    """Without the spaces and invisible marks around and in it that are not seen in a spreadsheet."""
    if cell.isascii():
        return cell.strip()
    return "".join(c for c in unicodedata.normalize("NFC", cell) if unicodedata.category(c) != "Cf").strip()


def _refused(path: Path, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(what, where=path.name, remedy=remedy)
