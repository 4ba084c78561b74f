"""The rain grid of a case, painted: each cell takes the recorded value of the nearest health area, and the file says so.

No grid of the case is to be had. The recorded values are a weather model's, at the middles of health areas; nothing here is finer.
"""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.spatial import cKDTree

from feeds.cases import Case
from feeds.contract import Answer, Request

FEED = "lka_rain_grid"
ZONE = ZoneInfo("Asia/Colombo")
DAYS = 7
STEP = 0.05
LATITUDE = np.arange(5.825, 10.0, STEP)
LONGITUDE = np.arange(79.425, 82.1, STEP)
REACH_DEGREES = 0.25
"""Farther than this from every health area there is only sea, and the grid has no value."""

SOURCE_NOTE = (
    "Painted, not observed: each cell takes the daily value recorded for the nearest of 333 health areas (a weather model's value at "
    "the area's middle, Open-Meteo archive). No grid of this event was to be had. A day is a calendar day in Asia/Colombo."
)


def respond(case: Case, request: Request, at: datetime) -> Answer:
    """The newest seven days that were known at `at`, whatever days the query asks for; 404 if there is none yet."""
    if not request.path.endswith(".nc"):
        return Answer(b"No such data set.", "text/plain", 404)
    known = case.known_by(FEED, at)
    if known.empty:
        return Answer(b"Your query produced no matching results.", "text/plain", 404)
    newest = known.groupby(["start", "area"])["value"].last().unstack()
    points = case.extra(FEED)["points"]
    return Answer(netcdf(newest.tail(DAYS), points), "application/x-netcdf")


def netcdf(daily: pd.DataFrame, points: pd.DataFrame) -> bytes:
    """Days by health areas, painted on the grid, as the bytes of a classic NetCDF file; the same bytes for the same values.

    Args:
        daily: one row a day (UTC moment of its local start), one column a health area, in mm; NaN where nothing is known.
        points: id of the health area, latitude, longitude.
    """
    points = points[points["id"].isin(daily.columns)]
    nearest, reached = _nearest(tuple(points["latitude"]), tuple(points["longitude"]))
    values = daily[list(points["id"])].to_numpy(dtype=np.float32)
    painted = np.where(reached, values[:, nearest], np.nan).reshape(-1, LATITUDE.size, LONGITUDE.size)
    days = [(start.astimezone(ZONE).date() - datetime(1980, 1, 1).date()).days for start in daily.index]  # noqa: DTZ001 - days, no time
    return _file(painted.astype(np.float32), np.array(days, dtype=np.int32))


@lru_cache(maxsize=4)
def _nearest(lat: tuple[float, ...], lon: tuple[float, ...]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """For each cell the nearest point's number, and whether it is in reach; degrees of longitude are shortened by latitude."""
    shorten = float(np.cos(np.radians(np.mean(lat))))
    rows, columns = np.meshgrid(LATITUDE, LONGITUDE * shorten, indexing="ij")
    tree = cKDTree(np.column_stack([lat, np.array(lon) * shorten]))
    distance, nearest = tree.query(np.column_stack([rows.ravel(), columns.ravel()]))
    return np.asarray(nearest, dtype=np.intp), np.asarray(distance) <= REACH_DEGREES


def _file(painted: npt.NDArray[np.float32], days: npt.NDArray[np.int32]) -> bytes:
    fill = np.float32(-9999.0)
    rain = {"units": "mm/day", "long_name": "Daily precipitation", "_FillValue": fill}
    file = xr.Dataset(
        {"precip": (("time", "latitude", "longitude"), np.where(np.isnan(painted), fill, painted), rain)},
        {
            "time": ("time", days, {"units": "days since 1980-01-01"}),
            "latitude": ("latitude", LATITUDE.round(4), {"units": "degrees_north"}),
            "longitude": ("longitude", LONGITUDE.round(4), {"units": "degrees_east"}),
        },
        {"title": "Stand-in for CHIRPS 2.0, daily, 0.05 degrees", "source_note": SOURCE_NOTE},
    )
    return bytes(file.to_netcdf(engine="scipy", format="NETCDF3_CLASSIC"))
