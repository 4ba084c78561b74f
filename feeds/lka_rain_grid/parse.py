"""Daily rain on a grid (classic NetCDF in the form of CHIRPS) as the mean of each district and each divisional secretariat's division.

A row, for the account, is one day of one area. A day is the calendar day that the grid's time names, in the feed's time zone.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import sparse

from feeds.contract import ParseContext, Parsed
from feeds.grids import Floats, codes, reduce, zonal_weights
from feeds.rows import IgnoredRow, RowAccount, UnfitRow
from schemas.errors import ConfigurationError, SourceChanged
from schemas.indicators import CATALOGUE
from schemas.inputs import Observation, Quality

VARIABLE = "precip"
AXES = ("time", "latitude", "longitude")
MILLIMETRES = {"mm": 1.0, "mm/day": 1.0, "mm day-1": 1.0, "kg m-2": 1.0, "kg m-2 s-1": 86_400.0}
"""Units of the variable to what makes them millimetres a day: a kilogram of water on a square metre stands one millimetre high."""

LEVELS = ("adm2", "adm3")
MOST_VALUES = 5_000_000
"""Values of the variable, that is 40 MB; seven days of Sri Lanka at 0.05 degrees are 32,000."""

EARLIEST = date(1981, 1, 1)
"""CHIRPS begins on this day."""

INDICATOR = CATALOGUE["rain_1d"]
_REMEDY = f"Expected is a classic NetCDF file (3) with `{VARIABLE}` over {', '.join(AXES)}; look at the raw delivery."


@dataclass(frozen=True)
class Grid:
    """Daily rain: values in mm by day, latitude and longitude; NaN where the source has none."""

    days: tuple[date, ...]
    lat: Floats
    lon: Floats
    values: Floats


def parse(raw: bytes, context: ParseContext) -> Parsed:
    """The areas' rain of each day in a grid.

    Raises:
        SourceChanged: it is no NetCDF file, is damaged, or is not built as expected.
        ConfigurationError: the country brings no shapes to reduce it to.
    """
    grid = read_grid(raw)
    account = RowAccount()
    areas, weights = _areas(grid, context)
    rain = reduce(grid.values, weights)
    impossible = (weights @ _impossible(grid.values).reshape(len(grid.days), -1).T > 0).T
    observations: list[Observation] = []
    for index, day in enumerate(grid.days):
        rows = [account.row() for _ in areas]
        try:
            _check_day(day, grid.days[:index], context)
        except UnfitRow as unfit:
            for row, area in zip(rows, areas, strict=True):
                account.quarantine(row, unfit, f"{day} {area}")
        except IgnoredRow as ignored:
            for _ in rows:
                account.ignore(str(ignored))
        else:
            observations += _day(rows, areas, rain[index], impossible[index], day, account, context)
    return account.parsed(observations)


def read_grid(raw: bytes) -> Grid:
    """The rain in a classic NetCDF file.

    Not NetCDF 4: its C library reads wherever the bytes point it to, and a damaged file (one wrong length in a million bytes) keeps
    it busy for minutes inside one call, where nothing can stop it. The classic format is read in Python and is what the source gives.

    Raises:
        SourceChanged: it is no such file, is damaged, too large, or is not built as expected.
    """
    if not raw.startswith((b"CDF\x01", b"CDF\x02")):
        what = "NetCDF 4 (HDF5)" if raw.startswith(b"\x89HDF") else f"not a NetCDF file; it begins with {raw[:20]!r}"
        raise SourceChanged(f"The rain grid is {what}.", remedy=_REMEDY)
    try:
        with xr.open_dataset(io.BytesIO(raw), engine="scipy") as file:
            return _read(file)
    except SourceChanged:
        raise
    except Exception as error:  # the reader raises whatever it stumbles over; all of it is a damaged file
        raise SourceChanged(f"The rain grid cannot be read: {type(error).__name__}: {error}.", remedy=_REMEDY) from error


def _check_size(size: int | None) -> None:
    if size is None or size > MOST_VALUES:
        raise SourceChanged(f"The rain grid has {size} values, {MOST_VALUES} are the most.", remedy="Ask for the country's part only.")


def _read(file: xr.Dataset) -> Grid:
    if VARIABLE not in file or set(file[VARIABLE].dims) != set(AXES):
        found = ", ".join(f"{name} over {' and '.join(map(str, v.dims)) or 'nothing'}" for name, v in list(file.data_vars.items())[:10])
        raise SourceChanged(f"The rain grid holds {found or 'no variable'}.", remedy=_REMEDY)
    rain = file[VARIABLE]
    unit = str(rain.attrs.get("units", "")).strip()
    if unit not in MILLIMETRES:
        raise SourceChanged(f"The unit of `{VARIABLE}` is `{unit[:50]}`.", remedy=f"Known are {', '.join(MILLIMETRES)}.")
    _check_size(rain.size)
    if not np.issubdtype(file["time"].dtype, np.datetime64):
        raise SourceChanged("The times of the rain grid are no dates.", remedy=_REMEDY)
    lat, lon = (np.asarray(file[axis].values, dtype=np.float64) for axis in AXES[1:])
    values = np.asarray(rain.transpose(*AXES).values, dtype=np.float64) * MILLIMETRES[unit]
    days = file["time"].values.astype("datetime64[D]").tolist()
    return Grid(tuple(d if isinstance(d, date) else date.min for d in days), lat, lon, values)


def _areas(grid: Grid, context: ParseContext) -> tuple[list[str], sparse.csr_matrix]:
    """The areas' codes, largest first, with the weights of the grid's cells in each."""
    missing = [level for level in LEVELS if not context.shapes.get(level, {}).get("features")]
    if missing:
        raise ConfigurationError(
            f"The country {context.manifest.country} has no shapes of {' and '.join(missing)}.",
            where=context.manifest.feed,
            remedy=f"Add shapes_{missing[0]}.geojson to its folder.",
        )
    shapes = [context.shapes[level] for level in LEVELS]
    weights = [zonal_weights(grid.lat, grid.lon, of_level, context.cache) for of_level in shapes]
    return [code for of_level in shapes for code in codes(of_level)], sparse.csr_matrix(sparse.vstack(weights))


def _impossible(values: Floats) -> Floats:
    """1 for a cell whose rain cannot be (a fill value that was not declared, say), 0 for the others, missing ones included."""
    with np.errstate(invalid="ignore"):
        bad: npt.NDArray[np.bool_] = (values < INDICATOR.least) | (values > INDICATOR.most)
    return bad.astype(np.float64)


def _check_day(day: date, before: tuple[date, ...], context: ParseContext) -> None:
    today = context.received.astimezone(ZoneInfo(context.manifest.timezone)).date()
    if not EARLIEST <= day <= today:
        raise UnfitRow(f"wrong time: {day}", f"Ask the source; days lie between {EARLIEST} and the day of the fetch, {today}.")
    if day in before:
        raise UnfitRow(f"the day {day} a second time", "Ask the source which is right; the first was taken.")
    if day == today:
        raise IgnoredRow("day not over when fetched")


def _day(
    rows: list[int],
    areas: list[str],
    rain: Floats,
    impossible: npt.NDArray[np.bool_],
    day: date,
    account: RowAccount,
    context: ParseContext,
) -> Iterator[Observation]:
    """One day's observations; null where less than half of the area has values."""
    start, end = (_midnight(d, context) for d in (day, day + timedelta(days=1)))
    for row, area, value, bad in zip(rows, areas, rain, impossible, strict=True):
        if bad:
            unfit = UnfitRow("a cell with impossible rain", f"Ask the source; rain lies between 0 and {INDICATOR.most:g} mm.")
            account.quarantine(row, unfit, f"{day} {area}")
            continue
        yield Observation(
            area=area,
            indicator=INDICATOR.name,
            start=start,
            end=end,
            received=context.received,
            value=None if np.isnan(value) else round(float(value), 2),
            unit=INDICATOR.unit,
            quality=Quality.MODELLED,
            feed=context.manifest.feed,
            key=day.isoformat(),
            delivery=context.delivery,
        )


def _midnight(day: date, context: ParseContext) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(context.manifest.timezone)).astimezone(UTC)
