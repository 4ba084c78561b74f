"""Dengue cases by week and health district. A week is its first and last day; the source's week numbers are of no use.

Ampara district reports in two parts, Ampara and Kalmune (Kalmunai): its number is their sum, and unknown if one of them is missing.
"""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from feeds.contract import ParseContext, Parsed
from feeds.rows import RowAccount, UnfitRow
from schemas.errors import SourceChanged
from schemas.indicators import CATALOGUE
from schemas.records import Observation, Quality

COLUMNS = ("start.date", "end.date", "district", "cases")
PARTS = {"LK52": frozenset({"ampara", "kalmune"})}
"""Districts that report in several parts."""
SHORTEST, LONGEST = 5, 9
"""Days from a week's first to its last; odd steps of 6 and 8 days are recorded, and 9 when the calendar was changed."""
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Row:
    """One line: cases of a week in (a part of) a district; none if the source left them out."""

    area: str
    part: str
    start: date
    end: date
    cases: int | None


def parse(raw: bytes, context: ParseContext) -> Parsed:
    """One observation for each district and week in the table.

    Raises:
        SourceChanged: it is no text, or the columns are not there.
    """
    account = RowAccount()
    weeks: dict[tuple[str, date, date], dict[str, int | None]] = defaultdict(dict)
    for line in _lines(raw):
        number = account.row()
        try:
            row = _row(line, context)
        except UnfitRow as unfit:
            account.quarantine(number, unfit, ",".join(str(v) for v in line.values()))
            continue
        parts = weeks[row.area, row.start, row.end]
        if row.part in parts:
            account.ignore("week repeated; the later line is kept")
        if row.cases is None:
            account.ignore("cases left empty; unknown, not zero")
        parts[row.part] = row.cases
    return account.parsed([_observation(*week, parts, context) for week, parts in sorted(weeks.items())])


def _lines(raw: bytes) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise SourceChanged(f"The table has no column {', '.join(missing)}.", remedy=f"Expected are {', '.join(COLUMNS)}.")
        return [{k: v for k, v in line.items() if isinstance(k, str)} for line in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceChanged(f"The table cannot be read: {error}.", remedy="Look at the raw delivery.") from error


def _row(line: dict[str, str], context: ParseContext) -> Row:
    values = {name: (line.get(name) or "").strip() for name in COLUMNS}
    area = context.places.area(values["district"])
    if area is None:
        raise UnfitRow(f"no district is called {values['district']!r:.60}", "Add the spelling to the country's areas.")
    start, end = _day(values["start.date"], context), _day(values["end.date"], context)
    if not SHORTEST <= (end - start).days <= LONGEST:
        raise UnfitRow(f"a week from {start} to {end}", "Ask the source for its first and last day.")
    return Row(area, values["district"].lower(), start, end, _cases(values["cases"]))


def _day(text: str, context: ParseContext) -> date:
    day = _calendar_day(text)
    if day is None:
        raise UnfitRow(f"{text!r:.40} is not a day", "Ask the source; expected are M/D/YYYY or YYYY-MM-DD.")
    if not EARLIEST <= day <= context.received.date() + timedelta(days=1):
        raise UnfitRow(f"wrong date: {text}", "Ask the source; the week is not over, or long before any count.")
    return day


@lru_cache(maxsize=4096)
def _calendar_day(text: str) -> date | None:
    """The same few hundred days stand in the table for each of 26 districts."""
    for form in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
    return None


def _cases(text: str) -> int | None:
    if not text or text.upper() in {"NA", "NAN"}:
        return None
    try:
        cases = float(text)
    except ValueError as error:
        raise UnfitRow(f"{text!r:.40} is no number of cases", "Ask the source.") from error
    if not (cases.is_integer() and 0 <= cases <= CATALOGUE["dengue_cases"].most):
        raise UnfitRow(f"{text!r:.40} is no number of cases", "Ask the source.")
    return int(cases)


def _observation(area: str, start: date, end: date, parts: dict[str, int | None], context: ParseContext) -> Observation:
    needed = PARTS.get(area, frozenset())
    known = [cases for cases in parts.values() if cases is not None]
    whole = len(known) == len(parts) and needed <= parts.keys()
    zone = ZoneInfo(context.manifest.timezone)
    return Observation(
        area=area,
        indicator="dengue_cases",
        start=datetime.combine(start, time(), zone).astimezone(UTC),
        end=datetime.combine(end + timedelta(days=1), time(), zone).astimezone(UTC),
        received=context.received,
        value=float(sum(known)) if whole else None,
        unit="cases",
        quality=Quality.REPORTED,
        feed=context.manifest.feed,
        key=f"{area} {start.isoformat()}",
        delivery=context.delivery,
    )
