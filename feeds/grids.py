"""Grids reduced to areas: area-weighted means by sparse weights that are computed once for a grid and a set of shapes.

A cell's weight in an area is the size of their intersection. Sizes are in square degrees times the cosine of the latitude of the
cell's middle, which for cells of a tenth of a degree is within a ten-thousandth of the true share.
"""

import hashlib
import json
import logging
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse
from shapely.geometry import shape

from schemas.errors import SourceChanged

Floats = npt.NDArray[np.float64]
LEAST_COVERAGE = 0.5
"""An area of which less than this share has values has none: half a district's rain says nothing about the district."""

_SLACK = 1e-3
"""Shares are that exact; an area of which just half has values has a mean."""

_VERSION = b"1"
_MOST_CELLS = 200_000
"""Cells inside the bounds of all shapes. Sri Lanka has 4,000 at 0.05 degrees; a finer grid than this needs coarsening first."""

_log = logging.getLogger(__name__)
_kept: dict[str, sparse.csr_matrix] = {}


def codes(shapes: Mapping[str, Any]) -> tuple[str, ...]:
    """The areas' codes, in the order of the features and so of the rows of the weights."""
    return tuple(str(feature["properties"]["code"]) for feature in shapes["features"])


def zonal_weights(lat: Floats, lon: Floats, shapes: Mapping[str, Any], cache: Path | None = None) -> sparse.csr_matrix:
    """The share of each area that each cell of a regular grid covers.

    Args:
        lat, lon: the middles of the cells in degrees, rising or falling in equal steps; read to four decimals.
        shapes: a GeoJSON FeatureCollection of polygons in the same degrees.
        cache: a folder where the weights of this grid and these shapes are kept; what is broken there is computed again.

    Returns:
        One row an area in the order of the features, one column a cell (latitude by latitude). A row's sum is the share of the
        area that lies inside the grid: 1, or less at the grid's edge.

    Raises:
        SourceChanged: the steps of the grid are not equal, or it has too many cells.
    """
    lat, lon = _even(lat), _even(lon)
    key = _digest(lat, lon, shapes)
    if key not in _kept:
        path = cache / f"zonal_weights_{key[:32]}.npz" if cache else None
        weights = _load(path) if path and path.exists() else None
        if weights is None:
            weights = _compute(lat, lon, [shape(feature["geometry"]) for feature in shapes["features"]])
            if path:
                _save(path, weights)
        if len(_kept) >= 16:
            _kept.pop(next(iter(_kept)))
        _kept[key] = weights
    return _kept[key]


def reduce(values: Floats, weights: sparse.csr_matrix) -> Floats:
    """The mean of each area over the part of it that has values.

    Args:
        values: any leading axes, then latitude and longitude as the weights were made; NaN where the grid has none.

    Returns:
        The same leading axes, then the areas; NaN where less than half of an area has values.
    """
    leading = values.shape[:-2]
    columns = values.reshape(-1, weights.shape[1]).T
    known = np.isfinite(columns)
    covered = weights @ known.astype(np.float64)
    total = weights @ np.where(known, columns, 0.0)
    means = np.full(total.shape, np.nan)
    np.divide(total, covered, out=means, where=covered >= LEAST_COVERAGE - _SLACK)
    reduced: Floats = means.T.reshape(*leading, weights.shape[0])
    return reduced


def _digest(lat: Floats, lon: Floats, shapes: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(_VERSION)
    for part in (lat, lon):
        digest.update(np.ascontiguousarray(part, dtype=np.float64).tobytes() + b"|")
    digest.update(json.dumps([feature["geometry"] for feature in shapes["features"]], sort_keys=True).encode())
    return digest.hexdigest()


def _load(path: Path) -> sparse.csr_matrix | None:
    try:
        with path.open("rb") as file:
            return sparse.csr_matrix(sparse.load_npz(file))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.warning("The zonal weights in %s cannot be read (%s); they are computed again.", path, error)
        return None


def _save(path: Path, weights: sparse.csr_matrix) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{os.getpid()}.{path.name}")
    sparse.save_npz(draft, weights)
    draft.replace(path)


def _even(middles: Floats) -> Floats:
    """The middles in exactly equal steps, so that what files round differently is the same grid."""
    steps: Floats = np.diff(middles)
    if middles.size < 2 or not np.isfinite(steps).all() or steps[0] == 0 or np.abs(steps - steps[0]).max() > 0.01 * abs(steps[0]):
        raise SourceChanged("The grid's latitudes or longitudes do not go in equal steps.", remedy="Expected is a regular grid.")
    even: Floats = np.linspace(round(float(middles[0]), 4), round(float(middles[-1]), 4), middles.size)
    return even


def _edges(middles: Floats) -> Floats:
    """The borders of the cells, in the order of their middles."""
    step = middles[1] - middles[0]
    edges: Floats = np.append(middles, middles[-1] + step) - step / 2
    return edges


def _compute(lat: Floats, lon: Floats, polygons: list[shapely.Geometry]) -> sparse.csr_matrix:
    """Intersect each polygon with the cells near it."""
    valid = np.array([shapely.make_valid(polygon) for polygon in polygons], dtype=object)
    rows, columns = _near(_edges(lat), _edges(lon), shapely.total_bounds(valid))
    if rows.size * columns.size > _MOST_CELLS:
        raise SourceChanged(
            f"The grid has {rows.size * columns.size} cells within the country, {_MOST_CELLS} are the most.",
            remedy="Ask the source for a coarser grid.",
        )
    south, west = _edges(lat), _edges(lon)
    r, c = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
    cells = shapely.box(
        np.minimum(west[c], west[c + 1]),
        np.minimum(south[r], south[r + 1]),
        np.maximum(west[c], west[c + 1]),
        np.maximum(south[r], south[r + 1]),
    )
    area, cell = shapely.STRtree(cells).query(valid, predicate="intersects")
    sizes = shapely.area(shapely.intersection(valid[area], cells[cell])) * np.cos(np.radians(lat[r[cell]]))
    wholes = shapely.area(valid) * np.cos(np.radians(shapely.get_y(shapely.centroid(valid))))
    shares = sizes / wholes[area]
    weights = sparse.csr_matrix((shares, (area, r[cell] * lon.size + c[cell])), shape=(len(polygons), lat.size * lon.size))
    weights.eliminate_zeros()
    return weights


def _near(lat_edges: Floats, lon_edges: Floats, bounds: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of the rows and columns of cells that meet the bounds (west, south, east, north)."""

    def meeting(edges: Floats, low: float, high: float) -> npt.NDArray[np.int64]:
        least, most = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
        return np.flatnonzero((most >= low) & (least <= high))

    return meeting(lat_edges, bounds[1], bounds[3]), meeting(lon_edges, bounds[0], bounds[2])
