"""Dengue cases by week and health district. A week is its first and last day; the source's week numbers are of no use.

Ampara district reports in two parts, Ampara and Kalmune (Kalmunai): its number is their sum, and unknown if one of them is missing.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from feeds.contract import ParseContext, Parsed
from feeds.rows import RowAccount, UnfitRow
from schemas.errors import SourceChanged
from schemas.indicators import CATALOGUE
from schemas.inputs import Observation, Quality

COLUMNS = ("start.date", "end.date", "district", "cases")
PARTS = {"LK52": {"ampara": "Ampara", "kalmune": "Kalmune", "kalmunai": "Kalmune"}}
"""Districts that report in several parts: the spelling of each in lower case, to the part."""
NOT_A_DISTRICT = {"cmc", "nihs"}
"""Parts of Colombo and Kalutara in other tables of the unit. One in this table would mean that the district's row is not the whole."""
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
    weeks: dict[tuple[str, date, date], dict[str, list[int | None]]] = defaultdict(lambda: defaultdict(list))
    for line, whole in _lines(raw):
        number = account.row()
        try:
            row = _row(line, whole, context)
            said = weeks[row.area, row.start, row.end][row.part]
            _agree(row, said)
        except UnfitRow as unfit:
            account.quarantine(number, unfit, ",".join(line))
            continue
        if said:
            account.ignore("week said twice")
        elif row.cases is None:
            account.ignore("cases left empty; unknown, not zero")
        said.append(row.cases)
    return account.parsed([_observation(*week, parts, context) for week, parts in sorted(weeks.items())])


def _lines(raw: bytes) -> Iterator[tuple[list[str], bool]]:
    """The values of each line, those of `COLUMNS` first, and whether it has as many as the line of names; if not, in its own order."""
    try:
        text = raw.decode("utf-8-sig")
        if not text.endswith("\n"):
            raise SourceChanged("The table ends in the middle of a line: it was cut off.", remedy="Fetch it again.")
        names, *lines = csv.reader(io.StringIO(text, newline=""))
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise SourceChanged(f"The table cannot be read: {error}.", remedy="Look at the raw delivery.") from error
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise SourceChanged(f"The table has no column {', '.join(missing)}.", remedy=f"Expected are {', '.join(COLUMNS)}.")
    first = [names.index(name) for name in COLUMNS]
    order = first + [n for n in range(len(names)) if n not in first]
    for line in filter(None, lines):
        whole = len(line) == len(names)
        yield ([line[n] for n in order] if whole else line), whole


def _row(line: list[str], whole: bool, context: ParseContext) -> Row:
    if not whole:
        raise UnfitRow(f"a line of {len(line)} values", "Look at the raw delivery: a line was broken.")
    first, last, district, cases = (value.strip() for value in line[: len(COLUMNS)])
    area = context.places.area(district)
    if area is None:
        raise UnfitRow(f"no district is called {district!r:.60}", "Add the spelling to the country's areas.")
    parts = PARTS.get(area, {})
    if district.lower() in NOT_A_DISTRICT or (parts and district.lower() not in parts):
        raise UnfitRow(f"{district} is a part of a district whose row should be the whole", "Ask the unit what its rows stand for now.")
    start, end = _day(first, context), _day(last, context)
    if not SHORTEST <= (end - start).days <= LONGEST:
        raise UnfitRow(f"a week from {start} to {end}", "Ask the source for its first and last day.")
    return Row(area, parts.get(district.lower(), ""), start, end, _cases(cases))


def _agree(row: Row, said: list[int | None]) -> None:
    """Two lines of one week that differ contradict each other, and neither is guessed to be right: the week is unknown."""
    known = [cases for cases in said if cases is not None]
    if row.cases is not None and known and row.cases not in known:
        said.append(row.cases)
        raise UnfitRow(f"{row.cases} cases where an earlier line has {known[0]}", "Ask the source which of them is right.")


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


def _observation(area: str, start: date, end: date, parts: dict[str, list[int | None]], context: ParseContext) -> Observation:
    needed = set(PARTS.get(area, {"": ""}).values())
    known = {part: {cases for cases in said if cases is not None} for part, said in parts.items()}
    whole = all(len(known.get(part, ())) == 1 for part in needed)
    zone = ZoneInfo(context.manifest.timezone)
    return Observation(
        area=area,
        indicator="dengue_cases",
        start=_midnight(start, zone),
        end=_midnight(end + timedelta(days=1), zone),
        received=context.received,
        value=float(sum(sum(cases) for cases in known.values())) if whole else None,
        unit="cases",
        quality=Quality.REPORTED,
        feed=context.manifest.feed,
        key=f"{area} {start.isoformat()}",
        delivery=context.delivery,
    )


@lru_cache(maxsize=4096)
def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a day, UTC; the same few hundred stand in the table for each district."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
