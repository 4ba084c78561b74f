"""Weekly dengue: a week is its days, a district is the whole of it, and an empty number is unknown."""

from datetime import UTC, datetime

import pytest
from parse_contexts import manifest

from feeds.contract import ParseContext, Parsed
from feeds.lka_dengue_weekly.parse import parse
from schemas.configuration import Area
from schemas.errors import SourceChanged
from schemas.places import Places

FEED = "lka_dengue_weekly"
FETCHED = datetime(2026, 2, 1, tzinfo=UTC)
HEAD = "year,week,start.date,end.date,district,cases\n"
SPELLINGS = {
    **{"colombo": "LK11", "cmc": "LK11", "hambantota": "LK33", "hambanthota": "LK33"},
    **{"ampara": "LK52", "kalmune": "LK52", "kalmunai": "LK52", "ampara district": "LK52"},
}
WEEK = "2025,50,12/6/2025,12/12/2025"


def context() -> ParseContext:
    """Three districts, with the spellings that the source has for them."""
    areas = {code: Area(code=code, level="adm2", names={"en": code}) for code in set(SPELLINGS.values())}
    return ParseContext(manifest(FEED), Places(areas, {}, SPELLINGS), FETCHED, "delivery")


def read(*lines: str) -> Parsed:
    """The answer for a table with these lines."""
    return parse((HEAD + "".join(f"{line}\n" for line in lines)).encode(), context())


def cases(*lines: str) -> list[float | None]:
    """The values of the readings."""
    return [o.value for o in read(*lines).observations]


@pytest.mark.parametrize("days", ["12/6/2025,12/12/2025", "2025-12-06,2025-12-12", "12/06/2025,2025-12-12"])
def test_a_week_is_its_days_in_either_spelling(days: str) -> None:
    """From midnight before its first day to midnight after its last, Sri Lankan time; year and week of the source are not read."""
    (found,) = read(f"1999,99,{days},Colombo,388").observations
    assert (found.start, found.end) == (datetime(2025, 12, 5, 18, 30, tzinfo=UTC), datetime(2025, 12, 12, 18, 30, tzinfo=UTC))
    assert (found.area, found.value, found.issued) == ("LK11", 388.0, None)


@pytest.mark.parametrize("part", ["Kalmune", "Kalmunai", " kalmune "])
def test_ampara_is_the_sum_of_its_parts(part: str) -> None:
    """However the second part is spelt."""
    assert cases(f"{WEEK},Ampara,5", f"{WEEK},{part},7") == [12.0]


@pytest.mark.parametrize(
    "lines",
    [
        [f"{WEEK},Ampara,5"],
        [f"{WEEK},Kalmune,7"],
        [f"{WEEK},Ampara,5", f"{WEEK},Kalmune,"],
        [f"{WEEK},Ampara,NA", f"{WEEK},Kalmune,7"],
        [f"{WEEK},Ampara,5", f"{WEEK},Kalmune,x"],
    ],
)
def test_a_part_without_the_other_is_unknown(lines: list[str]) -> None:
    """Half of a district would look like a calm week."""
    assert cases(*lines) == [None]


def test_two_spellings_of_a_district_are_not_added() -> None:
    """The main table and its parts spell Hambantota differently; five cases are not ten."""
    found = read(f"{WEEK},Hambanthota,5", f"{WEEK},Hambantota,5")
    assert ([o.value for o in found.observations], found.ignored) == ([5.0], {"week said twice": 1})


@pytest.mark.parametrize("values", [("5", "6"), ("5", "6", "5"), ("", "5", "6")])
def test_two_numbers_for_one_week_are_none(values: tuple[str, ...]) -> None:
    """Neither is guessed to be right: the second goes to quarantine and the week is unknown, also if the first comes again."""
    found = read(*(f"{WEEK},Colombo,{value}" for value in values))
    (kept,) = found.quarantined
    assert ([o.value for o in found.observations], kept.reason) == ([None], "6 cases where an earlier line has 5")


@pytest.mark.parametrize("order", [("", "5"), ("5", "")])
def test_an_empty_line_does_not_contradict(order: tuple[str, str]) -> None:
    """A number beside an empty one is the number."""
    assert cases(*(f"{WEEK},Colombo,{value}" for value in order)) == [5.0]


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("", None), ("NA", None), ("NaN", None), (" 12 ", 12.0), ("12.0", 12.0)])
def test_empty_is_unknown_and_zero_is_zero(text: str, value: float | None) -> None:
    """3,636 zeros of the record are zeros; 92 empty numbers are not."""
    assert cases(f"{WEEK},Colombo,{text}") == [value]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{WEEK},Atlantis,5", "no district"),
        (f"{WEEK},,5", "no district"),
        (f"{WEEK},CMC,5", "a part of a district"),
        (f"{WEEK},Ampara district,5", "a part of a district"),
        (f"{WEEK},Colombo,-1", "no number of cases"),
        (f"{WEEK},Colombo,12.5", "no number of cases"),
        (f"{WEEK},Colombo,inf", "no number of cases"),
        (f"{WEEK},Colombo,{'9' * 400}", "no number of cases"),
        (f"{WEEK},Colombo,five", "no number of cases"),
        ("2025,50,6.12.2025,12.12.2025,Colombo,5", "not a day"),
        ("2025,50,13/6/2025,12/12/2025,Colombo,5", "not a day"),
        ("2025,50,12/6/1970,12/12/1970,Colombo,5", "wrong date"),
        ("2025,50,12/6/2027,12/12/2027,Colombo,5", "wrong date"),
        ("2025,50,12/6/2099,12/12/2099,Colombo,5", "wrong date"),
        ("2025,50,12/12/2025,12/6/2025,Colombo,5", "a week from"),
        ("2025,50,12/6/2025,1/12/2026,Colombo,5", "a week from"),
        ("2025,50,12/6/2025", "a line of 3 values"),
        (f"{WEEK},Colombo,52026,1,1/5/2026,1/11/2026,Colombo,9", "a line of 11 values"),
    ],
)
def test_a_line_that_cannot_be_read_is_kept_aside(line: str, reason: str) -> None:
    """With its reason, a remedy and its own text; the line beside it is read."""
    found = read(line, "2025,51,12/13/2025,12/19/2025,Colombo,6")
    (kept,) = found.quarantined
    assert (kept.row, reason in kept.reason, bool(kept.remedy), bool(kept.excerpt)) == (1, True, True, True)
    assert [o.value for o in found.observations] == [6.0]


def test_columns_may_stand_in_another_order() -> None:
    """They are found by name."""
    table = b"cases,district,end.date,start.date\n7,Colombo,12/12/2025,12/6/2025\n"
    assert [o.value for o in parse(table, context()).observations] == [7.0]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"year,week,start,end,district,cases\n",
        HEAD.encode()[:-1],
        (HEAD + f"{WEEK},Colombo,12").encode(),
        (HEAD + f'{WEEK},"Colombo,12').encode(),
    ],
)
def test_another_format_or_a_cut_off_table_is_refused(raw: bytes) -> None:
    """A table that ends in the middle of a line may have lost digits: 12 cases were perhaps 120."""
    with pytest.raises(SourceChanged) as caught:
        parse(raw, context())
    assert caught.value.remedy


def test_a_table_without_weeks_is_a_delivery() -> None:
    """Well-formed and empty."""
    assert read().rows == 0
