"""Food prices: the district's mean of the month, each row accounted for, and no sack taken for a kilogram."""

from datetime import UTC, datetime

import pytest
from parse_contexts import context, sample

from feeds.contract import Parsed
from feeds.lka_wfp_prices.parse import parse
from schemas.errors import SourceChanged
from schemas.inputs import Quality

SEPTEMBER = datetime(2023, 9, 20, tzinfo=UTC)
HEADER = "date,admin1,admin2,market,commodity,unit,priceflag,pricetype,currency,price"


def read(*rows: str, received: datetime = SEPTEMBER) -> Parsed:
    """The answer for a file with these rows below the least header."""
    return parse("\n".join((HEADER, *rows)).encode(), context("lka_wfp_prices", received))


def price(value: str, date: str = "2023-06-15", market: str = "Kandy", unit: str = "KG", flag: str = "actual") -> str:
    """A retail price of white rice in the district Kandy."""
    return f"{date},Central,Kandy,{market},Rice (white),{unit},{flag},Retail,LKR,{value}"


def test_each_row_of_the_sample_is_accounted_for() -> None:
    """The newer shape with its row of tags: 18 rows, of which eight go to quarantine, each with its reason and remedy."""
    parsed = parse(sample("lka_wfp_prices", "newer_shape.csv"), context("lka_wfp_prices", SEPTEMBER))
    assert (parsed.rows, parsed.rows_used) == (18, 10)
    assert parsed.ignored == {
        "commodity not watched": 1,
        "forecast price": 1,
        "market without a district": 1,
        "month not over when fetched": 1,
        "not a retail price": 1,
    }
    assert [(q.row, q.reason) for q in parsed.quarantined] == [
        (9, "20540 LKR/kg where Colombo City usually has 210.5"),
        (11, "a price of 0 is no price"),
        (12, "no district is called `Kandi`"),
        (13, "unit `L` is no mass"),
        (14, "currency `USD`"),
        (15, "wrong time: 1900-08-15"),
        (16, "wrong time: 2099-08-15"),
        (18, "15 fields, 16 expected"),
    ]
    assert all(q.remedy and q.excerpt for q in parsed.quarantined)


def test_a_districts_price_is_the_mean_of_its_markets_in_local_currency_a_kilogram() -> None:
    """Sacks of 50 KG and bags of 400 G are prices of a kilogram; the key names the markets behind the mean."""
    parsed = parse(sample("lka_wfp_prices", "newer_shape.csv"), context("lka_wfp_prices", SEPTEMBER))
    june = {o.area: o for o in parsed.observations if o.key.startswith("2023-06")}
    assert {area: o.value for area, o in june.items()} == {"LK11": 200.7, "LK44": 201.0, "LK82": 198.0}
    assert june["LK11"].key == "2023-06 Colombo City + Meegoda(DEC)"
    assert {o.unit for o in june.values()} == {"LCU/kg"}
    assert {o.indicator for o in june.values()} == {"price_rice_white"}


def test_a_price_is_valid_for_its_month_in_local_time() -> None:
    """The file says the 15th; the reading begins with the month and ends with it, at midnight in Colombo."""
    (reading,) = read(price("199")).observations
    assert (reading.start, reading.end) == (datetime(2023, 5, 31, 18, 30, tzinfo=UTC), datetime(2023, 6, 30, 18, 30, tzinfo=UTC))


def test_prices_that_were_asked_for_are_measured_and_those_put_together_are_reported() -> None:
    """Only a mean of actual prices is measured."""
    assert read(price("199")).observations[0].quality is Quality.MEASURED
    assert read(price("199"), price("201", market="Peradeniya", flag='"actual,aggregate"')).observations[0].quality is Quality.REPORTED


def test_the_older_shape_is_read_too() -> None:
    """No market numbers, no tags, month/day/year. An actual price goes before an aggregate; a second, unequal one is kept aside."""
    parsed = parse(sample("lka_wfp_prices", "older_shape.csv"), context("lka_wfp_prices", SEPTEMBER))
    assert {(o.area, o.key, o.value) for o in parsed.observations} == {
        ("LK11", "2023-05 Colombo City", 210.5),
        ("LK11", "2023-06 Colombo City", 205.4),
        ("LK82", "2023-06 Monaragala", 198.0),
    }
    assert parsed.ignored == {"said twice": 1}
    assert [(q.row, q.reason) for q in parsed.quarantined] == [
        (5, "a second price for Monaragala in 2023-06, 198 before"),
        (6, "`15/6/2023` is not a date"),
    ]


def test_a_month_that_is_not_over_gives_no_reading() -> None:
    """A price of the current month is left until the month is over, in local time, and then read."""
    assert read(price("199"), received=datetime(2023, 6, 30, 18, 29, tzinfo=UTC)).ignored == {"month not over when fetched": 1}
    assert len(read(price("199"), received=datetime(2023, 6, 30, 18, 30, tzinfo=UTC)).observations) == 1


def test_ten_times_the_markets_own_median_is_a_sack() -> None:
    """Ten times and a tenth still pass, anything beyond is kept aside; a market with few prices is held against the month's median."""
    usual = [price("100", f"2023-0{month}-15") for month in (1, 2, 3)]
    assert read(*usual, price("1000", "2023-04-15"), price("10", "2023-05-15")).quarantined == ()
    parsed = read(*usual, price("1000.1", "2023-04-15"), price("9.99", "2023-05-15"))
    assert [q.row for q in parsed.quarantined] == [4, 5]
    assert "sack" in parsed.quarantined[0].remedy
    others = [price(value, "2023-03-15", market) for market, value in (("A", "101"), ("B", "99"), ("New", "5000"))]
    assert [q.row for q in read(*usual, *others).quarantined] == [6]


@pytest.mark.parametrize("value", ["", "n/a", "nan", "inf", "-3", "1e300"])
def test_what_is_no_price_is_kept_aside(value: str) -> None:
    """Text, nothing, infinity and negative numbers never become a price."""
    parsed = read(price(value))
    assert (len(parsed.quarantined), parsed.observations) == (1, ())


def test_a_division_is_no_district() -> None:
    """A name that belongs to a smaller area is not taken for a district."""
    parsed = read("2023-06-15,Central,Kandy Four Gravets,Kandy,Rice (white),KG,actual,Retail,LKR,199")
    assert parsed.quarantined[0].reason == "no district is called `Kandy Four Gravets`"


def test_a_stray_quotation_mark_spoils_one_row_alone() -> None:
    """A row is a line: an open quotation mark does not swallow the rows after it."""
    parsed = read('2023-06-15,Central,Kandy,"Kandy,Rice (white),KG,actual,Retail,LKR,199', price("200"))
    assert (parsed.rows, [q.row for q in parsed.quarantined], parsed.observations[0].value) == (2, [1], 200.0)


def test_a_wrong_byte_spoils_one_row_alone() -> None:
    """A byte that is no UTF-8 keeps its own row aside; a byte order mark before the header is nothing wrong."""
    raw = "\n".join((HEADER, price("200"), price("201", market="Peradeniya"))).encode().replace(b"Peradeniya", b"Perade\xffiya")
    parsed = parse(b"\xef\xbb\xbf" + raw, context("lka_wfp_prices", SEPTEMBER))
    assert (parsed.rows, [q.row for q in parsed.quarantined], parsed.observations[0].value) == (2, [2], 200.0)


def test_a_file_without_rows_is_a_delivery() -> None:
    """The header alone is in order and empty."""
    assert read().rows == 0


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00", b"date,market,price\n2023-06-15,Kandy,199\n", b"<html></html>"])
def test_another_format_is_said_so(raw: bytes) -> None:
    """Missing columns and bytes that are no text name what was expected."""
    with pytest.raises(SourceChanged, match="xpected"):
        parse(raw, context("lka_wfp_prices", SEPTEMBER))
