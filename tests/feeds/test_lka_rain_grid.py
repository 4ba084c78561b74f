"""Rain on a grid: areas have the mean of their part of it, unknown stays null, and a damaged file is said to be one."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import xarray as xr
from parse_contexts import context, sample

from feeds.contract import Parsed
from feeds.lka_rain_grid import parse as parser
from feeds.lka_rain_grid.parse import parse, read_grid
from schemas.country_files import countries_root
from schemas.errors import ConfigurationError, SourceChanged
from schemas.inputs import Quality

MORNING = datetime(2025, 11, 28, 6, tzinfo=UTC)
LATITUDE, LONGITUDE = np.array([0.5, 1.5]), np.array([0.5, 1.5])


def area(code: str, west: float, east: float) -> dict[str, Any]:
    """A rectangle from latitude 0 to 2."""
    ring = [[west, 0], [east, 0], [east, 2], [west, 2], [west, 0]]
    return {"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


SHAPES: Mapping[str, dict[str, Any]] = {
    "adm2": {"type": "FeatureCollection", "features": [area("D", 0, 2)]},
    "adm3": {"type": "FeatureCollection", "features": [area("W", 0, 1), area("E", 1, 2)]},
}


def grid(values: Any, days: list[str], units: str = "mm/day", **names: str) -> bytes:
    """A file of two by two cells a day."""
    coordinates = {"time": np.array(days, dtype="datetime64[ns]"), "latitude": LATITUDE, "longitude": LONGITUDE}
    data = xr.DataArray(np.array(values, dtype=np.float32), coordinates, ("time", "latitude", "longitude"), "precip", {"units": units})
    return bytes(data.to_dataset().rename(names).to_netcdf(engine="scipy", format="NETCDF3_CLASSIC"))


def read(raw: bytes, received: datetime = MORNING) -> Parsed:
    """The answer for a grid over the two areas and their district."""
    return parse(raw, context("lka_rain_grid", received, SHAPES))


def test_each_area_has_the_mean_of_its_part_on_each_day() -> None:
    """District first, then divisions; a row is a day of an area; values are modelled millimetres of a local day."""
    parsed = read(grid([[[10, 20], [10, 40]], [[0, 0], [0, 8]]], ["2025-11-26", "2025-11-27"]))
    assert (parsed.rows, parsed.rows_used) == (6, 6)
    means = {(o.key, o.area): o.value for o in parsed.observations}
    assert means == pytest.approx(
        {
            **{("2025-11-26", "D"): 20.0, ("2025-11-26", "W"): 10.0, ("2025-11-26", "E"): 30.0},
            **{("2025-11-27", "D"): 2.0, ("2025-11-27", "W"): 0.0, ("2025-11-27", "E"): 4.0},
        },
        abs=0.011,
    )
    first = parsed.observations[0]
    assert (first.start, first.end) == (datetime(2025, 11, 25, 18, 30, tzinfo=UTC), datetime(2025, 11, 26, 18, 30, tzinfo=UTC))
    assert (first.indicator, first.unit, first.quality) == ("rain_1d", "mm", Quality.MODELLED)


def test_missing_cells_are_null_and_never_zero() -> None:
    """An area without any value is null; one with half of its values has their mean."""
    parsed = read(grid([[[10, np.nan], [30, np.nan]]], ["2025-11-27"]))
    assert {o.area: o.value for o in parsed.observations} == {"D": 20.0, "W": 20.0, "E": None}


def test_a_fill_value_not_declared_is_kept_aside() -> None:
    """Rain of -9999 mm keeps the areas it touches aside, and no other."""
    parsed = read(grid([[[10, -9999], [10, 20]]], ["2025-11-27"]))
    assert [q.excerpt for q in parsed.quarantined] == ["2025-11-27 D", "2025-11-27 E"]
    assert {o.area: o.value for o in parsed.observations} == {"W": 10.0}


def test_days_that_cannot_be_or_are_not_over_give_no_reading() -> None:
    """Before the record or in the future: kept aside; the day of the fetch: ignored; a day twice: the first is read."""
    days = ["1970-01-01", "2025-11-26", "2025-11-26", "2025-11-28", "2099-01-01"]
    parsed = read(grid([[[day, day], [day, day]] for day in range(5)], days))
    assert {(o.key, o.value) for o in parsed.observations} == {("2025-11-26", 1.0)}
    assert parsed.ignored == {"day not over when fetched": 3}
    assert [q.row for q in parsed.quarantined] == [1, 2, 3, 7, 8, 9, 13, 14, 15]


def test_a_flux_is_turned_into_millimetres_of_the_day() -> None:
    """A kilogram of water on a square metre is a millimetre; a second is one of 86,400."""
    parsed = read(grid(np.full((1, 2, 2), 0.001), ["2025-11-27"], units="kg m-2 s-1"))
    assert parsed.observations[0].value == 86.4


def test_the_painted_sample_covers_every_area() -> None:
    """One day of the case: 25 districts and 339 divisions, none unknown, Trincomalee among the wettest on 27 November."""
    shapes = {level: json.loads((countries_root() / "lka" / f"shapes_{level}.geojson").read_text("utf-8")) for level in ("adm2", "adm3")}
    parsed = parse(sample("lka_rain_grid", "painted_2025-11-27.nc"), context("lka_rain_grid", MORNING, shapes))
    districts = {o.area: o.value or 0.0 for o in parsed.observations[:25]}
    assert (parsed.rows, len(parsed.observations), len(districts)) == (364, 364, 25)
    assert max(districts, key=lambda code: districts[code]) == "LK53"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not a NetCDF file"),
        (b"<html></html>", "not a NetCDF file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        (b"CDF\x01" + bytes(8), "cannot be read|holds no variable"),
        (grid(np.zeros((1, 2, 2)), ["2025-11-27"])[:-20], "cannot be read"),
        (grid(np.zeros((1, 2, 2)), ["2025-11-27"], units="K"), "unit of `precip` is `K`"),
        (grid(np.zeros((1, 2, 2)), ["2025-11-27"], precip="rain"), "holds rain over time and latitude and longitude"),
        (grid(np.zeros((1, 2, 2)), ["2025-11-27"], latitude="lat"), "holds precip over time and lat and longitude"),
    ],
)
def test_what_is_no_such_grid_is_said_so(raw: bytes, said: str) -> None:
    """Damaged, cut off, of another unit or built otherwise: the source has changed, and what was found is named."""
    with pytest.raises(SourceChanged, match=said):
        read(raw)


def test_the_size_of_a_grid_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More values than a country needs are refused before they are read."""
    monkeypatch.setattr(parser, "MOST_VALUES", 3)
    with pytest.raises(SourceChanged, match="has 4 values, 3 are the most"):
        read_grid(grid(np.zeros((1, 2, 2)), ["2025-11-27"]))


def test_a_country_without_shapes_is_told_so() -> None:
    """Nothing is reduced to nothing in silence."""
    with pytest.raises(ConfigurationError, match="no shapes of adm2 and adm3"):
        parse(grid(np.zeros((1, 2, 2)), ["2025-11-27"]), context("lka_rain_grid", MORNING))
