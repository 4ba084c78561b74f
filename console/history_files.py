"""The files of a backtest: what came in over the years, and what happened. Both are plain tables that a spreadsheet can make.

A history is a folder of CSV files (or Parquet, for large ones) with the columns

    area,indicator,start,end,received,value,unit

`area` is our code of an area or station, `start` and `end` the period it is valid for (an empty `end` is a moment), `received` when it
was fetched or could have been; where that is empty it is the end of the period and the feed's declared delay. Times are ISO 8601 with
`Z` or an offset. An empty `value` is a source that spoke and gave none; a line that is not there is nothing said. `unit` is the
catalogue's. Optional columns: `feed` (else the country's feed that brings the indicator), `issued`, `lead_h` (hours, makes it a
forecast), `member`.

A file of events has the columns

    area,start,end,what,source

and, if wanted, `before` and `after` (spans such as `28 d`: how long before its start a warning may come, and how long after its end it
still counts) and `rule` (the rule it is held against).
"""

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from console.history_folders import files_of
from processors.history import History, history_of
from processors.verification import Happened
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.indicators import CATALOGUE
from schemas.moments import parse_span, to_utc
from schemas.place_tables import nearest

_WORD, _MOMENT = pa.string(), pa.timestamp("us", tz="UTC")
COLUMNS = {
    "area": _WORD, "indicator": _WORD, "start": _MOMENT, "end": _MOMENT, "received": _MOMENT, "value": pa.float64(), "unit": _WORD,
}  # fmt: skip
OPTIONAL = {"feed": _WORD, "issued": _MOMENT, "lead_h": pa.float64(), "member": pa.int16()}
EVENT_COLUMNS = ("area", "start", "end", "what", "source")
_HOUR = 3_600_000_000


def read_history(folder: Path, country: LoadedCountry) -> History:
    """All files of a folder as one history.

    Raises:
        ConfigurationError: there are none, or a line of one cannot be used; names file and line.
    """
    files = files_of(folder)
    if not files:
        remedy = "`polyrisk history` makes one out of a source's own files."
        raise ConfigurationError("No history lies there: no CSV or Parquet file.", where=str(folder), remedy=remedy)
    return history_of(pa.concat_tables([_checked(_read(file), file, country) for file in files], promote_options="default"))


def _read(file: Path) -> pa.Table:
    try:
        if file.suffix == ".parquet":
            import pyarrow.parquet as pq

            return pq.read_table(file)
        import pyarrow.csv as pacsv

        types = pacsv.ConvertOptions(
            column_types=COLUMNS | OPTIONAL, strings_can_be_null=True, null_values=[""], quoted_strings_can_be_null=False
        )
        return pacsv.read_csv(file, convert_options=types)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        remedy = "Times are written 2025-11-27T00:00:00Z, numbers with a point and without thousands signs, in UTF-8."
        raise ConfigurationError(f"cannot be read: {str(error).strip()}.", where=str(file), remedy=remedy) from error


def _checked(table: pa.Table, file: Path, country: LoadedCountry) -> pa.Table:
    """A file's rows with every column that a history needs."""
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        header = ",".join(COLUMNS)
        raise ConfigurationError(f"has no column {', '.join(missing)}.", where=f"{file}:1", remedy=f"The columns are {header}.")
    odd = [name for name in table.column_names if name not in COLUMNS | OPTIONAL]
    if odd:
        raise ConfigurationError(
            f"has a column `{odd[0]}`.", where=f"{file}:1", remedy=nearest(odd[0], [*COLUMNS, *OPTIONAL]) or "Leave it out."
        )
    for name in ("area", "indicator", "start"):
        if table[name].null_count:
            _refuse(file, table[name].is_null(), f"has no {name}.", "Every reading says where, what and when.")
    places = {*country.places.areas, *country.places.stations}
    _known(table, "area", places, file, "A spreadsheet may have cut off leading zeros: import the column as text.")
    _known(table, "indicator", set(CATALOGUE), file, "It is not in the catalogue of indicators.")
    import pyarrow.compute as pc  # here and below: for the process that reads a history, which is not the console's own

    units = pa.array([CATALOGUE[name].unit for name in table["indicator"].unique().to_pylist()])
    expected = pc.take(units, pc.index_in(table["indicator"], table["indicator"].unique()))
    wrong = pc.fill_null(pc.not_equal(table["unit"], expected), True)
    if pc.any(wrong).as_py():
        number = pc.index(wrong, True).as_py()
        what = f"is in `{table['unit'][number]}`, {table['indicator'][number]} is kept in `{expected[number]}`."
        _refuse(file, wrong, what, "Convert it.")
    return _completed(table, file, country)


def _completed(table: pa.Table, file: Path, country: LoadedCountry) -> pa.Table:
    import pyarrow.compute as pc

    table = table.set_column(table.column_names.index("end"), "end", pc.coalesce(table["end"], table["start"]))
    backward = pc.less(table["end"], table["start"])
    if pc.any(backward).as_py():
        _refuse(file, backward, "ends before it starts.", "Exchange the two.")
    feeds = {i: f for f in reversed(country.configuration.feeds) for i in f.indicators}
    if "feed" not in table.column_names:
        words = [feeds[name].feed if name in feeds else "history" for name in table["indicator"].unique().to_pylist()]
        table = table.append_column("feed", pc.take(pa.array(words), pc.index_in(table["indicator"], table["indicator"].unique())))
    delays = {f.feed: f.delay for f in country.configuration.feeds}
    spans = [delays.get(name, timedelta(0)) for name in table["feed"].unique().to_pylist()]
    delay = pc.take(pa.array(spans, pa.duration("us")), pc.index_in(table["feed"], table["feed"].unique()))
    received = pc.coalesce(table["received"], pc.add(table["end"], delay))
    early = pc.less(received, table["end"]) if "lead_h" not in table.column_names else pa.array([False])
    if pc.any(early).as_py():
        _refuse(file, early, "was received before its period ended.", "Leave `received` empty if nobody knows it.")
    table = table.set_column(table.column_names.index("received"), "received", received)
    if "lead_h" in table.column_names:
        lead = pc.multiply(table["lead_h"], float(_HOUR)).cast(pa.int64(), safe=False).cast(pa.duration("us"))
        table = table.append_column("lead", lead).drop_columns(["lead_h"])
    return table.drop_columns(["unit"])


def _known(table: pa.Table, name: str, words: set[str], file: Path, remedy: str) -> None:
    import pyarrow.compute as pc

    for word in table[name].unique().to_pylist():
        if word not in words:
            near = nearest(word, sorted(words))
            _refuse(file, pc.equal(table[name], word), f"nothing is called `{word}`.", f"{near} {remedy}".strip())


def _refuse(file: Path, wrong: pa.ChunkedArray, what: str, remedy: str) -> None:
    raise ConfigurationError(what, where=f"{file}:{wrong.index(True).as_py() + 2}", remedy=remedy)


def read_events(file: Path, country: LoadedCountry, before: timedelta, after: timedelta) -> list[Happened]:
    """What happened, in order of time.

    Args:
        before, after: the match window of lines that do not say their own.

    Raises:
        ConfigurationError: the file or a line of it cannot be used; names the line.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            names = reader.fieldnames or []
            missing = [name for name in EVENT_COLUMNS if name not in names]
            if missing:
                header = ",".join(EVENT_COLUMNS)
                raise ConfigurationError(f"has no column {', '.join(missing)}.", where=f"{file}:1", remedy=f"The columns are {header}.")
            found = [_happened(row, f"{file}:{reader.line_num}", country, before, after) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"cannot be read: {error}.", where=str(file), remedy="It is a CSV file in UTF-8.") from error
    return sorted(found, key=lambda e: (e.start, e.area))


def _happened(row: dict[str, str], where: str, country: LoadedCountry, before: timedelta, after: timedelta) -> Happened:
    area = country.places.area(row["area"] or "")
    if area is None:
        remedy = nearest(row["area"] or "", sorted(country.places.areas)) or "Write its code, or a spelling of areas.csv."
        raise ConfigurationError(f"no area is called `{row['area']}`.", where=where, remedy=remedy)
    rule = (row.get("rule") or "").strip()
    rules = [r.name for r in country.configuration.rules]
    if rule and rule not in rules:
        raise ConfigurationError(f"no rule is called `{rule}`.", where=where, remedy=nearest(rule, rules))
    start = _moment(row["start"], where)
    end = _moment(row["end"], where) if row["end"] else start
    if end < start:
        raise ConfigurationError("ends before it starts.", where=where, remedy="Exchange the two.")
    own = [_span(row.get(name), where) for name in ("before", "after")]
    return Happened(
        area=area, start=start, end=end, what=row["what"], source=row["source"], rule=rule,
        before=before if own[0] is None else own[0], after=after if own[1] is None else own[1],
    )  # fmt: skip


def _moment(text: str, where: str) -> datetime:
    try:
        return to_utc(datetime.fromisoformat(text))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"`{text}` is no moment: {error}.", where=where, remedy="Write 2025-11-27T00:00:00+05:30.") from error


def _span(text: str | None, where: str) -> timedelta | None:
    try:
        return parse_span(text) if text else None
    except ValueError as error:
        raise ConfigurationError(f"`{text}` is no span: {error}.", where=where, remedy="Write `28 d` or `12 h`.") from error


def write_history(file: Path, rows: Sequence[Sequence[str]]) -> None:
    """A history's file of rows already written as text, by the columns of `COLUMNS`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
